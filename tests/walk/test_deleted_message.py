"""Somebody deletes an announcement before its sender knows that it was stored: nothing is sent over and over."""

from __future__ import annotations

import asyncio

from bot.delivery.deliver import Deliverer, Pace
from bot.ports import Chat, Clock
from bot.state import DeliveryState, NewDelivery
from tests.fakes import discord as discord_faults
from tests.fakes import slack_api as slack_faults
from tests.fakes.discord import serve as serve_discord
from tests.fakes.discord_live import running_bot as running_discord
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_bot import running_bot as running_slack
from tests.fakes.slack_world import MAIN, TEAM
from tests.fakes.store import MemoryStore
from tests.unit.terminal.cards import CHART

SENT = [DeliveryState.SENT]


async def unheard(sentence: str) -> None:
    """Notify nobody."""


class Outbox:
    """One announcement on its way to a real chat."""

    def __init__(self, chat: Chat, store: MemoryStore, clock: Clock, pace: Pace | None = None) -> None:
        self.store, self.clock = store, clock
        self.deliverer = Deliverer(chat, store, platforms={}, clock=clock, notify_operator=unheard, pace=pace)

    async def put(self, chat: Chat, channel: str) -> None:
        """Record the announcement, and try to send it once."""
        payload = chat.render(CHART)
        await self.store.enqueue(NewDelivery(key="k", channel=channel, payload=payload), self.clock.now())
        await self.deliverer.step()

    async def settle(self) -> list[DeliveryState]:
        """Go on until nothing waits, within reason; return what became of it."""
        async with asyncio.timeout(30):
            while (await self.store.depth()).waiting:
                await self.clock.sleep(await self.deliverer.step())
        return [row.delivery.state for row in self.store.outbox.values()]


async def test_slack__sends_it_once_more_at_most() -> None:
    """The history does not show it, as if it had never come: it is sent once more, and stands there once."""
    store = MemoryStore()
    async with serve_slack() as slack, running_slack(slack, store=store) as bot:
        it = Outbox(bot.chat.chat, store, bot.clock)
        slack.api.fault("chat.postMessage", slack_faults.LOST_REPLY)
        await it.put(bot.chat.chat, f"slack:channel:{TEAM}:{MAIN}")
        (stored,) = slack.world.ours()
        slack.world.messages.remove(stored)
        states = await it.settle()

    assert states == SENT
    assert len(slack.world.ours()) == 1
    assert len(slack.world.called("chat.postMessage")) == 2


async def test_discord__knows_by_its_nonce_that_it_was_there() -> None:
    """Discord says of a message under this nonce that it is unknown: it was delivered, and is not sent again."""
    store = MemoryStore()
    async with serve_discord() as discord, running_discord(discord, store=store) as bot:
        it = Outbox(bot.chat.chat, store, bot.clock)
        discord.fault("POST", "/channels/[0-9]+/messages", discord_faults.LOST_REPLY)
        await it.put(bot.chat.chat, discord.place)
        (stored,) = discord.ours()
        discord.backend.delete_message(stored.channel_id, stored.id)
        states = await it.settle()

    assert states == SENT
    assert discord.ours() == []
    assert discord.called("POST", "/channels/[0-9]+/messages") == 2
