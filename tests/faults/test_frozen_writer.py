"""A program that is frozen in the middle of a transaction keeps nobody from what it locked."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import asyncpg  # type: ignore[import-untyped]
import pytest

from adapters.store import database
from adapters.store.replicas import Replica
from adapters.store.store import open_store
from bot.errors import StoreError
from tests.contract.store.kit import CHATS, NOW, a_delivery
from tests.fakes.database_door import a_door

PATIENCE = 60.0  # seconds; only a failing test waits that long


@pytest.mark.parametrize("way", ["directly", "through a pooler"])
async def test_bury__who_froze_in_a_transaction(postgresql: str, way: str) -> None:
    """Its row, its lease and the rows that it wrote are free after a bounded time, and as they were before."""
    async with a_door(postgresql) as door, open_store(postgresql) as store:
        await store.enqueue(a_delivery(), NOW)
        url = f"{door.url}{'&' if '?' in door.url else '?'}pgbouncer=true" if way != "directly" else door.url
        frozen = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.frozen_process", url
        )
        try:
            _, status = await asyncio.to_thread(os.waitpid, frozen.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            async with asyncio.timeout(PATIENCE):
                (seen,) = await store.replicas()
                assert await store.bury(seen)
                assert await store.take_lease("deliver slack", seen.id, 2) is None, "it is dead"
                claimed = await store.claim(CHATS, NOW)
        finally:
            frozen.send_signal(signal.SIGKILL)
            await frozen.wait()
        entry = await store.entry(claimed.id if claimed else 0)

    assert entry is not None
    assert entry.delivery.error == ""


async def test_beat__who_froze_between_the_two_steps_of_a_statement(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes it for active, so its own bound does not count: the next sign of life of another ends it."""
    monkeypatch.setattr(database, "LONGEST_PAUSE", 0.0)
    async with open_store(postgresql) as store:
        await store.enqueue(a_delivery(), NOW)
        frozen = await asyncpg.connect(postgresql)
        await frozen.execute("BEGIN")
        await frozen.execute("UPDATE outbox SET error = 'mine'")
        await frozen.prepare("SELECT 1 FROM outbox")  # and never runs it
        await store.beat("another", "")
        async with asyncio.timeout(PATIENCE):
            claimed = await store.claim(CHATS, NOW)
        frozen.terminate()

    assert claimed is not None


async def test_bury__waits_for_no_frozen_one_longer_than_a_beat(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who buries another that froze between the two steps goes on showing life, and so comes to end it."""
    async with open_store(postgresql) as store:
        for name in ("dead", "alive"):
            await store.join(Replica(id=name, host="h", place="", pid=1, born="", since=NOW))
        assert await store.take_lease("deliver slack", "dead", 0) == 1
        frozen = await asyncpg.connect(postgresql)
        await frozen.execute("BEGIN")
        await frozen.execute("SELECT 1 FROM leases FOR SHARE")
        await frozen.prepare("SELECT 1 FROM outbox")  # and never runs it
        (seen,) = (each for each in await store.replicas() if each.id == "dead")
        with pytest.raises(StoreError, match="too busy"):
            await store.bury(seen)
        monkeypatch.setattr(database, "LONGEST_PAUSE", 0.0)  # as after eight seconds
        assert await store.beat("alive", "")
        buried = await store.bury(seen)
        frozen.terminate()

    assert buried
