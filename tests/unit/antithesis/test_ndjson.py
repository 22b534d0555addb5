r"""Bytes into blocks of whole lines: split at `\n` only, bounded, nothing lost and nothing invented."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.ndjson import Lines, stub, stub_size


def _read(*chunks: bytes, cap: int = 1 << 20) -> tuple[list[bytes], bool]:
    """Return the lines without their ends, and whether the stream ended inside one."""
    lines = Lines(cap)
    blocks = [block for chunk in chunks for block in lines.feed(chunk)]
    blocks.append(lines.close())
    assert all(not block or block.endswith(b"\n") for block in blocks)
    return b"".join(blocks).split(b"\n")[:-1], lines.partial


@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=8),
    st.integers(1, 7),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_lines__any_way_of_cutting(texts: list[bytes], size: int, ended: bool) -> None:
    """However the stream is cut into chunks, the same non-empty lines come out."""
    stream = b"\n".join(texts) + (b"\n" if ended else b"")
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    found, _ = _read(*chunks)
    wanted = [text for text in stream.removeprefix(b"\xef\xbb\xbf").split(b"\n") if text.strip(b" \t\r")]

    assert found == wanted


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b'{"a":"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\x0b\x0c"}\n{}\n', 2),
        (b"{}\r\n{}\r\n", 2),
        (b"\xef\xbb\xbf{}\n{}\n", 2),
        (b"\n\n{}\n\n\n{}\n\n", 2),
        (b"\r\n{}\r\n\r\n{}\n \n\t\n", 2),
        (b"{}\n{}", 2),
        (b"\xff\xfe\n{}\n", 2),
        (b"", 0),
        (b"\n", 0),
    ],
)
def test_lines__exact_count(stream: bytes, lines: int) -> None:
    """Separators of other alphabets, CRLF, a BOM, empty lines and a missing end do not change the count."""
    assert len(_read(stream)[0]) == lines


def test_lines__no_bom_is_left() -> None:
    """The first line can be decoded."""
    assert _read(b"\xef\xbb\xbf{}\n")[0] == [b"{}"]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_lines__over_the_cap(size: int) -> None:
    """An over-long line becomes a stub that tells its size; its neighbours stay."""
    stream = b"before\n" + b"x" * 5_000 + b"\nafter\n"
    found, _ = _read(*(stream[i : i + size] for i in range(0, len(stream), size)), cap=1_000)
    sizes = [stub_size(line) for line in found]

    assert (found[0], found[-1], len(found)) == (b"before", b"after", 3)
    assert sizes == [None, 5_001, None] or found[1] == b"x" * 5_000  # seen whole in one piece


def test_lines__over_the_cap_at_the_end() -> None:
    """A line over the cap that never ends is a stub too."""
    found, partial = _read(b"a\n", *[b"x" * 600] * 5, cap=1_000)

    assert [stub_size(line) for line in found] == [None, 3_000]
    assert not partial


def test_lines__memory_stays_at_the_cap() -> None:
    """Nothing of a line over the cap is kept."""
    lines = Lines(1_000)
    for _ in range(1_000):
        assert list(lines.feed(b"x" * 900)) == []

    assert len(lines._rest) <= 1_000


def test_stub__is_told_from_text() -> None:
    """A stub knows its size; a line that only looks similar is text."""
    assert stub_size(stub(7)) == 7
    assert stub_size(b'{"clew.left_out":"7"}') is None


def test_lines__partial() -> None:
    """The caller hears that the last line had no end."""
    assert _read(b"{}\n{")[1]
    assert not _read(b"{}\n")[1]
    assert not _read(b"{}\n  ")[1]
