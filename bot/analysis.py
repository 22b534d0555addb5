"""A run with its results, verdict and diff: read once, used by the verbs, the live cards and the watcher."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.cards import Context
from bot.chain import DEPTH, Chain, Gap
from bot.diff import RunDiff, compare
from bot.earlier import chain_of, stored
from bot.in_full import OF_ONE_RUN
from bot.model import Availability, Check, CheckStatus, Results, Run, RunStatus
from bot.platform import Platform
from bot.ports import WatchStore
from bot.state import StoredResults
from bot.terms import Terms
from bot.verdict import Verdict, judge

ASKED = 20  # checks of one run that are asked for by name


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


async def analysis_of(platform: Platform, store: WatchStore, run: Run, *, depth: int = DEPTH) -> RunAnalysis:
    """Read a run's results and compare them with the runs before it. Raises `ServiceError`, `StoreError`.

    `depth`: how many earlier runs are looked at; for what is new 1 is enough, streaks and charts take them all.
    """
    if not run.status.terminal:
        return RunAnalysis(platform=platform, run=run, verdict=judge(run, None))
    results = await platform.reads.results(run)
    if results.availability is not Availability.READY:
        return RunAnalysis(platform=platform, run=run, verdict=judge(run, results), results=results)
    if results.excused_now:
        results = _as_kept(results, await store.stored_results(run.ref))
    if not results.comparable:
        chain = Chain(end=Gap.SELF_CUT)
    else:
        chain = await chain_of(platform, store, run, depth=depth)
        results = await _with_gone(platform, run, results, chain)
    return RunAnalysis(platform=platform, run=run, verdict=judge(run, results), results=results,
                       diff=compare(results, chain), chain=chain)  # fmt: skip


def _as_kept(results: Results, kept: StoredResults | None) -> Results:
    """Let what was excused when the run ended stand: a list that changes later does not rewrite a verdict."""
    if kept is None:
        return results

    def as_kept(check: Check) -> Check:
        if check.status is not CheckStatus.FAILING or check.name not in kept.failing | kept.excused:
            return check
        return replace(check, excused=check.excused or "then" if check.name in kept.excused else None)

    checks = tuple(as_kept(check) for check in results.checks)
    more = len(replace(results, checks=checks).failing) - len(results.failing)
    counts = results.counts
    if counts is not None:
        counts = replace(counts, failing=counts.failing + more, excused=counts.excused - more)
    return replace(results, checks=checks, counts=counts)


async def _with_gone(platform: Platform, run: Run, results: Results, chain: Chain) -> Results:
    """Ask what became of the checks that failed in the run before and are not named here, of the first few of them."""
    reads, baseline = platform.reads_checks, chain.baseline
    if reads is None or results.whole or isinstance(baseline, Gap):
        return results
    gone = sorted(baseline.failing - {check.name for check in results.checks})[:ASKED]
    if not gone:
        return results
    try:
        found = await reads.checks(run, gone)
    except OF_ONE_RUN:
        return results
    return replace(results, checks=(*results.checks, *found), asked=frozenset(gone))
