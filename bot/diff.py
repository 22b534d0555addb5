"""This run against its baseline, and which ends of runs a channel wants to hear of; all pure.

The platform keeps no history of findings that can be read, so names of failing properties in consecutive runs
of one series stand for it. That is an approximation: a property that no longer fails may only not have been
reached, so nothing here says that it was mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model import Availability, PropertyStatus, Results, Run, RunRef, RunStatus
from bot.state import Outcome, StoredResults, Subscription
from bot.verdict import Verdict, VerdictKind

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """What changed against the baseline. Without one, all that fails is in `newly_failing`: say "failing".

    `still_failing`: name and number of runs in a row that it fails in, this one included, as far back as known.
    `not_seen`: failed in the baseline, and this run says nothing of it. `first_pass`: name, and in how many
    runs in a row it failed before this one.
    """

    baseline: StoredResults | None
    newly_failing: tuple[str, ...] = ()
    still_failing: tuple[tuple[str, int], ...] = ()
    not_seen: tuple[str, ...] = ()
    first_pass: tuple[tuple[str, int], ...] = ()


def choose_baseline(run: Run, history: tuple[StoredResults, ...]) -> StoredResults | None:
    """Return the newest completed run that was created before this one.

    `history`: runs of the same series that are not ephemeral, in any order.
    """
    earlier = [
        kept
        for kept in history
        if kept.status is RunStatus.COMPLETED
        and (kept.ref.connection, kept.launcher) == (run.ref.connection, run.launcher)
        and _before(kept, run)
    ]
    return max(earlier, key=_age, default=None)


def compare(results: Results, baseline: StoredResults | None, history: tuple[StoredResults, ...]) -> RunDiff:
    """Compare a run's results with its baseline; results that cannot be read change nothing.

    `history` is the one that the baseline was chosen from; it says for how long something fails.
    """
    if results.availability is not Availability.READY:
        return RunDiff(baseline=baseline)
    failing = tuple(sorted({p.name for p in results.failing}))  # the order of `Findings.failing`
    if baseline is None:
        return RunDiff(baseline=None, newly_failing=failing)
    passing = {p.name for p in results.properties if p.status is PropertyStatus.PASSING} - set(failing)
    chain = _back_from(baseline, history)
    gone = sorted(baseline.failing.difference(failing))
    return RunDiff(
        baseline=baseline,
        newly_failing=tuple(name for name in failing if name not in baseline.failing),
        still_failing=tuple((name, _streak(name, chain) + 1) for name in failing if name in baseline.failing),
        not_seen=tuple(name for name in gone if name not in passing),
        first_pass=tuple((name, _streak(name, chain)) for name in gone if name in passing),
    )


def reason(verdict: Verdict, diff: RunDiff | None, *, after_incomplete: bool = False) -> frozenset[Outcome]:
    """Return all that the end of a run counts as; empty while it has not ended.

    `after_incomplete`: the last run of the series that ended did not get through. A run whose results cannot
    be read counts as incomplete: somebody has to look.
    """
    if verdict.kind in _NOT_ENDED:
        return frozenset()
    baseline = diff.baseline if diff is not None else None
    was_bad = after_incomplete or (baseline is not None and bool(baseline.failing))
    counted = {
        Outcome.ALL: True,
        Outcome.FAILURES: verdict.failing > 0,
        Outcome.NEW_FAILURES: diff is not None and bool(diff.newly_failing),
        Outcome.INCOMPLETE: verdict.kind in _BROKEN,
        Outcome.RECOVERY: verdict.kind is VerdictKind.PASSED and was_bad,
    }
    return frozenset(outcome for outcome, counts in counted.items() if counts)


def wanted(subscription: Subscription, run: Run, outcomes: Iterable[Outcome]) -> bool:
    """Whether a subscription is about this run, and wants one of these outcomes."""
    asked = (
        (subscription.connection, run.ref.connection),
        (subscription.launcher, run.launcher),
        (subscription.source, run.source or ""),
    )
    about = all(want is None or want == have for want, have in asked)
    return about and not subscription.outcomes.isdisjoint(outcomes)


_NOT_ENDED = frozenset({VerdictKind.STARTING, VerdictKind.RUNNING, VerdictKind.UNKNOWN})
_BROKEN = frozenset({VerdictKind.INCOMPLETE, VerdictKind.NO_RESULTS})


def _before(kept: StoredResults, run: Run) -> bool:
    """Whether a run was created before another; one without a time is before all, but never before itself."""
    if kept.ref == run.ref:
        return False
    return run.created_at is None or (kept.created_at or _LONG_AGO) < run.created_at


def _age(kept: StoredResults) -> tuple[datetime, RunRef]:
    return (kept.created_at or _LONG_AGO, kept.ref)


def _back_from(baseline: StoredResults, history: tuple[StoredResults, ...]) -> tuple[StoredResults, ...]:
    """Return the baseline and the completed runs before it, newest first."""
    older = (h for h in history if h.status is RunStatus.COMPLETED and _age(h) < _age(baseline))
    return (baseline, *sorted(older, key=_age, reverse=True))


def _streak(name: str, chain: tuple[StoredResults, ...]) -> int:
    """Count in how many runs in a row, newest first, a property failed."""
    for length, kept in enumerate(chain):
        if name not in kept.failing:
            return length
    return len(chain)
