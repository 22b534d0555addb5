"""A window of a log while it streams by: counted, written and searched as bytes; only what is shown is decoded."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from adapters.platforms.antithesis.decode import MomentBody
from adapters.platforms.antithesis.events import CONTAINERS, INJECTOR, line_of, read_event, stream_of, text_of
from adapters.platforms.antithesis.faultbook import FaultBook
from adapters.platforms.antithesis.ids import is_vtime
from adapters.platforms.antithesis.ndjson import ERROR, stub_size
from adapters.platforms.antithesis.shorten import shortened
from adapters.platforms.http.lenient import NULL, exact, read, read_any, read_struct, time_of
from adapters.platforms.http.spool import File
from adapters.platforms.http.text import LONGEST, has_signature, one_line, unsigned_bytes
from bot.model import LineKind, LogExcerpt, LogLine
from bot.severity import ErrorLines

# What JSON never escapes: a run of it that is shown stands in the bytes, in a line that is shown as it is served.
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;=()\[\]{}#@!$^*+|~-]+")
# A line whose text is shown as it is served: an object with a text, before it flat members only.
_AS_SERVED = re.compile(rb'\{(?:"\w{1,40}":(?:"[^"\\\n]*+"|[0-9.eE+-]++|\{[^{}\n]*+\}),)*+"output_text":"')
# What is put into words: events of a kind of their own.
_WORDED = (b"antithesis_", INJECTOR.encode(), CONTAINERS.encode(), b"processes_terminated")
# What makes another text of it: control characters and escapes, which go, and signatures, which are masked.
_CLEANED = (rb"\u", rb"\b", b"\x7f", b"\xc2", b"auth")
_NOT_AS_SERVED = re.compile(rb"\n(?!%b)" % _AS_SERVED.pattern)
_TEXT = b'"output_text":'
_CONTROL = bytes({*range(32)} - {10})
_FAULTS = (INJECTOR.encode(), CONTAINERS.encode())


class _Head(msgspec.Struct):
    """What every line is asked for: when it was, and whether it is the error that ends a stream."""

    moment: MomentBody | None = None
    timestamp: msgspec.Raw = NULL
    error: msgspec.Raw = NULL


class _Text(msgspec.Struct):
    output_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines to show: how many, holding which text, from which source, only errors; and the window's two ends."""

    lines: int
    grep: str | None = None
    source: str | None = None
    errors: bool = False
    begin: float | None = None  # virtual seconds, both ends included
    end: float | None = None

    @property
    def needle(self) -> bytes | None:
        """Bytes that every wanted line holds if it is shown as served; b"": there are none; None: no filter."""
        if self.errors:
            return b""
        wanted = self.grep or self.source
        if not wanted:
            return None
        runs: list[str] = _PLAIN.findall(wanted)
        return max(runs, key=len, default="").encode()

    def takes(self, line: LogLine, raw: bytes) -> bool:
        """Whether a decoded line is wanted; a long one is also searched beyond what is shown of it."""
        if line.kind is LineKind.STUB or (self.source and self.source not in _names(line, raw)):
            return False
        if not self.grep or self.grep in line.text:
            return True
        return len(raw) > LONGEST and self.grep.encode("utf-8", "replace") in raw


