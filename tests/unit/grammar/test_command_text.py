"""Commands as people type them, split into their parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import grammar
from bot.errors import UserError
from bot.model import Moment, Secret
from bot.parsed import ParsedCommand, Pasted

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
LETTER_RUN = "d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"
MOMENT = Moment("-9067336385060865277", "45.334635781589895")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ParsedCommand()),
        ("  \u200b ", ParsedCommand()),
        ("help", ParsedCommand(verb="help")),
        ("HELP!", ParsedCommand(verb="help")),
        (
            "status latest Payments Nightly",
            ParsedCommand(verb="status", positional=("latest", "Payments", "Nightly")),
        ),
        ('status "Payments Nightly"', ParsedCommand(verb="status", positional=("Payments Nightly",))),
        ("`status latest`", ParsedCommand(verb="status", positional=("latest",))),
        ("```\nstatus latest\n```", ParsedCommand(verb="status", positional=("latest",))),
        (f"status prod/{RUN}", ParsedCommand(verb="status", positional=(f"prod/{RUN}",))),
        ("logs window=20\nlines=5", ParsedCommand(verb="logs", named={"window": "20", "lines": "5"})),
        ("logs Window=20 --LINES=5", ParsedCommand(verb="logs", named={"window": "20", "lines": "5"})),
        (
            "logs --window 20 x",
            ParsedCommand(verb="logs", positional=("x",), named={"window": "20"}, strays=(("window", "x"),)),
        ),
        ("logs \u2014window 20", ParsedCommand(verb="logs", named={"window": "20"})),
        ('logs --grep "a b"', ParsedCommand(verb="logs", named={"grep": "a b"})),
        ("launch --ephemeral", ParsedCommand(verb="launch", named={"ephemeral": "true"})),
        (
            "launch --ephemeral --yes a=1",
            ParsedCommand(verb="launch", named={"ephemeral": "true", "yes": "true", "a": "1"}),
        ),
        ("launch -x --", ParsedCommand(verb="launch", positional=("-x", "--"))),
        ("launch --config-image a:1", ParsedCommand(verb="launch", named={"config_image": "a:1"})),
        (
            "launch custom.X-y=1 antithesis.duration=30",
            ParsedCommand(verb="launch", named={"custom.X-y": "1", "antithesis.duration": "30"}),
        ),
        ("logs grep=\u201ca b\u201d", ParsedCommand(verb="logs", named={"grep": "a b"})),
        ("logs grep='say \"hi\"'", ParsedCommand(verb="logs", named={"grep": 'say "hi"'})),
        (r'logs grep="say \"hi\" \\ \d"', ParsedCommand(verb="logs", named={"grep": r'say "hi" \ \d'})),
        ('logs grep="a"b', ParsedCommand(verb="logs", named={"grep": "ab"})),
        (
            "logs grep=it's x",
            ParsedCommand(verb="logs", positional=("x",), named={"grep": "it's"}, strays=(("grep", "x"),)),
        ),
        ("logs grep=a=b", ParsedCommand(verb="logs", named={"grep": "a=b"})),
        ("logs grep=", ParsedCommand(verb="logs", named={"grep": ""})),
        (
            'logs grep="" x',
            ParsedCommand(verb="logs", positional=("x",), named={"grep": ""}, strays=(("grep", "x"),)),
        ),
        ("logs a/b=c 1=2", ParsedCommand(verb="logs", positional=("a/b=c", "1=2"))),
        ("logs 5 10.5", ParsedCommand(verb="logs", positional=("5", "10.5"))),
        ("logs moment=5,10.5", ParsedCommand(verb="logs", pasted=Pasted(moment=Moment("5", "10.5")))),
        (
            f"failing  {MOMENT.input_hash}  {MOMENT.vtime}",
            ParsedCommand(verb="failing", pasted=Pasted(moment=MOMENT)),
        ),
        (
            f"logs {RUN} {MOMENT.input_hash} {MOMENT.vtime} window=20",
            ParsedCommand(
                verb="logs",
                named={"window": "20"},
                pasted=Pasted(run_id=RUN, moment=MOMENT, rest="window=20"),
            ),
        ),
        (
            f"debug prod/{RUN} moment={MOMENT.text}",
            ParsedCommand(
                verb="debug",
                positional=(f"prod/{RUN}",),
                pasted=Pasted(moment=MOMENT, rest=f"prod/{RUN}"),
            ),
        ),
        (
            f"{MOMENT.input_hash} {MOMENT.vtime} Logs lines=3",
            ParsedCommand(
                verb="logs", named={"lines": "3"}, pasted=Pasted(moment=MOMENT, rest="Logs lines=3")
            ),
        ),
        (f"moment {MOMENT.input_hash} {MOMENT.vtime}", ParsedCommand(pasted=Pasted(moment=MOMENT))),
        (
            f"Failure Hash {MOMENT.input_hash}\nFailure VTime {MOMENT.vtime}",
            ParsedCommand(pasted=Pasted(moment=MOMENT)),
        ),
        (
            f"snouty runs logs {RUN} {MOMENT.input_hash} {MOMENT.vtime}",
            ParsedCommand(pasted=Pasted(run_id=RUN, moment=MOMENT)),
        ),
        (
            "https://acme.antithesis.com/report/a/b.html?auth=x",
            ParsedCommand(
                pasted=Pasted(report_url=Secret("https://acme.antithesis.com/report/a/b.html?auth=x"))
            ),
        ),
        (RUN, ParsedCommand(pasted=Pasted(run_id=RUN))),
        (LETTER_RUN, ParsedCommand(pasted=Pasted(run_id=LETTER_RUN))),
        ("moment of truth", ParsedCommand(positional=("moment", "of", "truth"))),
        ("? what", ParsedCommand(positional=("?", "what"))),
    ],
)
def test_split__reads_a_command(text: str, expected: ParsedCommand) -> None:
    """Verb, words, names, quotes, options and pasted moments come apart as a person means them."""
    words = grammar.split(text)

    assert expected == words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('logs grep="a b', 'never closed: "a b'),
        ("logs grep=\u201ca b", 'never closed: "a b'),
        ("logs 'tis", "never closed: 'tis"),
        ('logs grep="a\\"', "never closed"),
        ("logs window=1 window=2", "“window=” is given twice"),
        ("logs window=1 --Window 2", "“window=” is given twice"),
        ("logs custom.a=1 custom.a=1", "“custom.a=” is given twice"),
        ("logs -3625518438076122494 1e999", "virtual time “1e999”"),
        ("x" * 50_000, "too long"),
    ],
)
def test_split__says_what_is_wrong(text: str, problem: str) -> None:
    """Open quotes, doubled names, bad moments and floods are refused in a short sentence."""
    with pytest.raises(UserError) as refused:
        grammar.split(text)

    assert problem in refused.value.problem
    assert len(refused.value.problem) < 200


@settings(max_examples=80)
@given(st.text(), st.text())
def test_quoted__reads_back_exactly(first: str, second: str) -> None:
    """Any two values that are quoted come back as they were, whatever they hold."""
    words = grammar.split(f"logs grep={grammar.quoted(first)} x source={grammar.quoted(second)}")

    expected = ParsedCommand(
        verb="logs", positional=("x",), named={"grep": first, "source": second}, strays=(("grep", "x"),)
    )
    assert expected == words
