"""One person never stops the others: much, slow, endless and odd commands, as Discord sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simcord.backend import serializers

from adapters.chat.lanes import LOG_SHARE, MOST, SHARE
from bot.lengths import LONGEST, READ
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import TIMING, Bot, running_bot
from tests.fakes.held import HeldService
from tests.fakes.inbox import left_over
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_run, run_id
from tests.fakes.store import MemoryStore

SLOW, QUICK = run_id(1), run_id(2)
CALLBACK = r"/interactions/\d+/[^/]+/callback"
FULL = f"{MOST} of your commands are running, so no more are accepted."
LONG = "exceeds the limit of 12,000 characters."


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
def service() -> HeldService:
    service = HeldService(SLOW)
    service.add_run(a_run(1))
    run = service.add_run(a_run(2))
    service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"))
    return service


@pytest.fixture
async def bot(discord: FakeDiscord, service: HeldService) -> AsyncIterator[Bot]:
    async with running_bot(discord, service=service) as bot:
        yield bot
        service.gate.set()


async def unanswered(bot: Bot) -> int:
    """Count what was accepted and is not answered."""
    return len(await left_over(bot.handler, "discord", EPOCH - timedelta(days=36500)))


def showing(discord: FakeDiscord, words: str) -> list[Any]:
    """Return the bot's messages that say these words."""
    return [message for message in discord.ours() if words in discord.words(message)]


async def test_slow__commands_of_one_person_stop_nobody(bot: Bot, service: HeldService) -> None:
    """Sixteen wait for the platform, some visibly for each other; another person is answered meanwhile; then all are."""
    discord = bot.discord
    for _ in range(16):
        discord.slash("status", run=SLOW)
    await service.until(waiting=SHARE)
    await discord.answer("Waiting for one of your other commands to finish.")
    await discord.answer("Working on it")

    discord.slash("status", by=discord.bob, run=QUICK)
    await bot.answered(1)
    held = await unanswered(bot)
    service.gate.set()
    await bot.answered(17)

    assert held == 16
    assert service.most_waiting == SHARE
    assert len(showing(discord, "Payments Nightly")) == 17
    assert await unanswered(bot) == 0


async def test_logs__are_read_in_a_lane_of_their_own(bot: Bot, service: HeldService) -> None:
    """Whoever reads logs, however long, is told the status of a run meanwhile."""
    discord = bot.discord
    for _ in range(LOG_SHARE + 2):
        discord.slash("logs", run=QUICK, moment=MOMENT.text)
        discord.slash("logs", by=discord.bob, run=QUICK, moment=MOMENT.text)
    await service.until(reading=2 * LOG_SHARE)

    discord.slash("status", run=QUICK)
    await bot.answered(1)
    service.gate.set()
    await bot.answered(2 * LOG_SHARE + 5)

    assert service.most_reading == 2 * LOG_SHARE


async def test_flood__of_commands_is_left_out_with_a_sentence(bot: Bot, service: HeldService) -> None:
    """What is accepted is answered, the rest is refused; all are told at once, and somebody else notices nothing."""
    discord = bot.discord
    for told_of in range(1, 2 * MOST + 1):
        discord.slash("status", run=SLOW)
        if told_of % 5 == 0:  # Discord waits three seconds for each, however slow this machine is
            await discord.until(lambda count=told_of: discord.called("POST", CALLBACK) == count)  # type: ignore[misc]
    discord.slash("status", by=discord.bob, run=QUICK)
    await bot.answered(MOST + 1)
    held, told = await unanswered(bot), showing(discord, FULL)
    service.gate.set()
    await bot.answered(2 * MOST + 1)

    assert held == MOST
    assert len(told) == MOST
    assert len(showing(discord, "Payments Nightly")) == MOST + 1
    assert await unanswered(bot) == 0


async def test_flood__of_mentions_is_not_answered_by_a_flood(bot: Bot, service: HeldService) -> None:
    """Whoever mentions the bot a hundred times is told of the limit, and not once for each."""
    discord = bot.discord
    for _ in range(100):
        discord.mention(f"status {SLOW}")
    await bot.answered(100 - MOST)
    service.gate.set()
    await bot.answered(100)

    everywhere = [discord.words(m) for channel in discord.backend.messages for m in discord.ours(channel)]
    assert 1 <= len([words for words in everywhere if FULL in words]) < (100 - MOST) // 2
    assert showing(discord, FULL) == []  # nobody else is told
    assert await unanswered(bot) == 0


async def test_restart__takes_up_all_that_was_accepted(discord: FakeDiscord, service: HeldService) -> None:
    """Those that worked and those that waited are answered by the next process, each once."""
    store = MemoryStore()
    async with running_bot(discord, service=service, store=store, timing=replace(TIMING, drain=0.1)) as bot:
        for _ in range(MOST):
            discord.slash("status", run=SLOW)
        await service.until(waiting=SHARE)
        await discord.until(lambda: discord.called("POST", CALLBACK) == MOST)
        await bot.chat.close()
    service.gate.set()
    async with running_bot(discord, service=service, store=store) as bot:
        await bot.answered(MOST)

        assert await unanswered(bot) == 0


@pytest.mark.parametrize("length", [LONGEST + 1, READ + 1, 10_000_000])
async def test_length__that_is_too_much_is_refused(bot: Bot, service: HeldService, length: int) -> None:
    """Nothing is cut in silence, asked or kept whole: one sentence says how long it may be, and of what."""
    discord = bot.discord
    discord.slash("status", run="x" * length)
    await bot.answered(1)
    shown = serializers.message_payload(discord.backend, discord.mention("status"))
    message: dict[str, Any] = dict(shown)
    message |= {"id": "9" + message["id"][1:], "guild_id": str(discord.guild), "member": {"roles": []}}
    await bot.answered(2)
    discord.backend.emit("MESSAGE_CREATE", message | {"content": message["content"] + " x" * length})
    await bot.answered(3)

    told = [discord.words(m) for channel in discord.backend.messages for m in discord.ours(channel)]
    assert len([words for words in told if f"“run” {LONG}" in words]) == 1
    assert len([words for words in told if f"Your command {LONG}" in words]) == 1
    assert service.count("run") == 0
    assert isinstance(bot.store, MemoryStore)
    for kept, _ in bot.store.commands.values():
        assert len(kept.text) + sum(map(len, kept.values.values())) <= LONGEST + 10


@pytest.mark.parametrize(
    "name", ["st\u0430tus", "sta\u200btus", "status\u2060", "\uff53tatus", "\u017ftatus"]
)
async def test_name__that_only_looks_like_one_is_none(bot: Bot, service: HeldService, name: str) -> None:
    """Typed or in a payload, a name is matched by its ASCII letters, and look-alikes are another word."""
    discord = bot.discord
    discord.slash(name, run=QUICK)
    await discord.until(lambda: discord.called("POST", CALLBACK) == 1)
    discord.mention(f"{name} {QUICK}")
    await bot.answered(1)

    shown = [discord.words(m) for channel in discord.backend.messages for m in discord.ours(channel)]
    assert len([words for words in shown if "Commands have been updated." in words]) == 1
    assert len([words for words in shown if "Unknown command" in words]) == 1
    assert service.calls == []
