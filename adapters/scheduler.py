"""APScheduler as a clock, and nothing else: it keeps no state, and every job has its own deadline.

Its defaults would skip a late tick (`misfire_grace_time`), catch up in bursts (`coalesce`), never run a job again
that hangs, and cancel what is under way at shutdown; each of these is set or done otherwise here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.events import (  # type: ignore[import-untyped]  # it brings no types
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it brings no types

log = logging.getLogger(__name__)

EVENTS = {EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "overlapped", EVENT_JOB_ERROR: "failed"}

Work = Callable[[], Awaitable[None]]


class Scheduler:
    """Runs jobs at intervals; a job never overlaps itself.

    `counts`: how often, by (job, what), a tick was "missed", "overlapped", "failed" or "cut" at its deadline.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._heard, sum(EVENTS))
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def every(self, seconds: float, name: str, work: Work, *, deadline: float) -> None:
        """Run `work` now and then at this interval; one that takes longer than its deadline is cancelled."""
        self._scheduler.add_job(
            self._run,
            "interval",
            seconds=seconds,
            args=(name, work, deadline),
            id=name,
            name=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin; must be called on the running event loop."""
        self._scheduler.start()

    async def drain(self, seconds: float) -> bool:
        """Start nothing any more, wait so long for what is under way, then cancel it; True if all ended.

        APScheduler's own shutdown would cancel at once.
        """
        self._closed = True
        if self._scheduler.running:
            self._scheduler.pause()
        left = set(self._running)
        if left:
            _, left = await asyncio.wait(left, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in a call of the loop's own
        return not left

    async def _run(self, name: str, work: Work, deadline: float) -> None:
        """Run one tick in a task of ours, which shutting the scheduler down does not touch."""
        if self._closed:
            return
        task = asyncio.ensure_future(self._within(name, work, deadline))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not (self._closed and task.cancelled()):  # what `drain` cuts off is no failure of the job
                raise

    async def _within(self, name: str, work: Work, deadline: float) -> None:
        limit = asyncio.timeout(deadline)
        try:
            async with limit:
                await work()
        except TimeoutError:
            if not limit.expired():
                raise
            self.counts[name, "cut"] += 1
            log.warning("%s was cut off after %g s", name, deadline)

    def _heard(self, event: JobEvent) -> None:
        what = EVENTS[event.code]
        self.counts[event.job_id, what] += 1
        log.warning("%s: a tick was %s", event.job_id, what)
