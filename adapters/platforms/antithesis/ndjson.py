r"""A bounded reader of newline-delimited JSON: bytes in, blocks of whole lines out; nothing is decoded here.

Lines end at `\n` only: U+2028, U+0085 and a lone CR are text. A line over the cap never gets into memory; a
stub takes its place, so that its neighbours and the count of lines stay right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.platforms.http.limits import PIECE

LINE_CAP = 1 << 20  # bytes
_STUB = re.compile(rb'\{"clew\.left_out":([0-9]{1,15})\}\n?')
ERROR = b'{"error":'  # how the line begins that ends a stream
_ODD = re.compile(rb'\n(?:[\n\r \t]|\{"error":)')
_BLANK = re.compile(rb"(?m)^[ \t\r]*\n")


def stub(size: int) -> bytes:
    """Return the line that stands for one of this many bytes that was left out."""
    return b'{"clew.left_out":%d}\n' % size


def stub_size(line: bytes) -> int | None:
    """Return how many bytes a stub stands for, None where the line is none."""
    match = _STUB.fullmatch(line)
    return int(match[1]) if match else None


class Lines:
    r"""Cuts a stream of bytes into blocks of whole, non-empty lines, each ending in `\n`."""

    __slots__ = ("_cap", "_fresh", "_rest", "_skipped", "odd", "partial")

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._rest = bytearray()  # the begin of a line whose end has not come yet
        self._skipped = 0  # bytes of a line over the cap that were let go
        self._fresh = True
        self.odd = False  # the newest block had an empty line, or may hold the error that ends a stream
        self.partial = False  # the stream ended inside a line

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take the next bytes; yield the blocks that they complete."""
        for start in range(0, len(chunk), PIECE):
            piece = chunk if len(chunk) <= PIECE else chunk[start : start + PIECE]
            block = self._take(piece)
            if block:
                yield block

    def close(self) -> bytes:
        """Return what is left when the stream has ended: a last line without its end, or b""."""
        rest, self._rest = bytes(self._rest), bytearray()
        if self._skipped:
            return stub(self._skipped + len(rest))
        rest = self._unmarked(rest)
        self.partial = bool(rest.strip(b" \t\r"))
        return rest + b"\n" if self.partial else b""

    def _take(self, piece: bytes) -> bytes:
        last = piece.rfind(b"\n") + 1
        if not last:
            self._keep(piece)
            return b""
        block = self._unmarked(self._joined(piece, last))
        self._keep(piece[last:])
        self.odd = _is_odd(block)
        return _BLANK.sub(b"", block) if self.odd else block

    def _unmarked(self, block: bytes) -> bytes:
        """Take a byte order mark off the very first line."""
        if not self._fresh:
            return block
        self._fresh = False
        return block.removeprefix(b"\xef\xbb\xbf")

    def _joined(self, piece: bytes, last: int) -> bytes:
        """Join what was kept with the piece's whole lines, with a stub for a first line over the cap."""
        if not self._rest and not self._skipped:
            return piece[:last]
        first = piece.find(b"\n") + 1
        size = self._skipped + len(self._rest) + first
        whole = bytes(self._rest) if size <= self._cap else b""
        self._rest.clear()
        self._skipped = 0
        return whole + piece[:last] if size <= self._cap else stub(size) + piece[first:last]

    def _keep(self, piece: bytes) -> None:
        if self._skipped or len(self._rest) + len(piece) > self._cap:
            self._skipped += len(self._rest) + len(piece)
            self._rest.clear()
        else:
            self._rest += piece


def _is_odd(block: bytes) -> bool:
    """Whether a block may hold an empty line or an error line; one pass for both, as every block takes it."""
    return block[:1] in b"\r\n \t" or block.startswith(ERROR) or _ODD.search(block) is not None
