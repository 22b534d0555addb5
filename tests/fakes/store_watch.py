"""The watcher's part of the store in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.store.text import clean
from bot.model import Run, RunRef, RunStatus
from bot.state import PollStep, StoredResults, TrackedRun
from tests.fakes.store_base import Shared, cleaned

EPOCH = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class RunRow:
    """A run as remembered; `baseline`: it had ended before the first look."""

    tracked: TrackedRun
    launcher: str
    source: str
    test_name: str
    ephemeral: bool
    created_at: datetime | None
    first_seen: datetime
    baseline: bool = False


@dataclass(slots=True, kw_only=True)
class ResultsRow:
    """Results, and the series they are compared in."""

    results: StoredResults
    series: tuple[str, str, str]
    ephemeral: bool


class MemoryWatch(Shared):
    """Runs, results and watermarks."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[RunRef, RunRow] = {}
        self.results: dict[RunRef, ResultsRow] = {}
        self.watermarks: dict[str, datetime] = {}

    async def watermark(self, connection: str) -> datetime | None:
        await self._turn()
        return self.watermarks.get(clean(connection))

    async def tracked(self, connection: str) -> tuple[TrackedRun, ...]:
        await self._turn()
        return tuple(
            row.tracked
            for ref, row in self.runs.items()
            if ref.connection == clean(connection)
            and (not row.tracked.status.terminal or not (row.tracked.results_known or row.baseline))
        )

    async def known(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, TrackedRun]:
        await self._turn()
        refs = [RunRef(clean(connection), clean(run_id)) for run_id in run_ids]
        return {ref.run_id: self.runs[ref].tracked for ref in refs if ref in self.runs}

    async def track(self, ref: RunRef, now: datetime) -> None:
        await self._turn()
        started = Run(ref=ref, status=RunStatus.STARTING, status_text="starting", launcher="")
        if cleaned(ref) not in self.runs:
            self._see(cleaned(started), now, baseline=False)

    async def history(
        self, connection: str, series: tuple[str, str, str], before: datetime | None, limit: int
    ) -> tuple[StoredResults, ...]:
        await self._turn()
        found = [
            row.results
            for ref, row in self.results.items()
            if (ref.connection, row.series) == cleaned((connection, series))
            and row.results.status is RunStatus.COMPLETED
            and not row.ephemeral
            and (before is None or (row.results.created_at is not None and row.results.created_at < before))
        ]
        found.sort(key=lambda r: (r.created_at or EPOCH, r.ref.run_id), reverse=True)
        return tuple(found[:limit])

    async def last_end(
        self, connection: str, series: tuple[str, str, str], before: datetime | None
    ) -> RunStatus | None:
        await self._turn()
        counted = {RunStatus.COMPLETED, RunStatus.INCOMPLETE}
        ends = (
            row.tracked.status
            for row in self._newest(connection)
            if (row.launcher, row.source, row.test_name) == cleaned(series)
            and row.tracked.status in counted
            and not row.ephemeral
            and (before is None or (row.created_at or row.first_seen) < before)
        )
        return next(ends, None)

    async def stored_results(self, ref: RunRef) -> StoredResults | None:
        await self._turn()
        row = self.results.get(cleaned(ref))
        return row.results if row else None

    async def save_results(self, run: Run, results: StoredResults) -> None:
        await self._turn()
        _, source, test_name = cleaned(run.series)
        self._keep(cleaned(results), source, test_name, ephemeral=run.ephemeral)

    async def launchers(self, connection: str) -> tuple[str, ...]:
        await self._turn()
        return tuple(dict.fromkeys(row.launcher for row in self._newest(connection) if row.launcher))

    async def recent(self, connection: str, limit: int) -> tuple[tuple[str, str, str], ...]:
        await self._turn()
        rows = self._newest(connection)[:limit]
        return tuple((r.tracked.ref.run_id, r.launcher, r.tracked.status.value) for r in rows)

    def _newest(self, connection: str) -> list[RunRow]:
        rows = [row for ref, row in self.runs.items() if ref.connection == clean(connection)]
        return sorted(rows, key=lambda r: (r.created_at or r.first_seen, r.tracked.ref.run_id), reverse=True)

    def _record_runs(self, step: PollStep) -> None:
        for run in step.runs:
            self._see(cleaned(run), step.now, baseline=step.baseline)
        for results in step.results:
            row = self.runs.get(cleaned(results.ref))
            series = (row.source, row.test_name) if row else ("", "")
            self._keep(cleaned(results), *series, ephemeral=bool(row and row.ephemeral))
        for ref in step.results_known:
            self._change(cleaned(ref), results_known=True)
        for ref, status in step.announced:
            self._change(cleaned(ref), announced=status)
        if step.watermark is not None:
            connection = clean(step.connection)
            self.watermarks[connection] = max(step.watermark, self.watermarks.get(connection, EPOCH))

    def _see(self, run: Run, now: datetime, *, baseline: bool) -> None:
        old = self.runs.get(run.ref)
        ended = now if run.status.terminal else None
        quiet = baseline and run.status.terminal
        fresh = TrackedRun(
            ref=run.ref, status=run.status, terminal_since=ended, announced=run.status if quiet else None
        )
        launcher, source, test_name = run.series
        if old is None:
            self.runs[run.ref] = RunRow(
                tracked=fresh,
                launcher=launcher,
                source=source,
                test_name=test_name,
                ephemeral=run.ephemeral,
                created_at=run.created_at,
                first_seen=now,
                baseline=quiet,
            )
            return
        if old.tracked.status is not run.status:
            old.tracked = replace(fresh, announced=old.tracked.announced)
            old.baseline = False
        old.launcher = launcher or old.launcher
        old.source = source or old.source
        old.test_name = test_name or old.test_name
        old.ephemeral = run.ephemeral
        old.created_at = run.created_at or old.created_at

    def _change(
        self, ref: RunRef, *, results_known: bool = False, announced: RunStatus | None = None
    ) -> None:
        row = self.runs.get(ref)
        if row is not None:
            row.tracked = replace(
                row.tracked,
                results_known=results_known or row.tracked.results_known,
                announced=announced or row.tracked.announced,
            )

    def _keep(self, results: StoredResults, source: str, test_name: str, *, ephemeral: bool) -> None:
        series = (results.launcher, source, test_name)
        self.results[results.ref] = ResultsRow(results=results, series=series, ephemeral=ephemeral)
