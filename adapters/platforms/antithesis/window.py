"""A window of a log while it streams by: counted, written and searched as bytes; only what is shown is decoded."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from adapters.platforms.antithesis.events import CONTAINERS, INJECTOR, line_of, read_event, stream_of, text_of
from adapters.platforms.antithesis.intake import Known, holding, last_vtime, lines_of, up_to, vtime_of
from adapters.platforms.antithesis.ndjson import stub_size
from adapters.platforms.antithesis.shorten import shortened
from adapters.platforms.http.lenient import NULL, read_any, read_struct, time_of
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File
from adapters.platforms.http.text import LONGEST, one_line
from bot.model import LineKind, LogExcerpt, LogLine
from bot.patterns import Patterns
from bot.severity import ErrorLines

# What JSON never escapes: a run of it that is shown stands in the bytes, in a line that is shown as it is served.
_PLAIN = re.compile(r"[A-Za-z0-9_.,:;=()\[\]{}#@!$^*+|~-]+")
# A line whose text is shown as it is served: an object with a text, before it flat members only.
_AS_SERVED = re.compile(rb'\{(?>(?:"\w{1,40}":(?:"[^"\\\n]*+"|[0-9.eE+-]++|\{[^{}\n]*+\}),)*)"output_text":"')
# What is put into words: events of a kind of their own.
_WORDED = (b"antithesis_", INJECTOR.encode(), CONTAINERS.encode(), b"processes_terminated")
# What makes another text of it: control characters and escapes, which go, and signatures, which are masked.
_CLEANED = (rb"\u", rb"\b", b"\x7f", b"\xc2", b"auth")
_NOT_AS_SERVED = re.compile(rb"\n(?!%b)" % _AS_SERVED.pattern)
_TEXT = b'"output_text":'
_CONTROL = bytes({*range(32)} - {10})
_HEAD = 1 << 16  # bytes of lines without a time that wait for one that says where they belong


class _Text(msgspec.Struct):
    output_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines to show: how many, holding which text, from which source, only errors; and where the window begins.

    `patterns`: those that are wanted are counted by their pattern.
    """

    lines: int
    grep: Grep | None = None
    source: str | None = None
    errors: bool = False
    patterns: bool = False
    begin: float | None = None  # virtual seconds, itself included

    @property
    def needles(self) -> tuple[bytes, ...] | None:
        """Bytes of which every wanted line holds some if it is shown as served; empty: none are known; None: no filter."""
        if self.errors:
            return ()
        if self.grep is None and not self.source:
            return None
        wanted = self.grep.literals if self.grep is not None else (self.source or "",)
        found = tuple(max(_PLAIN.findall(text), key=len, default="").encode() for text in wanted)
        return found if all(found) else ()

    def takes(self, line: LogLine, raw: bytes) -> bool:
        """Whether a decoded line is wanted; a long one is also searched beyond what is shown of it."""
        if line.kind is LineKind.STUB or (self.source and self.source not in _names(line, raw)):
            return False
        if self.grep is None or self.grep.finds(line.text):
            return True
        return len(raw) > LONGEST and self.grep.finds_raw(raw)


