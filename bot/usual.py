"""What is usual of a series of runs: how long they take, and the values that they were started with; all pure.

Nothing is usual that fewer than three runs say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from statistics import median

from bot.model import Run, RunStatus

ENOUGH = 3  # runs that have to say something before it is usual
LOOKED = 10  # of the newest runs that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long the completed runs of a series took, of which there are `runs`; None: not enough of them say.

    `start`: until one started, counted from when it was created. `whole`: from its start to its end, all that the
    platform does afterwards included. `last`: how long the newest took, where that is all that is known.
    """

    runs: int = 0
    start: timedelta | None = None
    whole: timedelta | None = None
    last: timedelta | None = None


UNKNOWN = Times()


def times(run: Run, others: Iterable[Run]) -> Times:
    """Return how long runs like this one take, of others, newest first: of its series, and as long as it is to test."""
    like = (other for other in others if _is_like(other, run))
    spans = [span for other in islice(like, LOOKED) if (span := _spans(other))]
    whole = [whole for _, whole in spans]
    start = [start for start, _ in spans if start is not None]
    return Times(
        runs=len(whole),
        start=_middle(start),
        whole=_middle(whole),
        last=whole[0] if 0 < len(whole) < ENOUGH else None,
    )


def _is_like(other: Run, run: Run) -> bool:
    alike = (other.series, other.requested_minutes) == (run.series, run.requested_minutes)
    return alike and other.status is RunStatus.COMPLETED and other.ref != run.ref


def _spans(run: Run) -> tuple[timedelta | None, timedelta] | None:
    """Return how long a run waited for its start, and took then; None where its end is not known."""
    begun = run.started_at or run.created_at
    took = run.took
    if took is None and begun is not None and run.completed_at is not None:
        took = run.completed_at - begun
    if took is None or took <= timedelta():
        return None
    waited = run.started_at - run.created_at if run.started_at and run.created_at else None
    return (waited if waited is not None and waited >= timedelta() else None), took


def _middle(spans: Sequence[timedelta]) -> timedelta | None:
    seconds = [span.total_seconds() for span in spans]
    return timedelta(seconds=median(seconds)) if len(seconds) >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class Habit:
    """A value that `times` of the newest `of` runs had."""

    value: str
    times: int
    of: int


def values(given: Iterable[Mapping[str, str]]) -> Mapping[str, Habit]:
    """Return by name the values that most of the newest runs were started with; `given`: those of each, newest first."""
    newest = list(islice(given, LOOKED))
    if len(newest) < ENOUGH:
        return {}
    names = dict.fromkeys(name for one in newest for name in one)
    counted = {name: Counter(one.get(name, "") for one in newest).most_common(1)[0] for name in names}
    return {
        name: Habit(value, times, len(newest))
        for name, (value, times) in counted.items()
        if value and 2 * times > len(newest)
    }
