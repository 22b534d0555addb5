"""Who works on a database: one at a time, handed on only when it is let go or shows no life."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from adapters.store.store import open_store
from adapters.store.workers import Worker
from tests.contract.store.kit import NOW

ONE = Worker(holder="one", host="a", place="boot 1", pid=7, born="100", since=NOW)
TWO = replace(ONE, holder="two", host="b", pid=8)


async def test_take_work__one_of_many(url: str) -> None:
    """However many begin at once, one gets it, and the others see who."""
    async with open_store(url) as store:
        many = [replace(ONE, holder=f"h{n}") for n in range(8)]
        got = await asyncio.gather(*(store.take_work(worker, None) for worker in many))
        holder = await store.worker()

    assert got.count(True) == 1
    assert holder == many[got.index(True)]


async def test_take_work__after_one_that_lives(url: str) -> None:
    """A sign of life between the look and the taking keeps it where it is."""
    async with open_store(url) as store:
        await store.take_work(ONE, None)
        seen = await store.worker()
        assert await store.beat_work("one")

        assert not await store.take_work(TWO, seen)
        assert await store.take_work(TWO, await store.worker())
        assert not await store.beat_work("one"), "it has lost it, and hears so"
        assert await store.beat_work("two")


async def test_leave_work__only_ones_own(url: str) -> None:
    """Letting go of what another holds changes nothing."""
    async with open_store(url) as store:
        await store.take_work(ONE, None)
        await store.leave_work("two")
        assert await store.worker() == ONE
        await store.leave_work("one")

        assert await store.worker() is None
        assert await store.take_work(TWO, None)
