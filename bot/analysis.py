"""A run with its results, verdict and diff: read once, used by the verbs, the live cards and the watcher."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards import Context
from bot.chain import DEPTH, Chain, Gap
from bot.diff import RunDiff, compare
from bot.earlier import chain_of, stored
from bot.errors import NotAvailable, NotFound, Rejected, ServiceFailed, UnexpectedAnswer
from bot.model import Availability, Check, Results, Run, RunStatus
from bot.platform import Platform
from bot.ports import WatchStore
from bot.state import StoredResults
from bot.terms import Terms
from bot.verdict import Verdict, judge

OF_ONE_RUN = (ServiceFailed, UnexpectedAnswer, Rejected, NotAvailable, NotFound)
"""What goes wrong with one run alone; all else concerns the platform as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnalysis:
    """What is known of a run. `results` and `diff` are None while it has not ended."""

    platform: Platform  # where it is from
    run: Run
    verdict: Verdict
    results: Results | None = None
    diff: RunDiff | None = None
    chain: Chain | None = None  # the runs of its series before it

    @property
    def terms(self) -> Terms:
        """The nouns of the connection."""
        return self.platform.terms

    @property
    def failing(self) -> tuple[Check, ...]:
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
        """What is kept for comparing later runs; None where the results could not be read, or not whole."""
        results = self.results
        if results is None or results.availability is not Availability.READY or not results.comparable:
            return None
        return stored(self.run, results)


async def with_moment(platform: Platform, run: Run) -> Run:
    """Read a run that did not complete once more: the list leaves its failure moment out.

    Raises `ServiceError` where the platform cannot be asked at all.
    """
    if run.status is not RunStatus.INCOMPLETE or run.failure_moment is not None or run.failure_unpinned:
        return run
    try:
        again = await platform.reads.run(run.ref.run_id)
    except OF_ONE_RUN:
        return run
    return again if again.status is run.status else run


async def analysis_of(platform: Platform, store: WatchStore, run: Run, *, depth: int = DEPTH) -> RunAnalysis:
    """Read a run's results and compare them with the runs before it. Raises `ServiceError`, `StoreError`.

    `depth`: how many earlier runs are looked at; for what is new 1 is enough, streaks and charts take them all.
    """
    if not run.status.terminal:
        return RunAnalysis(platform=platform, run=run, verdict=judge(run, None))
    results = await platform.reads.results(run)
    verdict = judge(run, results)
    if results.availability is not Availability.READY:
        return RunAnalysis(platform=platform, run=run, verdict=verdict, results=results)
    if not results.comparable:
        chain = Chain(end=Gap.SELF_CUT)
    else:
        chain = await chain_of(platform, store, run, depth=depth)
    diff = compare(results, chain)
    return RunAnalysis(platform=platform, run=run, verdict=verdict, results=results, diff=diff, chain=chain)
