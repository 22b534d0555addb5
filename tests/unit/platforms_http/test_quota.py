"""No more is sent in a minute than is allowed, people's first; the loop's clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from adapters.platforms.http.quota import WINDOW, Quota
from bot.errors import RateLimited
from tests.fakes.loop_time import LoopTime, stopped_time


@pytest.fixture
async def time() -> AsyncIterator[LoopTime]:
    with stopped_time() as time:
        yield time


class Sent:
    """What was sent so far, and when."""

    def __init__(self, quota: Quota, time: LoopTime) -> None:
        self._quota, self._time = quota, time
        self.times: list[tuple[str, float]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def ask(self, person: str, times: int = 1, patience: float = 1_000.0) -> None:
        """Let somebody ask for turns, all at once."""
        for _ in range(times):
            self._tasks.append(asyncio.create_task(self._one(person, patience)))

    def count(self, person: str) -> int:
        return sum(who == person for who, _ in self.times)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _one(self, person: str, patience: float) -> None:
        await self._quota.turn(person, patience)
        self.times.append((person, self._time.now))


async def test_quota__polling_leaves_room_for_people(time: LoopTime) -> None:
    """Of 10 a minute polling gets 6, people the other 4; the next minute is the same."""
    sent = Sent(Quota(10), time)
    sent.ask("", times=50)
    await time.pass_by(WINDOW / 2)
    assert (sent.count(""), sent.count("ada")) == (6, 0)

    sent.ask("ada", times=4)
    await time.pass_by(0)
    assert (sent.count(""), sent.count("ada")) == (6, 4)

    await time.pass_by(WINDOW / 2)
    assert (sent.count(""), sent.count("ada")) == (12, 4)
    await sent.end()


async def test_quota__people_go_first(time: LoopTime) -> None:
    """Who asked later, but is a person, is served before polling that waits."""
    sent = Sent(Quota(5), time)
    sent.ask("ada", times=5)
    await time.pass_by(1)
    sent.ask("", times=5)
    await time.pass_by(1)
    sent.ask("bob", times=5)

    await time.pass_by(WINDOW - 2)
    assert [who for who, _ in sent.times] == ["ada"] * 5 + ["bob"] * 5
    await time.pass_by(WINDOW)
    assert sent.count("") == 3
    await sent.end()


async def test_quota__holds_in_any_minute(time: LoopTime) -> None:
    """However requests come, no stretch of 60 s has more than are allowed."""
    sent = Sent(Quota(7), time)
    for number in range(60):
        sent.ask("ada" if number % 3 else "", times=number % 4)
        await time.pass_by(7.0)
    times = [when for _, when in sent.times]
    await sent.end()

    assert len(times) > 30
    assert max(sum(one <= other < one + WINDOW for other in times) for one in times) <= 7


async def test_quota__a_person_does_not_wait_for_long(time: LoopTime) -> None:
    """Beyond their patience they are told when; what waits behind them is not held up."""
    quota = Quota(2)
    await quota.turn("ada", 15.0)
    await quota.turn("ada", 15.0)
    asked = asyncio.create_task(quota.turn("ada", 15.0))
    await time.pass_by(15.0)

    with pytest.raises(RateLimited, match=r"2 requests a minute.*Try again in 45 s") as caught:
        await asked
    assert caught.value.retry_after == 45.0
    later: Coroutine[Any, Any, None] = quota.turn("bob", 50.0)
    task = asyncio.create_task(later)
    await time.pass_by(45.0)
    assert task.done()


async def test_quota__who_leaves_takes_no_turn(time: LoopTime) -> None:
    """A request that was given up is not counted."""
    quota = Quota(1)
    await quota.turn("", 1.0)
    given_up = asyncio.create_task(quota.turn("", 1.0))
    await time.pass_by(1.0)
    given_up.cancel()
    waiting = asyncio.create_task(quota.turn("", 1.0))
    await time.pass_by(WINDOW - 1.0)

    assert given_up.cancelled()
    assert waiting.done()
