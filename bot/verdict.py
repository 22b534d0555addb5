"""What the end of a run means: computed from its status and its properties, never copied from the status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Availability, Results, Run, RunStatus
from bot.state import StoredResults


class VerdictKind(StrEnum):
    """How a run stands. Only `PASSED` is good news."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"  # it did not get through: setup, crash, timeout, kill
    CANCELLED = "cancelled"
    STARTING = "starting"
    RUNNING = "running"
    NO_RESULTS = "no results"  # it finished, and what its properties say cannot be told
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A run's verdict with its counts; `total` counts properties of unknown result too.

    `partial`: the counts are of the first properties only, the list could not be read to its end.
    """

    kind: VerdictKind
    failing: int = 0
    passing: int = 0
    total: int = 0
    partial: bool = False

    @property
    def suspects_setup(self) -> bool:
        """Whether so much fails that workload or setup are likelier at fault than the software."""
        return not self.partial and self.total >= _ENOUGH_TO_SUSPECT and self.failing >= _MOSTLY * self.total


_ENOUGH_TO_SUSPECT = 4  # properties; with fewer, one bug can fail most of them
_MOSTLY = 0.8
_BY_STATUS = {
    RunStatus.STARTING: VerdictKind.STARTING,
    RunStatus.IN_PROGRESS: VerdictKind.RUNNING,
    RunStatus.CANCELLED: VerdictKind.CANCELLED,
    RunStatus.INCOMPLETE: VerdictKind.INCOMPLETE,
    RunStatus.UNKNOWN: VerdictKind.UNKNOWN,
}


def judge(run: Run, results: Results | None) -> Verdict:
    """Judge a run by its results; None, unreadable, empty and cut results never make it passed."""
    if results is None or results.availability is not Availability.READY:
        return _verdict(run.status, 0, 0, 0)
    failing, passing, total = len(results.failing), results.passing_count, len(results.properties)
    return _verdict(run.status, failing, passing, total, partial=results.cut)


def judge_stored(status: RunStatus, known: StoredResults | None) -> Verdict:
    """Judge a run by its status and what was kept of its results."""
    if known is None:
        return _verdict(status, 0, 0, 0)
    failing = len(known.failing)
    total = failing + known.passing_count + known.unknown_count
    return _verdict(status, failing, known.passing_count, total)


def _verdict(status: RunStatus, failing: int, passing: int, total: int, *, partial: bool = False) -> Verdict:
    whole = total if not partial else total + 1  # at least one more, of which nothing is known
    kind = _BY_STATUS.get(status) or _finished(failing, passing, whole)
    return Verdict(kind=kind, failing=failing, passing=passing, total=total, partial=partial)


def _finished(failing: int, passing: int, total: int) -> VerdictKind:
    if failing:
        return VerdictKind.FAILED
    return VerdictKind.PASSED if passing and passing == total else VerdictKind.NO_RESULTS
