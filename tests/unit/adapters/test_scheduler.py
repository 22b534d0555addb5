"""The scheduler: never twice at once, never stuck, never cut off at shutdown without a chance to end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from apscheduler.events import (  # type: ignore[import-untyped]  # it brings no types
    EVENT_JOB_SUBMITTED,
    JobSubmissionEvent,
)

from adapters.scheduler import Scheduler

SOON = 0.01  # seconds between ticks
NEVER = 3600.0


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    await scheduler.drain(0)


class Ticks:
    """Counts ticks; a test waits for the next so-and-so-many."""

    def __init__(self) -> None:
        self.seen = 0
        self.changed = asyncio.Condition()

    async def tick(self) -> None:
        async with self.changed:
            self.seen += 1
            self.changed.notify_all()

    async def wait_for(self, number: int) -> None:
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.seen >= number)


async def until_counted(scheduler: Scheduler, key: tuple[str, str]) -> None:
    async with asyncio.timeout(30):
        while not scheduler.counts[key]:  # noqa: ASYNC110 - the library counts in callbacks of its own
            await asyncio.sleep(SOON)


async def test_every__ticks_at_once_and_again(scheduler: Scheduler) -> None:
    """The first tick does not wait for the interval."""
    ticks, once = Ticks(), Ticks()
    scheduler.every(SOON, "often", ticks.tick, deadline=5)
    scheduler.every(NEVER, "seldom", once.tick, deadline=5)
    scheduler.start()
    await ticks.wait_for(3)
    await once.wait_for(1)

    assert once.seen == 1


async def test_every__sees_what_its_caller_had_set(scheduler: Scheduler) -> None:
    """A tick runs for whoever asked for it, in a context of its own; so does one between the ticks."""
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")
    seen: list[str] = []
    ticks = Ticks()

    async def tick() -> None:
        seen.append(whose.get())
        whose.set("changed")
        await ticks.tick()

    before = whose.set("the caller's")
    scheduler.every(NEVER, "seldom", tick, deadline=5)
    whose.reset(before)
    scheduler.start()
    await ticks.wait_for(1)
    await scheduler.now("seldom")

    assert seen == ["the caller's"] * 2


async def test_end__of_one_job(scheduler: Scheduler) -> None:
    """The others go on, and it may begin again."""
    ended, other = Ticks(), Ticks()
    scheduler.every(SOON, "ended", ended.tick, deadline=5)
    scheduler.every(SOON, "other", other.tick, deadline=5)
    scheduler.start()
    await ended.wait_for(1)
    assert await scheduler.end(["ended"], 5)
    seen = ended.seen
    await other.wait_for(other.seen + 10)
    await scheduler.now("ended")
    at_rest = ended.seen
    scheduler.every(SOON, "ended", ended.tick, deadline=5)
    await ended.wait_for(seen + 1)

    assert at_rest == seen


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)])
async def test_every__keeps_its_interval_when_the_clock_is_set(scheduler: Scheduler, jump: timedelta) -> None:
    """The wall clock set back or forward by an hour makes nothing silent for an hour, and no burst."""
    often, seldom = Ticks(), Ticks()
    scheduler.every(SOON, "often", often.tick, deadline=5)
    scheduler.every(NEVER + 60, "seldom", seldom.tick, deadline=5)
    scheduler.start()
    await often.wait_for(3)
    with time_machine.travel(datetime.now(UTC) + jump, tick=True):
        await often.wait_for(often.seen + 100)

    assert seldom.seen == 1


async def test_every__comes_once_after_nothing_turned(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What keeps the event loop makes ticks late: they are counted, and made up for by a single one."""
    monkeypatch.setattr("adapters.scheduler.LOOK_AT_CLOCKS", SOON)
    monkeypatch.setattr("adapters.scheduler.LATE", 10 * SOON)
    ticks = Ticks()
    begun: list[JobSubmissionEvent] = []
    scheduler._scheduler.add_listener(begun.append, EVENT_JOB_SUBMITTED)
    scheduler.every(SOON, "often", ticks.tick, deadline=5)
    scheduler.start()
    await ticks.wait_for(3)
    time.sleep(50 * SOON)  # noqa: ASYNC251 - that nothing turns meanwhile is what is looked at
    await ticks.wait_for(ticks.seen + 2)
    async with asyncio.timeout(30):
        while not scheduler.counts["loop", "late"]:  # noqa: ASYNC110 - it is looked at by a timer of its own
            await asyncio.sleep(SOON)

    assert {len(event.scheduled_run_times) for event in begun} == {1}
    assert "nothing turned for 0." in caplog.text


async def test_every__goes_on_after_an_error(scheduler: Scheduler) -> None:
    """A tick that raises is counted, and the next one comes."""
    ticks = Ticks()

    async def failing() -> None:
        await ticks.tick()
        raise ValueError

    scheduler.every(SOON, "failing", failing, deadline=5)
    scheduler.start()
    await ticks.wait_for(3)

    assert scheduler.counts["failing", "failed"] >= 1


