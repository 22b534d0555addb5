"""In a burst all are acknowledged before any is answered."""

from __future__ import annotations

import asyncio

from adapters.chat.priority import Priority


async def test_priority__lets_all_that_is_urgent_go_first() -> None:
    """Who waits goes on when the last urgent thing is done, and at once where there is none."""
    priority, went = Priority(600), []

    async def waiting() -> None:
        await priority.give_way()
        went.append("answered")

    with priority.urgent():
        with priority.urgent():
            task = asyncio.create_task(waiting())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        went.append("kept")
    await task
    await priority.give_way()

    assert went == ["kept", "answered"]


async def test_priority__waits_within_reason() -> None:
    """Something urgent that takes too long keeps nobody for ever."""
    priority = Priority(0)

    with priority.urgent():
        await priority.give_way()


async def test_priority__begins_a_few_at_a_time() -> None:
    """What comes in when the first of many begins goes before the rest of them, who keep their order."""
    priority, went, came = Priority(600, at_once=1), [], asyncio.Event()

    async def answer(number: int) -> None:
        await priority.give_way()
        went.append(f"answer {number}")
        if number == 0:
            came.set()

    async def accept() -> None:
        await came.wait()
        with priority.urgent():
            for _ in range(20):
                await asyncio.sleep(0)
            went.append("accepted")

    with priority.urgent():
        answers = [asyncio.create_task(answer(number)) for number in range(3)]
        accepting = asyncio.create_task(accept())
        await asyncio.sleep(0)
    await asyncio.gather(accepting, *answers)

    assert went == ["answer 0", "accepted", "answer 1", "answer 2"]
