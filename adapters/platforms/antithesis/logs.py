"""Reads a log stream into a window: as far as wanted, as long as allowed, and honest about what is missing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec

from adapters.platforms.antithesis.ndjson import Lines
from adapters.platforms.antithesis.protocol import begin_of, build_logs_request, faults_since, logs_request
from adapters.platforms.antithesis.window import Filter, Window
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.spool import File, Spool, Writer
from adapters.platforms.http.wire import Request
from bot.errors import Unreachable
from bot.model import LogExcerpt, LogQuery
from bot.ports import Report


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads logs of one connection; files go to `folder`, closed to other users of the machine."""

    caller: Caller
    limits: Limits
    folder: Path

    async def log(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Read the window before a moment."""
        wanted = Filter(
            lines=query.lines,
            grep=query.grep,
            source=query.source,
            errors=query.errors,
            begin=begin_of(query),
            end=query.moment.seconds,
        )
        window = _Wanted(lines=wanted, faults_since=faults_since(query), file=query.file)
        return await self._window(logs_request(query), window, report, name=query.run_id)

    async def build_log(self, run_id: str, lines: int, report: Report) -> LogExcerpt:
        """Read a build log to its end."""
        wanted = _Wanted(lines=Filter(lines=lines), build=True)
        return await self._window(build_logs_request(run_id), wanted, report, name=f"{run_id}-build")

    async def _window(self, request: Request, wanted: _Wanted, report: Report, *, name: str) -> LogExcerpt:
        async with Writer(Spool(self.folder, name, self.limits.spool)) as writer:
            window = Window(wanted.lines, writer.add, build=wanted.build, faults_since=wanted.faults_since)
            await self._read(request, window, writer, report)
            file = await writer.finish() if wanted.file else File()
            return await asyncio.to_thread(window.excerpt, file)

    async def _read(self, request: Request, window: Window, writer: Writer, report: Report) -> None:
        """Read until the window is full; what breaks off after the first line is named in `cut`."""
        try:
            async with asyncio.timeout(self.limits.stream):
                await self._drain(request, window, writer, report)
        except TimeoutError:
            if not window.seen:
                raise Unreachable(f"No log line came within {self.limits.stream:g} s.") from None
            window.cut = f"reading ended after {self.limits.stream:g} s"
        except Unreachable:
            if not window.seen:
                raise
            window.cut = "the stream broke off"

    async def _drain(self, request: Request, window: Window, writer: Writer, report: Report) -> None:
        lines, progress = Lines(self.limits.line), _Progress(self.limits.report, report)
        size = 0
        async with self.caller.stream(request) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                await asyncio.to_thread(_take, lines, window, chunk)
                if window.done:
                    return
                if size > self.limits.stream_bytes:
                    window.cut = f"the log is larger than {self.limits.stream_bytes / 1e6:,.0f} MB"
                    return
                await writer.turn()
                await progress.tell(size, window.reached)
        await asyncio.to_thread(_end, lines, window)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What to make of a stream: which lines, of what kind, from when on to follow faults, and whether a file of it."""

    lines: Filter
    build: bool = False
    faults_since: float | None = None
    file: bool = True


def _take(lines: Lines, window: Window, chunk: bytes) -> None:
    """Look at the next bytes of a stream, in a thread: a hostile line may take long, and the loop must not wait."""
    for block in lines.feed(chunk):
        window.take(block, odd=lines.odd)
        if window.done:
            return


def _end(lines: Lines, window: Window) -> None:
    """Take the last line if it is whole; a stream that is closed inside a line ends without any other sign."""
    rest = lines.close()
    if lines.partial and read(rest, dict[str, msgspec.Raw]) is None:
        window.cut = window.cut or "the stream ended inside a line"
    elif rest:
        window.take(rest)


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
