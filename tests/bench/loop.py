"""How long an event loop does not come round, and whose fault that is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LOOK_EVERY = 0.001  # seconds
OURS = 0.5  # of the time for which the loop was away: less was used by this process, so the machine was busy elsewhere


@dataclass(slots=True)
class Stalls:
    """The times for which the loop did not come round, in seconds: all of them, and those that this process worked through."""

    longest: float = 0.0
    longest_own: float = 0.0
    own: list[float] = field(default_factory=list)  # those over `noted`
    noted: float = 0.05

    def add(self, away: float, used: float) -> None:
        """Take one: how long the loop was away, and for how long of that this process had a processor."""
        self.longest = max(self.longest, away)
        if used < OURS * away:
            return
        self.longest_own = max(self.longest_own, away)
        if away > self.noted:
            self.own.append(away)


@asynccontextmanager
async def watched_loop() -> AsyncIterator[Stalls]:
    """Watch the loop for as long as the block."""
    stalls = Stalls()
    watching = asyncio.create_task(_watch(stalls))
    await asyncio.sleep(0)  # lets it start
    try:
        yield stalls
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _watch(stalls: Stalls) -> None:
    last, used = time.perf_counter(), time.process_time()
    while True:
        await asyncio.sleep(LOOK_EVERY)  # the thing that is measured
        now, now_used = time.perf_counter(), time.process_time()
        stalls.add(now - last - LOOK_EVERY, now_used - used)
        last, used = now, now_used
