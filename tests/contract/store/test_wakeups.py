"""What one program does the others on its database hear at once; whatever is not heard is found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.store.replicas import Replica
from adapters.store.store import SqlStore, open_store
from bot.errors import StoreError
from tests.contract.store.kit import NOW, a_delivery
from tests.fakes.database_door import a_door


class Ear:
    """What a program heard."""

    def __init__(self, store: SqlStore) -> None:
        self.words: asyncio.Queue[str] = asyncio.Queue()
        self.task = asyncio.create_task(store.listen(self.words.put_nowait))

    async def hears(self) -> str:
        """Return the next word."""
        return await asyncio.wait_for(self.words.get(), 20)


@asynccontextmanager
async def an_ear(store: SqlStore) -> AsyncIterator[Ear]:
    """Listen inside the block."""
    ear = Ear(store)
    try:
        assert await ear.hears() == ""
        yield ear
    finally:
        ear.task.cancel()
        await asyncio.wait({ear.task})


async def test_told__with_the_commit_that_is_the_reason(postgresql: str) -> None:
    """Rows and freed leases are told of when they are there to be seen; what changed nothing is not."""
    async with open_store(postgresql) as one, open_store(postgresql) as two, an_ear(two) as ear:
        await one.enqueue(a_delivery("a"), NOW)
        rows = await ear.hears()
        await one.enqueue(a_delivery("a"), NOW)  # it is there already
        await one.join(Replica(id="one", host="h", place="", pid=1, born="", since=NOW))
        epoch = await one.take_lease("live", "one", 0)
        assert epoch is not None
        await one.drop_lease("live", "one", epoch)
        dropped = await ear.hears()
        await one.drop_lease("live", "one", epoch)  # it was dropped before
        await one.leave("one")
        left = await ear.hears()
        await one.enqueue(a_delivery("b"), NOW)
        last = await ear.hears()

    assert [rows, dropped, left, last] == ["rows", "free", "free", "rows"]
    assert ear.words.empty()


async def test_listen__says_that_the_connection_is_lost(postgresql: str) -> None:
    """Whoever listens hears of it, and may begin again."""
    async with a_door(postgresql) as door, open_store(door.url) as store, an_ear(store) as ear:
        door.cut()
        with pytest.raises(StoreError, match="lost"):
            await asyncio.wait_for(ear.task, 20)
    async with open_store(postgresql) as store, an_ear(store) as ear:
        await store.enqueue(a_delivery("a"), NOW)

        assert await ear.hears() == "rows"


async def test_listen__where_nobody_can(postgresql: str, tmp_path: Path) -> None:
    """On SQLite there is nobody, and a pooler hands the connection on: then only looking is left, and telling does no harm."""
    pooled = f"{postgresql}{'&' if '?' in postgresql else '?'}pgbouncer=true"
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as lite, open_store(pooled) as store:
        for each in (lite, store):
            assert await each.enqueue(a_delivery("a"), NOW)
            assert not each.listens
