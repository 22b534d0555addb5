"""The pause that a platform asked for: whoever calls over the connection waits for its end, here and nowhere else."""

from __future__ import annotations

import asyncio
import math
import random

from adapters.platforms.http.limits import Limits
from bot.errors import RateLimited


class Pause:
    """One connection's pause, by the event loop's clock, which never jumps.

    The platform is believed for `limits.longest_pause` at most: one answer must not blind us for a day.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._until = 0.0

    @property
    def left(self) -> float:
        """How many seconds of it are left, 0 where there is none."""
        return max(0.0, self._until - asyncio.get_running_loop().time())

    def asked(self, error: RateLimited) -> None:
        """Note what an answer asked for; a longer pause that runs already stays."""
        seconds = self._limits.wait if error.retry_after is None else error.retry_after
        until = asyncio.get_running_loop().time() + min(seconds, self._limits.longest_pause)
        self._until = max(self._until, until)

    async def over(self) -> None:
        """Wait for its end. Raises `RateLimited` where that is further off than a caller should wait."""
        while (left := self.left) > 0:
            if left > self._limits.longest_wait:
                raise RateLimited(
                    f"The platform asked for a pause (429). Try again in {math.ceil(left)} s.",
                    retry_after=left,
                )
            await asyncio.sleep(left * random.uniform(1.0, 1.1))  # noqa: S311 - spreads load, guards nothing
