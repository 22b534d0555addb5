"""Server-sent events are read however they are cut into chunks, and no more of one is kept than is allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.http.sse import events


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _read(*chunks: bytes, longest: int = 100) -> list[str]:
    return [data async for data in events(_chunks(*chunks), longest)]


@pytest.mark.parametrize(
    ("stream", "texts"),
    [
        (b'data: {"token": "Build"}\n\ndata: [DONE]\n\n', ['{"token": "Build"}', "[DONE]"]),
        (b"data:a\r\n\r\ndata:  b\r\rdata: c\n\n", ["a", " b", "c"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data: a\r\ndata: b\r\n\r\n", ["a\nb"]),
        (b": ping\n\nevent: log\nid: 7\nretry: 1\ndata: a\n\n\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data\n\ndata: \n\n", ["", ""]),
        (b"data: last", ["last"]),
        (b"date: x\n\ndata : y\n\n", []),
        (b"data: \xff\x00\n\n", ["\ufffd\x00"]),
        (b"", []),
    ],
)
async def test_events__of_a_stream(stream: bytes, texts: list[str]) -> None:
    """Every end of a line, comments and other fields; in one piece and byte by byte."""
    assert await _read(stream) == texts
    assert await _read(*(bytes([byte]) for byte in stream)) == texts


@given(
    st.lists(st.sampled_from([b"data: a", b"data:", b"\r", b"\n", b"\r\n", b":", b"x"]), max_size=30),
    st.lists(st.integers(0, 80), max_size=8),
)
async def test_events__however_the_stream_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    """Where one chunk ends and the next begins changes nothing."""
    stream = b"".join(pieces)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]

    cut = [stream[one:other] for one, other in pairwise(places)]

    assert await _read(*cut) == await _read(stream)


async def test_events__too_large_are_cut() -> None:
    """A line without an end and an event of endless lines stay within their bound, and the next one is whole."""
    line = await _read(*[b"data: " + b"x" * 50, *[b"x" * 50] * 40, b"\n\ndata: next\n\n"])
    lines = await _read(*[b"data: xxxxxxxxx\n"] * 500, b"\n", b"data: next\n\n")

    assert [len(data) for data in line] == [100, 4]
    assert len(lines[0]) <= 100
    assert lines[1:] == ["next"]
