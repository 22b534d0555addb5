"""Writes that come at the same moment share one transaction, and each learns what came of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from adapters.store.together import MOST, Together
from bot.errors import StoreError

WHOSE: ContextVar[str] = ContextVar("whose", default="nobody")


class Transactions:
    """Doubles numbers; each transaction ends when it is let."""

    def __init__(self) -> None:
        self.seen: list[Sequence[int]] = []
        self.contexts: list[str] = []
        self.may_end = asyncio.Event()
        self.begun = asyncio.Event()
        self.fails = False

    async def write(self, values: Sequence[int]) -> list[int]:
        """Note what is written together."""
        self.seen.append(values)
        self.contexts.append(WHOSE.get())
        self.begun.set()
        await self.may_end.wait()
        if self.fails:
            raise StoreError("the disk is full")
        return [2 * value for value in values]


async def test_add__shares_the_next_transaction() -> None:
    """What comes first is written at once, all that comes meanwhile together after it, and again."""
    database = Transactions()
    together = Together(database.write)
    first = asyncio.create_task(together.add(1))
    await database.begun.wait()
    others = [asyncio.create_task(together.add(number)) for number in range(2, MOST + 3)]
    await asyncio.sleep(0)
    database.may_end.set()

    assert await asyncio.gather(first, *others) == [2 * number for number in range(1, MOST + 3)]
    assert database.seen == [[1], [*range(2, MOST + 2)], [MOST + 2]]

    assert await together.add(7) == 14  # it begins again


async def test_add__failed() -> None:
    """A transaction that fails fails for each that was in it, and for no other."""
    database = Transactions()
    together = Together(database.write)
    first = asyncio.create_task(together.add(1))
    await database.begun.wait()
    others = [asyncio.create_task(together.add(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    database.fails = True
    database.may_end.set()

    with pytest.raises(StoreError, match="the disk is full"):
        await first
    for other in others:
        with pytest.raises(StoreError, match="the disk is full"):
            await other
    database.fails = False
    assert await together.add(5) == 10


async def test_add__cancelled() -> None:
    """Who is cancelled still sees the transaction end, which is written all the same, for the others too."""
    database = Transactions()
    together = Together(database.write)
    mine, other = asyncio.create_task(together.add(1)), asyncio.create_task(together.add(2))
    await database.begun.wait()
    mine.cancel()
    await asyncio.sleep(0)

    assert not mine.done()
    database.may_end.set()
    assert await other == 4
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert database.seen == [[1, 2]]


async def test_add__belongs_to_nobody() -> None:
    """A transaction that is shared does not take after whoever happened to come first."""
    database = Transactions()
    database.may_end.set()
    WHOSE.set("the first")

    await Together(database.write).add(1)

    assert database.contexts == ["nobody"]
