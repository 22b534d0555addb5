"""A window of a log: its two ends, what is counted, found and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.ndjson import Lines, stub
from adapters.platforms.antithesis.spool import File
from adapters.platforms.antithesis.window import Filter, Window, build_line, error_in, vtime_of
from bot.model import LineKind, LogExcerpt


def _event(
    vtime: object, text: str = "x", source: str = "etcd0", *, last: bool = False, **fields: Any
) -> bytes:
    moment = {"moment": {"input_hash": "1", "vtime": vtime}}
    rest = {"output_text": text, "source": {"name": source, "container": source, "stream": "out"}, **fields}
    return json.dumps({**rest, **moment} if last else {**moment, **rest}).encode() + b"\n"


def _window(
    stream: bytes, *, piece: int = 1 << 18, build: bool = False, **wanted: Any
) -> tuple[LogExcerpt, Window]:
    window = Window(Filter(**{"lines": 100, **wanted}), lambda _: None, build=build)
    lines = Lines()
    for start in range(0, len(stream), piece):
        for block in lines.feed(stream[start : start + piece]):
            if not window.done:
                window.take(block, odd=lines.odd)
    rest = lines.close()
    if rest and not window.done:
        window.take(rest)
    return window.excerpt(File()), window


def _texts(excerpt: LogExcerpt) -> list[str]:
    return [line.text for line in excerpt.lines]


STREAM = b"".join(_event(f"{n}.5", f"line {n}", last=n % 2 == 0) for n in range(20))


@pytest.mark.parametrize("piece", [1, 50, 333, 1 << 18])
def test_window__ends_at_the_moment(piece: int) -> None:
    """The line at the moment stays; the first later one ends the reading."""
    excerpt, window = _window(STREAM, piece=piece, begin=0.0, end=9.5)

    assert _texts(excerpt) == [f"line {n}" for n in range(10)]
    assert (excerpt.total, excerpt.matched, window.done) == (10, 10, True)
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
    excerpt, window = _window(STREAM, piece=60, lines=3, begin=0.0, end=100.0)

    assert _texts(excerpt) == ["line 17", "line 18", "line 19"]
    assert (excerpt.total, excerpt.matched) == (20, 20)
    assert window._held < 10


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
    """Words that only our rendering adds are found too."""
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
    excerpt, window = _window(_event("1") + _event("2") + error, begin=0.0, end=9.0)

    assert (excerpt.total, window.done) == (2, True)
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
        b'{"text":7,"stream":"stderr"}\nnot json\n'
    )
    excerpt, _ = _window(stream, build=True)

    assert [(line.text, line.stream, line.source) for line in excerpt.lines] == [
        ("", "out", "build"),
        ("b", "", "build"),
        ("", "error", "build"),
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
    kept: list[bytes] = []
    window = Window(Filter(lines=1, begin=5.5, end=9.5), kept.append)
    window.take(STREAM)
    excerpt = window.excerpt(File("/x", 7, "the file could not be written"))

    assert b"".join(kept) == b"".join(STREAM.splitlines(keepends=True)[5:10])
    assert (excerpt.path, excerpt.size, excerpt.cut) == ("/x", 7, "the file could not be written")
