"""The store in memory: what it has beyond the contract suite."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import StoreError
from tests.contract.store.kit import CHATS, NOW, a_delivery
from tests.fakes.store import MemoryStore


async def test_memory_store__failing() -> None:
    """While it fails every call raises the sentence, and nothing is lost."""
    store = MemoryStore()
    await store.enqueue(a_delivery(), NOW)
    store.failing = "The database clew.db is locked."

    with pytest.raises(StoreError, match=r"clew.db is locked"):
        await store.claim(CHATS, NOW)

    store.failing = None

    assert await store.claim(CHATS, NOW) is not None


async def test_memory_store__lets_others_run() -> None:
    """Each call gives way once, so that tasks interleave as they do over a database."""
    store, order = MemoryStore(), []

    async def work(name: str) -> None:
        order.append(name)
        await store.depth()
        order.append(name)

    await asyncio.gather(work("a"), work("b"))

    assert order == ["a", "b", "a", "b"]
