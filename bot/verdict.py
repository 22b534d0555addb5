"""What the end of a run means: computed from its status and its checks, never copied from what the platform says.

The status comes first, then the checks of the environment, then what failed and counts, then the platform's own word: that can make a verdict worse,
never better. Skipped checks do not spoil a pass, and excused failures do not make a run fail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.model import Availability, CheckStatus, Counts, Results, Run, RunStatus, Says, VerdictKind
from bot.state import StoredResults


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A run's verdict with its counts; `total` counts all checks, those without a result too.

    `failing`: what failed and counts; `excused` failed too, and does not. `health`: how many checks of the environment
    failed, `healthy`: how many of them pass; `advisory`: some failed that are in no count, or may have. `partial`: the counts are of the first
    checks only, the list could not be read to its end; `uncounted`: or the platform does not say how many there are. `contradicts`: what the platform calls the run, where its
    checks say otherwise.
    """

    kind: VerdictKind
    failing: int = 0
    passing: int = 0
    total: int = 0
    skipped: int = 0
    excused: int = 0
    health: int = 0
    healthy: int = 0
    advisory: bool = False
    partial: bool = False
    uncounted: bool = False
    contradicts: Says | None = None
    interrupted: bool = False

    @property
    def unknown(self) -> int:
        """How many checks have no result."""
        return self.total - self.failing - self.passing - self.skipped - self.excused - self.health

    @property
    def good(self) -> bool:
        """Whether it is good news without a but."""
        return self.kind is VerdictKind.PASSED and not self.excused

    @property
    def suspects_setup(self) -> bool:
        """Whether so much fails that workload or setup are likelier at fault than the software."""
        sound = not self.partial and not self.health and self.ran >= _ENOUGH_TO_SUSPECT
        return sound and (self.failing >= _MOSTLY * self.ran or self.none_passes)

    @property
    def none_passes(self) -> bool:
        """Whether something of the software fails and nothing passes, what fails without counting left aside."""
        return self.failing > 0 and self.passing <= self.healthy

    @property
    def ran(self) -> int:
        """How many checks of the software were not skipped."""
        return self.total - self.skipped - self.health - self.healthy


_ENOUGH_TO_SUSPECT = 4  # checks; with fewer, one bug can fail most of them
_MOSTLY = 0.8
_BY_STATUS = {
    RunStatus.STARTING: VerdictKind.STARTING,
    RunStatus.IN_PROGRESS: VerdictKind.RUNNING,
    RunStatus.CANCELLED: VerdictKind.CANCELLED,
    RunStatus.INCOMPLETE: VerdictKind.INCOMPLETE,
    RunStatus.UNKNOWN: VerdictKind.UNKNOWN,
}


def judge(run: Run, results: Results | None) -> Verdict:
    """Judge a run by its results; None, unreadable, empty and partial results never make it passed."""
    if results is None or results.availability is not Availability.READY:
        found = _verdict(run.status, run.says, Counts())
    else:
        found = _verdict(run.status, run.says, results.total, partial=results.partial)
        passing = (check for check in results.checks if check.status is CheckStatus.PASSING)
        healthy = sum(check.health for check in passing)
        found = replace(
            found, healthy=healthy, advisory=bool(results.advisories), uncounted=results.uncounted
        )
    return replace(found, interrupted=run.interrupted)


def judge_stored(status: RunStatus, known: StoredResults | None, says: Says | None = None) -> Verdict:
    """Judge a run by its status and what was kept of its results; `says`: the platform's word, where it was read anew."""
    if known is None:
        return _verdict(status, says, Counts())
    found = _verdict(status, says or known.says, known.counts)
    return replace(found, advisory=known.advisory_count != 0)


def _verdict(status: RunStatus, says: Says | None, counts: Counts, *, partial: bool = False) -> Verdict:
    kind = _BY_STATUS.get(status) or _finished(says, counts, partial=partial)
    at_odds = {VerdictKind.FAILED: Says.PASSED, VerdictKind.INCOMPLETE: Says.FAILED}.get(kind)
    return Verdict(
        kind=kind,
        failing=counts.failing,
        passing=counts.passing,
        total=counts.all,
        skipped=counts.skipped,
        excused=counts.excused,
        health=counts.health,
        partial=partial,
        contradicts=says if status is RunStatus.COMPLETED and says is at_odds else None,
    )


def _finished(says: Says | None, counts: Counts, *, partial: bool) -> VerdictKind:
    if counts.health:
        return VerdictKind.ENVIRONMENT
    if counts.failing:
        return VerdictKind.FAILED
    if says is Says.FAILED:
        return VerdictKind.INCOMPLETE
    passed = counts.passing and not counts.unknown and not partial
    return VerdictKind.PASSED if passed else VerdictKind.NO_RESULTS
