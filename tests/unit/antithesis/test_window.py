"""A window of a log: its two ends, what is counted, found and shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.intake import Intake, Known, error_in, vtime_of
from adapters.platforms.antithesis.ndjson import Lines, stub
from adapters.platforms.antithesis.window import Filter, Window, build_line, log_line
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File
from adapters.platforms.http.text import unsigned_bytes
from bot.errors import UserError
from bot.model import LineKind, LogExcerpt


def _event(
    vtime: object, text: str = "x", source: str = "etcd0", *, last: bool = False, **fields: Any
) -> bytes:
    moment = {"moment": {"input_hash": "1", "vtime": vtime}}
    rest = {"output_text": text, "source": {"name": source, "container": source, "stream": "out"}, **fields}
    return json.dumps({**rest, **moment} if last else {**moment, **rest}).encode() + b"\n"


@dataclass
class _Read:
    """A log that is read, and the bytes of it that go on from the stream to the window."""

    intake: Intake
    window: Window
    passed: bytes = b""

    def take(self, block: bytes, *, odd: bool = True) -> None:
        if not self.intake.done:
            block = self.intake.take(block, odd=odd)
            self.passed += block
            self.window.take(block, block.count(b"\n"))

    @property
    def of_window(self) -> bytes:
        return self.passed[self.window.early :]


def _window(
    stream: bytes, *, piece: int = 1 << 18, build: bool = False, **wanted: Any
) -> tuple[LogExcerpt, _Read]:
    since = None if build else wanted.pop("faults_since", 0.0)
    wanted |= {"grep": Grep(wanted["grep"])} if "grep" in wanted else {}
    there = _Read(
        Intake(end=wanted.pop("end", None), faults_since=since),
        Window(Filter(**{"lines": 100, **wanted}), build=build),
    )
    lines = Lines()
    for start in range(0, len(stream), piece):
        for block in lines.feed(stream[start : start + piece]):
            there.take(block, odd=lines.odd)
    if rest := lines.close():
        there.take(rest)
    return there.window.excerpt(there.intake.known(), File()), there


def _texts(excerpt: LogExcerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


STREAM = b"".join(_event(f"{n}.5", f"line {n}", last=n % 2 == 0) for n in range(20))


@pytest.mark.parametrize("piece", [1, 50, 333, 1 << 18])
def test_window__ends_at_the_moment(piece: int) -> None:
    """The line at the moment stays; the first later one ends the reading."""
    excerpt, read = _window(STREAM, piece=piece, begin=0.0, end=9.5)

    assert _texts(excerpt) == [f"line {n}" for n in range(10)]
    assert (excerpt.total, excerpt.matched, read.intake.done) == (10, 10, True)
    assert excerpt.lines[-1].vtime == "9.5"


@pytest.mark.parametrize("piece", [1, 50, 333, 1 << 18])
def test_window__begins_at_its_begin(piece: int) -> None:
    """A platform that sends earlier lines all the same does not make the window larger."""
    excerpt, _ = _window(STREAM, piece=piece, begin=5.5, end=9.5)

    assert _texts(excerpt) == [f"line {n}" for n in range(5, 10)]


@given(st.integers(0, 21), st.integers(0, 21), st.integers(1, 400), st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_window__is_what_reading_every_line_finds(begin: int, end: int, piece: int, lines: int) -> None:
    """Reading by blocks gives the same as decoding every line."""
    excerpt, _ = _window(STREAM, piece=piece, begin=float(begin), end=float(end), lines=lines)
    wanted = [f"line {n}" for n in range(20) if begin <= n + 0.5 <= end]

    assert excerpt.total == len(wanted)
    assert _texts(excerpt) == wanted[len(wanted) - min(lines, len(wanted)) :]


def test_window__lines_without_a_time_are_inside() -> None:
    """They are never past the moment, wherever they stand."""
    plain = b'{"output_text":"no time"}\n'
    excerpt, _ = _window(plain + _event("1") + plain + _event("2") + plain + _event("9"), begin=0.0, end=2.0)

    assert _texts(excerpt) == ["no time", "x", "no time", "x", "no time"]


def test_window__numbers_and_texts_mixed() -> None:
    """Virtual times are compared as numbers and kept as served."""
    stream = _event(1e1) + _event("9.0") + _event(1000.25) + _event("1e5")
    excerpt, _ = _window(stream, begin=0.0, end=1000.25)

    assert [line.vtime for line in excerpt.lines] == ["10.0", "9.0", "1000.25"]


def test_window__shows_the_last_lines() -> None:
    """Many blocks go by; only the newest lines are kept, newest last."""
    excerpt, read = _window(STREAM, piece=60, lines=3, begin=0.0, end=100.0)

    assert _texts(excerpt) == ["line 17", "line 18", "line 19"]
    assert (excerpt.total, excerpt.matched) == (20, 20)
    assert read.window._held < 10


GREP_STREAM = (
    _event("1", 'say "hi" there')
    + _event("2", "naïve café")
    + _event("3", "tab\there C:\\dir")
    + _event("4", "plain needle", source="etcd1")
    + _event("5", "needle again")
    + _event("6", "<a&b>")
    + _event("7", json.dumps({"level": "info"}))
)


@pytest.mark.parametrize(
    ("grep", "found"),
    [
        ('"hi"', ['say "hi" there']),
        ("é", ["naïve café"]),
        ("ï", ["naïve café"]),
        ("C:\\dir", ["tab here C:\\dir"]),
        ("tab here", ["tab here C:\\dir"]),
        ("needle", ["plain needle", "needle again"]),
        ("NEEDLE", []),
        ("<a&b>", ["<a&b>"]),
        ('{"level": "info"}', ['{"level": "info"}']),
        ("output_text", []),
        ("   ", []),
        ('"', ['say "hi" there', '{"level": "info"}']),
    ],
)
def test_window__grep(grep: str, found: list[str]) -> None:
    """Text is found however JSON escapes it, in what people see and not in the names of fields."""
    excerpt, _ = _window(GREP_STREAM, grep=grep, begin=0.0, end=9.0)

    assert _texts(excerpt) == found
    assert (excerpt.matched, excerpt.total) == (len(found), 7)


def test_window__grep_for_our_own_words() -> None:
    """ParsedCommand that only our rendering adds are found too."""
    failed = {
        "hit": True,
        "condition": False,
        "assert_type": "always",
        "display_type": "Always",
        "message": "m",
    }
    stream = _event("1") + _event("2", "", antithesis_assert=failed) + _event("3")
    excerpt, _ = _window(stream, grep="FAIL", begin=0.0, end=9.0)

    assert _texts(excerpt) == ['FAIL Always "m"']


def test_window__grep_in_a_text_that_is_cut() -> None:
    """A hit beyond what is shown of a long line counts."""
    excerpt, _ = _window(_event("1", "y" * 50_000 + "needle"), grep="needle", begin=0.0, end=9.0)

    assert excerpt.matched == 1
    assert len(excerpt.lines[0].text) < 4_100


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"source": "etcd1"}, ["plain needle"]),
        ({"source": "etcd1", "grep": "again"}, []),
        ({"source": "etcd0", "grep": "needle"}, ["needle again"]),
        ({"source": "etcd"}, []),
    ],
)
def test_window__source(wanted: dict[str, Any], found: list[str]) -> None:
    """A source is a whole name; grep and source hold together."""
    assert _texts(_window(GREP_STREAM, begin=0.0, end=9.0, **wanted)[0]) == found


def test_window__source_by_its_full_name() -> None:
    """The name as served counts beside the container and the short label."""
    stream = (
        _event("1")
        + b'{"moment":{"vtime":"2"},"source":{"name":"antithesis_sdk","container":"c"},"output_text":"y"}\n'
    )
    for source in ("antithesis_sdk", "c"):
        assert _texts(_window(stream, source=source, begin=0.0, end=9.0)[0]) == ["y"]


COLOURED = "raft::log: commit \x1b[3mterm\x1b[0m\x1b[2m=\x1b[0m7"
FAILED = {
    "hit": True,
    "condition": False,
    "assert_type": "always",
    "display_type": "Always",
    "message": "m",
    "location": {"file": "pkg/control.go", "begin_line": 87},
}
SHOWN = [
    _event("1", COLOURED),
    _event("2", "", antithesis_assert=FAILED),
    _event("3", "del\x7fete \x08d ab\x0ec"),
    _event("4", "go escapes <&> as \\u003c"),
    b'{"output_text":{"level":"warn", "took": 1e2},"moment":{"vtime":"5"}}\n',
    b'{"moment":{"vtime":"6"},"unheard":{"of": [1, 2]}}\n',
    b'{"moment":{"vtime":"7"},"x":{"output_text":"inner"},"n":1e2}\n',
    b'{"moment":{"vtime":"8"},"output_text":"first","output_text":"second"}\n',
    b"not json \x1b[1mbo\x1b[0mld\n",
    _event(
        "9.25",
        json.dumps({"executable": "/bin/x", "signal": 11, "pid": 7}),
        "processes_terminated_with_signal",
    ),
    b'{"moment":{"vtime":"9.5"},"output_text":"plain term=7 of control.go:87","source":{"container":"a"}}\n',
    b'{"moment":{"vtime":"9.75"},"output_text":"GET /report/x?auth=v2.public.SECRET0123 ok"}\n',
]


@pytest.mark.parametrize(
    ("grep", "found"),
    [
        ("term=7", [0, 10]),
        ("commit term=7", [0]),
        ("control.go:87", [1, 10]),
        ("delete d abc", [2]),
        ("took", [4]),
        ('":100.0', [4, 6]),
        ("[1,2]", [5]),
        ("second", [7]),
        ("bold", [8]),
        ("signal 11 (pid 7)", [9]),
        ("auth=***", [11]),
        ("SECRET", []),
        ("x1b", []),
        ("/term=7|bold/", [0, 8, 10]),
        (r"/auth=\*+/", [11]),
        ("/secret/i", []),
    ],
)
@pytest.mark.parametrize("many", [0, 3])
def test_window__grep_finds_what_is_shown(grep: str, found: list[int], many: int) -> None:
    """Whatever a line is made of, the text that people read of it is searched."""
    plain = (
        b'{"moment":{"vtime":"0.5"},"output_text":"nothing of interest","source":{"container":"a"}}\n' * many
    )
    excerpt, _ = _window(plain + b"".join(SHOWN), grep=grep, begin=0.0, end=9.9)

    assert _texts(excerpt) == [log_line(SHOWN[n].rstrip(b"\n")).text for n in found]


PARTS = st.sampled_from(
    [
        "term",
        "=",
        "7",
        "\x1b[0m",
        "\x1b(B",
        "\x9b1m",
        "\x7f",
        " ",
        "\t",
        "é",
        '"',
        "\\",
        "<",
        "a.go:8",
        "\u2028",
        "v2.public.abc",
    ]
)
TEXTS = st.lists(PARTS, max_size=6).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=6), TEXTS, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_window__grep_is_what_reading_every_line_finds(
    texts: list[str], grep: str, compact: bool, ascii_only: bool
) -> None:
    """The look at the raw bytes, which makes it fast, never loses or adds a line."""
    events = [
        {"moment": {"vtime": str(n)}, "output_text": text, "source": {"name": "s"}}
        for n, text in enumerate(texts)
    ]
    style: dict[str, Any] = {"ensure_ascii": ascii_only, "separators": (",", ":") if compact else None}
    lines = [json.dumps(event, **style).encode() for event in events]
    excerpt, _ = _window(b"\n".join(lines) + b"\n", grep=grep or "term", begin=0.0, end=99.0)

    shown = [log_line(unsigned_bytes(line)).text for line in lines]  # as every line comes in

    assert _texts(excerpt) == [text for text in shown if (grep or "term") in text]


@given(
    st.lists(TEXTS, min_size=1, max_size=6),
    st.lists(st.sampled_from(["term", "=", "7", "|", ".*", "a.go:8", "[0-9]", "é", "?", " "]), max_size=5),
    st.sampled_from(["", "i"]),
)
@settings(max_examples=150, deadline=None)
def test_window__a_pattern_is_what_matching_every_line_finds(
    texts: list[str], pieces: list[str], flag: str
) -> None:
    """Whatever of the pattern stands in the raw bytes, every line that matches is found, and no other."""
    try:
        grep = Grep(f"/{''.join(pieces) or 'term'}/{flag}")
    except UserError:
        return
    lines = [_event(str(n), text).rstrip(b"\n") for n, text in enumerate(texts)]
    window = Window(Filter(lines=100, grep=grep))
    window.take(b"\n".join(lines) + b"\n", len(lines))

    assert _texts(window.excerpt(Known(), File())) == [
        t for line in lines if grep.finds(t := log_line(line).text)
    ]


def _fault_event(vtime: float, name: str, **fault: Any) -> bytes:
    body = {"name": name, "type": "t", "affected_nodes": ["a"], "max_duration": "0", "details": {}, **fault}
    return _event(vtime, "", "fault_injector", fault=body)


STORY = (
    _fault_event(40.0, "throttle")
    + _fault_event(90.0, "partition")
    + _fault_event(130.0, "clog", max_duration="30")
    + _fault_event(131.0, "skip", details={"offset": 5})
    + b"".join(_event(f"{n}.25", f"line {n}") for n in range(132, 150))
    + _fault_event(149.87, "kill", affected_nodes=["etcd0"])
    + _event("150.0", "the end")
    + _fault_event(151.0, "restore")
)


@pytest.mark.parametrize("window", [1.0, 10.0, 60.0, 140.0])
@pytest.mark.parametrize("piece", [70, 1 << 18])
def test_window__faults_do_not_depend_on_its_length(window: float, piece: int) -> None:
    """Faults are followed from one place on, however much of the log is shown."""
    excerpt, _ = _window(STORY, piece=piece, begin=150.0 - window, end=150.0, faults_since=50.0)

    assert [fault.name for fault in excerpt.faults] == ["partition", "clog", "skip", "kill"]
    assert excerpt.faults_since == 50.0
    assert all(float(line.vtime or 0) >= 150.0 - window for line in excerpt.lines)
    assert excerpt.total == len(excerpt.lines)


def test_window__look_back_is_no_part_of_the_window() -> None:
    """What is read for the faults alone is neither counted nor kept nor found."""
    excerpt, read = _window(STREAM, lines=5, begin=9.0, end=9.5, grep="line")

    assert (excerpt.total, excerpt.matched) == (1, 1)
    assert read.of_window == STREAM.splitlines(keepends=True)[9]
    assert read.passed == b"".join(STREAM.splitlines(keepends=True)[:10])


def test_window__cut_knows_faults_until_the_cut() -> None:
    """Behind the cut a fault may have ended or begun: what is told is what was seen there."""
    stream = _fault_event(1.0, "partition") + _fault_event(2.0, "clog", max_duration="1.5") + _event("3.25")
    excerpt, _ = _window(stream + b'{"error":"gone"}\n' + _event("4"), begin=0.0, end=9.0)

    assert ([fault.name for fault in excerpt.faults], excerpt.cut_at) == (["partition", "clog"], "3.25")


def test_window__masks_report_links() -> None:
    """A log line that holds a report link gives it neither to the excerpt nor to the file."""
    link = "https://acme.antithesis.com/report/abc/d.html?auth=v2.public.eyJuYmYi_-Xx.Zm9v"
    events = [
        _event("1", f"see {link} now"),
        _event("2", json.dumps({"url": link})),
        _event("3", "", url=link, ok=1),
    ]
    excerpt, read = _window(b"".join(events), lines=5, begin=0.0, end=9.0)

    assert b"eyJ" not in read.passed
    assert [json.loads(line) for line in read.passed.splitlines()]
    assert not any("eyJ" in line.text for line in excerpt.lines)
    assert excerpt.lines[0].text == "see https://acme.antithesis.com/report/abc/d.html?auth=*** now"


@pytest.mark.parametrize(
    "token",
    [
        "v2.public.e"
        + "".join(f"\\u{ord(c):04x}" if n % 2 else c for n, c in enumerate("yJuYmYiSECRET.Zm9vSECRET")),
        r"v2.public.\u0065yJSECRET",
        r"v2.public.abc\u001b[0mSECRET.Zm9v\u001B[1;31mSECRET",
        r"v2.public.abc\u001b[0m.SECRET",
        r"v2.public.abc.def\u0000SECRET",
        r"v2.local.abc\bSECRET",
        "v2.public.abc\x7fSECRET",
        "v2.public.abc\x85SECRET",
        r"v2.public.abc\u0085SECRET",
    ],
)
@pytest.mark.parametrize("piece", [1, 1 << 18])
def test_window__masks_what_is_held_together_by_escapes(token: str, piece: int) -> None:
    """Of a signature with colours or escapes in it nothing is left behind the mask, in the excerpt and in the file."""
    line = _spelt(f"see {token} now")
    excerpt, read = _window(line.encode(), piece=piece, begin=0.0, end=9.0)

    assert _texts(excerpt) == ["see *** now"]
    assert json.loads(read.passed)["output_text"] == "see *** now"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (r"v2.public.abc\u001b[0m now", "*** now"),
        (r"v2.public.abc\u0026x=1", "***&x=1"),
        (r"v2.public.abc\nnext", "*** next"),
        ("v2.public. x", "v2.public. x"),
    ],
)
def test_window__masks_no_more_than_that(said: str, shown: str) -> None:
    """What stands behind a signature is not of it."""
    line = _spelt(said)
    assert _texts(_window(line.encode(), begin=0.0, end=9.0)[0]) == [shown]


def _spelt(text: str) -> str:
    """Return a line whose text is written in JSON just so."""
    return '{"moment":{"input_hash":"1","vtime":"1"},"output_text":"' + text + '"}\n'


def test_window__faults_at_the_moment() -> None:
    """Faults are named even where their lines are not shown."""
    fault = {
        "name": "partition",
        "type": "network",
        "affected_nodes": ["a"],
        "max_duration": "0",
        "details": {},
    }
    event = {
        "moment": {"input_hash": "1", "vtime": "1.5"},
        "source": {"name": "fault_injector"},
        "fault": fault,
    }
    talk = _event("2", "fault_injector said partition")
    excerpt, _ = _window(json.dumps(event).encode() + b"\n" + talk + STREAM, lines=1, begin=0.0, end=9.5)

    assert [(f.name, f.since) for f in excerpt.faults] == [("partition", "1.5")]


@pytest.mark.parametrize(
    "error",
    [b'{"error":"gone wrong"}\n', b'{ "error" : "gone wrong" }\n', b'{"x":1,"error":"gone wrong"}'],
)
def test_window__an_error_line_ends_it(error: bytes) -> None:
    """What came before is kept; the error is told and is no line of the log."""
    excerpt, read = _window(_event("1") + _event("2") + error, begin=0.0, end=9.0)

    assert (excerpt.total, read.intake.done) == (2, True)
    assert excerpt.cut == "the platform broke off: gone wrong"


def test_window__an_error_in_the_middle() -> None:
    """Nothing after an error line is believed."""
    excerpt, _ = _window(_event("1") + b'{"error":{}}\n' + _event("2"), begin=0.0, end=9.0)

    assert (excerpt.total, excerpt.cut) == (1, "the platform broke off: an error without words")


@pytest.mark.parametrize(
    "line",
    [
        b'{"error":"x","moment":{"vtime":"1"}}',
        b'{"error":"x","timestamp":"t","text":""}',
        b'{"error":null}',
        b"{}",
        b"[",
    ],
)
def test_error__other_lines(line: bytes) -> None:
    """An event, or a line of a build log, that has such a field is no error."""
    assert error_in(line) is None


def test_window__stub() -> None:
    """A line that was left out is said to be, and is never a hit."""
    stream = _event("1") + stub(52_428_800) + _event("2")

    assert _texts(_window(stream, begin=0.0, end=9.0)[0]) == ["x", "(a line of 52.4 MB was left out)", "x"]
    assert _window(stream, grep="left out", begin=0.0, end=9.0)[0].matched == 0


def test_window__poisoned_lines() -> None:
    """Broken lines are shown as they are and lose nobody else."""
    poison = [
        b"[" * 100_000,
        b'{"output_text":"\\ud800"}',
        b'{"output_text":"\xff\xfe"}',
        b"garbage",
        b'{"moment":5,"output_text":7}',
    ]
    stream = _event("1") + b"\n".join(poison) + b"\n" + _event("2")
    excerpt, _ = _window(stream, begin=0.0, end=9.0)

    assert excerpt.total == 7
    assert all(line.text.encode("utf-8") is not None and "\n" not in line.text for line in excerpt.lines)


def test_window__build_log() -> None:
    """Lines of a build log have wall clocks; an empty text is a line."""
    stream = (
        b'{"timestamp":"2026-05-14T03:03:23.481Z","text":"","stream":"stdout"}\n'
        b'{"timestamp":5,"text":"b"}\n'
        b'{"text":7,"stream":"stderr"}\n{"text":{"step":3}}\nnot json\n'
    )
    excerpt, _ = _window(stream, build=True)

    assert [(line.text, line.stream, line.source) for line in excerpt.lines] == [
        ("", "out", "build"),
        ("b", "", "build"),
        ("7", "error", "build"),
        ('{"step":3}', "", "build"),
        ("not json", "", ""),
    ]
    assert excerpt.lines[0].at is not None
    assert build_line(stub(1)).kind is LineKind.STUB


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"moment":{"vtime":true}}', b'{"moment":{"vtime":-1}}', b'{"moment":[]}']
)
def test_vtime__none(line: bytes) -> None:
    """A line without a usable time has none."""
    assert vtime_of(line) == ""


def test_window__keeps_the_window_and_nothing_else() -> None:
    """The file gets the window's lines as they were served, and is named with its trouble."""
    _, read = _window(STREAM, lines=1, begin=5.5, end=9.5)
    excerpt = read.window.excerpt(read.intake.known(), File("/x", 7, "the file could not be written"))

    assert read.of_window == b"".join(STREAM.splitlines(keepends=True)[5:10])
    assert (excerpt.path, excerpt.size) == ("/x", 7)
    assert (excerpt.cut, excerpt.file_trouble) == (None, "the file could not be written")


