"""This run against its baseline, and which ends of runs a channel is notified of; all pure.

The platform keeps no history of findings that can be read, so names of failing checks in consecutive runs
of one series stand for it. That is an approximation: a check that no longer fails may only not have been
reached, so nothing here says that it was fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.chain import BEGINNINGS, Chain, Gap, Streak
from bot.model import Availability, CheckStatus, Results, Run, Says, VerdictKind
from bot.state import MentionRule, Outcome, StoredResults, Subscription, concerns
from bot.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """What changed against the run before it.

    `baseline`: that run's results, or why there is nothing to compare with; then all that fails is in
    `not_compared`, and nobody knows whether it is new. `untrusted`: fails in a run whose environment had a problem, so
    it is compared with nothing. `after_environment`: the run before had one. Checks of the environment are in none of these.
    `newly_failing` and `counts_again`: did not fail there, or did and was excused. `fails_again`: failed before that
    run, and no result of it there is known, so it is not new. `still_failing`: name and number
    of runs in a row that it fails in, this one included. What failed in the baseline and does not count now either
    is `excused`, or `skipped`, or passes (`first_pass`: name, and in how many runs in a row it failed before this
    one), or this run says nothing of it: `not_seen` where it says what came of every check, else `not_failing`.
    """

    baseline: StoredResults | Gap
    newly_failing: tuple[str, ...] = ()
    counts_again: tuple[str, ...] = ()
    fails_again: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    still_failing: tuple[tuple[str, Streak], ...] = ()
    excused: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    not_failing: tuple[str, ...] = ()
    first_pass: tuple[tuple[str, Streak], ...] = ()
    after_environment: bool = False

    @property
    def news(self) -> frozenset[str]:
        """What fails and did not count in the run before, or of which nobody knows."""
        return self.first.union(self.not_compared)

    @property
    def first(self) -> frozenset[str]:
        """What comes first in a list of what fails: did not fail in the run before, as far as that is known, or not count."""
        return frozenset((*self.newly_failing, *self.fails_again, *self.counts_again))


def compare(results: Results, chain: Chain) -> RunDiff:
    """Compare a run's results with the runs before it; results that cannot be read change nothing."""
    baseline = chain.baseline
    if results.availability is not Availability.READY:
        return RunDiff(baseline=baseline)
    failing = tuple(sorted({p.name for p in results.failing}))  # the order of `RunAnalysis.failing`
    if results.unhealthy:
        return RunDiff(baseline=Gap.SELF_ENVIRONMENT, untrusted=failing)
    if isinstance(baseline, Gap):
        return RunDiff(baseline=baseline, not_compared=failing, after_environment=chain.after_environment)
    gone = _sorted_out(results, baseline.failing.difference(failing))
    silent = tuple(name for name in gone[None] if not results.whole and name not in results.asked)
    other = tuple(name for name in failing if name not in baseline.failing | baseline.excused)
    return RunDiff(
        baseline=baseline,
        newly_failing=tuple(name for name in other if name not in chain.unsaid),
        fails_again=tuple(name for name in other if name in chain.unsaid),
        counts_again=tuple(n for n in failing if n in baseline.excused - baseline.failing),
        still_failing=tuple((n, chain.streak(n).with_this) for n in failing if n in baseline.failing),
        excused=gone["excused"],
        skipped=gone[CheckStatus.SKIPPED],
        not_seen=tuple(name for name in gone[None] if name not in silent),
        not_looked_at=silent if results.asked else (),
        not_failing=() if results.asked else silent,
        first_pass=tuple((name, chain.streak(name)) for name in gone[CheckStatus.PASSING]),
        after_environment=chain.after_environment,
    )


def _sorted_out(results: Results, names: Iterable[str]) -> Mapping[str | None, tuple[str, ...]]:
    """Sort names of checks by what came of them, the worst where a name stands twice; None: that is not known."""
    excused = {check.name for check in results.excused}
    came = {(check.name, check.status) for check in results.checks}
    order = (CheckStatus.SKIPPED, CheckStatus.PASSING)

    def of(name: str) -> str | None:
        return "excused" if name in excused else next((s for s in order if (name, s) in came), None)

    groups: dict[str | None, tuple[str, ...]] = dict.fromkeys(("excused", *order, None), ())
    for name in sorted(names):
        groups[of(name)] += (name,)
    return groups


def reason(
    verdict: Verdict,
    diff: RunDiff | None,
    *,
    after_incomplete: bool = False,
    news: Collection[str] | None = None,
) -> frozenset[Outcome]:
    """Return all that the end of a run counts as; empty while it has not ended.

    `news`: what fails and is news by what people said of it, None where nobody said anything. `after_incomplete`: the last run of the series that ended did not get through. A run whose results cannot
    be read counts as incomplete, and one that nobody is known to have stopped, and one with an environment problem:
    somebody has to look. What fails beside an environment problem is a failure and no new one: what is still there in
    the next sound run is new then. Where the run before is not known, a failure counts as
    new and a pass as recovery: who asked for changes would rather be notified once too often, in words that claim
    nothing.
    """
    if verdict.kind in _NOT_ENDED:
        return frozenset()
    was_bad = after_incomplete or (
        diff is not None and (diff.after_environment or _may_have_failed(diff.baseline))
    )
    counted = {
        Outcome.ALL: True,
        Outcome.FAILURES: verdict.failing > 0,
        Outcome.NEW_FAILURES: diff is not None and bool(diff.news if news is None else news),
        Outcome.INCOMPLETE: verdict.kind in _BROKEN or verdict.interrupted,
        Outcome.RECOVERY: verdict.kind is VerdictKind.PASSED and was_bad,
    }
    return frozenset(outcome for outcome, counts in counted.items() if counts)


def wanted(subscription: Subscription | MentionRule, run: Run, outcomes: Iterable[Outcome]) -> bool:
    """Whether a subscription or a rule is about this run, and wants one of these outcomes."""
    return concerns(subscription, run) and not subscription.outcomes.isdisjoint(outcomes)


_NOT_ENDED = frozenset({VerdictKind.STARTING, VerdictKind.RUNNING, VerdictKind.UNKNOWN})
_BROKEN = frozenset({VerdictKind.INCOMPLETE, VerdictKind.ENVIRONMENT, VerdictKind.NO_RESULTS})


def _may_have_failed(baseline: StoredResults | Gap) -> bool:
    """Whether something failed in the run before, or there was one and nobody knows."""
    return (
        baseline not in BEGINNINGS
        if isinstance(baseline, Gap)
        else bool(baseline.failing) or baseline.says is Says.FAILED
    )
