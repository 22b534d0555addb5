"""Reads a log stream into a window: as far as wanted, as long as allowed, and honest about what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from adapters.platforms.antithesis.found import Found
from adapters.platforms.antithesis.intake import Intake, Known
from adapters.platforms.antithesis.kept import Gone, Index, Kept, Shelf, delete, kept, key_of
from adapters.platforms.antithesis.ndjson import Lines
from adapters.platforms.antithesis.protocol import (
    begin_of,
    build_logs_request,
    events_request,
    faults_since,
    logs_request,
)
from adapters.platforms.antithesis.window import Filter, Window
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File, Spool, Writer, part
from adapters.platforms.http.wire import Request
from bot.errors import Unreachable
from bot.model import Instances, LogExcerpt, LogQuery
from bot.ports import Report


class LogReader:
    """Reads logs of one connection; files go to `folder`, closed to other users of the machine.

    A window that was read whole is kept for a while: a second look at it, or at a part of it, makes no request.
    """

    def __init__(self, caller: Caller, limits: Limits, folder: Path) -> None:
        self._caller, self._limits, self._folder = caller, limits, folder
        self._shelf = Shelf(limits)

    async def log(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Show the window before a moment."""
        key, begin = key_of(query), begin_of(query)
        window = Window(
            Filter(
                lines=query.lines,
                grep=Grep(query.grep) if query.grep else None,
                source=query.source,
                errors=query.errors,
                patterns=query.patterns,
                begin=begin,
            )
        )
        try:
            async with self._shelf.turn(key, report) as there:
                if there is None or there.begin > begin:
                    return await self._log(query, window, report, there)
            return await _owned(lambda: _again(there, window, begin, file=query.file))
        except Gone:
            self._shelf.drop(key)
            return await self.log(query, report)

    async def build_log(self, run_id: str, lines: int, report: Report) -> LogExcerpt:
        """Read a build log to its end."""
        intake, window = Intake(), Window(Filter(lines=lines), build=True)
        async with Writer(Spool(self._folder, f"{run_id}-build", self._limits.spool)) as writer:
            await self._read(build_logs_request(run_id), intake, _Into(window, writer), report)
            written = await writer.finish()
        known = await asyncio.to_thread(intake.known)
        return await _owned(lambda: _excerpt(window, known, written, file=True, keep=False))

    async def events(self, run_id: str, name: str, most: int, report: Report) -> Instances:
        """Read a sample of the events that hold a name."""
        intake, found = Intake(), Found(name, most)
        await self._read(events_request(run_id, name, most), intake, found, report)
        return found.instances(intake.cut)

    async def _log(self, query: LogQuery, window: Window, report: Report, before: Kept | None) -> LogExcerpt:
        """Read the window from the platform as far as it is not known already, and keep it."""
        since, index = faults_since(query), Index()
        intake = Intake(
            end=query.moment.seconds, faults_since=since, seam=before.index.seam if before else None
        )
        async with Writer(Spool(self._folder, query.run_id, self._limits.spool)) as writer:
            into = _Into(window, writer, index)
            await self._read(logs_request(query), intake, into, report)
            if before is not None and intake.joined:
                known = before.known
                await _add(before, into)
            else:
                known = await asyncio.to_thread(intake.known)
            written = await writer.finish()
        found = kept(written, index, known, min(begin_of(query), since))
        if found is not None:
            self._shelf.put(key_of(query), found)
        elif written.path is None and written.trouble:
            self._shelf.clear()  # there may be room for the next one then
        return await _owned(lambda: _excerpt(window, known, written, file=query.file, keep=found is not None))

    async def _read(self, request: Request, intake: Intake, into: _Sink, report: Report) -> None:
        """Read until nothing more is wanted; what breaks off after the first line is named in `cut`."""
        try:
            async with asyncio.timeout(self._limits.stream):
                await self._drain(request, intake, into, report)
        except TimeoutError:
            if not intake.seen:
                raise Unreachable(f"No log line came within {self._limits.stream:g} s.") from None
            intake.cut = f"reading ended after {self._limits.stream:g} s"
        except Unreachable:
            if not intake.seen:
                raise
            intake.cut = "the stream broke off"

    async def _drain(self, request: Request, intake: Intake, into: _Sink, report: Report) -> None:
        lines, progress = Lines(self._limits.line), _Progress(self._limits.report, report)
        size = 0
        async with self._caller.stream(request) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                await asyncio.to_thread(_take, lines, intake, into, chunk)
                if intake.done:
                    return
                if size > self._limits.stream_bytes:
                    intake.cut = f"the log is larger than {self._limits.stream_bytes / 1e6:,.0f} MB"
                    return
                await into.turn()
                await progress.tell(size, intake.reached)
        await asyncio.to_thread(_end, lines, intake, into)


