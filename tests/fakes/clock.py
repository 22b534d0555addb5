"""A clock that a test moves by hand: nobody sleeps for real."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime, timedelta
from itertools import count

from tests.fakes.runs import EPOCH

SETTLING_TURNS = 50  # loop turns that woken tasks get before the time moves on


class ManualClock:
    """Fills `bot.ports.Clock`. Sleepers wake when `advance` passes their time, in its order.

    `eager`: a sleep moves the time by itself and returns at once, for code that waits between tries.
    """

    def __init__(self, start: datetime = EPOCH, *, eager: bool = False) -> None:
        self._start = start
        self._wall_offset = 0.0
        self._seconds = 0.0
        self._eager = eager
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the wall clock."""
        return self._start + timedelta(seconds=self._seconds + self._wall_offset)

    def monotonic(self) -> float:
        """Return seconds since the clock was made, without jumps."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has passed that many seconds."""
        if self._eager:
            self._seconds += max(0.0, seconds)
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), woken))
        await woken

    def pass_time(self, seconds: float) -> None:
        """Let time pass without letting anybody run."""
        self._seconds += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; the monotonic time stays."""
        self._wall_offset += seconds

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its time and letting it run until it waits again."""
        end = self._seconds + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._seconds = max(self._seconds, due)
            if not woken.done():
                woken.set_result(None)
                await self._settle()
        self._seconds = max(self._seconds, end)
        await self._settle()

    @property
    def sleeping(self) -> int:
        """How many tasks are asleep."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def _settle(self) -> None:
        for _ in range(SETTLING_TURNS):
            await asyncio.sleep(0)
