"""Numbers in people's sentences are no moment, and every way in which a real moment is written is one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.message_target import target_text
from bot import moments
from bot.model import Moment

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
SESSION = "d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"


@pytest.mark.parametrize(
    "sentence",
    [
        f"PR 4811 2 checks failed, antithesis run {RUN}",
        f"{RUN}: properties 1, 2 and 3 fail",
        f"see #20221, 20230 and {RUN}",
        f"12 000 rows lost in {RUN}",
        f"29 11 2026 {RUN}",
        f"port 8080 1.5 s behind, run {RUN}",
        f"{RUN} 30 2 times in a row",
        f"at the moment 12 000 rows, {RUN}",
        f"moment 3 2 of {RUN}",
        f"failing 3 2 {RUN}",
        f"{RUN} died 1764458400000 3 minutes later",
        f"{RUN} from 1764458400123456789 2 nodes",
        f"call +49 176 12345678 12 or {RUN}",
        f"{RUN} exit code 143\n117.662 [ledger-2] panic",
        f"{RUN} exit code -9067336385060865277\n117.662",
        f"[ 30.884] [ client ] panic in {RUN}",
    ],
)
def test_gist__finds_the_run_among_other_numbers(sentence: str) -> None:
    """Other words around a run id never hide it, and two numbers among them are no moment."""
    assert RUN == target_text(sentence)


def _number(most: int) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(str)


NUMBERS = st.one_of(
    _number(99_999_999_999),
    _number(999).map(lambda n: f"-{n}"),
    st.floats(0, 99_999, allow_nan=False).map(lambda f: f"{f:.2f}"),
    st.floats(0, 99_999, allow_nan=False).map(repr),
    _number(999).map(lambda n: f"{n} 000"),
    _number(999).map(lambda n: f"{n},000"),
    st.tuples(_number(99), _number(99)).map(" ".join),
    st.tuples(_number(99), _number(9), _number(9)).map(".".join),
    st.tuples(*[_number(255)] * 4).map(".".join),
    st.tuples(*[_number(255)] * 4).map(lambda parts: f"{'.'.join(parts)}:8080"),
    st.tuples(_number(31), _number(12), st.just("2026")).map(" ".join),
    st.dates().map(str),
    st.datetimes().map(str),
    st.times().map(str),
    _number(10**9).map(lambda n: f"+49 176 {n}"),
    _number(10**9).map(lambda n: f"(0176) {n}"),
    st.tuples(_number(999), st.sampled_from(["kB", "MB", "GB", "ms", "%", "x", "rows"])).map(" ".join),
    _number(99_999).map(lambda n: f"#{n}"),
    _number(99).map(lambda n: f"v{n}.{n}"),
    _number(99).map(lambda n: f"{n}/{n}"),
    _number(99).map(lambda n: f"retries={n}"),
    st.sampled_from(["1e5", "0x1f", "1_000", "3rd", "100%", "nan", "inf"]),
)
WORDS = st.sampled_from(
    [
        "PR", "checks", "failing", "passing", "at the moment", "moment", "commit hash", "hash", "time", "port",
        "exit code", "and", "of", "properties", "fail", "run", "last", "end", "failure", "[ledger-2]", "it's", "“ok”",
        "snouty", "http://localhost:8080/a?b=1",
    ]
)  # fmt: skip
SENTENCES = st.lists(
    st.tuples(NUMBERS | WORDS, st.sampled_from([" ", " ", ", ", "\n", "; ", "  "])), max_size=12
).map(lambda parts: "".join(word + end for word, end in parts))


@settings(max_examples=300)
@given(SENTENCES, SENTENCES)
def test_read__takes_no_sentence_for_a_moment(before: str, after: str) -> None:
    """Dates, versions, addresses, telephone numbers, sizes and counts, in any order, name nothing but the run."""
    text = f"{before} {RUN} {after}"

    pasted, _ = moments.read(text)

    assert pasted is None or pasted.moment is None
    assert RUN == target_text(text)


# What the platform serves: 64 bits, and virtual time in parts of 2 ** -32 seconds, as JSON writes it. One hash in
# fifty million has fewer than 12 digits; those have to be named.
HASHES = st.integers(10**11, 2**63 - 1) | st.integers(-(2**63), -(10**11))
MOMENTS = st.builds(Moment, HASHES.map(str), st.integers(0, 2**53).map(lambda ticks: repr(ticks / 2**32)))
SHAPES = [
    "{h} {v}",
    "{h},{v}",
    "{h}, {v}",
    "`{h}` `{v}`",
    "it broke at {h} {v}, who knows more?",
    "failing  {h}  {v}",
    "moment {h} {v}",
    "end moment: {h} {v}",
    "moment={h},{v}",
    'moment="{h} {v}"',
    "{run} {h} {v}",
    "snouty runs logs {run} {h} {v}",
    "snouty debug --run-id {run} --input-hash={h} --vtime {v}",
    ("snouty debug --antithesis.debugging.session_id {session} --antithesis.debugging.input_hash {h} "
    "--antithesis.debugging.vtime {v} --antithesis.report.recipients 'a@b.example; c@d.example'"),
    "echo '{{\"input_hash\":\"{h}\",\"vtime\":{v}}}' | snouty debug --stdin",
    "Failure Hash   {h}\nFailure VTime  {v}",
    "hash {h}\nvtime {v}",
    "vtime: {v}, input_hash: {h}",
    'Moment.from({{ session_id: "{session}", input_hash: "{h}", vtime: {v} }})',
    "Moment.from({{ run_id: '{run}', input_hash: {h}, vtime: '{v}' }});",
    ("// URL: https://acme.antithesis.com/report/R/a.html#/run/{run}/finding/0a\n// Params: a=b&c=d\n// Property: x=1\n"
    "replay_moment = Moment._exact(\n  Session.from({{id: \"{session}\"}}),\n  '{h}',\n  {v}\n)"),
    '{{"input_hash":"{h}","vtime":"{v}"}}',
    '{{"failure_moment":{{"input_hash":"{h}","vtime":{v}}}}}',
    '{{"params":{{"antithesis.debugging.input_hash":"{h}","antithesis.debugging.vtime":"{v}"}}}}',
    "https://acme.antithesis.com/api/v0/runs/{run}/logs?input_hash={h}&vtime={v}",
]  # fmt: skip


@settings(max_examples=40)
@given(MOMENTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_read__takes_every_rendering_of_a_moment(shape: str, moment: Moment) -> None:
    """Whatever its digits, a moment of the platform is read in each shape, exactly."""
    pasted, rest = moments.read(shape.format(h=moment.input_hash, v=moment.vtime, run=RUN, session=SESSION))

    assert pasted is not None
    assert moment == pasted.moment
    assert not rest or shape.startswith("it broke")


@settings(max_examples=40)
@given(st.builds(Moment, st.integers(-(10**11), 10**11).map(str), st.sampled_from(["0", "2.5", "398.25"])))
@pytest.mark.parametrize(
    "shape",
    [
        shape
        for shape in SHAPES
        if not shape.startswith(("{h}", "`", "it broke", "failing", "moment ", "{run}"))
    ],
)
def test_read__takes_a_short_hash_where_the_text_says_so(shape: str, moment: Moment) -> None:
    """Names, keys and the vendor's own commands tell that two numbers are a moment, however small."""
    pasted, _ = moments.read(shape.format(h=moment.input_hash, v=moment.vtime, run=RUN, session=SESSION))

    assert pasted is not None
    assert moment == pasted.moment


