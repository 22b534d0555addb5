"""The files of a result: fetched from a signed address of another origin, without the key, bounded, and never shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.platforms.automated_future import ids, protocol
from adapters.platforms.automated_future.decode import Artifact, address_of, artifacts_of
from adapters.platforms.automated_future.records import Records
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.limits import MIB, Limits
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.spool import File, Spool, Writer
from adapters.platforms.http.text import one_line, shown, unsigned_bytes
from adapters.platforms.http.wire import Oversized
from bot.errors import AccessRefused, NotAvailable, NotFound, Rejected
from bot.model import LogExcerpt, LogLine, RunLogQuery
from bot.ports import Report
from bot.redact import scrub
from bot.replies.wording import listed
from bot.triage import RunFile

MOST = 16 * MIB  # bytes of a file that are read whole; of a larger one its end
DEADLINE = 120.0  # seconds
NAMED = 10  # files that a sentence names
_LINE = 2_000  # characters


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads files of one connection; whole ones go to `folder`, closed to other users of the machine."""

    connection: str
    caller: Caller
    records: Records
    limits: Limits
    folder: Path

    async def log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Show the end of the newest log of a result, or of the file that is named."""
        grep = Grep(query.grep) if query.grep else None
        result_id = await self._result(query)
        found = artifacts_of(
            (await self.caller.read(protocol.artifacts_request(result_id), what="result")).body
        )
        chosen = _chosen(query.artifact, found)
        await report(f"fetching {chosen.label[:100]}")
        content, cut = await self._fetched(chosen)
        kept: deque[str] = deque(maxlen=max(1, query.lines))
        total = matched = 0
        for line in content.decode("utf-8", "replace").splitlines():
            total += 1
            if grep is None or grep.finds(line):
                matched += 1
                kept.append(line)
        file = await self._file(content, result_id) if query.file else File()
        return LogExcerpt(
            lines=tuple(LogLine(text=scrub(one_line(line, _LINE)).text) for line in kept),
            matched=matched,
            total=total,
            cut=cut,
            path=file.path,
            size=file.size,
            file_trouble=file.trouble,
            artifact=chosen.label,
            kept_until=chosen.expires_at,
        )

    of_checks = True

    async def files(self, run_id: str, check: str | None) -> tuple[RunFile, ...]:
        """Return the files of a result, or of the result of a run that is meant."""
        result_id = await self._result(RunLogQuery(run_id=run_id, check=check))
        answer = await self.caller.read(protocol.artifacts_request(result_id), what="result")
        return tuple(
            RunFile(name=item.label, kind=item.kind, size=item.size, expires_at=item.expires_at)
            for item in artifacts_of(answer.body)
        )

    async def _result(self, query: RunLogQuery) -> str:
        """Return the result whose files are meant: itself, or of a run the one that is named, else the first that fails."""
        if ids.is_result(query.run_id):
            return query.run_id
        run = await self.records.run(query.run_id)
        results = await self.records.results(run)
        named = [c for c in results.checks if c.name == query.check] if query.check else [*results.failing]
        found = next((check.ref for check in named if check.ref), None)
        if found is None:
            what = "result of that name" if query.check else "failing result"
            raise NotAvailable(f"No {what} of this test run is known, so there is no log to show.")
        return found

    async def _fetched(self, chosen: Artifact) -> tuple[bytes, str | None]:
        """Return the bytes of a file, of a large one its end, and what is missing."""
        address = address_of(
            (await self.caller.read(protocol.address_request(chosen.file_id), what="artifact")).body
        )
        try:
            return (await self.caller.read(protocol.fetch_request(address, MOST, DEADLINE))).body, None
        except Oversized as large:
            _, _, tail = large.tail.partition(b"\n")
            return tail, "the file is large, so this is its end only"
        except (AccessRefused, NotFound, Rejected):
            raise NotAvailable(
                f"The file “{chosen.label}” can no longer be fetched: it was removed, or its link has expired."
            ) from None

    async def _file(self, content: bytes, result_id: str) -> File:
        async with Writer(Spool(self.folder, f"{result_id}-log", self.limits.spool)) as writer:
            writer.add(unsigned_bytes(content))
            return await writer.finish()


def _chosen(wanted: str | None, found: Sequence[Artifact]) -> Artifact:
    """Return the newest log, or the file that is named. Raises `NotAvailable`, naming what there is."""
    if wanted is not None:
        fitting = [item for item in found if item.label == wanted] or [
            item for item in found if wanted.casefold() in item.label.casefold()
        ]
    else:
        fitting = [item for item in found if item.is_log]
    if fitting:
        return fitting[0]
    there = listed([f"“{item.label[:80]}”" for item in found[:NAMED]])
    what = f"file called “{shown(wanted, 80)}”" if wanted is not None else "log"
    raise NotAvailable(f"This result has no {what}. {f'It has {there}.' if found else 'It has no files.'}")