async def test_every__passes_on_a_timeout_of_the_work_itself(scheduler: Scheduler) -> None:
    """A timeout inside is an error of the work, not the job's deadline."""
    ticks = Ticks()

    async def slow_peer() -> None:
        await ticks.tick()
        raise TimeoutError

    scheduler.every(SOON, "peer", slow_peer, deadline=5)
    scheduler.start()
    await ticks.wait_for(2)

    assert scheduler.counts["peer", "failed"] >= 1
    assert scheduler.counts["peer", "cut"] == 0


async def test_every__cuts_off_what_hangs(scheduler: Scheduler) -> None:
    """A job that hangs is cut at its deadline, and the next tick comes."""
    ticks = Ticks()

    async def hanging() -> None:
        await ticks.tick()
        await asyncio.Event().wait()

    scheduler.every(SOON, "hanging", hanging, deadline=SOON)
    scheduler.start()
    await ticks.wait_for(3)

    assert scheduler.counts["hanging", "cut"] >= 2


async def test_every__never_overlaps_itself(scheduler: Scheduler) -> None:
    """While a tick is under way others are left out, and counted."""
    ticks, go = Ticks(), asyncio.Event()

    async def slow() -> None:
        await ticks.tick()
        await go.wait()

    scheduler.every(SOON, "slow", slow, deadline=30)
    scheduler.start()
    await until_counted(scheduler, ("slow", "overlapped"))
    alone = ticks.seen
    go.set()
    await ticks.wait_for(2)

    assert alone == 1


async def test_drain__lets_a_tick_end(scheduler: Scheduler) -> None:
    """What is under way is finished, and nothing new begins."""
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go.wait()
        ended.set()

    scheduler.every(NEVER, "work", work, deadline=30)
    scheduler.start()
    await begun.wait()
    draining = asyncio.create_task(scheduler.drain(30))
    await asyncio.sleep(0)
    go.set()

    assert await draining
    assert ended.is_set()


async def test_drain__cancels_what_does_not_end(scheduler: Scheduler) -> None:
    """Patience has an end, and the work hears of it."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    scheduler.every(NEVER, "stubborn", stubborn, deadline=30)
    scheduler.start()
    await begun.wait()

    assert not await scheduler.drain(0)
    assert cancelled.is_set()


async def test_drain__ends_a_scheduler_that_never_began(scheduler: Scheduler) -> None:
    """Draining is safe at any time, and twice."""
    ticks = Ticks()
    scheduler.every(SOON, "never", ticks.tick, deadline=1)

    assert await scheduler.drain(1)
    await scheduler.now("never")
    assert ticks.seen == 0


async def test_now__beside_the_ticks(scheduler: Scheduler) -> None:
    """A job runs at once when it is asked for, and its next tick stays where it was."""
    ticks = Ticks()
    scheduler.every(NEVER, "seldom", ticks.tick, deadline=5)
    scheduler.start()
    await ticks.wait_for(1)
    await scheduler.now("seldom")

    assert ticks.seen == 2
    assert scheduler.counts.total() == 0


async def test_now__never_overlaps_a_tick(scheduler: Scheduler) -> None:
    """It waits for the tick that is under way, which is not cut short for it."""
    begun, gate = asyncio.Event(), asyncio.Event()
    at_once = most = 0

    async def slow() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        begun.set()
        await gate.wait()
        at_once -= 1

    scheduler.every(NEVER, "slow", slow, deadline=30)
    scheduler.start()
    await begun.wait()
    asked = asyncio.create_task(scheduler.now("slow"))
    await asyncio.sleep(0)
    gate.set()
    async with asyncio.timeout(30):
        await asked

    assert most == 1


async def test_now__an_error_is_counted(scheduler: Scheduler) -> None:
    """A job that fails between its ticks is counted like one that fails in a tick, and raises nothing."""
    scheduler.every(NEVER, "failing", failing, deadline=5)
    await scheduler.now("failing")

    assert scheduler.counts["failing", "failed"] == 1


async def test_now__is_cut_off_at_the_deadline(scheduler: Scheduler) -> None:
    """The job's deadline holds between its ticks too."""

    async def hanging() -> None:
        await asyncio.Event().wait()

    scheduler.every(NEVER, "hanging", hanging, deadline=SOON)
    await scheduler.now("hanging")

    assert scheduler.counts["hanging", "cut"] == 1


async def failing() -> None:
    raise ValueError


async def test_every__spreads_many_over_their_interval(scheduler: Scheduler) -> None:
    """The looks at a hundred connections begin at once, and then come one after the other, not all at the same time."""
    ticks, begin = Ticks(), datetime.now(UTC)
    names = [f"poll team{number}" for number in range(100)]
    for name in names:
        scheduler.every(NEVER, name, ticks.tick, deadline=5, spread=True)
    scheduler.start()
    await ticks.wait_for(len(names))

    waits = [(job.next_run_time - begin).total_seconds() for job in scheduler._scheduler.get_jobs()]
    tenths = Counter(int(wait / NEVER * 10) for wait in waits)
    assert len(waits) == len(names)
    assert max(waits) <= NEVER + 5
    assert set(range(10)) <= set(tenths)
    assert max(tenths.values()) <= len(names) // 4
