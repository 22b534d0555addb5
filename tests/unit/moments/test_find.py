"""Every form in which a run or a moment is pasted, with all that chats do to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import moments
from bot.errors import UserError
from bot.model import Moment, Secret
from bot.moments import MAX_LENGTH
from bot.parsed import Pasted

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
SESSION = "d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"
HASH, VTIME = "-9067336385060865277", "45.334635781589895"
MOMENT = Moment(HASH, VTIME)
REPORT = "https://acme.antithesis.com/report/Ab3/x.html?auth=v2.public.CANARY"
LINK_PART = f"#/run/{SESSION}/finding/{'0a' * 20}"

COPIED = f'Moment.from({{ session_id: "{SESSION}", input_hash: "{HASH}", vtime: {VTIME} }})'
WITH_RUN = f'Moment.from({{ run_id: "{RUN}", input_hash: "{HASH}", vtime: {VTIME} }})'
NOTEBOOK = f"""replay_moment = Moment._exact(
  Session.from({{id: "{SESSION}"}}),
  '{HASH}',
  {VTIME}
)"""
OTHER_SESSION = "0b1c9cf0e64b5dd69b00e97b07fe3f4a-19-1"
FROM_ID = f'Session.from({{id: "{OTHER_SESSION}"}})'
BARE_JSON = f'{{"input_hash":"{HASH}","vtime":"{VTIME}"}}'
EVENT = f'{{"moment":{{"input_hash":"{HASH}","vtime":{VTIME}}},"source":{{"name":"setup"}},"output_text":"it\'s up: {{"}}'
DEBUG = (
    f'{{"params": {{"antithesis.debugging.run_id":"{RUN}","antithesis.debugging.input_hash":"{HASH}" ,'
    f'"antithesis.debugging.vtime":"{VTIME}"}}}}'
)
CURL = (
    f"curl --fail -u 'USER:CANARY' -X POST https://acme.antithesis.com/api/v1/launch/debugging -d '{DEBUG}'"
)

FORMS = [
    pytest.param(COPIED, Pasted(session_id=SESSION, moment=MOMENT), id="F1 copy button"),
    pytest.param(WITH_RUN, Pasted(run_id=RUN, moment=MOMENT), id="F2 with run id"),
    pytest.param(f"{WITH_RUN};", Pasted(run_id=RUN, moment=MOMENT), id="F2 with a semicolon"),
    pytest.param(f"at = {WITH_RUN}", Pasted(run_id=RUN, moment=MOMENT), id="F2 assigned"),
    pytest.param(
        f"Moment.from({{ 'run_id': '{RUN}', input_hash: {HASH}, vtime: '{VTIME}', colour: [1, {{}}], }})",
        Pasted(run_id=RUN, moment=MOMENT),
        id="F2 other quotes, trailing comma, unknown keys",
    ),
    pytest.param(NOTEBOOK, Pasted(session_id=SESSION, moment=MOMENT), id="F3 notebook"),
    pytest.param(
        f"// URL: {REPORT}{LINK_PART}\n{NOTEBOOK}",
        Pasted(session_id=SESSION, report_url=Secret(REPORT + LINK_PART), moment=MOMENT),
        id="F3 with its comment",
    ),
    *(
        pytest.param(
            comment + code,
            Pasted(session_id=OTHER_SESSION, moment=MOMENT),
            id=f"F3 session as {name}{', its comment of another' if comment else ''}",
        )
        for comment in ("", f"// URL: {REPORT}{LINK_PART}\n")
        for name, code in (
            (
                "const",
                f"const session = {FROM_ID}\nMoment.from({{session, input_hash: '{HASH}', vtime: {VTIME}}})",
            ),
            (
                "value",
                f"s = {FROM_ID};\nm = Moment.from({{session: s, input_hash: '{HASH}', vtime: {VTIME}}});",
            ),
            ("call", f"const m = Moment.from({{session: {FROM_ID}, input_hash: '{HASH}', vtime: {VTIME}}})"),
            ("argument", f"let s = {FROM_ID}\nvar m = Moment._exact(s, '{HASH}', {VTIME});"),
        )
    ),
    pytest.param(FROM_ID, Pasted(session_id=OTHER_SESSION), id="F3 session alone"),
    pytest.param(BARE_JSON, Pasted(moment=MOMENT), id="F4 bare"),
    pytest.param(f'{{"failure_moment":{BARE_JSON}}}', Pasted(moment=MOMENT), id="F4 nested"),
    pytest.param(f'"failure_moment": {BARE_JSON},', Pasted(moment=MOMENT), id="F4 half of an answer"),
    pytest.param(EVENT, Pasted(moment=MOMENT), id="F4 event line"),
    pytest.param(EVENT[:-10], Pasted(moment=MOMENT), id="F4 event line cut off"),
    pytest.param(
        f'{{"output_text":"x","moment":{{"session_id":"{SESSION}","input_hash":"{HASH}","vtime":"{VTIME}"}}}}',
        Pasted(session_id=SESSION, moment=MOMENT),
        id="F4 moment last",
    ),
    pytest.param(
        f'{{"run_id":"{RUN}","status":"incomplete","failure_moment":{BARE_JSON},"links":null}}',
        Pasted(run_id=RUN, moment=MOMENT),
        id="F4 a whole run",
    ),
    pytest.param(
        f'{{"run_id":"order 7","moment":{BARE_JSON},"failure_moment":{{"input_hash":null,"vtime":null}}}}',
        Pasted(moment=MOMENT),
        id="F4 with a customer's own run_id and a null moment",
    ),
    pytest.param(
        f'{{"antithesis.debugging.run_id":"{RUN}","antithesis.debugging.input_hash":"{HASH}",'
        f'"antithesis.debugging.vtime":{VTIME}}}',
        Pasted(run_id=RUN, moment=MOMENT),
        id="F5 flat",
    ),
    pytest.param(DEBUG, Pasted(run_id=RUN, moment=MOMENT), id="F5 wrapped"),
    pytest.param(CURL, Pasted(run_id=RUN, moment=MOMENT), id="F5 curl"),
    pytest.param(
        'curl -d "' + DEBUG.replace('"', '\\"') + "\" -u 'USER:CANARY",
        Pasted(run_id=RUN, moment=MOMENT),
        id="F5 curl in double quotes, its last quote lost",
    ),
    pytest.param(f"snouty runs logs {RUN} {HASH} {VTIME}", Pasted(run_id=RUN, moment=MOMENT), id="F6 logs"),
    pytest.param(
        f"$ snouty debug --run-id {RUN} --input-hash={HASH} --vtime {VTIME} --begin-vtime 40.5",
        Pasted(run_id=RUN, moment=MOMENT),
        id="F6 debug by run",
    ),
    pytest.param(
        f"snouty debug --session-id='{SESSION}' --input-hash {HASH} --vtime={VTIME}",
        Pasted(session_id=SESSION, moment=MOMENT),
        id="F6 debug by session",
    ),
    pytest.param(f"failing  {HASH}  {VTIME}", Pasted(moment=MOMENT), id="F6 row"),
    pytest.param(f"moment {HASH} {VTIME}", Pasted(moment=MOMENT), id="F6 divider"),
    pytest.param(f"end moment: {HASH} {VTIME}", Pasted(moment=MOMENT), id="F6 trailer"),
    pytest.param(f"Failure Hash   {HASH}\nFailure VTime  {VTIME}", Pasted(moment=MOMENT), id="F6 two lines"),
    pytest.param(f"{HASH} {VTIME}", Pasted(moment=MOMENT), id="F7 pair"),
    pytest.param(f"{HASH},  {VTIME},", Pasted(moment=MOMENT), id="F7 with commas"),
    pytest.param(f"{RUN} {HASH} {VTIME}", Pasted(run_id=RUN, moment=MOMENT), id="F7 with run"),
    pytest.param(f'moment="{HASH} {VTIME}"', Pasted(moment=MOMENT), id="F7 named"),
    pytest.param(f"moment={HASH},{VTIME}", Pasted(moment=MOMENT), id="F7 as our buttons say it"),
    pytest.param(f'moment="{COPIED}"', Pasted(session_id=SESSION, moment=MOMENT), id="F1 named"),
    pytest.param(REPORT, Pasted(report_url=Secret(REPORT)), id="F9 report"),
    pytest.param(
        f"{REPORT}&debug=true{LINK_PART}.",
        Pasted(session_id=SESSION, report_url=Secret(f"{REPORT}&debug=true{LINK_PART}")),
        id="F9 report with a finding",
    ),
    pytest.param(REPORT[len("https://") :], Pasted(report_url=Secret(REPORT)), id="F9 without its scheme"),
    pytest.param("moment=0,0", Pasted(moment=Moment("0", "0")), id="placeholder"),
    pytest.param('{"input_hash":"0","vtime":0}', Pasted(moment=Moment("0", "0")), id="placeholder in JSON"),
    pytest.param(f"{HASH} 1e5", Pasted(moment=Moment(HASH, "1e5")), id="exponent"),
    pytest.param(f"{HASH} 402", Pasted(moment=Moment(HASH, "402")), id="no decimals"),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_find__reads_each_form_whole(text: str, expected: Pasted) -> None:
    """Run, session, report and moment are found, and nothing of the pasted text is left."""
    found = moments.find(text)

    assert expected == found


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_find__leaves_the_words_around(text: str, expected: Pasted) -> None:
    """A verb before and options after a pasted text stay, in their order."""
    open_ended = text == EVENT[:-10] or text.endswith("-u 'USER:CANARY")  # what follows cannot be told apart

    found = moments.find(f'logs {text} window=20 grep="5 10"')

    assert found is not None
    assert found.moment == expected.moment
    assert found.rest == ("logs" if open_ended else 'logs window=20 grep="5 10"')


@pytest.mark.parametrize(
    "hazard",
    [
        lambda t: t.replace('"', "“", 1).replace('"', "”"),
        lambda t: t.replace('"', "„"),
        lambda t: t.replace('"', "\u2018"),
        lambda t: t.replace("-9", "\u22129"),
        lambda t: t.replace("-9", "\u20139"),
        lambda t: t.replace("-9", "\u20109"),
        lambda t: t.replace(" ", "\u00a0"),
        lambda t: t.replace(" ", "\u202f"),
        lambda t: t.replace(", ", ",\n"),
        lambda t: "\u200b" + t.replace("input_hash", "input\u200b_hash") + "\ufeff",
        lambda t: f"```\n{t}\n```",
        lambda t: f"```js\n{t}\n```",
        lambda t: f"```js {t}```",
        lambda t: f"`{t}`",
        lambda t: f"``{t}``",
        lambda t: t.replace('"', "&quot;"),
    ],
)
def test_find__undoes_what_chats_do(hazard: object) -> None:
    """Curly quotes, dashes, odd spaces, zero-width characters, fences and entities change nothing."""
    assert callable(hazard)
    found = moments.find(hazard(WITH_RUN))

    assert Pasted(run_id=RUN, moment=MOMENT) == found


@pytest.mark.parametrize(
    "text",
    [
        f"**{RUN}** *{HASH}* _{VTIME}_",
        f"`{RUN}` `{HASH}` `{VTIME}`",
        f"**{RUN} {HASH} {VTIME}**",
        f"~~{RUN}~~ '{HASH}' \"{VTIME}\"",
    ],
)
def test_find__reads_through_marks(text: str) -> None:
    """Bold, italic, struck and code marks around ids do not hide them."""
    found = moments.find(text)

    assert Pasted(run_id=RUN, moment=MOMENT) == found


@pytest.mark.parametrize(
    "text",
    [
        f"<{REPORT}>",
        f"<{REPORT}|the report>",
        f"<{REPORT.replace('?', '?debug=true&amp;')}|x>".replace("debug=true&amp;auth", "auth"),
    ],
)
def test_find__reads_links_as_chats_write_them(text: str) -> None:
    """A link in angle brackets, with or without a label, is the link."""
    found = moments.find(text)

    assert Pasted(report_url=Secret(REPORT)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        RUN,
        "window=20 lines=5",
        "launch basic_test 30",
        f'description="rerun of {HASH} {VTIME}"',
        f"note='{REPORT}'",
        f"x='{HASH} it\\'s {VTIME}'",
        "custom.range=5,10",
        '{"a": 1, "b": {"vtime": 3}}',
        "{not json at all",
        "what's failing {in it",
        "{]",
        "{" * 100,
        "docs say Moment and vtime",
        "curl is a tool",
        "prod/" + RUN,
    ],
)
def test_find__sees_nothing_where_nothing_is(text: str) -> None:
    """ParsedCommand, options, other objects and quoted values are no moments."""
    found = moments.find(text)

    assert found is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"{HASH} 1e999", "1e999"),
        (f"{HASH} -1.5", "-1.5"),
        (f"{HASH} NaN", "NaN"),
        (f"{HASH} inf", "inf"),
        (f"{HASH} -Infinity", "-Infinity"),
        (f"{HASH} 398,489", "398,489"),
        (f"{HASH} 1_0", "1_0"),
        (f"{HASH} 1.2.3", "1.2.3"),
        ("9223372036854775808 1.0", "9223372036854775808"),
        ("-9223372036854775809 1.0", "-9223372036854775809"),
        (f"{'9' * 40} 1.0", "9" * 40),
        (f'{{"input_hash":"{HASH}","vtime":true}}', "true"),
        ('{"input_hash":"٣٠","vtime":1}', "٣٠"),
        ('{"input_hash":"007","vtime":1}', "007"),
        ('{"input_hash":"-0","vtime":1}', "-0"),
        ('{"input_hash":1e3,"vtime":1}', "1e3"),
        (f'{{"input_hash":"{HASH}","vtime":"{"1" * 65}"}}', "1" * 40),
        (f'{{"input_hash":"{HASH}","vtime":1,"run_id":"../../v1/launch/x"}}', "../../v1/launch/x"),
        (f"--run-id a?b --input-hash {HASH} --vtime 1", "a?b"),
        (f"--session-id .. --input-hash {HASH} --vtime 1", "--session-id"),
        (f"--input-hash {HASH}", "--vtime"),
        ("--vtime 3.5", "--input-hash"),
        (f'{{"input_hash":"{HASH}"}}', "vtime"),
        (f'Moment.from({{ input_hash: "{HASH}", vtime: 4', "could not be read"),
        ("Moment._exact(", "could not be read"),
        (f"{HASH},\n{VTIME}", "on the same line"),
        ("[ 30.884] [ client ] [ ] - {}", "rounded"),
        ("398.4898  [etcd0] started", "rounded"),
        ("https://acme.antithesis.com/search?search=v6veyJxIjp7Im4iOnsiciI6ey", "Logs Explorer"),
        ("curl -u 'USER:CANARY' https://acme.antithesis.com/api/v0/runs", "no moment"),
        (f"{HASH} 1.0 and {HASH} 2.0", f"{HASH},1.0 or {HASH},2.0"),
        (f"{WITH_RUN} {COPIED} {HASH} 2.0", "2 different moments"),
        (f"{WITH_RUN} {WITH_RUN.replace(RUN, SESSION)}", "2 different runs"),
        (f"{REPORT} {REPORT}x", "2 different reports"),
        (f"a = {FROM_ID} b = {FROM_ID.replace(OTHER_SESSION, SESSION)} {BARE_JSON}", "2 different sessions"),
    ],
)
def test_find__says_what_is_wrong(text: str, named: str) -> None:
    """What is not valid, doubled or only looks like a moment is refused in a sentence that names it."""
    with pytest.raises(UserError) as refused:
        moments.find(text)

    assert named in f"{refused.value.problem} {refused.value.hint}"
    assert "CANARY" not in f"{refused.value.problem} {refused.value.hint}"


def test_find__takes_a_moment_beside_a_lookalike() -> None:
    """A log line or an explorer link beside a whole moment does no harm."""
    found = moments.find(f"[ 45.334] [ x ] {HASH} {VTIME}")

    assert found is not None
    assert found.moment == MOMENT


def test_find__takes_two_spellings_of_one_moment_as_one() -> None:
    """The same number written twice is one moment, in its first spelling."""
    found = moments.find(f"{HASH} 402.0 {HASH} 402")

    assert found == Pasted(moment=Moment(HASH, "402.0"))


@pytest.mark.parametrize(
    ("vtime", "warns"), [("398.4898", True), ("398.4898056755774", False), ("2.0", False)]
)
def test_find__warns_of_a_shortened_time(vtime: str, warns: bool) -> None:
    """A virtual time that the platform would never print is pointed out, and used all the same."""
    found = moments.find(f"{HASH} {vtime}")

    assert found is not None
    assert found.moment == Moment(HASH, vtime)
    assert warns is ("shortened" in found.warning)


@pytest.mark.parametrize(
    "text",
    [
        CURL,
        CURL + " -u 'USER:CANARY'",
        CURL + " -u USER:CANARY",
        CURL + " -u name=CANARY",
        CURL + ' -u name="CANARY 2"',
        CURL + " --user 'USER:CANARY x=CANARY",
        CURL.replace("'", "\u2019"),
        CURL.replace("'", '"').replace(DEBUG, DEBUG.replace('"', '\\"')),
        f"see {REPORT} and {CURL}",
        f"<{REPORT}|CANARY> {HASH} {VTIME}",
    ],
)
def test_find__never_shows_a_secret(text: str) -> None:
    """Passwords of a curl command and tokens of a report link are in nothing that can be printed."""
    found = moments.find(text)

    assert found is not None
    assert found.moment == MOMENT
    assert "CANARY" not in repr(found)
    assert "CANARY" not in found.rest


def test_find__keeps_options_behind_a_command() -> None:
    """ParsedCommand for the verb that follow a pasted curl command belong to the verb; its own are dropped."""
    found = moments.find(f'debug {CURL} description="x y" | jq .')

    assert found is not None
    assert found.rest == 'debug description="x y"'


def test_find__refuses_a_flood() -> None:
    """A megabyte is refused before anything reads it."""
    with pytest.raises(UserError, match="too long"):
        moments.find('{"' * 500_000)


@pytest.mark.parametrize(
    "seed",
    [
        '{"a":',
        '{"\\"',
        "moment ",
        "1 ",
        '[1.1] "',
        "curl -d '",
        "Moment.from(",
        "a='",
        "<a://",
        "**1",
        "--vtime=",
        "hash: 1, vtime ",
        "-123456789012 ",
        "https://a/runs/",
        "&search=v6v",
        "// ",
    ],
)
def test_find__survives_hostile_repetition(seed: str) -> None:
    """The longest text made of one fragment ends in an answer or a sentence."""
    answer = _answer((seed * MAX_LENGTH)[:MAX_LENGTH])

    assert answer


FRAGMENTS = st.sampled_from(
    [
        COPIED,
        NOTEBOOK,
        BARE_JSON,
        CURL,
        REPORT,
        RUN,
        HASH,
        VTIME,
        "moment=",
        '"',
        "'",
        "{",
        "}",
        "(",
        "[1.5] [",
        "\\",
    ]
)


@settings(max_examples=60)
@given(st.lists(FRAGMENTS | st.text(max_size=8), max_size=12).map(" ".join))
def test_find__gives_an_answer_or_a_sentence(text: str) -> None:
    """Whatever is mixed together, nothing but a result or a `UserError` comes out, without a secret."""
    answer = _answer(text)

    assert answer
    assert "USER:CANARY" not in answer


def _answer(text: str) -> str:
    """Return all that could be shown of an answer; any error but a `UserError` fails the test."""
    try:
        return repr(moments.find(text))
    except UserError as refused:
        return f"{refused.problem} {refused.hint}"
