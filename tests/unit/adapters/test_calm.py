"""In a burst all are acknowledged before any is answered."""

from __future__ import annotations

import asyncio

from adapters.chat.calm import Calm


async def test_calm__lets_all_that_is_urgent_go_first() -> None:
    """Who waits goes on when the last urgent thing is done, and at once where there is none."""
    calm, went = Calm(600), []

    async def waiting() -> None:
        await calm.wait()
        went.append("answered")

    with calm.urgent():
        with calm.urgent():
            task = asyncio.create_task(waiting())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        went.append("kept")
    await task
    await calm.wait()

    assert went == ["kept", "answered"]


async def test_calm__waits_within_reason() -> None:
    """Something urgent that takes too long keeps nobody for ever."""
    calm = Calm(0)

    with calm.urgent():
        await calm.wait()
