"""When a read is tried again."""

from __future__ import annotations

import pytest

from adapters.platforms.http.limits import Limits
from adapters.platforms.http.retries import Again, Budget
from bot.errors import (
    AccessRefused,
    NotFound,
    RateLimited,
    Rejected,
    ServiceFailed,
    UnexpectedAnswer,
    Unreachable,
)

LIMITS = Limits(wait=1.0, longest_wait=15.0)


@pytest.mark.parametrize("error", [Unreachable("x"), ServiceFailed("x"), RateLimited("x")])
def test_again__worth_a_try(error: Exception) -> None:
    """Faults of the network, 5xx and 429 without a wait are tried again after the usual time."""
    assert Again(LIMITS, Budget())(error) is True


@pytest.mark.parametrize(
    "error",
    [AccessRefused("x"), NotFound("x", what="run"), Rejected("x"), UnexpectedAnswer("x"), ValueError("x")],
)
def test_again__pointless(error: Exception) -> None:
    """Everything else would be answered the same again."""
    assert Again(LIMITS, Budget())(error) is False


@pytest.mark.parametrize(("asked", "least", "most"), [(0.0, 1.0, 1.1), (5.0, 5.0, 5.5), (15.0, 15.0, 16.5)])
def test_again__waits_at_least_as_long_as_asked(asked: float, least: float, most: float) -> None:
    """The platform's wait is a floor, with up to a tenth on top."""
    wait = Again(LIMITS, Budget())(RateLimited("x", retry_after=asked))

    assert least <= wait <= most
    assert not isinstance(wait, bool)


def test_again__too_long_to_wait() -> None:
    """A long wait is the caller's, and costs no budget."""
    budget = Budget()

    assert Again(LIMITS, budget)(RateLimited("x", retry_after=15.1)) is False
    assert budget.left == 10.0


def test_budget__a_tenth_of_all_calls() -> None:
    """A platform in trouble is not called three times as often; quiet times save up a little."""
    budget = Budget()
    again = Again(LIMITS, budget)
    tried = 0
    for _ in range(1_000):
        budget.earn()
        tried += bool(again(ServiceFailed("x")))

    assert tried == pytest.approx(10 + 100, abs=2)
    for _ in range(1_000):
        budget.earn()
    assert budget.left == 10.0
