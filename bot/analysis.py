"""A run with its results, verdict and diff: read once, used by the verbs, the live cards and the watcher."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.cards import Context
from bot.causes import READ_WITHIN, RunCause, cause_of
from bot.chain import DEPTH, Chain, Gap
from bot.diff import RunDiff, compare
from bot.earlier import chain_of, checks_of, end_before, stored
from bot.errors import ServiceError, Unreachable
from bot.in_full import OF_ONE_RUN
from bot.marks import Mark
from bot.model import (
    Availability,
    Check,
    CheckStatus,
    LogExcerpt,
    Moment,
    Results,
    Run,
    RunRef,
    RunStatus,
    VerdictKind,
)
from bot.platform import Platform
from bot.ports import Conversations, Intents, PropertyStates, WatchStore
from bot.state import BEGINNING, IntentKind, IntentState, RunChecks, StopAsked, StoredResults
from bot.terms import Terms
from bot.verdict import Verdict, judge

ASKED = 20  # checks of one run that are asked for by name
CANCELLED_IN_A_ROW = 10  # runs that are looked past for one that was not cancelled


class AnalysisStore(WatchStore, Intents, PropertyStates, Conversations, Protocol):
    """What an analysis reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnalysis:
    """What is known of a run. While it has not ended `diff` is None, `results` are those that a record has so far."""

    platform: Platform  # where it is from
    run: Run
    verdict: Verdict
    results: Results | None = None
    diff: RunDiff | None = None
    chain: Chain | None = None  # the runs of its series before it
    cause: RunCause | None = None  # why it did not get through; None: it did, or nobody looked for that
    windows: Mapping[Moment, LogExcerpt] = field(
        default_factory=dict
    )  # whole ones, before moments where it fails
    marks: Mapping[str, Mark] = field(default_factory=dict)  # what people say of what failed, by name
    stop: StopAsked | None = None  # that it was asked to stop, while it goes on

    @property
    def terms(self) -> Terms:
        """The nouns of the connection."""
        return self.platform.terms

    @property
    def failing(self) -> tuple[Check, ...]:
        """What fails, in a stable order to number it in: the environment's checks, what is new, then by name."""
        if self.results is None:
            return ()
        new = self.diff.first if self.diff else frozenset()
        there = (*self.results.unhealthy, *self.results.failing)
        return tuple(sorted(there, key=lambda p: (not p.health, p.name not in new, p.name)))

    @property
    def silent(self) -> frozenset[str]:
        """What failed and is no news, since people said what it is."""
        return frozenset(name for name, mark in self.marks.items() if mark.state.silent)

    @property
    def reopened(self) -> frozenset[str]:
        """What fails here otherwise than when people said what it is."""
        run_id = self.run.ref.run_id
        there = {name: mark.state.reopened for name, mark in self.marks.items()}
        return frozenset(name for name, why in there.items() if why is not None and why.run_id == run_id)

    @property
    def news(self) -> frozenset[str]:
        """What fails and is news: what did not fail before and nobody explained, and what was reopened."""
        new = self.diff.news if self.diff is not None else frozenset[str]()
        return (new - self.silent) | self.reopened

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
        return stored(self.run, whole) if (whole := self._whole) else None

    @property
    def checks(self) -> RunChecks | None:
        """What came of every check, kept beside `stored`."""
        return checks_of(self.run, whole) if (whole := self._whole) else None

    @property
    def _whole(self) -> Results | None:
        """The results, where they could be read and name all that failed."""
        results = self.results
        if results is None or results.availability is not Availability.READY or not results.comparable:
            return None
        return results


async def analysis_of(
    platform: Platform, store: AnalysisStore, run: Run, *, depth: int = DEPTH
) -> RunAnalysis:
    """Read a run's results and compare them with the runs before it. Raises `ServiceError`, `StoreError`.

    `depth`: how many earlier runs are looked at; for what is new 1 is enough, streaks and charts take them all.
    """
    if not run.status.terminal:
        so_far = await platform.reads.results(run) if platform.runs_nothing else None
        stop = await stop_asked(store, run.ref)
        return await marked(
            RunAnalysis(platform=platform, run=run, verdict=judge(run, so_far), results=so_far, stop=stop),
            store,
        )
    if run.interrupted and await _cancelled_here(store, run):
        run = replace(run, interrupted=False)
    results = await platform.reads.results(run)
    return await marked(await _judged(platform, store, run, results, depth=depth), store)


async def marked(found: RunAnalysis, store: AnalysisStore) -> RunAnalysis:
    """Look up what people say of what failed in a run. Raises `StoreError`."""
    launcher, checks = found.run.series[0], found.results.checks if found.results else ()
    failed = {check.name for check in checks if check.status is CheckStatus.FAILING}
    if not launcher or not failed:
        return found
    states = await store.property_states(found.run.ref.connection, launcher)
    there = [state for state in states if state.name in failed]
    names = {owner: await store.name(owner) for owner in {state.owner for state in there} if owner}
    return replace(
        found, marks={state.name: Mark(state=state, owner=names.get(state.owner, "")) for state in there}
    )


async def explained(found: RunAnalysis, *, within: float = READ_WITHIN) -> RunAnalysis:
    """Find out why a run did not get through, in so many seconds; for one that did nothing is read."""
    if found.verdict.kind is not VerdictKind.INCOMPLETE:
        return found
    began = bool(found.verdict.total)
    cause = await cause_of(found.platform, found.run, began=began, within=within)
    return replace(found, cause=cause)


