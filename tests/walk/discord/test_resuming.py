"""What is left over is read before anything can come in, so nothing is answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.errors import StoreError
from bot.state import Invocation, Owner
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import running_bot
from tests.fakes.store import MemoryStore


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


class SlowStore(MemoryStore):
    """Takes long to read what is left over: a command comes in, and is told that an answer comes, before it is done."""

    def __init__(self, discord: FakeDiscord) -> None:
        super().__init__()
        self._discord = discord

    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        """Read when the command has got its initial response."""
        await self._discord.until(lambda: self._discord.gate.open > 0)
        self._discord.slash("status")
        await self._discord.until(lambda: self._discord.called("POST", "/interactions/.*") > 0)
        return await super().adopt(source, since, owner, unowned_until=unowned_until)


async def test_start__answers_what_comes_in_while_it_reads_once(discord: FakeDiscord) -> None:
    """A command that comes in while what is left over is read is told in time, and is not among what is left over."""
    store = SlowStore(discord)
    async with running_bot(discord, store=store) as bot:
        await bot.answered(1)
        discord.slash("status", count=1)
        await bot.answered(2)

    assert bot.service.count("runs") == 2
    assert len(discord.ours()) == 2


class DeafStore(MemoryStore):
    """Cannot read what is left over."""

    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        """Fail."""
        raise StoreError("The database cannot be read.")


async def test_start__goes_on_where_what_is_left_cannot_be_read(discord: FakeDiscord) -> None:
    """What comes in now is answered all the same."""
    async with running_bot(discord, store=DeafStore()) as bot:
        discord.slash("status")
        await bot.answered(1)

    assert len(discord.ours()) == 1
