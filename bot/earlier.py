"""Read the chain of runs before a run: from the record where it is whole, else from the platform's list.

    newest ── the record, down to where it is whole ── the platform's list, a bounded number of pages ── oldest

The record is what the watcher wrote down. Results that are missing are read and kept; keeping them changes
nothing that is said later, for what is not kept is read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

from bot import untimed
from bot.chain import DEPTH, MISSING, Chain, Gap, Past
from bot.errors import AccessRefused, ListCut, RateLimited, ServiceError
from bot.in_full import in_full
from bot.model import Check, CheckStatus, Results, Run, RunQuery, RunStatus
from bot.platform import Platform, listed, newest_runs
from bot.ports import WatchStore
from bot.state import BEGINNING, Came, RunChecks, StoredResults
from bot.verdict import Verdict, judge

log = logging.getLogger(__name__)

LIST_PAGES = 10  # of the platform's list of completed runs of one launcher
LIST_DEADLINE = 15.0  # seconds for finding the earlier runs
READ_DEADLINE = 20.0  # seconds for reading their results; what is read by then is kept
AT_ONCE = 4  # reads of earlier results; the connection has other work too
RESOLUTION = timedelta(seconds=1)  # of the platform's filters

OF_ALL = (AccessRefused, RateLimited)
"""What is wrong with more than one read: it is not reported as a gap, the caller has to wait."""


def stored(run: Run, results: Results) -> StoredResults:
    """Keep of a run's results what later runs are compared with."""
    return StoredResults(
        ref=run.ref,
        launcher=run.launcher,
        status=run.status,
        says=run.says,
        created_at=run.created_at,
        seen_at=run.seen_at,
        failing=frozenset(check.name for check in results.failing),
        excused=frozenset(check.name for check in results.excused),
        unhealthy=frozenset(check.name for check in results.unhealthy),
        passing_count=results.total.passing,
        skipped_count=results.total.skipped,
        unknown_count=results.total.unknown,
        commit=run.commit,
        advisory_count=len(results.advisories),
    )


def checks_of(run: Run, results: Results) -> RunChecks | None:
    """Keep what came of every check that the results name; None where nobody knows which launcher the run is of."""
    launcher_key = run.series[0]
    if not launcher_key:
        return None
    came: dict[str, Came] = {}
    groups: dict[str, set[str]] = {}
    places: dict[str, str] = {}
    for check in results.checks:
        came[check.name] = min(came.get(check.name, Came.PASSED), _came(check), key=_WORST_FIRST.index)
        if place := next((e.location for e in (*check.counterexamples, *check.examples) if e.location), None):
            places.setdefault(check.name, place)
        if check.group:
            groups.setdefault(check.name, set()).add(check.group)
    several = {name: tuple(sorted(of)) for name, of in groups.items() if len(of) > 1}
    at = run.ordered_by
    return RunChecks(ref=run.ref, launcher_key=launcher_key, at=at, came=came, whole=results.whole, places=places,
                     groups=several)  # fmt: skip


_WORST_FIRST = (Came.UNHEALTHY, Came.FAILED, Came.EXCUSED, Came.NOTHING, Came.SKIPPED, Came.PASSED)


def _came(check: Check) -> Came:
    if check.status is CheckStatus.FAILING:
        failed = Came.UNHEALTHY if check.health else Came.FAILED
        return failed if check.excused is None else Came.EXCUSED
    return _CAME[check.status]


_CAME = {
    CheckStatus.PASSING: Came.PASSED,
    CheckStatus.SKIPPED: Came.SKIPPED,
    CheckStatus.UNKNOWN: Came.NOTHING,
}


async def kept_results(platform: Platform, store: WatchStore, run: Run) -> StoredResults | Verdict | None:
    """Return what is kept of a run that ended, else what is read of it now; None if unreadable.

    Of results that cannot be kept, as they are not whole, it is how the run is judged by them. Raises `AccessRefused`, `RateLimited`, `StoreError`.
    """
    if not run.status.terminal:
        return None
    known = await store.stored_results(run.ref)
    if known is not None and known.status is run.status:
        return known
    read = await _read(platform, run)
    if read is None:
        return None
    found = await _keep(store, *read)
    return judge(replace(read[0], interrupted=False), read[1]) if isinstance(found, Gap) else found


