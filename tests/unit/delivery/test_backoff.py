"""When to try again and when to look."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from bot.delivery.backoff import backoff, fresh_for, pause, search_since
from tests.fakes.runs import EPOCH


@pytest.mark.parametrize(
    ("attempt", "asked", "chance", "wait"),
    [
        (1, None, 0.0, 1.0),
        (1, None, 1.0, 2.0),
        (4, None, 1.0, 16.0),
        (4, None, 0.5, 8.0),
        (99, None, 1.0, 300.0),
        (10_000, None, 1.0, 300.0),
        (1, 30.0, 0.0, 30.0),
        (1, 30.0, 1.0, 33.0),
        (1, 0.0, 0.0, 1.0),
        (99, 30.0, 1.0, 300.0),
        (1, -1.0, 1.0, 2.0),
        (1, math.nan, 1.0, 2.0),
        (1, 86_400.0, 0.0, 86_400.0),
        (1, math.inf, 0.0, 604_800.0),
    ],
)
def test_backoff__jitters_above_what_was_asked(
    attempt: int, asked: float | None, chance: float, wait: float
) -> None:
    """The chat's wish is a floor, nonsense is none, and the wait is never endless."""
    assert wait == backoff(attempt, asked, chance)


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0.0), (4, 0.0), (5, 30.0), (6, 60.0), (9, 300.0), (900, 300.0)]
)
def test_pause__starts_after_some_failures_and_grows(failures: int, wait: float) -> None:
    """A chat that is down is probed ever more seldom."""
    assert wait == pause(failures)


@pytest.mark.parametrize(("settle", "fresh"), [(30.0, 5.0), (3.0, 1.0), (0.0, 5.0)])
def test_fresh_for__stays_well_within_the_settle_time(settle: float, fresh: float) -> None:
    """Whoever looks for a row must not meet a request of ours that leaves only then."""
    assert fresh == fresh_for(settle)


@pytest.mark.parametrize(
    ("attempt_at", "since"),
    [
        (EPOCH - timedelta(hours=2), EPOCH - timedelta(hours=2, minutes=10)),
        (EPOCH, EPOCH - timedelta(minutes=10)),
        (EPOCH + timedelta(hours=1), EPOCH - timedelta(days=1)),
        (None, EPOCH - timedelta(days=1)),
    ],
)
def test_look_since__starts_before_the_attempt(attempt_at: datetime | None, since: datetime) -> None:
    """Clocks differ by minutes between machines; a time that cannot be right makes the window wide."""
    assert since == search_since(attempt_at, EPOCH)