async def as_announced(platform: Platform, store: AnalysisStore, ref: RunRef) -> RunAnalysis:
    """Tell of a run's end what was announced of it: of its checks what failed, by name; whatever the platform says now.

    An end of which nothing is on record any more counts as one that did not get through. Raises `StoreError`.
    """
    recorded = await store.recorded(ref.connection, (ref.run_id,))
    known = (await store.known(ref.connection, (ref.run_id,))).get(ref.run_id)
    end = known.announced if known is not None and known.announced is not None else RunStatus.INCOMPLETE
    run = replace(recorded.get(ref.run_id, Run.of_id(ref)), status=end, status_text=end.value)
    kept = await store.announced_results(ref)
    results = None if kept is None or kept.status is not end else _named(kept, platform.terms)
    if results is not None:
        with suppress(ServiceError):  # what it was compared with cannot be read either
            return await marked(await _judged(platform, store, run, results, depth=DEPTH), store)
    found = RunAnalysis(platform=platform, run=run, verdict=judge(run, results), results=results)
    return await marked(found, store)


def _named(kept: StoredResults, terms: Terms) -> Results:
    failing, excused, unhealthy = (
        [Check(name=name, status=CheckStatus.FAILING) for name in sorted(names)]
        for names in (kept.failing, kept.excused, kept.unhealthy)
    )
    checks = (
        *failing,
        *(replace(check, excused=terms.excused) for check in excused),
        *(replace(check, health=True) for check in unhealthy),
    )
    return Results(
        ref=kept.ref, availability=Availability.READY, checks=checks, whole=False, counts=kept.counts
    )


async def _judged(
    platform: Platform, store: WatchStore, run: Run, results: Results, *, depth: int
) -> RunAnalysis:
    if results.availability is not Availability.READY:
        return RunAnalysis(platform=platform, run=run, verdict=judge(run, results), results=results)
    if results.excused_now:
        results = _as_kept(results, await store.stored_results(run.ref))
    if not results.comparable:
        chain = Chain(end=Gap.SELF_CUT if results.named else Gap.NAMELESS)
    else:
        chain = await chain_of(platform, store, run, depth=depth)
        results = await _with_gone(platform, run, results, chain)
        chain = await _with_unsaid(platform, results, chain)
    return RunAnalysis(platform=platform, run=run, verdict=judge(run, results), results=results,
                       diff=compare(results, chain), chain=chain)  # fmt: skip


async def got_through_before(platform: Platform, store: AnalysisStore, run: Run) -> bool:
    """Whether the last run of a run's series before it got through, or nobody knows of one that did not.

    Those that somebody cancelled do not count; one that was ended from outside did not get through. Raises
    `AccessRefused`, `RateLimited`, `StoreError`.
    """
    last = await end_before(platform, store, run)
    for _ in range(CANCELLED_IN_A_ROW):
        if last is None or last.status is not RunStatus.CANCELLED:
            break
        if await _interrupted(platform, store, last):
            return False
        last = await end_before(platform, store, last)
    return last is None or last.status is not RunStatus.INCOMPLETE


async def _interrupted(platform: Platform, store: Intents, run: Run) -> bool:
    """Whether a run was ended from outside, and nobody asked here for that; the record does not keep it."""
    if await _cancelled_here(store, run):
        return False
    try:
        return run.interrupted or (await platform.reads.run(run.ref.run_id)).interrupted
    except (*OF_ONE_RUN, Unreachable):
        return False


class StopStore(Intents, Conversations, Protocol):
    """What knows who asked for a run to be stopped."""


async def stop_asked(store: StopStore, ref: RunRef) -> StopAsked | None:
    """Return the newest request to stop a run that was sent and not refused. Raises `StoreError`."""
    for intent in (await store.sent(IntentKind.CANCEL, ref.connection, ref.run_id, BEGINNING))[:1]:
        taken = intent.state is IntentState.ACCEPTED
        by = await store.name(intent.actor)
        return StopAsked(by=by, at=intent.posted_at or intent.created_at, taken=taken)
    return None


async def _cancelled_here(store: Intents, run: Run) -> bool:
    """Whether somebody asked here for a run to be stopped."""
    return bool(await store.sent(IntentKind.CANCEL, run.ref.connection, run.ref.run_id, BEGINNING))


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


async def _with_unsaid(platform: Platform, results: Results, chain: Chain) -> Chain:
    """Find out which checks that fail, and failed before the baseline too, are not known to have passed in between.

    A run that skipped them, or ended before it came to them, says nothing of them: they are not new after it.
    """
    baseline = chain.baseline
    if results.whole or isinstance(baseline, Gap):
        return chain
    failing = frozenset(check.name for check in results.failing)
    open_ones = failing & chain.failed_before - baseline.failing - baseline.excused
    if platform.reads_checks is None:
        return replace(chain, unsaid=open_ones) if baseline.skipped_count else chain
    asked = sorted(open_ones)[:ASKED]
    try:
        found = await platform.reads_checks.checks(chain.past[0].run, asked) if asked else ()
    except OF_ONE_RUN:
        found = ()
    passed = {check.name for check in found if check.status is CheckStatus.PASSING}
    return replace(chain, unsaid=open_ones - passed)
