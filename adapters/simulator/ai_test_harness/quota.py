"""Requests a minute. The reference states the limits and not what is answered beyond them."""

from __future__ import annotations

import math
from collections import deque

from bot.ports import Clock

STARTER = 100  # requests a minute of the smallest tier
MINUTE = 60.0


class Quota:
    """Counts requests over the last minute of the caller's clock. `tells`: whether it says when to come again."""

    def __init__(self, clock: Clock, *, per_minute: int = STARTER, tells: bool = True) -> None:
        self.per_minute = per_minute
        self.tells = tells
        self.refused = 0
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> float | None:
        """Count a request; return the seconds until the next is let in where this one is not."""
        now = self._clock.monotonic()
        while self._taken and self._taken[0] <= now - MINUTE:
            self._taken.popleft()
        if len(self._taken) < self.per_minute:
            self._taken.append(now)
            return None
        self.refused += 1
        return self._taken[0] + MINUTE - now if self._taken else MINUTE

    def headers(self, wait: float) -> dict[str, str]:
        """Return what a refusal says of it."""
        return {"Retry-After": str(math.ceil(wait))} if self.tells else {}