async def chain_of(platform: Platform, store: WatchStore, run: Run, *, depth: int = DEPTH) -> Chain:
    """Return the runs of a run's series before it, as many as `depth`, with what is known of their results.

    What cannot be read leaves a gap that says why. Runs whose environment had a problem are passed over; where that
    leaves none, it looks as far back as it ever does. Raises `AccessRefused`, `RateLimited`, `StoreError`.
    """
    chain = await _chain(platform, store, run, depth)
    if chain.past or not chain.after_environment or depth >= DEPTH:
        return chain
    return await _chain(platform, store, run, DEPTH)


async def _chain(platform: Platform, store: WatchStore, run: Run, depth: int) -> Chain:
    runs, end = await _find(platform, store, run, depth)
    if not runs and end is Gap.FIRST and run.created_at is not None:
        end = await _why_first(platform, run)
    known = await _results_of(platform, store, runs)
    past = tuple(Past(before, known.get(before.ref.run_id, Gap.UNREAD)) for before in runs)
    sound = tuple(before for before in past if not before.unhealthy)
    return Chain(
        past=sound,
        end=end if sound or not past else Gap.ENVIRONMENT,
        after_environment=bool(past) and past[0].unhealthy,
    )


async def end_before(platform: Platform, store: WatchStore, run: Run) -> Run | None:
    """Return the last run of a run's series before it that ended, also one that was cancelled.

    None where there is none, or none can be found. Raises `AccessRefused`, `RateLimited`, `StoreError`.
    """
    connection, before = run.ref.connection, run.created_at
    if before is None:
        at = await untimed.listed_at(store, run)
        return await store.last_end(connection, run.series, at) if run.series[0] else None
    coverage = await store.coverage(connection)
    if coverage is not None and coverage.whole_since < before <= coverage.until:
        recorded = await store.last_end(connection, run.series, before, coverage.whole_since)
        if recorded is not None or coverage.whole_since == BEGINNING:
            return recorded
        before = coverage.whole_since
    try:
        async with asyncio.timeout(LIST_DEADLINE), aclosing(_listed(platform, run, before)) as listed:
            async for other in listed:
                if other.series == run.series and not other.ephemeral and other.status.terminal:
                    return other
    except OF_ALL:
        raise
    except (TimeoutError, ServiceError) as error:
        log.info("how the run before %s ended is not known: %s", run.ref.run_id, type(error).__name__)
    return None


async def read_results(platform: Platform, store: WatchStore, run: Run) -> StoredResults | Gap:
    """Read and keep a run's results; what cannot be read, or not whole, is not kept.

    Raises `AccessRefused`, `RateLimited`, `StoreError`.
    """
    read = await _read(platform, run)
    return Gap.UNREAD if read is None else await _keep(store, *read)


async def _read(platform: Platform, run: Run) -> tuple[Run, Results] | None:
    """Read a run in full and its results; None where they cannot be read."""
    try:
        run = await in_full(platform, run)
        return run, await platform.reads.results(run)
    except OF_ALL:
        raise
    except ServiceError as error:
        log.warning("the results of run %s cannot be read: %s", run.ref.run_id, type(error).__name__)
        return None


async def _keep(store: WatchStore, run: Run, results: Results) -> StoredResults | Gap:
    """Keep results that are whole, else say what is missing."""
    if results.availability in MISSING:
        return MISSING[results.availability]
    if not results.comparable:
        return Gap.CUT
    if not results.total.all:
        return Gap.NOT_YET  # an empty list may only be early: it must not stand as "nothing fails"
    kept = stored(run, results)
    await store.save_results(kept, checks_of(run, results))
    return kept


