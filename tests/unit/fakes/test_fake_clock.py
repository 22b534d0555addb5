"""The clock that a test moves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.ports import Clock
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH


async def test_advance__wakes_sleepers_in_their_order() -> None:
    """Each sleeper wakes at its own time and may sleep again within the same advance."""
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("a", 5, 1)), asyncio.create_task(sleeper("b", 2, 10))]
    await clock.advance(6)

    assert woken == [("b", 2), ("a", 5), ("a", 6)]
    assert clock.sleeping == 1
    await clock.advance(6)
    await asyncio.gather(*tasks)


async def test_advance__passes_over_cancelled_sleepers() -> None:
    """A task that was cancelled in its sleep does not stop the time."""
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await clock.advance(2)

    assert task.cancelled()
    assert clock.monotonic() == 2


async def test_sleep__moves_an_eager_clock() -> None:
    """An eager clock passes the time itself."""
    clock: Clock = ManualClock(eager=True)
    await clock.sleep(90)

    assert EPOCH + timedelta(seconds=90) == clock.now()


def test_jump__moves_the_wall_clock_alone() -> None:
    """The monotonic time stays where it is."""
    clock = ManualClock()
    clock.pass_time(1)
    clock.jump(-3600)

    assert clock.monotonic() == 1
    assert EPOCH - timedelta(seconds=3599) == clock.now()
