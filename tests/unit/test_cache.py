"""What a chat said is kept for some minutes, unless it has to be what is so now."""

from __future__ import annotations

import asyncio

from bot.cache import KEPT_SECONDS, Bounded, Cache
from tests.fakes.clock import ManualClock


class Source:
    """Answers what it is told to, and counts how often it was asked."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self) -> str | None:
        """Answer the next one."""
        self.asked += 1
        await self.gate.wait()
        return self.answers.pop(0)


async def test_cache__keeps_what_it_was_told_for_some_minutes() -> None:
    """What failed is asked for again at once, the rest when it is too old."""
    clock, source = ManualClock(), Source(None, "a", "b")
    cache: Cache[str] = Cache(clock)
    first = [await cache.get("k", source.ask) for _ in range(3)]
    clock.pass_time(KEPT_SECONDS + 1)

    assert first == [None, "a", "a"]
    assert await cache.get("k", source.ask) == "b"


async def test_cache__asked_afresh_counts_for_nothing_but_learns() -> None:
    """What is known is no answer then, and neither when nobody tells; what is told is known from then on."""
    source = Source("a", "b", None)
    cache: Cache[str] = Cache(ManualClock())
    came = [await cache.get("k", source.ask, afresh=afresh) for afresh in (False, True, False, True)]

    assert came == ["a", "b", "b", None]
    assert source.asked == 3


async def test_cache__asks_once_for_many_at_a_time() -> None:
    """Twenty presses at the same moment are one question."""
    source = Source("a")
    source.gate.clear()
    cache: Cache[str] = Cache(ManualClock())
    asking = [asyncio.ensure_future(cache.get("k", source.ask, afresh=True)) for _ in range(20)]
    await asyncio.sleep(0)
    source.gate.set()

    assert await asyncio.gather(*asking) == ["a"] * 20
    assert source.asked == 1


def test_bounded__forgets_what_was_used_longest_ago() -> None:
    """Looking at a value counts as using it, and so does keeping it again."""
    kept: Bounded[str, int] = Bounded(3)
    for number, key in enumerate("abc"):
        kept.put(key, number)
    kept.get("a")
    kept.put("b", 7)
    kept.put("d", 3)
    kept.drop("d")

    assert [kept.get(key) for key in "abcd"] == [0, 7, None, None]


def test_bounded__keeps_nothing_for_longer_than_it_may() -> None:
    """The time counts from when a value was kept, however often it is looked at."""
    clock = ManualClock()
    kept: Bounded[str, int] = Bounded(3, seconds=10, clock=clock)
    kept.put("a", 1)
    clock.pass_time(9.9)
    before = kept.get("a")
    clock.pass_time(0.1)

    assert (before, kept.get("a")) == (1, None)
