"""APScheduler as a clock, and nothing else: it keeps no state, and every job has its own deadline.

Its defaults would skip a late tick (`misfire_grace_time`), catch up in bursts (`coalesce`), never run a job again
that hangs, and cancel what is under way at shutdown; each of these is set or done otherwise here. It also knows the
time of each next tick by the wall clock only: set back by an hour, it would be silent for an hour. So the two clocks
are compared every second, and where the wall clock jumped, all next ticks are moved along with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from zlib import crc32

from apscheduler.events import (  # type: ignore[import-untyped]  # it brings no types
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it brings no types

log = logging.getLogger(__name__)

EVENTS = {EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "overlapped", EVENT_JOB_ERROR: "failed"}

LOOK_AT_CLOCKS = 1.0  # seconds between two comparisons
JUMP = 0.5  # seconds by which the wall clock may run away before that counts as a jump
LATE = 1.0  # seconds by which such a look may come late before it counts that nothing turned

Job = Callable[[], Awaitable[None]]


class Scheduler:
    """Runs jobs at intervals; a job never overlaps itself, and sees the context variables of whoever asked for it.

    `counts`: how often, by (job, what), a tick was "missed", "overlapped", "failed" or "cut" at its deadline, and how
    often all of them were "late", under "loop", because something kept the event loop.
    """

    def __init__(self) -> None:
        self._ahead = 0.0  # by how much the wall clock is ahead of the monotonic one, in seconds
        self._comparing: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the clocks are compared next, in monotonic seconds
        self.counts: Counter[tuple[str, str]] = Counter()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._heard, sum(EVENTS))
        self._jobs: dict[str, tuple[Job, float, Context]] = {}
        self._to_move: dict[str, timedelta] = {}  # how long after the first time the second one comes
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._running: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)

    def every(self, seconds: float, name: str, work: Job, *, deadline: float, spread: bool = False) -> None:
        """Run `work` now and then at this interval; one that takes longer than its deadline is cancelled.

        `spread`: from the second time on at a time of its own within the interval, since there are many such jobs.
        """
        self._jobs[name] = work, deadline, copy_context()
        if spread:
            self._to_move[name] = timedelta(seconds=seconds * share(name))
        self._scheduler.add_job(
            self._run,
            "interval",
            seconds=seconds,
            args=(name,),
            id=name,
            name=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )

    async def now(self, name: str) -> None:
        """Run a job between its ticks, after the one that is under way if there is one; their times stay."""
        try:
            await self._run(name)
        except Exception:
            self.counts[name, "failed"] += 1
            log.exception("%s failed", name)

    def start(self) -> None:
        """Begin; must be called on the running event loop."""
        self._ahead = _difference()
        self._scheduler.start()
        self._compare_later()

    async def end(self, names: Iterable[str], seconds: float) -> bool:
        """Start these no more, wait so long for what is under way of them, then cancel it; True if all ended.

        APScheduler's own shutdown would cancel at once.
        """
        ended = [name for name in names if self._jobs.pop(name, None)]
        for name in ended:
            self._scheduler.remove_job(name)
        left = {task for name in ended for task in self._running.pop(name, ())}
        if left:
            _, left = await asyncio.wait(left, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left

    async def drain(self, seconds: float) -> bool:
        """End all jobs, and the scheduler."""
        if self._comparing is not None:
            self._comparing.cancel()
        well = await self.end(tuple(self._jobs), seconds)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in a call of the loop's own
        return well

    def _compare_later(self) -> None:
        self._due = time.monotonic() + LOOK_AT_CLOCKS
        self._comparing = asyncio.get_running_loop().call_later(LOOK_AT_CLOCKS, self._compare)

    def _compare(self) -> None:
        """Move all next ticks by as much as the wall clock jumped, so that their intervals stay what they are."""
        if (
            late := time.monotonic() - self._due
        ) >= LATE:  # the library runs what was due once, and says nothing
            self.counts["loop", "late"] += 1
            log.warning("nothing turned for %.1f s; what was due meanwhile comes late", late)
        jump = _difference() - self._ahead
        if abs(jump) >= JUMP:
            self._ahead += jump
            log.warning("the clock jumped by %+.0f s; the intervals stay as they are", jump)
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                moved = job.next_run_time + timedelta(seconds=jump)
                if moved - now <= job.trigger.interval:  # else it has ticked since, by the new time
                    job.modify(next_run_time=moved)
        self._compare_later()

    async def _run(self, name: str) -> None:
        """Run one tick in a task of ours, which shutting the scheduler down does not touch."""
        if name not in self._jobs:
            return
        if (wait := self._to_move.pop(name, None)) is not None:
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC) + wait)
        task = asyncio.create_task(self._in_turn(name), context=self._jobs[name][2].copy())
        self._running[name].add(task)
        task.add_done_callback(self._running[name].discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not (
                name not in self._jobs and task.cancelled()
            ):  # what `end` cuts off is no failure of the job
                raise

    async def _in_turn(self, name: str) -> None:
        async with self._turns[name]:
            if name in self._jobs:
                work, deadline, _ = self._jobs[name]
                await self._within(name, work, deadline)

    async def _within(self, name: str, work: Job, deadline: float) -> None:
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


def share(name: str) -> float:
    """Return a number of 0 to 1 that is always the same for a name, and lies anywhere for others."""
    return crc32(name.encode()) / 0xFFFFFFFF


def _difference() -> float:
    """By how much the wall clock is ahead of the one that never jumps, in seconds; APScheduler reads the first itself."""
    return time.time() - time.monotonic()
