"""Several programs with one token: one is connected to the gateway, all send, and the next one takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.replicas.duties import Duties, Duty
from adapters.replicas.member import this_program
from adapters.replicas.timing import BEAT, DEAD_AFTER
from adapters.store.replicas import Lease
from bot.cards import Card
from bot.ports import Delivered, Post
from tests.fakes.clock import ManualClock
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import Bot, running_bot
from tests.fakes.runs import a_run
from tests.fakes.store import MemoryStore
from tests.fakes.store_replicas import MemoryReplicas


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []
        assert discord.doubled() == []


@pytest.fixture
async def bots(discord: FakeDiscord) -> AsyncIterator[tuple[Bot, Bot]]:
    """Give two programs on one database that are logged in; neither has the right to receive."""
    store = MemoryStore()
    async with (
        running_bot(discord, store=store, turn=False) as first,
        running_bot(discord, store=store, turn=False) as second,
    ):
        for bot in (first, second):
            bot.service.add_run(a_run(1))
            async with asyncio.timeout(30):
                await asyncio.shield(bot.chat.lease)
        yield first, second


async def test_lease__is_that_of_the_application(bots: tuple[Bot, Bot], discord: FakeDiscord) -> None:
    """Both know it from Discord, and neither connects, nor counts as not ready, before it has it."""
    first, second = bots

    assert first.chat.lease.result() == second.chat.lease.result()
    assert first.chat.lease.result().startswith("gateway discord ")
    assert (first.chat.connected, first.chat.stands_by) == (False, True)
    assert (discord.gate.identified, discord.gate.open) == (0, 0)


async def test_receiving__in_one_and_sending_in_both(bots: tuple[Bot, Bot], discord: FakeDiscord) -> None:
    """Who only stands by posts, and knows who reads a channel, without a word from the gateway."""
    first, second = bots
    async with first.chat.receiving():
        await first.up()
        discord.slash("status")
        await discord.answer("Payments Nightly")
        posted = await second.chat.chat.post(a_post(discord, second))
        shared = await second.chat.chat.is_shared(discord.place)
        open_now = discord.gate.open

    assert isinstance(posted, Delivered)
    assert not shared
    assert (open_now, discord.gate.identified) == (1, 1)
    assert (second.chat.connected, second.chat.stands_by) == (False, True)


async def test_receiving__ends_before_another_begins(bots: tuple[Bot, Bot], discord: FakeDiscord) -> None:
    """The connection is closed when the block ends; who gave it up goes on sending, and may have it again."""
    first, second = bots
    for number, (bot, other) in enumerate(((first, second), (second, first), (first, second)), 1):
        async with bot.chat.receiving():
            await bot.up()
            discord.slash("status")
            await discord.until(lambda number=number: len(discord.ours()) == 2 * number - 1)  # type: ignore[misc]  # mypy cannot infer it
            await discord.answer("Payments Nightly")
            assert isinstance(await other.chat.chat.post(a_post(discord, other, f"k{number}")), Delivered)
        await discord.until(lambda: discord.gate.open == 0)

    assert discord.gate.identified == 3


async def test_lease__of_one_that_is_frozen(bots: tuple[Bot, Bot], discord: FakeDiscord) -> None:
    """Another connects after a bounded time; while both are, each command is answered once; who wakes disconnects."""
    table, clock = MemoryReplicas(), ManualClock()
    frozen, awake = (sharing(bot, table, clock) for bot in bots)
    await frozen.step()
    await bots[0].up()
    for _ in range(int(DEAD_AFTER / BEAT) + 2):
        clock.pass_time(BEAT)
        await awake.step()
    await bots[1].up()
    both = discord.gate.open
    discord.slash("status")
    await discord.answer("Payments Nightly")
    await frozen.step()
    await discord.until(lambda: discord.gate.open == 1)
    held = await table.leases()
    discord.slash("status")
    await discord.until(lambda: len(discord.ours()) == 2)
    await awake.leave()
    await frozen.leave()

    assert both == 2
    assert held == (Lease(bots[0].chat.lease.result(), awake.me.id, 3),)
    assert sum(bot.handler.count for bot in bots) == 2
    assert not bots[0].chat.connected


def sharing(bot: Bot, table: MemoryReplicas, clock: ManualClock) -> Duties:
    """Let a bot take part in who receives."""
    duty = Duty(bot.chat.lease.result(), bot.chat.receiving, stays=True)
    me = replace(this_program(clock.now()), place="")
    return Duties(table, clock, able=lambda: [duty], me=me)


def a_post(discord: FakeDiscord, bot: Bot, key: str = "k") -> Post:
    """Return something to send by a bot."""
    payload = bot.chat.chat.render(Card(title=("Hello",), text=("Hello",)))
    return Post(channel=discord.place, payload=payload, key=key)
