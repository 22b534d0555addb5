"""Read in the background what comparisons will look for, so that the first ones find it kept.

It begins with every start, ends when nothing is missing, and announces nothing. What it has not read by the time
that somebody asks is read for them: only how long that takes hangs on it, never what is said.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

from bot.chain import DEPTH, Gap
from bot.earlier import read_results
from bot.errors import ClewError, RateLimited
from bot.model import RunRef
from bot.platform import Platform
from bot.ports import Clock, WatchStore

log = logging.getLogger(__name__)

LIVING = timedelta(days=30)  # a series without a run for so long is read when somebody asks for it
AT_A_TIME = 4  # runs per tick, one after the other: the connection has other work
TRIES = 3  # for a run that the platform fails over
PAUSE = 60.0  # seconds, when the platform or the database cannot be asked at all


class Filler:
    """Fills the last runs of each living series of one connection; ticks must not overlap."""

    def __init__(self, platform: Platform, store: WatchStore, *, clock: Clock) -> None:
        self.platform = platform
        self.store = store
        self.clock = clock
        self.done = False
        self._tried: Counter[RunRef] = Counter()
        self._not_before = 0.0

    async def tick(self) -> None:
        """Read a few runs; never raises for what the platform or the database does."""
        if self.done or self.clock.monotonic() < self._not_before:
            return
        try:
            await self._fill()
        except ClewError as error:
            asked = error.retry_after if isinstance(error, RateLimited) else None
            self._not_before = self.clock.monotonic() + max(PAUSE, asked or 0.0)
            log.info(
                "reading earlier results of %s waits: %s", self.platform.connection, type(error).__name__
            )

    async def _fill(self) -> None:
        connection = self.platform.connection
        if await self.store.watermark(connection) is None:
            return  # the first look comes first: it says which runs there are
        missing = await self.store.missing_results(connection, DEPTH, self.clock.now() - LIVING)
        left = [run for run in missing if self._tried[run.ref] < TRIES]
        self.done = not left
        for run in left[:AT_A_TIME]:
            found = await read_results(self.platform, self.store, run)
            self._tried[run.ref] += 1 if found is Gap.UNREAD else TRIES