class Window:
    """Takes blocks of whole lines and ends up as an excerpt; `keep` gets the lines of the window.

    `faults_since`: virtual seconds from which on faults are followed; before the window too, and never from
    earlier, so that what was active at the moment does not depend on the window's length. `done`: nothing
    more is wanted. Decoding takes its time: call `take` and `excerpt` off the event loop.
    """

    def __init__(
        self,
        wanted: Filter,
        keep: Callable[[bytes], None],
        *,
        build: bool = False,
        faults_since: float | None = None,
    ) -> None:
        self._wanted, self._keep, self._since = wanted, keep, faults_since
        self._render = build_line if build else log_line
        self._needle = wanted.needle
        self._blocks: deque[tuple[bytes, int]] = deque()  # the newest, as few as hold the lines to show
        self._held = 0
        self._hits: deque[LogLine] = deque(maxlen=max(0, wanted.lines))
        self._errors = ErrorLines(max(0, wanted.lines))
        self._faults = FaultBook()
        self._started = wanted.begin is None
        self.matched = self.total = 0
        self.seen = False  # whether any line came, of the window or before it
        self.reached = ""  # the virtual time got to, exact text
        self.done = False
        self.cut: str | None = None

    def take(self, block: bytes, *, odd: bool = True) -> None:
        """Take the next block; sets `done` at the first line later than the window, or at an error line.

        `odd`: whether an error line may stand inside the block (`Lines.odd`); the last line is always looked at.
        """
        block = self._until_error(self._ended(block), odd=odd)
        if not block:
            return
        self.seen, self.reached = True, _last_vtime(block) or self.reached
        if self._since is not None:
            self._note_faults(block, self._since)
        block = block if self._started else self._begun(block)
        if not block:
            return
        count = block.count(b"\n")
        self.total += count
        self._keep(unsigned_bytes(block))
        if self._needle is None:
            self._hold(block, count)
        else:
            self._search(block, self._needle)

    def excerpt(self, file: File) -> LogExcerpt:
        """Return what was found, with the file that the window went to."""
        at = self._known_until()
        return LogExcerpt(
            lines=self._shown(),
            matched=self._matched,
            total=self.total,
            mentions=self._errors.mentions,
            faults=self._faults.at(at),
            faults_since=self._since,
            faults_left_out=self._faults.more(at),
            path=file.path,
            size=file.size,
            cut=self.cut,
            cut_at=(self.reached or None) if self.cut else None,
            file_trouble=file.trouble,
        )

    @property
    def _matched(self) -> int:
        if self._wanted.errors:
            return self._errors.told + self._errors.mentions
        return self.total if self._needle is None else self.matched

    def _known_until(self) -> float:
        """Return until when the log is known, in virtual seconds: the window's end, unless it was cut."""
        if self.cut:
            return float(self.reached or 0.0)
        return self._wanted.end if self._wanted.end is not None else float(self.reached or 0.0)

    def _ended(self, block: bytes) -> bytes:
        """Return the part of a block up to the window's end; lines without a time are never past it."""
        end = self._wanted.end
        if end is None:
            return block
        last = _last_vtime(block)
        if last and float(last) > end:
            self.done = True
            return _up_to(block, lambda seconds: seconds > end)
        return block

    def _begun(self, block: bytes) -> bytes:
        """Leave out lines before the window: those for the faults, and what a platform sends unasked."""
        begin = self._wanted.begin or 0.0
        last = _last_vtime(block)
        if last and float(last) < begin:
            return b""
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

    def _note_faults(self, block: bytes, since: float) -> None:
        for line in _holding(block, *_FAULTS):
            vtime = vtime_of(line)
            if vtime and float(vtime) >= since:
                self._faults.feed(read_event(shortened(line)), vtime)

    def _hold(self, block: bytes, count: int) -> None:
        self._blocks.append((block, count))
        self._held += count
        while self._held - self._blocks[0][1] >= self._wanted.lines and len(self._blocks) > 1:
            self._held -= self._blocks.popleft()[1]

    def _search(self, block: bytes, needle: bytes) -> None:
        for raw in _may_show(block, needle, self._wanted.grep):
            line = self._render(raw)
            wanted = self._wanted.takes(line, raw)
            if self._wanted.errors:
                self._errors.take(line, wanted=wanted)
            elif wanted:
                self.matched += 1
                self._hits.append(line)

    def _shown(self) -> tuple[LogLine, ...]:
        if self._wanted.errors:
            return self._errors.kept
        if self._needle is not None:
            return tuple(self._hits)
        lines = _lines(b"".join(block for block, _ in self._blocks))
        return tuple(self._render(raw) for raw in lines[max(0, len(lines) - self._wanted.lines) :])