@pytest.mark.parametrize("piece", [1, 50, 1 << 18])
def test_window__lines_without_a_time_belong_to_what_stands_before_them(piece: int) -> None:
    """However the stream comes in pieces, those before the window are before it, and those of its first line in it."""
    plain = b'{"output_text":"no time"}\n'
    inside = _event("5") + plain
    stream = plain + _event("1") + plain + _event("2") + plain

    assert _window(stream + inside, piece=piece, begin=3.0, end=9.0)[1].of_window == inside
    assert _window(plain + inside, piece=piece, begin=3.0, end=9.0)[1].of_window == plain + inside
    assert _window(plain * 3, piece=piece, begin=3.0, end=9.0)[0].total == 3


@pytest.mark.parametrize("piece", [1, 50, 1 << 18])
def test_errors__of_a_whole_window(piece: int) -> None:
    """Few lines are shown, and all of the window are looked at: the crash far back is found, with its own lines."""
    trace = ["panic: gone", "goroutine 1 [running]:", "main.main()", "main.go:12 +0x1f"]
    stream = b"".join(_event("1.0", text) for text in trace)
    stream += b"".join(_event("2.0", f"fine {n}") for n in range(300)) + _event(
        "3.0", "it failed", source="b"
    )
    excerpt, _ = _window(
        stream + _event("9.0", "panic: later"), piece=piece, lines=5, errors=True, begin=0.0, end=4.0
    )

    assert _texts(excerpt) == [*trace, "it failed"]
    assert (excerpt.matched, excerpt.mentions, excerpt.total) == (5, 1, 305)


def test_errors__of_one_source() -> None:
    """The filters hold beside it."""
    stream = _event("1.0", "panic: a", source="a") + _event("1.0", "panic: b", source="b")

    assert _texts(_window(stream, errors=True, source="b", end=4.0)[0]) == ["panic: b"]
    assert _texts(_window(stream, errors=True, grep=": a", end=4.0)[0]) == ["panic: a"]


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [({}, True), ({"patterns": True}, False), ({"source": "etcd0"}, False), ({"lines": 9}, False)],
)
def test_window__what_has_to_be_seen_is_not_passed_by(wanted: dict[str, Any], passes: bool) -> None:
    """Lines that are only counted need not be read again; those that are searched, shown or compared have to."""
    window = Window(Filter(**{"lines": 2, **wanted}))

    assert window.may_pass(5) is passes