async def _find(platform: Platform, store: WatchStore, run: Run, depth: int) -> tuple[tuple[Run, ...], Gap]:
    """Return the earlier runs, newest first, and why there are no more."""
    if not run.series[0]:
        return (), Gap.NO_LAUNCHER
    found: list[Run] = []
    before = _before if run.created_at is not None else untimed.before
    try:
        async with asyncio.timeout(LIST_DEADLINE), aclosing(before(platform, store, run, depth)) as earlier:
            async for one in earlier:
                found.append(one)
                if len(found) == depth:
                    return tuple(found), Gap.DEPTH
    except OF_ALL:
        raise
    except untimed.Undated:
        return tuple(found), Gap.UNDATED
    except (TimeoutError, ServiceError) as error:
        log.info("the runs before %s are not all known: %s", run.ref.run_id, type(error).__name__)
        return tuple(found), Gap.LIST
    return tuple(found), Gap.FIRST if platform.lists is not None else Gap.UNLISTED


async def _before(platform: Platform, store: WatchStore, run: Run, depth: int) -> AsyncGenerator[Run, None]:
    """Yield the earlier runs of a series, newest first. Raises `ListCut` where nobody knows what comes next."""
    before = run.created_at or BEGINNING
    coverage = await store.coverage(run.ref.connection)
    if coverage is not None and coverage.whole_since < before <= coverage.until:
        recorded = await store.earlier(run.ref.connection, run.series, before, coverage.whole_since, depth)
        # One that was still going on at the last look may have ended since; then only the platform knows.
        if all(earlier.status is RunStatus.COMPLETED for earlier in recorded):
            for earlier in recorded:
                yield earlier
            before = coverage.whole_since
    if before > BEGINNING:
        async with aclosing(_listed(platform, run, before, RunStatus.COMPLETED)) as listed:
            async for earlier in listed:
                if earlier.series == run.series and not earlier.ephemeral:
                    yield earlier


async def _listed(
    platform: Platform, run: Run, before: datetime, status: RunStatus | None = None
) -> AsyncGenerator[Run, None]:
    """Yield the launcher's runs created before this one and not after `before`. Raises `ListCut`."""
    query = RunQuery(
        status=status,
        launcher=run.launcher,
        launcher_key=run.launcher_key,
        created_before=before + RESOLUTION,
    )
    pages = 0
    async for page in listed(platform, query):
        if pages == LIST_PAGES:
            raise ListCut("it was not read further back")
        for other in page:
            if other.unread:
                raise ListCut("a run of it is too large to be read")
            if _is_before(other, run) and (other.created_at or BEGINNING) <= before:
                yield other
        pages += 1


def _is_before(other: Run, run: Run) -> bool:
    """Whether a run was certainly created before another one; runs of the same second have no order."""
    return other.created_at is not None and run.created_at is not None and other.created_at < run.created_at


async def _why_first(platform: Platform, run: Run) -> Gap:
    """Look at the newest page of the launcher's earlier runs for what comes closest to the series.

    It always asks the platform, so that the answer hangs on nothing that is kept here.
    """
    query = RunQuery(status=RunStatus.COMPLETED, launcher=run.launcher, created_before=run.created_at)
    try:
        near = [other for other in await newest_runs(platform, query) if _is_before(other, run)]
    except ServiceError:
        return Gap.FIRST
    if any(other.series == run.series for other in near):
        return Gap.EPHEMERAL
    sources = {other.source or "" for other in near if not other.ephemeral}
    if (run.source or "") in sources:
        return Gap.OTHER_TEST
    return Gap.OTHER_SOURCE if sources else Gap.FIRST


async def _results_of(
    platform: Platform, store: WatchStore, runs: tuple[Run, ...]
) -> Mapping[str, StoredResults | Gap]:
    """Return by run id what is kept of runs, and read what is missing, the newest first."""
    if not runs:
        return {}
    ids = tuple(run.ref.run_id for run in runs)
    kept = await store.results_kept(runs[0].ref.connection, ids)
    known: dict[str, StoredResults | Gap] = {**kept}
    turn = asyncio.Semaphore(AT_ONCE)

    async def read(run: Run) -> None:
        async with turn:
            known[run.ref.run_id] = await read_results(platform, store, run)

    try:
        async with asyncio.timeout(READ_DEADLINE), asyncio.TaskGroup() as group:
            for run in runs:
                if run.ref.run_id not in known:
                    group.create_task(read(run))
    except TimeoutError:
        log.warning("the runs before one could not all be read within %g s", READ_DEADLINE)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return known
