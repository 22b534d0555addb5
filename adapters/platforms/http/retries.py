"""When a read is tried again, and after how long; there is no such thing for anything that costs money."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from adapters.platforms.http.limits import Limits
from bot.errors import RateLimited, ServiceFailed, Unreachable

if TYPE_CHECKING:
    import stamina

_SHARE = 0.1  # of all calls may be repeats
_SAVED = 10.0  # repeats that a quiet time saves up at most


@dataclass(slots=True)
class Budget:
    """Keeps repeats at a tenth of all calls, so that a platform in trouble is not made to suffer more."""

    left: float = _SAVED

    def earn(self) -> None:
        """Count a call."""
        self.left = min(_SAVED, self.left + _SHARE)

    def spend(self) -> bool:
        """Take one repeat out of the budget; False where nothing is left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Again:
    """Decides on one failed try of a read: False, True for the usual wait, or the seconds to wait."""

    limits: Limits
    budget: Budget

    def __call__(self, error: Exception) -> bool | float:
        """Say whether to try again after this error."""
        if isinstance(error, RateLimited):
            return self._after(error) and self.budget.spend() and self._after(error)
        return isinstance(error, Unreachable | ServiceFailed) and self.budget.spend()

    def _after(self, error: RateLimited) -> bool | float:
        if error.retry_after is None:
            return True
        if error.retry_after > self.limits.longest_wait:
            return False
        jitter = random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, guards nothing
        return max(error.retry_after, self.limits.wait) * jitter


def attempts(limits: Limits, budget: Budget, tries: int) -> AsyncIterator[stamina.Attempt]:
    """Give that many tries, one after the other, with waits in between."""
    from stamina import retry_context

    _log_plainly()
    return retry_context(
        on=Again(limits, budget),
        attempts=tries,
        timeout=None,  # the deadline around it ends it
        wait_initial=limits.wait,
        wait_max=limits.longest_wait,
        wait_jitter=limits.wait,
    ).__aiter__()


@cache
def _log_plainly() -> None:
    """Let repeats be logged as everything is: by itself stamina writes to standard output where it finds structlog."""
    from stamina.instrumentation import LoggingOnRetryHook, PrometheusOnRetryHook, set_on_retry_hooks

    set_on_retry_hooks([PrometheusOnRetryHook, LoggingOnRetryHook])
