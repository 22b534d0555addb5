"""A run is a plan, and a function of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.simulator.antithesis.run import Answer, Plan, SimRun

CREATED = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)
PLAN = Plan(starts_after=timedelta(minutes=1), ends_after=timedelta(minutes=10))
LAGGING = Plan(ends_after=timedelta(minutes=10), properties_lag=timedelta(minutes=2))


def a_run(plan: Plan = PLAN, *, release: str = "64-0") -> SimRun:
    return SimRun(
        run_id=f"{1:032x}-{release}", launcher="basic_test", system="checkout", created_at=CREATED, plan=plan
    )


@pytest.mark.parametrize(
    ("minutes", "status", "started", "completed"),
    [(0, "starting", False, False), (1, "in_progress", True, False), (10, "completed", True, True)],
)
def test_run__status_follows_time(minutes: int, status: str, started: bool, completed: bool) -> None:
    """Starting, in progress, ended; its times are null until they are known."""
    body = a_run().summary(CREATED + timedelta(minutes=minutes), "http://host")

    assert body["status"] == status
    assert (body["started_at"] is not None, body["completed_at"] is not None) == (started, completed)
    assert ("links" in body) == completed


def test_run__unknown_is_unknown_at_all_times() -> None:
    """Nothing is promised of it."""
    run = a_run(Plan(status="unknown"))

    assert {run.status(CREATED + timedelta(days=n)) for n in range(3)} == {"unknown"}


@pytest.mark.parametrize(
    ("run", "minutes", "answer"),
    [
        (a_run(), 9, Answer.MISSING),
        (a_run(), 10, Answer.LIST),
        (a_run(LAGGING), 11, Answer.MISSING),
        (a_run(LAGGING), 12, Answer.LIST),
        (a_run(release="51-2"), 10, Answer.MISSING),
        (a_run(release="52-0"), 10, Answer.LIST),
        (a_run(Plan(status="unknown")), 60, Answer.MISSING),
        (a_run(Plan(status="incomplete", properties=Answer.EMPTY)), 60, Answer.EMPTY),
    ],
)
def test_run__properties_come_late_or_never(run: SimRun, minutes: int, answer: Answer) -> None:
    """Not before the end, not while they lag, not of old releases."""
    assert run.has_properties(CREATED + timedelta(minutes=minutes)) is answer