class _Sink(Protocol):
    """Where the lines of a stream go."""

    def take(self, block: bytes) -> None:
        """Take the next block, off the event loop."""

    async def turn(self) -> None:
        """Go on where that waits for something."""


@dataclass(frozen=True, slots=True)
class _Into:
    """Where the lines of a log go: to the window that is shown, and to a file with its index."""

    window: Window
    writer: Writer
    index: Index | None = None

    def take(self, block: bytes) -> None:
        """Take the next block."""
        if not block:
            return
        count = block.count(b"\n")  # once for both: each pass over a log of hundreds of megabytes is seen
        if self.index is not None:
            self.index.add(block, count)
        self.writer.add(block)
        self.window.take(block, count)

    async def turn(self) -> None:
        """Hand on what is to be written."""
        await self.writer.turn()


def _take(lines: Lines, intake: Intake, into: _Sink, chunk: bytes) -> None:
    """Look at the next bytes of a stream, in a thread: a hostile line may take long, and the loop must not wait."""
    for block in lines.feed(chunk):
        into.take(intake.take(block, odd=lines.odd))
        if intake.done:
            return


def _end(lines: Lines, intake: Intake, into: _Sink) -> None:
    """Take the last line if it is whole; a stream that is closed inside a line ends without any other sign."""
    rest = lines.close()
    if lines.partial and read(rest, dict[str, msgspec.Raw]) is None:
        intake.cut = intake.cut or "the stream ended inside a line"
    elif rest:
        into.take(intake.take(rest))


async def _add(before: Kept, into: _Into) -> None:
    """Add what was kept behind what was missing of a longer window. Raises `Gone`."""
    with before.opened() as file:
        blocks = before.index.behind_seam(file)
        while block := await asyncio.to_thread(next, blocks, b""):
            await asyncio.to_thread(into.take, block)
            await into.writer.turn()


def _again(there: Kept, window: Window, begin: float, *, file: bool) -> LogExcerpt:
    """Look at a window that is kept. Raises `Gone`."""
    with there.opened() as opened:
        there.index.feed(opened, window, begin)
    return _excerpt(window, there.known, there.file, file=file, keep=True)


def _excerpt(window: Window, known: Known, written: File, *, file: bool, keep: bool) -> LogExcerpt:
    """Return what is shown of a log, with the window's own file; `keep`: the file that it was written to stays."""
    try:
        return window.excerpt(known, part(written, window.early) if file else File())
    finally:
        if not keep:
            delete(written)


async def _owned(make: Callable[[], LogExcerpt]) -> LogExcerpt:
    """Make an excerpt in a thread; where whoever wants it gives up meanwhile, its file does not stay behind."""
    making = asyncio.ensure_future(asyncio.to_thread(make))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(_discard)
        raise


def _discard(making: asyncio.Future[LogExcerpt]) -> None:
    if not making.cancelled() and making.exception() is None:
        delete(File(making.result().path))


class _Progress:
    """Tells how far a long stream has got, every few seconds."""

    def __init__(self, seconds: float, report: Report) -> None:
        self._seconds, self._report = seconds, report
        self._time = asyncio.get_running_loop().time
        self._next = self._time() + seconds

    async def tell(self, size: int, reached: str) -> None:
        """Report, if it is time to."""
        if self._time() < self._next:
            return
        self._next = self._time() + self._seconds
        where = f", at {reached.partition('.')[0]} virtual seconds" if reached else ""
        await self._report(f"{size / 1e6:,.0f} MB of the log read{where}")
