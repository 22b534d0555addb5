"""A window that is looked at again: from the file of a longer one, and the same as read from the platform."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis import kept
from adapters.platforms.antithesis.intake import Intake, Known, Seam
from adapters.platforms.antithesis.kept import Index
from adapters.platforms.antithesis.window import Filter, Window
from adapters.platforms.http.limits import PIECE
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File
from bot.model import LogExcerpt


def _line(number: int, seconds: int | None) -> bytes:
    moment = {} if seconds is None else {"moment": {"input_hash": "1", "vtime": str(seconds)}}
    bad = "panic: gone" if number % 7 == 0 else "fine"
    source = {"name": f"etcd{number % 3}", "stream": "out"}
    return json.dumps({**moment, "output_text": f"{bad} {number}", "source": source}).encode() + b"\n"


def _indexed(blocks: Sequence[bytes]) -> Index:
    index = Index()
    for block in blocks:
        index.add(block, block.count(b"\n"))
    return index


def _fresh(stream: bytes, wanted: Filter) -> tuple[LogExcerpt, int]:
    window = Window(wanted)
    window.take(stream, stream.count(b"\n"))
    return window.excerpt(Known(), File()), window.early


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60),
    st.integers(1, 9),
    st.integers(0, 40),
    st.integers(0, 30),
    st.sampled_from(
        [
            {},
            {"grep": Grep("panic")},
            {"source": "etcd1"},
            {"errors": True},
            {"grep": Grep("/5|6/"), "source": "etcd2"},
        ]
    ),
)
@settings(max_examples=150, deadline=None)
def test_index__shows_what_reading_everything_shows(
    steps: list[tuple[int, bool]], many: int, begin: int, lines: int, narrowed: dict[str, Any]
) -> None:
    """Only some pieces of the file are read, whatever stands in them, and nothing is missing or counted twice."""
    seconds, log = 0, []
    for number, (step, timed) in enumerate(steps):
        seconds += step
        log.append(_line(number, seconds if timed else None))
    stream = b"".join(log)
    wanted = Filter(lines=lines, begin=float(begin), **narrowed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "PIECE", 200)
        index = _indexed([b"".join(log[n : n + many]) for n in range(0, len(log), many)])
    window = Window(wanted)
    index.feed(io.BytesIO(stream), window, float(begin))

    expected, early = _fresh(stream, wanted)
    assert window.excerpt(Known(), File()) == expected
    assert stream[window.early :] == stream[early:]


class _Counting(io.BytesIO):
    """A file that counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.size = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        found = super().read(size)
        self.size += len(found)
        return found


def test_index__reads_only_what_it_needs() -> None:
    """The last lines of a long window cost two pieces of its file, not all of them."""
    log = [_line(n, n) for n in range(20_000)]
    stream = b"".join(log)
    file = _Counting(stream)
    window = Window(Filter(lines=20, begin=10_000.0))
    _indexed([b"".join(log[n : n + 1000]) for n in range(0, len(log), 1000)]).feed(file, window, 10_000.0)
    excerpt = window.excerpt(Known(), File())

    assert (excerpt.total, excerpt.matched) == (10_000, 10_000)
    assert [line.text for line in excerpt.lines] == [json.loads(line)["output_text"] for line in log[-20:]]
    assert file.size < 3 * PIECE < len(stream) / 2


def test_index__begins_where_a_longer_window_meets_it() -> None:
    """What stands before the first line with a time is the longer window's to tell."""
    log = [_line(0, None), *(_line(n, 5) for n in range(1, 4000))]
    index = _indexed([b"".join(log[n : n + 900]) for n in range(0, len(log), 900)])

    assert index.seam is not None
    assert (index.seam.seconds, index.seam.line) == (5.0, log[1])
    assert b"".join(index.behind_seam(io.BytesIO(b"".join(log)))) == b"".join(log[1:])
    assert _indexed([_line(0, None)]).seam is None


@pytest.mark.parametrize("many", [1, 3, 40])
def test_intake__ends_where_it_meets_what_is_known(many: int) -> None:
    """At the very line that is known; a stream with another line there is let through to its own end."""
    log = [_line(n, n) for n in range(40)]
    seam = Seam(25.0, log[25])
    for known, until, joined in ((seam, 25, True), (Seam(25.0, log[26]), 40, False)):
        intake, passed = Intake(end=99.0, seam=known), b""
        for start in range(0, 40, many):
            passed += b"" if intake.done else intake.take(b"".join(log[start : start + many]))

        assert passed == b"".join(log[:until])
        assert (intake.done, intake.joined) == (joined, joined)
