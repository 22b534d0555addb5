"""A window of a log while it streams by: counted, written and searched as bytes; only what is shown is decoded."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from adapters.platforms.antithesis.decode import MomentBody, exact, time_of
from adapters.platforms.antithesis.events import INJECTOR, WORDS, line_of, read_event
from adapters.platforms.antithesis.faultbook import FaultBook
from adapters.platforms.antithesis.ids import is_vtime
from adapters.platforms.antithesis.lenient import NULL, read, read_struct
from adapters.platforms.antithesis.ndjson import ERROR, stub_size
from adapters.platforms.antithesis.spool import File
from adapters.platforms.antithesis.text import LONGEST, one_line
from bot.model import LineKind, LogExcerpt, LogLine

# What JSON never escapes and rendering never changes: safe to look for in the raw bytes.
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;=()\[\]{}#@!$^*+|~-]+")
_INJECTOR = INJECTOR.encode()


class _Head(msgspec.Struct):
    """What every line is asked for: when it was, and whether it is the error that ends a stream."""

    moment: MomentBody | None = None
    timestamp: msgspec.Raw = NULL
    error: msgspec.Raw = NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines to show: how many, holding which text, from which source; and the window's two ends."""

    lines: int
    grep: str | None = None
    source: str | None = None
    begin: float | None = None  # virtual seconds, both ends included
    end: float | None = None

    @property
    def needle(self) -> bytes | None:
        """Bytes that every wanted line surely holds; b"" where all have to be decoded, None for no filter."""
        wanted = self.grep or self.source
        if not wanted:
            return None
        runs: list[str] = _PLAIN.findall(wanted)
        longest = max(runs, key=len, default="")
        return b"" if self.grep and longest in WORDS else longest.encode()

    def takes(self, line: LogLine, raw: bytes) -> bool:
        """Whether a decoded line is wanted; a long one is also searched beyond what is shown of it."""
        if line.kind is LineKind.STUB or (self.source and self.source not in _names(line, raw)):
            return False
        if not self.grep or self.grep in line.text:
            return True
        return len(raw) > LONGEST and self.grep.encode("utf-8", "replace") in raw


class Window:
    """Takes blocks of whole lines and ends up as an excerpt; `keep` gets the lines of the window.

    `done`: nothing more is wanted.
    """

    def __init__(self, wanted: Filter, keep: Callable[[bytes], None], *, build: bool = False) -> None:
        self._wanted, self._keep = wanted, keep
        self._render = build_line if build else log_line
        self._needle = wanted.needle
        self._blocks: deque[tuple[bytes, int]] = deque()  # the newest, as few as hold the lines to show
        self._held = 0
        self._hits: deque[LogLine] = deque(maxlen=max(0, wanted.lines))
        self._faults = None if build else FaultBook()
        self._started = wanted.begin is None
        self.matched = self.total = 0
        self.reached = ""  # the virtual time got to, exact text
        self.done = False
        self.cut: str | None = None

    def take(self, block: bytes, *, odd: bool = True) -> None:
        """Take the next block; sets `done` at the first line later than the window, or at an error line.

        `odd`: whether an error line may stand inside the block (`Lines.odd`); the last line is always looked at.
        """
        block = self._until_error(self._inside(block), odd=odd)
        if not block:
            return
        count = block.count(b"\n")
        self.total += count
        self._keep(block)
        if self._faults is not None:
            self._note_faults(block, self._faults)
        if self._needle is None:
            self._hold(block, count)
        else:
            self._search(block, self._needle)

    def excerpt(self, file: File) -> LogExcerpt:
        """Return what was found, with the file that the window went to."""
        end = self._wanted.end
        return LogExcerpt(
            lines=self._shown(),
            matched=self.total if self._needle is None else self.matched,
            total=self.total,
            faults=() if self._faults is None or end is None else self._faults.at(end),
            path=file.path,
            size=file.size,
            cut=self.cut or file.trouble,
        )

    def _inside(self, block: bytes) -> bytes:
        """Return the part of a block between the window's ends; lines without a time are never outside."""
        end = self._wanted.end
        if end is None:
            return block
        last = _last_vtime(block)
        self.reached = last or self.reached
        if last and float(last) > end:
            self.done = True
            block = _up_to(block, lambda seconds: seconds > end)
        return block if self._started else self._begun(block)

    def _begun(self, block: bytes) -> bytes:
        """Leave out lines before the window, should the platform send them all the same."""
        begin = self._wanted.begin or 0.0
        early = _up_to(block, lambda seconds: seconds >= begin)
        self._started = len(early) < len(block)
        return block[len(early) :] if _last_vtime(early) else block

    def _until_error(self, block: bytes, *, odd: bool) -> bytes:
        """Cut a block at the error that ends a stream, and remember what it says."""
        inside = _line_starts(block, ERROR) if odd else ()
        for start in (*inside, block.rfind(b"\n", 0, -1) + 1):
            said = error_in(block[start : block.find(b"\n", start)])
            if said is not None:
                self.done, self.cut = True, f"the platform broke off: {said}"
                return block[:start]
        return block

    def _note_faults(self, block: bytes, book: FaultBook) -> None:
        for line in _holding(block, _INJECTOR):
            vtime = vtime_of(line)
            if vtime:
                book.feed(read_event(line), vtime)

    def _hold(self, block: bytes, count: int) -> None:
        self._blocks.append((block, count))
        self._held += count
        while self._held - self._blocks[0][1] >= self._wanted.lines and len(self._blocks) > 1:
            self._held -= self._blocks.popleft()[1]

    def _search(self, block: bytes, needle: bytes) -> None:
        for raw in _holding(block, needle) if needle else _lines(block):
            line = self._render(raw)
            if self._wanted.takes(line, raw):
                self.matched += 1
                self._hits.append(line)

    def _shown(self) -> tuple[LogLine, ...]:
        if self._needle is not None:
            return tuple(self._hits)
        lines = _lines(b"".join(block for block, _ in self._blocks))
        return tuple(self._render(raw) for raw in lines[max(0, len(lines) - self._wanted.lines) :])


