"""A reader of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): bytes in, texts out."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from adapters.platforms.http.limits import MIB

_END = re.compile(rb"\r\n|\n|\r")


async def events(chunks: AsyncIterator[bytes], longest: int = MIB) -> AsyncGenerator[str, None]:
    """Yield the data of each event as it comes; what a text means, an end too, is the platform's own affair.

    An event over `longest` bytes is cut there. The last one counts also without the empty line behind it.
    """
    reader = _Events(longest)
    async for chunk in chunks:
        for data in reader.feed(chunk):
            yield data
    for data in reader.feed(b"\n\n"):
        yield data


class _Events:
    """Puts events together; what is kept of one is bounded, whatever comes."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()  # the begin of a line whose end has not come yet
        self._data: list[bytes] = []
        self._size = 0  # bytes of the event's data
        self._after_cr = False
        self._fresh = True

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Take the next bytes; yield the events that they complete."""
        if self._after_cr and chunk.startswith(b"\n"):  # the second half of a line's end
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        *ends, rest = _END.split(chunk)
        for end in ends:
            self._keep(end)
            line = bytes(self._line)
            self._line.clear()
            yield from self._taken(line)
        self._keep(rest)

    def _keep(self, piece: bytes) -> None:
        self._line += piece[: self._longest + len(b"data: ") - len(self._line)]

    def _taken(self, line: bytes) -> Iterator[str]:
        if self._fresh:
            self._fresh = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line and self._data:
            yield b"\n".join(self._data).decode("utf-8", "replace")
            self._data, self._size = [], 0
        name, _, value = line.partition(b":")
        if name == b"data":
            self._add(value.removeprefix(b" "))

    def _add(self, value: bytes) -> None:
        kept = value[: self._longest - self._size]
        if kept or not value:
            self._data.append(kept)
            self._size += len(kept) + 1