@pytest.mark.parametrize(
    "text",
    ["failing 1024 2", "launch 55 30", "diff 1024 1025", "quarantine 1024 5001", "ask compare 1024, 33.5",
     "failing 507110860000112233445566 2", "status 507110860000112233445566 33.5", "4811 2", "5 10.5", "0 0", "-99999999999 2.5", "143\n117.662", "-9067336385060865277\n45.5"],
)  # fmt: skip
def test_find__takes_no_short_or_broken_pair(text: str) -> None:
    """Fewer than 12 digits are no hash, 24 are an id, no pair crosses the end of a line, and no word is lost."""
    pasted, rest = moments.read(text)

    assert rest.split() == text.split()
    assert pasted is None or (pasted.moment is None and pasted.refusal is not None)


def explorer_link(moment: Moment | None, session: str = SESSION) -> str:
    """Write a link to the Logs Explorer as the platform does."""
    filters = []
    if moment is not None:
        filters = [
            {"h": [{"c": f"moment.{name}", "f": "general.custom", "o": "matches", "v": value}], "o": "or"}
            for name, value in (("vtime", moment.vtime), ("input_hash", moment.input_hash))
        ]
    query = {
        "q": {"n": {"r": {"h": filters, "o": "and"}, "t": {"g": False, "m": ""}, "y": "none"}},
        "s": session,
    }
    encoded = base64.urlsafe_b64encode(json.dumps(query).encode()).decode().rstrip("=")
    return f"https://acme.antithesis.com/search?search=v6v{encoded}&get_logs=true"


@settings(max_examples=40)
@given(st.none() | MOMENTS)
def test_read__takes_explorer_links(moment: Moment | None) -> None:
    """A link to the Logs Explorer names its session, and the moment where one is searched for."""
    pasted = moments.find(explorer_link(moment))

    assert pasted is not None
    assert (SESSION, moment, "") == (pasted.session_id, pasted.moment, pasted.rest)


NOTEBOOK = f"""// URL: https://acme.antithesis.com/report/R1/x.html?auth=v2.public.CANARY#/run/{RUN}/finding/{"0a" * 20}
// Params: a=b&c=d window=3 "open
// Property: it's x=1
replay_moment = Moment._exact(
  Session.from({{id: "{SESSION}"}}),
  '-9067336385060865277',
  45.334635781589895
)"""


@pytest.mark.parametrize("text", [NOTEBOOK, NOTEBOOK.replace("\n", " ")])
def test_read__takes_a_notebook_block_with_its_comments(text: str) -> None:
    """The moment's own session wins over the link's, and nothing in a comment is a value of the command."""
    pasted, rest = moments.read(f"{text} window=20")

    assert pasted is not None
    assert (SESSION, None, None) == (pasted.session_id, pasted.run_id, pasted.report_url)
    assert rest == "window=20"


def test_read__leaves_comments_where_nothing_was_pasted() -> None:
    """Two slashes in a command of one's own words are words."""
    assert moments.read("launch basic_test // a=1") == (None, "launch basic_test // a=1")


@pytest.mark.parametrize(
    "link",
    [
        f"https://acme.antithesis.com/debugging-session/{RUN}",
        f"<https://acme.antithesis.com/debugging-session/{RUN}?mode=simple|session>.",
        f"https://acme.antithesis.com/runs?primary-filter={RUN}",
        f"https://acme.antithesis.com/api/v0/runs/{RUN}/properties?limit=50",
        f"curl -sH 'Authorization: Bearer CANARY' 'https://acme.antithesis.com/api/v0/runs/{RUN}'",
    ],
)
def test_find__reads_the_run_of_each_link(link: str) -> None:
    """The addresses of a run, of a debugging session and of the API name their run."""
    pasted = moments.find(link)

    assert pasted is not None
    assert (RUN, None) == (pasted.run_id, pasted.moment)
    assert "CANARY" not in repr(pasted)
