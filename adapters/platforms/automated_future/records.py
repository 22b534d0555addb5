"""Test runs as far as they are known: a run cannot be read, so what was written here stands for it.

Single results can be read by their ids, and people change them in the dashboard: what is said of one is read anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.lanes import whose
from adapters.platforms.automated_future import ids, protocol
from adapters.platforms.automated_future.decode import KNOWN_FAILURE, ReadResult, result_of
from adapters.platforms.automated_future.projects import Projects
from adapters.platforms.http.caller import Caller
from bot.errors import NotFound
from bot.model import Availability, Check, CheckStatus, Results, Run, RunRef, RunStatus
from bot.ports import Ledger
from bot.publication import LedgerResult, LedgerRun
from bot.replies.wording import count

log = logging.getLogger(__name__)

QUIET = timedelta(
    minutes=10
)  # after so long without an open result a run has ended, as far as anybody here knows
SLOWLY = timedelta(minutes=5)  # between two looks at an open result that nobody asked for
READ_ANEW = 100  # results of one run; of those beyond what was written is said
NOTE = "This platform lists no results: these are the ones that Clew wrote or was told of."
_WORDS = {RunStatus.STARTING: "Pending", RunStatus.IN_PROGRESS: "Running", RunStatus.COMPLETED: "Completed"}


class Records:
    """The runs of one connection, by their ledger."""

    def __init__(
        self,
        connection: str,
        caller: Caller,
        projects: Projects,
        ledger: Ledger,
        now: Callable[[], datetime],
    ) -> None:
        self._connection, self._caller, self._projects = connection, caller, projects
        self._ledger, self._now = ledger, now
        self._looked: dict[str, datetime] = {}  # when Clew itself looked at the open results of a run

    async def run(self, run_id: str) -> Run:
        """Return a run that is in the ledger, or a result by itself, which is a run of one test."""
        if ids.is_result(run_id):
            return self._alone(await self.told_of(run_id))
        record = await self.written(run_id)
        known = await self._ledger.written_results(record.ref)
        if record.ended_at is None:
            known = await self._open_anew(run_id, known)
        return self._as_known(record, known, await self._projects.name(record.project))

    async def opened(self, run_id: str, project: str) -> Run:
        """Return a run that was just opened in a project of that name; nothing is asked."""
        return self._as_known(await self.written(run_id), (), project)

    async def results(self, run: Run) -> Results:
        """Return what is known of a run's results, those that failed or have not ended read anew."""
        if ids.is_result(run.ref.run_id):
            found = await self.told_of(run.ref.run_id)
            ready = Availability.READY if found.ended else Availability.NOT_YET
            return Results(ref=run.ref, availability=ready, checks=(found.check,) if found.ended else ())
        known = await self._ledger.written_results(run.ref)
        if not known:
            return Results(ref=run.ref, availability=Availability.ABSENT)
        chosen = sorted(known, key=_first)[:READ_ANEW]
        fresh = await self._anew(chosen)
        checks = tuple(
            fresh[each.result_id] if each.result_id in fresh else _as_written(each)
            for each in known
            if each not in chosen or each.result_id in fresh
        )
        return Results(
            ref=run.ref,
            availability=Availability.READY,
            checks=checks,
            note=_note(known, chosen, len(checks)),
        )

    async def written(self, run_id: str) -> LedgerRun:
        """Return what was written of a run. Raises `NotFound`."""
        record = await self._ledger.written_run(self._ref(run_id))
        if record is None:
            raise NotFound(
                f"Automated Future lets no run be read back, and {run_id} was not written by Clew. "
                "A single result can be read: “status res_…”.",
                what="run",
            )
        return record

    async def told_of(self, result_id: str) -> ReadResult:
        """Return a result as it is now, and keep which run it belongs to. Raises `NotFound`."""
        found = await self._read(result_id)
        if found.run_id is not None and ids.is_run(found.run_id):
            await self._keep(found, found.run_id)
            self._looked[found.run_id] = self._now()
        return found

    async def _keep(self, found: ReadResult, run_id: str) -> None:
        ref = self._ref(run_id)
        if await self._ledger.written_run(ref) is None:
            label = found.run_label
            await self._ledger.write_run(
                LedgerRun(
                    ref=ref,
                    project=found.project,
                    label=label,
                    series=label or found.project,
                    status=RunStatus.IN_PROGRESS,
                    created_at=self._now(),
                )
            )
        known = {each.result_id: each for each in await self._ledger.written_results(ref)}
        await self._ledger.write_results([self._entry(found, run_id, known.get(found.result_id))])

    async def _open_anew(self, run_id: str, known: Sequence[LedgerResult]) -> tuple[LedgerResult, ...]:
        """Look at the results that had not ended; nobody asked, so only now and then."""
        going = [each for each in known if each.ended_at is None][:READ_ANEW]
        now = self._now()
        if not going or (not whose() and now - self._looked.get(run_id, now - SLOWLY) < SLOWLY):
            return tuple(known)
        self._looked[run_id] = now
        await self._anew(going)
        return await self._ledger.written_results(self._ref(run_id))

    async def _anew(self, known: Sequence[LedgerResult]) -> dict[str, Check]:
        """Read results, keep what changed, and return them by id; one that was removed there is left out."""

        async def read(each: LedgerResult) -> tuple[LedgerResult, ReadResult] | None:
            try:
                return each, await self._read(each.result_id)
            except NotFound:
                return None

        found = [pair for pair in await asyncio.gather(*map(read, known)) if pair]
        entries = [(each, self._entry(result, each.run_id, each)) for each, result in found]
        changed = [entry for each, entry in entries if entry != each]
        await self._ledger.write_results(changed)
        return {result.result_id: result.check for _, result in found}

    async def _read(self, result_id: str) -> ReadResult:
        answer = await self._caller.read(protocol.result_request(result_id), what="result")
        return replace(result_of(answer.body), result_id=result_id)

    def _entry(self, found: ReadResult, run_id: str, known: LedgerResult | None) -> LedgerResult:
        ended = (known.ended_at if known else None) or self._now()
        return LedgerResult(
            connection=self._connection,
            result_id=found.result_id,
            run_id=run_id,
            name=known.name if known else found.check.name,
            status=found.check.status,
            excused=found.check.excused is not None,
            written_at=known.written_at if known else self._now(),
            ended_at=ended if found.ended else None,
        )

    def _as_known(self, record: LedgerRun, known: Sequence[LedgerResult], project: str) -> Run:
        """Return a run as it stands: it ends when Clew completes it, or when all known results ended a while ago."""
        status, said, at = record.status, _WORDS.get(record.status, record.status.value), record.ended_at
        ends = [each.ended_at for each in known if each.ended_at is not None]
        if at is None and known and len(ends) == len(known) and max(ends) + QUIET <= self._now():
            status, said, at = RunStatus.COMPLETED, "ended, as far as Clew knows", max(ends)
        return Run(
            ref=record.ref,
            status=status,
            status_text=said,
            launcher=record.label or project,
            launcher_key=record.project or None,
            launcher_name=project if record.label else None,
            created_at=record.created_at,
            completed_at=at,
            description=f"Published from {record.origin}." if record.origin else None,
            test_name=record.series if record.series != record.project else None,
        )

    def _alone(self, found: ReadResult) -> Run:
        of = found.run_label or found.run_id or ""
        return Run(
            ref=self._ref(found.result_id),
            status=found.run_status,
            status_text=found.word,
            launcher=found.check.name,
            launcher_key=found.result_id,
            started_at=found.started_at,
            completed_at=found.finished_at if found.ended else None,
            took=found.check.took,
            description=f"A result of the test run {of}." if of else None,
            single=True,
        )

    def _ref(self, run_id: str) -> RunRef:
        return RunRef(self._connection, run_id)


def _first(each: LedgerResult) -> int:
    """Order what is read anew: what fails, then what has not ended, then what did not fail."""
    if each.status is CheckStatus.FAILING:
        return 0
    return 1 if each.ended_at is None else 2


def _as_written(each: LedgerResult) -> Check:
    excused = KNOWN_FAILURE if each.excused else None
    return Check(name=each.name, status=each.status, excused=excused, ref=each.result_id)


def _note(known: Sequence[LedgerResult], chosen: Sequence[LedgerResult], shown: int) -> str:
    """Say how far the results are known."""
    said = [NOTE]
    if len(chosen) < len(known):
        said.append(f"{count(len(known) - len(chosen), 'result')} of them as Clew knew them last.")
    if shown < len(known):
        said.append(f"{count(len(known) - shown, 'result')} of them removed there since.")
    return " ".join(said)
