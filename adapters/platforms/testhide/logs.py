"""The pipeline's log of a build, its stream while it runs, and its files.

A log is read from its end. Its lines carry no date and no zone, so they are shown as they are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from adapters.platforms.http import sse
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct, readable
from adapters.platforms.http.limits import MIB, Limits
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File, Spool, Writer
from adapters.platforms.http.text import clean, one_line, shown, unsigned_bytes
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import array_of, lines_of
from adapters.platforms.testhide.ids import id_of
from bot.errors import NotAvailable, ServiceError, Unreachable
from bot.model import LogExcerpt, LogLine, Run, RunLogQuery
from bot.ports import Report
from bot.redact import scrub
from bot.triage import RunFile

SEARCHED = 20_000  # lines from the end that are looked through
WHOLE = 200_000  # lines that go into a file
STREAMED = 20.0  # seconds that a running build is followed at most
IDLE = 5.0  # seconds without a line after which it is followed no longer
JOINT = 5  # lines of a log's end by which it is found again in a stream
_NAME = 200  # characters of a file's name
_LINE = 2_000  # characters of a line in a card
_TEXT_BYTES = 16 * MIB  # of a file that lines are shown of
_NUL = b"\x00"


class _Artifact(msgspec.Struct):
    id: msgspec.Raw
    name: str
    type: str | None = None
    size_bytes: int | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    data: str | None = None


@dataclass(slots=True)
class _Kept:
    """The last lines that fit, of all that were read."""

    most: int
    fits: Callable[[str], bool]
    lines: deque[str] = field(init=False)
    end: deque[str] = field(init=False)  # of all lines, whether they fit or not
    matched: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        self.lines = deque(maxlen=max(1, self.most))
        self.end = deque(maxlen=JOINT)

    def take(self, lines: Sequence[str]) -> None:
        """Look at the next lines, in their order."""
        self.end.extend(lines[-JOINT:])
        for line in lines:
            self.total += 1
            if self.fits(line):
                self.matched += 1
                self.lines.append(line)

    def excerpt(self, total: int, *, cut: str | None = None, file: File | None = None) -> LogExcerpt:
        """Return what is shown of them."""
        told = file or File()
        return LogExcerpt(
            lines=tuple(LogLine(text=scrub(_without_end(line)).text) for line in self.lines),
            matched=self.matched,
            total=total,
            cut=cut,
            path=told.path,
            size=told.size,
            file_trouble=told.trouble,
        )


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads logs of one connection; files go to `folder`, closed to other users of the machine."""

    caller: Caller
    limits: Limits
    folder: Path

    async def log(self, run: Run, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Read the end of the pipeline's log, of a running build a little of what comes too."""
        kept = _Kept(query.lines, _filter(query))
        narrowed = query.grep is not None or query.check is not None
        _, total = lines_of(await self._page(query.run_id, 0, 1))
        wanted = WHOLE if query.file else SEARCHED if narrowed else query.lines
        start = max(0, total - wanted)
        file: File | None = None
        if query.file:
            async with Writer(Spool(self.folder, f"build-{query.run_id}", self.limits.spool)) as writer:
                total = await self._lines(query.run_id, start, total, kept, report, writer)
                file = await writer.finish()
        else:
            total = await self._lines(query.run_id, start, total, kept, report, None)
        cut = (
            f"only its last {total - start:,} lines were read" if start and (narrowed or query.file) else None
        )
        if not run.status.terminal:
            before = kept.total
            cut = await self._follow(query.run_id, kept) or cut
            total += kept.total - before
        return kept.excerpt(total, cut=cut, file=file)

    async def artifact(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Fetch a file of a build, and show its end where it is text. Raises `NotAvailable` for one that is not there."""
        wanted = query.artifact or ""
        found = await self.artifacts(query.run_id)
        chosen = next((a for a in found if a.name == wanted), None)
        fitting = [a for a in found if wanted.casefold() in a.name.casefold()]
        if chosen is None and len(fitting) == 1:
            chosen = fitting[0]
        if chosen is None:
            raise _no_artifact(wanted, [a.name for a in fitting or found])
        kept = _Kept(query.lines, _filter(query))
        await report(f"fetching {shown(chosen.name, 100)}")
        async with Writer(Spool(self.folder, f"build-{query.run_id}-file", self.limits.spool)) as writer:
            cut = await self._fetch(chosen, writer, kept)
            file = await writer.finish()
        return replace(kept.excerpt(kept.total, cut=cut, file=file), artifact=shown(chosen.name, _NAME))

    of_checks = False

    async def files(self, run_id: str, check: str | None) -> tuple[RunFile, ...]:
        """Return the files of a build, in the server's order: none says which of its tests it is of."""
        del check
        return tuple(
            RunFile(
                name=shown(each.name, _NAME), kind=shown(each.type or "file", _NAME), size=each.size_bytes
            )
            for each in await self.artifacts(run_id)
        )

    async def artifacts(self, build: str, *, kind: str | None = None) -> tuple[_Artifact, ...]:
        """Return the files of a build."""
        answer = await self.caller.read(protocol.artifacts_request(build, kind=kind), what="run")
        sent = array_of(answer.body)
        items = (read_struct(item, _Artifact) for item in sent)
        return tuple(readable([item for item in items if item and id_of(item.id)], sent, "artifacts"))

    async def _page(self, build: str, offset: int, lines: int) -> bytes:
        return (await self.caller.read(protocol.log_request(build, offset, lines), what="run")).body

    async def _lines(
        self, build: str, start: int, total: int, kept: _Kept, report: Report, writer: Writer | None
    ) -> int:
        """Read from a line on to the end that was known at first; return how many lines there are."""
        at = start
        while at < total:
            lines, said = lines_of(await self._page(build, at, min(protocol.LINES, total - at)))
            if not lines:
                return max(at, min(said, total))
            kept.take(lines)
            if writer is not None:
                writer.add(unsigned_bytes("".join(f"{clean(line, MIB)}\n" for line in lines).encode()))
                await writer.turn()
                await report(f"{at + len(lines):,} of {total:,} lines read")
            at += len(lines)
        return max(total, at)

    async def _follow(self, build: str, kept: _Kept) -> str | None:
        """Take what a running build says for a few seconds; None where it ended, fell silent, or went on too long.

        Whether a stream begins with all that was logged is not documented: what is known of it is passed over.
        """
        found: list[str] = []
        try:
            async with (
                asyncio.timeout(STREAMED),
                self.caller.stream(protocol.stream_request(build), what="run") as chunks,
            ):
                cut = await _listen(chunks, found)
        except TimeoutError:
            cut = None
        except ServiceError as error:
            cut = f"what it says now could not be followed: {error.problem}"
        kept.take(_behind(found, [*kept.end]))
        return cut

    async def _fetch(self, chosen: _Artifact, writer: Writer, kept: _Kept) -> str | None:
        request = protocol.download_request(id_of(chosen.id))
        size, rest, text = 0, b"", True
        try:
            async with (
                asyncio.timeout(self.limits.stream),
                self.caller.stream(request, what="file") as chunks,
            ):
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.limits.spool:
                        return f"the file is larger than {self.limits.spool / 1e6:,.0f} MB"
                    writer.add(chunk)
                    await writer.turn()
                    text = text and _NUL not in chunk and size <= _TEXT_BYTES
                    if text:
                        *lines, rest = (rest + chunk).split(b"\n")
                        kept.take([line.decode("utf-8", "replace") for line in lines])
        except (TimeoutError, Unreachable):
            if not size:
                raise
            return "the file broke off"
        if not text:
            kept.lines.clear()
            kept.matched = kept.total = 0
        elif rest:
            kept.take([rest.decode("utf-8", "replace")])
        return None


async def _listen(chunks: AsyncIterator[bytes], found: list[str]) -> str | None:
    """Collect the lines of a stream; return why it is not whole, None where it ended or fell silent."""
    events = aiter(_events(chunks))
    while len(found) < SEARCHED:
        try:
            async with asyncio.timeout(IDLE):
                event = await anext(events)
        except TimeoutError:
            return None
        except StopAsyncIteration:
            return "the stream broke off"
        if event.type == "done":
            return None
        if event.type == "log" and event.data:
            found += event.data.splitlines() or [event.data]
    return None


def _behind(lines: list[str], end: list[str]) -> list[str]:
    """Return what comes behind the end of a log, the last time that it stands in these lines; all where it does not."""
    size = len(end)
    places = (at for at in range(len(lines), size - 1, -1) if size and lines[at - size : at] == end)
    return lines[next(places, 0) :]


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[_Event]:
    async for data in sse.events(chunks):
        event = read_struct(data.encode(), _Event)
        if event is not None:
            yield event


def _filter(query: RunLogQuery) -> Callable[[str], bool]:
    """Return what says whether a line is wanted: it is looked for, and has the test's name, of which the last part is enough."""
    grep, check = Grep(query.grep) if query.grep else None, query.check
    last = check.rpartition("::")[2] if check else ""
    return lambda line: (grep is None or grep.finds(line)) and last in line


def _without_end(line: str) -> str:
    return one_line(line, _LINE)


def _no_artifact(wanted: str, there: Sequence[str]) -> NotAvailable:
    names = ", ".join(shown(name, 60) for name in there[:10])
    more = f" It has {names}." if names else " It has no files."
    return NotAvailable(f"This build has no file “{shown(wanted, 60)}”.{more}")
