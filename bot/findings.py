"""A run with its results, verdict and diff: read once, used by the verbs, the live cards and the watcher."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from bot.cards import Context
from bot.diff import RunDiff, choose_baseline, compare
from bot.errors import NotAvailable, NotFound, Rejected, ServiceFailed, UnexpectedAnswer
from bot.model import Availability, Capability, Property, Results, Run, RunQuery, RunStatus
from bot.ports import RunService, WatchStore
from bot.state import StoredResults
from bot.verdict import Verdict, judge

log = logging.getLogger(__name__)

HISTORY = 30  # earlier runs of a series that a diff looks at
BASELINE_DEADLINE = 20.0  # seconds for finding and reading that run
BASELINE_PAGES = 3  # pages of the run list that are searched when no earlier run is stored

OF_ONE_RUN = (ServiceFailed, UnexpectedAnswer, Rejected, NotAvailable, NotFound)
"""What goes wrong with one run alone; all else concerns the platform as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known of a run. `results` and `diff` are None while it has not ended."""

    run: Run
    verdict: Verdict
    results: Results | None = None
    diff: RunDiff | None = None
    history: tuple[StoredResults, ...] = ()  # the runs of its series before it, newest first

    @property
    def failing(self) -> tuple[Property, ...]:
        """The failing properties, newly failing first, then by name: a stable order to number them in."""
        if self.results is None:
            return ()
        new = frozenset(self.diff.newly_failing) if self.diff else frozenset()
        return tuple(sorted(self.results.failing, key=lambda p: (p.name not in new, p.name)))

    @property
    def focus(self) -> Context:
        """What logs and debug look at when only the run is named, and what its buttons carry.

        That is where an incomplete run broke, else the first failing property that has a moment.
        """
        run = self.run
        if run.status is RunStatus.INCOMPLETE and run.failure_moment is not None:
            return Context(run=run.ref, moment=run.failure_moment)
        first = next((p for p in self.failing if p.moment is not None), None)
        if first is not None:
            return Context(run=run.ref, property_name=first.name, moment=first.moment)
        return Context(run=run.ref, moment=run.failure_moment)

    @property
    def stored(self) -> StoredResults | None:
        """What is kept for comparing later runs; None where the results could not be read."""
        if self.results is None or self.results.availability is not Availability.READY:
            return None
        return stored(self.run, self.results)


def stored(run: Run, results: Results) -> StoredResults:
    """Keep of a run's results what later runs are compared with."""
    return StoredResults(
        ref=run.ref,
        launcher=run.launcher,
        status=run.status,
        created_at=run.created_at,
        failing=frozenset(p.name for p in results.failing),
        passing_count=results.passing_count,
        unknown_count=len(results.properties) - len(results.failing) - results.passing_count,
    )


async def findings_of(service: RunService, store: WatchStore, run: Run) -> Findings:
    """Read a run's results and compare them with the run before it. Raises `ServiceError`, `StoreError`."""
    if not run.status.terminal or Capability.PROPERTIES not in service.capabilities:
        return Findings(run=run, verdict=judge(run, None))
    results = await service.results(run)
    verdict = judge(run, results)
    if results.availability is not Availability.READY:
        return Findings(run=run, verdict=verdict, results=results)
    history = await _history(service, store, run)
    diff = compare(results, choose_baseline(run, history), history)
    return Findings(run=run, verdict=verdict, results=results, diff=diff, history=history)


async def kept_results(service: RunService, store: WatchStore, run: Run) -> StoredResults | None:
    """Return what is kept of a run that ended, else what is read of it now; None if unreadable.

    Raises `ServiceError`, `StoreError`.
    """
    known = await store.stored_results(run.ref)
    if known is not None or not run.status.terminal:
        return known
    results = await service.results(run)
    if results.availability is not Availability.READY or not results.properties:
        return None  # an empty list may only be early: it must not stand as "nothing fails"
    kept = stored(run, results)
    if not await _awaited(store, run):
        await store.save_results(run, kept)
    return kept


async def _awaited(store: WatchStore, run: Run) -> bool:
    """Whether the watcher has yet to tell a run's results: what it finds kept, it takes for told."""
    seen = (await store.known(run.ref.connection, (run.ref.run_id,))).get(run.ref.run_id)
    return seen is not None and not seen.results_known


async def _history(service: RunService, store: WatchStore, run: Run) -> tuple[StoredResults, ...]:
    known = await store.history(run.ref.connection, run.series, run.created_at, HISTORY)
    if known:
        return known
    kept = await _first_baseline(service, store, run)
    return (kept,) if kept else ()


async def _first_baseline(service: RunService, store: WatchStore, run: Run) -> StoredResults | None:
    """Read the run before from the platform; where that one cannot be read, this one is told without it."""
    try:
        async with asyncio.timeout(BASELINE_DEADLINE):
            earlier = await _earlier(service, run)
            return await kept_results(service, store, earlier) if earlier else None
    except (TimeoutError, *OF_ONE_RUN) as error:
        log.warning("run %s has no baseline: %s", run.ref.run_id, type(error).__name__)
        return None


async def _earlier(service: RunService, run: Run) -> Run | None:
    """Look on the platform for the last completed run of the series: this bot may be younger than it."""
    query = RunQuery(status=RunStatus.COMPLETED, launcher=run.launcher, created_before=run.created_at)
    pages = 0
    async for page in service.runs(query):
        for other in page:
            if other.series == run.series and not other.ephemeral and other.ref != run.ref:
                return other
        pages += 1
        if pages == BASELINE_PAGES:
            break
    return None
