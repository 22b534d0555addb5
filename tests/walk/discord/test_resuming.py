"""What is left over is read before anything can come in, so nothing is answered twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

import pytest

from bot.errors import StoreError
from bot.state import Invocation
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import running_bot
from tests.fakes.store import MemoryStore


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


class LateStore(MemoryStore):
    """Lets a command come in while what is left over is being read, if the chat lets anything in by then."""

    def __init__(self, discord: FakeDiscord) -> None:
        super().__init__()
        self._discord = discord
        self.came_in = asyncio.Event()

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation) -> bool:
        """Say that it came in."""
        new = await super().accept(source, dedupe_id, invocation)
        self.came_in.set()
        return new

    async def unfinished(self, source: str, since: datetime) -> tuple[tuple[str, Invocation], ...]:
        """Let it come in first; a chat that is not connected yet is not waited for."""
        with suppress(TimeoutError):
            await self._discord.until(lambda: self._discord.gate.open > 0, seconds=0.5)
            self._discord.slash("status")
            await self.came_in.wait()
        return await super().unfinished(source, since)


async def test_start__answers_what_comes_in_once(discord: FakeDiscord) -> None:
    """A command that comes in while the bot starts is not among what is left over."""
    store = LateStore(discord)
    async with running_bot(discord, store=store) as bot:
        if not store.came_in.is_set():
            discord.slash("status")
        await bot.answered(1)
        discord.slash("status", count=1)
        await bot.answered(2)

    assert bot.service.count("runs") == 2
    assert len(discord.ours()) == 2


class DeafStore(MemoryStore):
    """Cannot read what is left over."""

    async def unfinished(self, source: str, since: datetime) -> tuple[tuple[str, Invocation], ...]:
        """Fail."""
        raise StoreError("The database cannot be read.")


async def test_start__goes_on_where_what_is_left_cannot_be_read(discord: FakeDiscord) -> None:
    """What comes in now is answered all the same."""
    async with running_bot(discord, store=DeafStore()) as bot:
        discord.slash("status")
        await bot.answered(1)

    assert len(discord.ours()) == 1
