"""The end of a process while answers are under way: told, and quiet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import Bot, running_bot


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    async with running_bot(discord) as bot:
        yield bot


async def test_release__while_an_answer_is_under_way(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Closing was given up for taking too long: the answer is told of before the connections go."""

    async def hanging(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(bot.handler, "handle", hanging)
    discord.slash("status")
    await discord.answer("Working on it")
    closing = asyncio.create_task(bot.chat.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    await bot.chat.release()

    assert "will continue with this afterwards" in discord.words(discord.ours()[0])
    assert [record for record in caplog.records if record.exc_info] == []
