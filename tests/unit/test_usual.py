"""What is usual of a series of runs, and that too few of them say nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Run, RunStatus
from bot.usual import UNKNOWN, Habit, Times, times, values
from tests.fakes.runs import a_build, a_run

NEW = a_run(99, status=RunStatus.IN_PROGRESS)


def took(number: int, minutes: float, *, waited: float = 0.0, **changes: object) -> Run:
    """Return a completed run that waited so long for its start and took so long then."""
    created = a_run(number).created_at
    assert created is not None
    started = created + timedelta(minutes=waited)
    ended = started + timedelta(minutes=minutes)
    return a_run(number, started_at=started, completed_at=ended, **changes)  # type: ignore[arg-type]  # the caller's fields


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def test_times__are_medians() -> None:
    """One that hung for a day moves them little."""
    runs = [took(3, 40, waited=2), took(2, 1_440, waited=300), took(1, 50, waited=4)]

    assert times(NEW, runs) == Times(runs=3, start=minutes(4), whole=minutes(50))


@pytest.mark.parametrize(
    "other",
    [
        {"source": "dev"},
        {"test_name": "ledger"},
        {"launcher": "basic_test"},
        {"requested_minutes": 60.0},
        {"requested_minutes": None},
        {"status": RunStatus.CANCELLED},
        {"status": RunStatus.INCOMPLETE},
        {"completed_at": None},
        {"ref": NEW.ref},
    ],
)
def test_times__only_of_runs_like_it(other: dict[str, object]) -> None:
    """Of its series, as long to test, that completed, and of which the end is known; of two no median is taken."""
    odd = a_run(3, **other)  # type: ignore[arg-type]  # the test's own fields

    assert times(NEW, [odd, took(2, 40), took(1, 50)]) == Times(runs=2, last=minutes(40))


def test_times__of_a_platform_that_says_how_long_they_took() -> None:
    """Without any time of day."""
    builds = [a_build(n, took=timedelta(seconds=n)) for n in (300, 280, 260)]

    assert times(a_build(999), builds) == Times(runs=3, whole=timedelta(seconds=280))


@pytest.mark.parametrize(
    "runs",
    [[], [a_run(1, completed_at=None)], [a_build(n) for n in range(5)], [took(n, 0) for n in range(5)]],
)
def test_times__of_none_nothing_is_known(runs: list[Run]) -> None:
    """Neither of runs without times, nor of times that cannot be."""
    assert times(NEW, runs) == UNKNOWN


def test_times__a_start_before_the_creation_is_none() -> None:
    """A clock that was set back says nothing of waiting."""
    runs = [took(n, 40, waited=-5) for n in range(3)]

    assert times(NEW, runs) == Times(runs=3, whole=minutes(40))


def test_times__old_runs_say_nothing_of_now() -> None:
    """Ten are looked at."""
    runs = [*(took(n, 10) for n in range(20, 10, -1)), *(took(n, 500) for n in range(50))]

    assert times(NEW, runs) == Times(runs=10, start=timedelta(), whole=minutes(10))


def test_values__are_those_of_most_runs() -> None:
    """Half is not most; a value that most runs did not have is none."""
    given = [{"source": "main", "duration": "30"}, {"source": "main", "duration": "60"}, {"source": "dev"},
             {"source": "main", "images": "a:1"}]  # fmt: skip

    assert values(given) == {"source": Habit("main", 3, 4)}


@pytest.mark.parametrize("given", [[], [{"source": "main"}], [{"source": "main"}] * 2])
def test_values__of_few_runs_none_is_usual(given: list[dict[str, str]]) -> None:
    """Two can be chance."""
    assert values(given) == {}
