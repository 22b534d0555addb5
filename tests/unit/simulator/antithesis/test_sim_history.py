"""Past and future of the living world."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from adapters.simulator.antithesis.history import (
    HISTORY_SLOTS,
    SERIES,
    SLOT,
    TRAPS,
    exists,
    run_of,
    slots,
)
from adapters.simulator.antithesis.run import SimRun

START = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)


def series_of(run: SimRun) -> tuple[object, ...]:
    parameters = run.parameters or {}
    return (run.launcher, parameters.get("antithesis.source"), parameters.get("antithesis.test_name"))


def outcomes(first: int, last: int) -> set[str]:
    """Return what a watcher would say of the runs that end in these slots."""
    previous: dict[tuple[object, ...], set[str]] = defaultdict(set)
    told: set[str] = set()
    for slot in range(-120, last):
        run = run_of(slot, 1, START)
        if run.plan.status != "completed":
            told |= {run.plan.status} if slot >= first else set()
            continue
        failing, before = set(run.plan.failing), previous[series_of(run)]
        if slot >= first:
            told |= {"new"} if failing - before else set()
            told |= {"still"} if failing & before else set()
            told |= {"recovered"} if before and not failing else set()
            told |= {"passed"} if not failing else set()
        previous[series_of(run)] = failing
    return told


def test_history__is_a_function_of_seed_and_slot() -> None:
    """The same run, whoever asks and however often; another seed gives other runs."""
    assert run_of(3, 1, START) == run_of(3, 1, START)
    assert run_of(3, 1, START).run_id != run_of(3, 2, START).run_id


@pytest.mark.parametrize("cut", [0, 1, 29, 30, 31, 600])
def test_slots__adjacent_times_leave_no_run_out(cut: int) -> None:
    """Scheduling piece by piece gives each slot once."""
    low, middle, high = START - timedelta(days=1), START + timedelta(minutes=cut), START + timedelta(days=1)

    pieces = [*slots(START, low, middle), *slots(START, middle, high)]

    assert pieces == list(slots(START, low, high))


def test_history__goes_back_for_weeks_and_thins_out() -> None:
    """Several series, each with a past to compare with."""
    held = [slot for slot in range(-HISTORY_SLOTS - 10, 0) if exists(slot)]
    runs = [run_of(slot, 1, START) for slot in held]

    assert min(run.created_at for run in runs) < START - timedelta(days=23)
    assert len(runs) > 400
    assert {series_of(run) for run in runs} >= {(s.launcher, s.source, s.test_name) for s in SERIES}


def test_history__first_run_to_end_is_newly_failing() -> None:
    """What a person sees first in the demo is worth seeing."""
    run = run_of(0, 1, START)
    earlier = next(
        found for slot in range(-1, -60, -1) if series_of(found := run_of(slot, 1, START)) == series_of(run)
    )

    assert run.plan.failing
    assert (earlier.plan.status, earlier.plan.failing) == ("completed", ())
    assert timedelta(0) < run.ends_at - START < timedelta(minutes=20)


def test_history__ends_come_each_half_minute_of_the_demo() -> None:
    """One end per slot, none missing."""
    ends = [run_of(slot, 1, START).ends_at for slot in range(50)]

    assert all(SLOT * 0.8 < after - before < SLOT * 1.2 for before, after in pairwise(ends))


def test_history__five_minutes_of_the_demo_show_every_outcome() -> None:
    """Newly failing, still failing, recovered, passed and incomplete within ten runs."""
    assert outcomes(0, 10) == {"new", "still", "recovered", "passed", "incomplete"}


def test_traps__leave_the_newest_comparisons_alone() -> None:
    """A trap never hides the baseline of what ends first."""
    assert len(set(TRAPS.values())) == len(TRAPS) == 16
    assert max(TRAPS) < 0