def vtime_of(line: bytes) -> str:
    """Return a line's virtual time as exact text, "" where it has none."""
    head = read_struct(shortened(line), _Head)
    text = exact(head.moment.vtime) if head is not None and head.moment is not None else ""
    return text if is_vtime(text) else ""


def error_in(line: bytes) -> str | None:
    """Return what the error line of a stream says, None for any other line."""
    head = read_struct(shortened(line), _Head)
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
    if size is not None:
        return _stub_line(size)
    short = shortened(raw)
    return line_of(short, vtime_of(short) or None, size=len(raw) if short is not raw else None)


class _Build(msgspec.Struct):
    text: msgspec.Raw = NULL
    timestamp: str | None = None
    stream: str | None = None


def build_line(raw: bytes) -> LogLine:
    """Return a line of a build log for people; its text may be empty."""
    size = stub_size(raw)
    if size is not None:
        return _stub_line(size)
    body = read_struct(shortened(raw), _Build)
    if body is None:
        return LogLine(text=one_line(raw[:LONGEST].decode("utf-8", "replace")), kind=LineKind.OTHER)
    text = one_line(text_of(read_any(body.text)))
    return LogLine(text=text, stream=stream_of(body.stream), source="build", at=time_of(body.timestamp))


def _stub_line(size: int) -> LogLine:
    return LogLine(text=f"(a line of {size / 1e6:,.1f} MB was left out)", kind=LineKind.STUB)


def _names(line: LogLine, raw: bytes) -> set[str]:
    """Return every name that people may know a line's source by."""
    source = read_event(shortened(raw)).get("source")
    name = source.get("name") if isinstance(source, dict) else None
    return {line.source, name} if isinstance(name, str) else {line.source}


def _lines(block: bytes) -> list[bytes]:
    return block.split(b"\n")[:-1]


def _holding(block: bytes, *needles: bytes) -> Iterator[bytes]:
    """Yield the lines of a block that hold any of some bytes, in their order."""
    for start in sorted({start for needle in needles for start in _starts(block, needle)}):
        yield block[start : block.find(b"\n", start)]


def _starts(block: bytes, needle: bytes) -> Iterator[int]:
    at = block.find(needle)
    while at >= 0:
        yield block.rfind(b"\n", 0, at) + 1
        at = block.find(needle, block.find(b"\n", at))


def _may_show(block: bytes, needle: bytes, shown: str | None) -> Iterator[bytes]:
    """Yield the lines that may show a text: those that hold its bytes, and those not shown as they are served."""
    if not needle:
        yield from _lines(block)
    elif _is_plain(block) and not _NOT_AS_SERVED.search(b"\n" + block, 0, len(block)):
        yield from _holding(block, needle)
    else:
        yield from (line for line in _lines(block) if needle in line or _may_be_shown(line, shown))


def _may_be_shown(line: bytes, shown: str | None) -> bool:
    """Whether a line may show a text, or be of a source (None), whose bytes it does not hold."""
    if len(line) > LONGEST or not _AS_SERVED.match(line) or not _is_shown_as_text(line):
        return True
    if _is_clean(line):
        return False
    body = (
        read_struct(line, _Text) if shown is not None else None
    )  # its text alone decides: no need for the rest
    return body is None or body.output_text is None or shown is None or shown in one_line(body.output_text)


def _is_plain(part: bytes) -> bool:
    """Whether the texts of some lines are shown as they are served."""
    return _is_shown_as_text(part) and _is_clean(part)


def _is_shown_as_text(part: bytes) -> bool:
    """Whether nothing in some lines is put into words, and each has at most one text."""
    if part.count(_TEXT) > part.count(b"\n") + (not part.endswith(b"\n")):
        return False
    return not any(mark in part for mark in _WORDED)


def _is_clean(part: bytes) -> bool:
    if any(mark in part for mark in _CLEANED) or has_signature(part):
        return False
    return len(part.translate(None, _CONTROL)) == len(part)


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