def vtime_of(line: bytes) -> str:
    """Return a line's virtual time as exact text, "" where it has none."""
    head = read_struct(line, _Head)
    text = exact(head.moment.vtime) if head is not None and head.moment is not None else ""
    return text if is_vtime(text) else ""


def error_in(line: bytes) -> str | None:
    """Return what the error line of a stream says, None for any other line."""
    head = read_struct(line, _Head)
    if (
        head is None
        or head.moment is not None
        or bytes(head.timestamp) != b"null"
        or bytes(head.error) == b"null"
    ):
        return None
    return one_line(read(head.error, str) or "an error without words", 200)


def log_line(raw: bytes) -> LogLine:
    """Return a line of a log for people."""
    size = stub_size(raw)
    return _stub_line(size) if size is not None else line_of(raw, vtime_of(raw) or None)


class _Build(msgspec.Struct):
    text: str | None = None
    timestamp: str | None = None
    stream: str | None = None


def build_line(raw: bytes) -> LogLine:
    """Return a line of a build log for people; its text may be empty."""
    size = stub_size(raw)
    if size is not None:
        return _stub_line(size)
    body = read_struct(raw, _Build)
    if body is None:
        return LogLine(text=one_line(raw.decode("utf-8", "replace")), kind=LineKind.OTHER)
    stream = {"stderr": "error", "stdout": "out"}.get(body.stream or "", "")
    return LogLine(text=one_line(body.text or ""), stream=stream, source="build", at=time_of(body.timestamp))


def _stub_line(size: int) -> LogLine:
    return LogLine(text=f"(a line of {size / 1e6:,.1f} MB was left out)", kind=LineKind.STUB)


def _names(line: LogLine, raw: bytes) -> set[str]:
    """Return every name that people may know a line's source by."""
    source = read_event(raw).get("source")
    name = source.get("name") if isinstance(source, dict) else None
    return {line.source, name} if isinstance(name, str) else {line.source}


def _lines(block: bytes) -> list[bytes]:
    return block.split(b"\n")[:-1]


def _holding(block: bytes, needle: bytes) -> Iterator[bytes]:
    """Yield the lines of a block that hold some bytes."""
    at = block.find(needle)
    while at >= 0:
        end = block.find(b"\n", at)
        yield block[block.rfind(b"\n", 0, at) + 1 : end]
        at = block.find(needle, end)


def _last_vtime(block: bytes) -> str:
    return next((text for line in _backwards(block) if (text := vtime_of(line))), "")


def _line_starts(block: bytes, begin: bytes) -> Iterator[int]:
    """Yield where lines start that begin with some bytes."""
    at = block.find(begin)
    while at >= 0:
        if at == 0 or block[at - 1 : at] == b"\n":
            yield at
        at = block.find(begin, at + 1)


def _backwards(block: bytes) -> Iterator[bytes]:
    end = len(block) - 1
    while end >= 0:
        start = block.rfind(b"\n", 0, end) + 1
        yield block[start:end]
        end = start - 1


def _up_to(block: bytes, stop: Callable[[float], bool]) -> bytes:
    """Return a block's lines before the first whose virtual time says stop."""
    length = 0
    for line in _lines(block):
        vtime = vtime_of(line)
        if vtime and stop(float(vtime)):
            break
        length += len(line) + 1
    return block[:length]
