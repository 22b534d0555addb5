"""What a webhook tells the poller of its connection: that something changed, and perhaps of which runs.

A hint is never the truth. It takes the wait out of the next poll, which reads what it says from the platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from math import inf

from bot.ports import Clock

GAP = 5.0  # seconds from the beginning of a poll to the next one that is hinted at
NAMED_AT_ONCE = 200  # runs that wait to be read; above that the oldest are forgotten


class Hints:
    """The hints for one connection. `owns`: whether an id can be one of a run there."""

    def __init__(self, clock: Clock, owns: Callable[[str], bool]) -> None:
        self._clock = clock
        self._owns = owns
        self._given = asyncio.Event()
        self._begun = -inf  # the last poll, in monotonic seconds
        self._named: dict[str, None] = {}

    def give(self, run_ids: Iterable[str] = ()) -> None:
        """Let the next poll come now, or once `GAP` seconds have passed since the last one began."""
        for run_id in filter(self._owns, run_ids):
            self._named.pop(run_id, None)
            self._named[run_id] = None
        while len(self._named) > NAMED_AT_ONCE:
            del self._named[next(iter(self._named))]
        self._given.set()

    def take(self) -> tuple[str, ...]:
        """Return the ids named since the last time, in order."""
        named, self._named = tuple(self._named), {}
        return named

    def polling(self) -> None:
        """Note that a poll begins, whoever asked for it: it answers every hint so far."""
        self._begun = self._clock.monotonic()
        self._given.clear()

    async def run(self, poll: Callable[[], Awaitable[None]]) -> None:
        """Poll when there is a hint that no other poll has answered in time, until cancelled."""
        while True:
            await self._given.wait()
            wait = self._begun + GAP - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)  # and look again: another poll may come meanwhile
            else:
                self._given.clear()
                await poll()
