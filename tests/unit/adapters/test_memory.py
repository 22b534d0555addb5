"""What a chat said is kept for some minutes, unless it has to be what is so now."""

from __future__ import annotations

import asyncio

from adapters.chat.memory import KEPT_SECONDS, Memory
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


async def test_memory__keeps_what_it_was_told_for_some_minutes() -> None:
    """What failed is asked for again at once, the rest when it is too old."""
    clock, source = ManualClock(), Source(None, "a", "b")
    memory: Memory[str] = Memory(clock)
    first = [await memory.get("k", source.ask) for _ in range(3)]
    clock.pass_time(KEPT_SECONDS + 1)

    assert first == [None, "a", "a"]
    assert await memory.get("k", source.ask) == "b"


async def test_memory__asked_afresh_counts_for_nothing_but_learns() -> None:
    """What is known is no answer then, and neither when nobody tells; what is told is known from then on."""
    source = Source("a", "b", None)
    memory: Memory[str] = Memory(ManualClock())
    came = [await memory.get("k", source.ask, afresh=afresh) for afresh in (False, True, False, True)]

    assert came == ["a", "b", "b", None]
    assert source.asked == 3


async def test_memory__asks_once_for_many_at_a_time() -> None:
    """Twenty presses at the same moment are one question."""
    source = Source("a")
    source.gate.clear()
    memory: Memory[str] = Memory(ManualClock())
    asking = [asyncio.ensure_future(memory.get("k", source.ask, afresh=True)) for _ in range(20)]
    await asyncio.sleep(0)
    source.gate.set()

    assert await asyncio.gather(*asking) == ["a"] * 20
    assert source.asked == 1