class Window:
    """Takes blocks of whole lines up to the moment and ends up as an excerpt.

    Decoding takes its time: call `take` and `excerpt` off the event loop. `matched`, `total`: lines that passed the filters, and all of the window. `early`: bytes that came before it.
    `begun`: whether a line of the window came.
    """

    def __init__(self, wanted: Filter, *, build: bool = False) -> None:
        self._wanted = wanted
        self._render = build_line if build else log_line
        self._needles = wanted.needles
        self._blocks: deque[tuple[bytes, int]] = deque()  # the newest, as few as hold the lines to show
        self._held = 0
        self._hits: deque[LogLine] = deque(maxlen=max(0, wanted.lines))
        self._errors = ErrorLines(max(0, wanted.lines))
        self._patterns = Patterns()
        self.begun = wanted.begin is None
        self.matched = self.total = self.early = 0
        self._head = b""

    def take(self, block: bytes, count: int) -> None:
        """Take the next block, of so many lines."""
        if not self.begun:
            block = self._begun(block)
            count = block.count(b"\n")
        if block:
            self._look(block, count)

    def _look(self, block: bytes, count: int) -> None:
        self.total += count
        if self._needles is None:
            self._hold(block, count)
            if self._wanted.patterns:
                self._count(block)
        else:
            self._search(block, self._needles)

    def may_pass(self, left: int) -> bool:
        """Whether the next lines need not be seen, but only be counted; `left`: how many come behind them."""
        seen = self._needles is not None or self._wanted.patterns
        return self.begun and not seen and left >= self._wanted.lines

    def pass_by(self, lines: int) -> None:
        """Count lines that were not seen."""
        self.total += lines

    def excerpt(self, known: Known, file: File) -> LogExcerpt:
        """Return what was found, with the file that the window went to."""
        head, self._head = self._head, b""
        if head:
            self._look(head, head.count(b"\n"))
        return LogExcerpt(
            lines=self._shown(),
            matched=self._matched,
            total=self.total,
            mentions=self._errors.mentions,
            patterns=self._patterns.found,
            patterns_left_out=self._patterns.left_out,
            faults=known.faults,
            faults_since=known.faults_since,
            faults_left_out=known.faults_left_out,
            taken_down=known.taken_down,
            path=file.path,
            size=file.size,
            cut=known.cut,
            cut_at=known.cut_at,
            file_trouble=file.trouble,
        )

    @property
    def _matched(self) -> int:
        if self._wanted.errors:
            return self._errors.told + self._errors.mentions
        return self.total if self._needles is None else self.matched

    def _begun(self, block: bytes) -> bytes:
        """Leave out lines before the window: those for the faults, and what a platform sends unasked.

        A line without a time belongs to the one before it; one that nothing comes before, to the one behind it.
        """
        begin, last = self._wanted.begin or 0.0, last_vtime(block)
        block, self._head = self._head + block, b""
        if last and float(last) < begin:
            self.early += len(block)
            return b""
        if not last and not self.early and len(block) < _HEAD:
            self._head = block
            return b""
        early = up_to(block, lambda seconds: seconds >= begin)
        if not self.early and not last_vtime(early):
            early = b""
        self.early += len(early)
        self.begun = len(early) < len(block)
        return block[len(early) :]

    def _hold(self, block: bytes, count: int) -> None:
        self._blocks.append((block, count))
        self._held += count
        while self._held - self._blocks[0][1] >= self._wanted.lines and len(self._blocks) > 1:
            self._held -= self._blocks.popleft()[1]

    def _count(self, block: bytes) -> None:
        """Count the lines of a block by their pattern; only the first of each is decoded as a whole."""
        plain = _is_shown_as_text(block)
        for raw in lines_of(block):
            served = read_struct(shortened(raw), _Text) if plain or _is_shown_as_text(raw) else None
            text = served.output_text if served is not None else None
            text = self._render(raw).text if text is None else text[:LONGEST]
            self._patterns.take(text, partial(self._render, raw))

    def _search(self, block: bytes, needles: tuple[bytes, ...]) -> None:
        grep = (
            None if self._wanted.errors else self._wanted.grep
        )  # errors need to know what stands around them
        for raw in _may_show(block, needles, grep):
            line = self._render(raw)
            wanted = self._wanted.takes(line, raw)
            if self._wanted.errors:
                self._errors.take(line, wanted=wanted)
            elif wanted:
                self.matched += 1
                self._hits.append(line)
                if self._wanted.patterns:
                    self._patterns.take(line.text, partial(self._render, raw))

    def _shown(self) -> tuple[LogLine, ...]:
        if self._wanted.errors:
            return self._errors.kept
        if self._needles is not None:
            return tuple(self._hits)
        lines = lines_of(b"".join(block for block, _ in self._blocks))
        return tuple(self._render(raw) for raw in lines[max(0, len(lines) - self._wanted.lines) :])


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


def _may_show(block: bytes, needles: tuple[bytes, ...], wanted: Grep | None) -> Iterator[bytes]:
    """Yield the lines that may show what is wanted: those that hold its bytes, and those not shown as they are served.

    Where nothing is known of its bytes, what is shown decides; where that is not wanted (None), all of them may.
    """
    if not needles:
        yield from (line for line in lines_of(block) if wanted is None or _may_be_shown(line, wanted))
    elif _is_plain(block) and not _NOT_AS_SERVED.search(b"\n" + block, 0, len(block)):
        yield from holding(block, *needles)
    else:
        for line in lines_of(block):
            if any(needle in line for needle in needles) or _may_be_shown(line, wanted, served=True):
                yield line


def _may_be_shown(line: bytes, wanted: Grep | None, *, served: bool = False) -> bool:
    """Whether a line may show what is wanted, or be of a source (None); `served`: it does not hold its bytes."""
    if len(line) > LONGEST or not _AS_SERVED.match(line) or not _is_shown_as_text(line):
        return True
    if served and _is_clean(line):
        return False
    if wanted is None:
        return True
    body = read_struct(line, _Text)  # its text alone decides: no need for the rest
    return body is None or body.output_text is None or wanted.finds(one_line(body.output_text))


def _is_plain(part: bytes) -> bool:
    """Whether the texts of some lines are shown as they are served."""
    return _is_shown_as_text(part) and _is_clean(part)


def _is_shown_as_text(part: bytes) -> bool:
    """Whether nothing in some lines is put into words, and each has at most one text."""
    if part.count(_TEXT) > part.count(b"\n") + (not part.endswith(b"\n")):
        return False
    return not any(mark in part for mark in _WORDED)


def _is_clean(part: bytes) -> bool:
    if any(mark in part for mark in _CLEANED):
        return False
    return len(part.translate(None, _CONTROL)) == len(part)
