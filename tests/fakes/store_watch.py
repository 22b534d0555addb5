"""The watcher's part of the store in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from adapters.store.text import clean
from bot.model import Run, RunQuery, RunRef, RunStatus, Says
from bot.state import (
    Came,
    CheckInRun,
    Coverage,
    KnownCheck,
    PollStep,
    RunChecks,
    StoredResults,
    TrackedRun,
)
from tests.fakes.store_base import Shared, cleaned

EPOCH = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class RunRow:
    """A run as remembered; `baseline`: it had ended before the first look."""

    tracked: TrackedRun
    launcher: str
    launcher_key: str
    source: str
    test_name: str
    ephemeral: bool
    created_at: datetime | None
    first_seen: datetime
    listed: bool
    progress: str
    changed_at: datetime
    says: Says | None
    brief: bool
    commit: str | None
    baseline: bool = False
    unfollowed: bool = False

    @property
    def series(self) -> tuple[str, str, str]:
        """What it is compared within."""
        return (self.launcher_key, self.source, self.test_name)

    @property
    def remembered(self) -> TrackedRun:
        """What the watcher remembers of it."""
        return replace(
            self.tracked,
            listed_at=self.created_at or self.first_seen,
            listed=self.listed,
            progress=self.progress,
            changed_at=self.changed_at,
            settled=self.settled,
        )

    @property
    def settled(self) -> bool:
        """Whether nothing is read of it any more."""
        over = self.tracked.results_known or self.baseline
        return (self.tracked.status.terminal and over) or self.unfollowed

    @property
    def run(self) -> Run:
        """What is kept of the run itself."""
        done, slash, everything = self.progress.partition("/")
        return Run(
            ref=self.tracked.ref,
            status=self.tracked.status,
            status_text=self.tracked.status,
            launcher=self.launcher,
            launcher_key=None if self.launcher_key == self.launcher else self.launcher_key,
            created_at=self.created_at,
            seen_at=None if self.created_at else self.first_seen,
            done=(int(done), int(everything)) if slash else None,
            source=self.source or None,
            test_name=self.test_name or None,
            ephemeral=self.ephemeral,
            says=self.says,
            brief=self.brief,
            commit=self.commit,
        )


def _age(row: RunRow) -> tuple[datetime, int, str]:
    run_id = row.tracked.ref.run_id
    return (row.created_at or row.first_seen, len(run_id), run_id)


@dataclass(slots=True, kw_only=True)
class ResultsRow:
    """Results, and whether channels were told them."""

    results: StoredResults
    told: bool
    came: Mapping[str, Came]
    whole: bool


class MemoryWatch(Shared):
    """Runs, results and watermarks."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[RunRef, RunRow] = {}
        self.results: dict[RunRef, ResultsRow] = {}
        self.watermarks: dict[str, datetime] = {}
        self.covered: dict[str, Coverage] = {}
        self.checks: dict[tuple[str, str, str], KnownCheck] = {}

    async def watermark(self, connection: str) -> datetime | None:
        await self._turn()
        return self.watermarks.get(clean(connection))

    async def tracked(self, connection: str) -> tuple[TrackedRun, ...]:
        await self._turn()
        return tuple(
            row.remembered
            for ref, row in self.runs.items()
            if ref.connection == clean(connection) and not row.settled
        )

    async def known(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, TrackedRun]:
        await self._turn()
        refs = [RunRef(clean(connection), clean(run_id)) for run_id in run_ids]
        return {ref.run_id: self.runs[ref].remembered for ref in refs if ref in self.runs}

    async def track(self, run: Run, now: datetime) -> None:
        await self._turn()
        old = self.runs.get(cleaned(run.ref))
        if old is None:
            self._see(cleaned(run), now, baseline=False)
        elif old.unfollowed:
            old.unfollowed, old.changed_at = False, now

    async def coverage(self, connection: str) -> Coverage | None:
        await self._turn()
        return self.covered.get(clean(connection))

    async def earlier(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime,
        after: datetime,
        limit: int,
        *,
        timed: bool = True,
        ended: bool = False,
    ) -> tuple[Run, ...]:
        await self._turn()
        found = (
            row.run
            for row in self._newest(connection)
            if row.tracked.status not in {RunStatus.CANCELLED, RunStatus.INCOMPLETE}
            and not row.ephemeral
            and (row.tracked.status is RunStatus.COMPLETED or not ended)
            and after < (row.created_at or row.first_seen) < before
            and (
                (row.series == cleaned(series) and (row.created_at is not None) is timed)
                or (not row.launcher and not row.tracked.status.terminal)
            )
        )
        return tuple(islice(found, limit))

    async def last_end(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime | None,
        after: datetime | None = None,
    ) -> Run | None:
        await self._turn()
        ends = (
            row.run
            for row in self._newest(connection)
            if row.series == cleaned(series)
            and row.tracked.status.terminal
            and not row.ephemeral
            and (before is None or (row.created_at or row.first_seen) < before)
            and (after is None or (row.created_at or row.first_seen) > after)
        )
        return next(ends, None)

    async def results_kept(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, StoredResults]:
        await self._turn()
        refs = [RunRef(clean(connection), clean(run_id)) for run_id in run_ids]
        return {ref.run_id: self.results[ref].results for ref in refs if self._reliable(ref)}

    async def stored_results(self, ref: RunRef) -> StoredResults | None:
        return next(iter((await self.results_kept(ref.connection, (ref.run_id,))).values()), None)

    async def announced_results(self, ref: RunRef) -> StoredResults | None:
        await self._turn()
        row = self.results.get(cleaned(ref))
        return row.results if row and row.told else None

    async def save_results(self, results: StoredResults, checks: RunChecks | None = None) -> None:
        await self._turn()
        self._keep(cleaned(results), checks, datetime.now(UTC), told=False)

    async def known_checks(self, connection: str, launcher_key: str) -> tuple[KnownCheck, ...]:
        await self._turn()
        where = (clean(connection), clean(launcher_key))
        found = [check for key, check in self.checks.items() if key[:2] == where]
        return tuple(sorted(found, key=lambda check: check.name))

    async def launchers_with(self, connection: str, name: str) -> tuple[str, ...]:
        await self._turn()
        named = {key: c for key, c in self.checks.items() if (key[0], key[2]) == cleaned((connection, name))}
        latest = sorted(
            sorted(named, key=lambda key: key[1]), key=lambda key: named[key].last_seen, reverse=True
        )
        return tuple(key[1] for key in latest)

    async def check_in_runs(
        self, connection: str, series: tuple[str, str, str], name: str, limit: int
    ) -> tuple[CheckInRun, ...]:
        await self._turn()
        ended = (
            row
            for row in self._newest(connection)
            if row.series == cleaned(series) and row.tracked.status.terminal and not row.ephemeral
        )
        return tuple(self._check_in(row.run, clean(name)) for row in islice(ended, limit))

    def _check_in(self, run: Run, name: str) -> CheckInRun:
        if not self._reliable(run.ref):
            return CheckInRun(run=run, came=None, read=False, whole=False)
        row = self.results[run.ref]
        unhealthy = bool(row.results.unhealthy)
        return CheckInRun(run=run, came=row.came.get(name), whole=row.whole, unhealthy=unhealthy)

    async def missing_results(self, connection: str, depth: int, since: datetime) -> tuple[Run, ...]:
        await self._turn()
        linked = [
            row
            for row in self._newest(connection)
            if row.tracked.status is RunStatus.COMPLETED and not row.ephemeral
        ]
        by_series: dict[tuple[str, str, str], list[RunRow]] = {}
        for row in linked:
            by_series.setdefault(row.series, []).append(row)
        living = (rows for rows in by_series.values() if (rows[0].created_at or rows[0].first_seen) >= since)
        wanted = [id(row) for rows in living for row in rows[:depth]]
        return tuple(
            row.run
            for row in linked
            if id(row) in wanted and row.tracked.results_known and row.tracked.ref not in self.results
        )

    async def launchers(self, connection: str) -> tuple[str, ...]:
        await self._turn()
        return tuple(dict.fromkeys(row.launcher for row in self._newest(connection) if row.launcher))

    async def newest(self, connection: str, query: RunQuery, limit: int) -> tuple[Run, ...]:
        await self._turn()
        found = [
            row.run
            for row in self._newest(connection)
            if query.status in {None, row.tracked.status}
            and query.launcher_key in {None, row.launcher_key}
            and (query.launcher_key or query.launcher in {None, row.launcher})
        ]
        return tuple(found[:limit])

    async def recorded(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, Run]:
        await self._turn()
        refs = [RunRef(clean(connection), clean(run_id)) for run_id in run_ids]
        return {ref.run_id: self.runs[ref].run for ref in refs if ref in self.runs}

    def _newest(self, connection: str) -> list[RunRow]:
        rows = [row for ref, row in self.runs.items() if ref.connection == clean(connection)]
        return sorted(rows, key=_age, reverse=True)

    def _record_runs(self, step: PollStep) -> None:
        for run in step.runs:
            self._see(cleaned(run), step.now, baseline=step.baseline)
        checks = {each.ref: each for each in step.checks}
        for results in step.results:
            self._keep(cleaned(results), checks.get(results.ref), step.now, told=True)
        for ref in step.results_known:
            self._change(cleaned(ref), results_known=True)
        for ref, status in step.announced:
            self._change(cleaned(ref), announced=status)
        going = (self.runs.get(cleaned(ref)) for ref in step.unfollowed)
        for row in (row for row in going if row is not None and not row.tracked.status.terminal):
            row.unfollowed = True
        if step.watermark is not None:
            connection = clean(step.connection)
            self.watermarks[connection] = max(step.watermark, self.watermarks.get(connection, EPOCH))
        if step.coverage is not None:
            self.covered[clean(step.connection)] = step.coverage

    def _see(self, run: Run, now: datetime, *, baseline: bool) -> None:
        old = self.runs.get(run.ref)
        ended = now if run.status.terminal else None
        quiet = baseline and run.status.terminal
        fresh = TrackedRun(
            ref=run.ref, status=run.status, terminal_since=ended, announced=run.status if quiet else None
        )
        launcher_key, source, test_name = run.series
        listed = run.ordered_by is not None
        if old is None:
            self.runs[run.ref] = RunRow(
                tracked=fresh,
                launcher=run.launcher,
                launcher_key=launcher_key,
                source=source,
                test_name=test_name,
                ephemeral=run.ephemeral,
                created_at=run.created_at,
                first_seen=run.seen_at or now,
                listed=listed,
                progress=run.progress,
                changed_at=now,
                says=run.says,
                brief=run.brief,
                commit=run.commit,
                baseline=quiet,
            )
            return
        changed = old.tracked.status is not run.status
        if changed or old.brief or not run.brief:
            old.says, old.brief = run.says, run.brief
        if changed:
            old.tracked = replace(fresh, announced=old.tracked.announced)
            old.baseline = old.unfollowed = False
            old.changed_at = now
        if old.progress != run.progress:
            old.progress, old.changed_at = run.progress, now
            old.unfollowed = False
        if listed and not old.listed:
            old.first_seen, old.listed = run.seen_at or old.first_seen, True
        old.launcher = run.launcher or old.launcher
        old.launcher_key = launcher_key or old.launcher_key
        old.source = source or old.source
        old.test_name = test_name or old.test_name
        old.ephemeral = run.ephemeral
        old.created_at = run.created_at or old.created_at
        old.commit = run.commit or old.commit

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

    def _keep(self, results: StoredResults, checks: RunChecks | None, now: datetime, *, told: bool) -> None:
        came = self._remember(checks, now) if checks is not None else {}
        old = self.results.get(results.ref)
        if told or old is None or not old.told:
            self.results[results.ref] = ResultsRow(
                results=results, told=told, came=came, whole=checks is not None and checks.whole
            )

    def _remember(self, run: RunChecks, now: datetime) -> Mapping[str, Came]:
        at, failed = run.at or now, {Came.FAILED, Came.EXCUSED, Came.UNHEALTHY}
        bad_last = sorted(run.came.items(), key=lambda pair: pair[1] in failed)
        for name, came in bad_last:
            key = cleaned((run.ref.connection, run.launcher_key, name))
            old = self.checks.get(key) or KnownCheck(name=key[2], first_seen=at, last_seen=at)
            times = [t for t in (old.first_failed, old.last_failed) if t]
            place, groups = clean(run.places.get(name, "")), cleaned(run.groups.get(name, ()))
            later = old.last_seen > at
            times += [at] if came in failed else []
            self.checks[key] = replace(
                old,
                first_seen=min(old.first_seen, at),
                last_seen=at if at - old.last_seen > timedelta(days=1) else old.last_seen,
                first_failed=min(times, default=None),
                last_failed=max(times, default=None),
                place=(old.place or place) if later else (place or old.place),
                groups=old.groups if later else groups,
            )
        return {clean(name): came for name, came in bad_last}

    def _reliable(self, ref: RunRef) -> bool:
        kept, run = self.results.get(ref), self.runs.get(ref)
        if kept is None or run is None:
            return kept is not None
        return run.tracked.results_known and run.tracked.status is kept.results.status
