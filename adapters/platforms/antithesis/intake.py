"""A stream of log lines up to its end, as bytes: the faults in it are followed, signatures of links are masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from adapters.platforms.antithesis.decode import MomentBody
from adapters.platforms.antithesis.events import CONTAINERS, INJECTOR, read_event
from adapters.platforms.antithesis.faultbook import FaultBook
from adapters.platforms.antithesis.ids import is_vtime
from adapters.platforms.antithesis.ndjson import ERROR
from adapters.platforms.antithesis.shorten import shortened
from adapters.platforms.http.lenient import NULL, exact, read, read_struct
from adapters.platforms.http.text import one_line, unsigned_bytes
from bot.model import Fault

_FAULTS = (INJECTOR.encode(), CONTAINERS.encode())


class _Head(msgspec.Struct):
    """What every line is asked for: when it was, and whether it is the error that ends a stream."""

    moment: MomentBody | None = None
    timestamp: msgspec.Raw = NULL
    error: msgspec.Raw = NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a stream beside its lines: fields of a `LogExcerpt`."""

    faults: tuple[Fault, ...] = ()
    faults_since: float | None = None
    faults_left_out: bool = False
    taken_down: tuple[Fault, ...] = ()
    cut: str | None = None
    cut_at: str | None = None


@dataclass(frozen=True, slots=True)
class Seam:
    """Where what is known already begins: its first line that has a time, and that time in virtual seconds."""

    seconds: float
    line: bytes


class Intake:
    """Lets the blocks of a stream through up to its end.

    `end`: virtual seconds, the first later line ends it; so does an error line, and the line of a `seam`: then it is
    `joined`, and what comes behind is known. A stream that has another line there is let through as if there were no
    seam. `faults_since`: virtual seconds from which on faults are followed. `done`: nothing more is wanted.
    Decoding takes its time: call `take` and `known` off the event loop.
    """

    def __init__(
        self, *, end: float | None = None, faults_since: float | None = None, seam: Seam | None = None
    ) -> None:
        self._end, self._since, self._seam = end, faults_since, seam
        self._faults = FaultBook()
        self.seen = False  # whether any line came
        self.reached = ""  # the virtual time got to, exact text
        self.done = self.joined = False
        self.cut: str | None = None

    def take(self, block: bytes, *, odd: bool = True) -> bytes:
        """Return what of the next block comes before the end, without signatures of links.

        `odd`: whether an error line may stand inside the block (`Lines.odd`); the last line is always looked at.
        """
        block = unsigned_bytes(self._until_error(self._ended(block), odd=odd))
        if not block:
            return block
        self.seen, self.reached = True, last_vtime(block) or self.reached
        if self._since is not None:
            self._note_faults(block, self._since)
        return self._until_seam(block, self._seam) if self._seam is not None else block

    def known(self) -> Known:
        """Return what is known up to here: of a stream that was cut only until the cut."""
        end = float(self.reached or 0.0) if self.cut or self._end is None else self._end
        return Known(
            faults=self._faults.at(end),
            faults_since=self._since,
            faults_left_out=self._faults.more(end),
            taken_down=self._faults.taken_down,
            cut=self.cut,
            cut_at=(self.reached or None) if self.cut else None,
        )

    def _ended(self, block: bytes) -> bytes:
        """Return the part of a block up to the window's end; lines without a time are never past it."""
        end = self._end
        if end is None:
            return block
        last = last_vtime(block)
        if last and float(last) > end:
            self.done = True
            return up_to(block, lambda seconds: seconds > end)
        return block

    def _until_error(self, block: bytes, *, odd: bool) -> bytes:
        """Cut a block at the error that ends a stream, and remember what it says."""
        inside = _line_starts(block, ERROR) if odd else ()
        for start in (*inside, block.rfind(b"\n", 0, -1) + 1):
            said = error_in(block[start : block.find(b"\n", start)])
            if said is not None:
                self.done, self.cut = True, f"the platform broke off: {said}"
                return block[:start]
        return block

    def _until_seam(self, block: bytes, seam: Seam) -> bytes:
        last = last_vtime(block)
        if not last or float(last) < seam.seconds:
            return block
        before = up_to(block, lambda seconds: seconds >= seam.seconds)
        self._seam = None
        if not block.startswith(seam.line, len(before)):
            return block
        self.done = self.joined = True
        return before

    def _note_faults(self, block: bytes, since: float) -> None:
        for line in holding(block, *_FAULTS):
            vtime = vtime_of(line)
            if vtime and float(vtime) >= since:
                self._faults.feed(read_event(shortened(line)), vtime)


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


def lines_of(block: bytes) -> list[bytes]:
    """Return the lines of a block without their ends."""
    return block.split(b"\n")[:-1]


def holding(block: bytes, *needles: bytes) -> Iterator[bytes]:
    """Yield the lines of a block that hold any of some bytes, in their order."""
    for start in sorted({start for needle in needles for start in _starts(block, needle)}):
        yield block[start : block.find(b"\n", start)]


def last_vtime(block: bytes) -> str:
    """Return the time of the last line of a block that has one, as exact text; "" where none has."""
    return next((text for line in _backwards(block) if (text := vtime_of(line))), "")


def up_to(block: bytes, stop: Callable[[float], bool]) -> bytes:
    """Return a block's lines before the first whose virtual time says stop."""
    length = 0
    for line in lines_of(block):
        vtime = vtime_of(line)
        if vtime and stop(float(vtime)):
            break
        length += len(line) + 1
    return block[:length]


def _starts(block: bytes, needle: bytes) -> Iterator[int]:
    at = block.find(needle)
    while at >= 0:
        yield block.rfind(b"\n", 0, at) + 1
        at = block.find(needle, block.find(b"\n", at))


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
