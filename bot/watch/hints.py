"""What a webhook tells the poller of its connection: that something changed, and perhaps of which runs.

A hint is never the truth. It takes the wait out of the next poll, which reads what it says from the platform.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from math import inf

from bot.ports import Clock

log = logging.getLogger(__name__)

GAP = 5.0  # seconds from the beginning of a poll to the next one that is hinted at
NAMED_AT_ONCE = 200  # runs that wait to be read; above that the oldest are forgotten
NAMED_FOR = 600.0  # seconds; a run may come into being so much later than it was named


class Hints:
    """The hints for one connection. `owns`: whether an id can be one of a run there."""

    def __init__(self, clock: Clock, owns: Callable[[str], bool]) -> None:
        self._clock = clock
        self._owns = owns
        self._given = asyncio.Event()
        self._begun = -inf  # the last poll, in monotonic seconds
        self._named: dict[str, float] = {}  # runs that are to be read, since when
        self._new: set[str] = set()

    def give(self, run_ids: Iterable[str] = ()) -> None:
        """Let the next poll come now, or once `GAP` seconds have passed since the last one began."""
        for run_id in filter(self._owns, run_ids):
            self._named.pop(run_id, None)
            self._named[run_id] = self._clock.monotonic()
            self._new.add(run_id)
        while len(self._named) > NAMED_AT_ONCE:
            oldest = next(iter(self._named))
            log.warning("run %s, which a webhook named, is forgotten: too many wait to be read", oldest)
            self.read(oldest)
        self._given.set()

    def named(self) -> tuple[str, ...]:
        """Return the ids that are to be read, oldest first."""
        return tuple(self._named)

    def is_new(self, run_id: str) -> bool:
        """Whether an id was named since this was asked of it last."""
        new = run_id in self._new
        self._new.discard(run_id)
        return new

    def read(self, run_id: str) -> None:
        """Note that a run was read, or need not be."""
        self._named.pop(run_id, None)
        self._new.discard(run_id)

    def missing(self, run_id: str) -> None:
        """Note that the platform has no such run; it may still come, but not for ever."""
        if self._clock.monotonic() - self._named.get(run_id, inf) >= NAMED_FOR:
            self.read(run_id)

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
