"""An announcement whose answer never comes whole, or whose sender is away for long: it stands there once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.slack.addresses import new_client, open_session
from bot.delivery.deliver import Pace
from tests.fakes import discord as discord_faults
from tests.fakes import slack_api as slack_faults
from tests.fakes.discord import serve as serve_discord
from tests.fakes.discord_live import QuickClock
from tests.fakes.discord_live import running_bot as running_discord
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_bot import running_bot as running_slack
from tests.fakes.slack_world import BOT_TOKEN, MAIN, TEAM
from tests.fakes.store import MemoryStore
from tests.walk.test_deleted_message import SENT, Outbox

MESSAGES = "/channels/[0-9]+/messages"
IMPATIENT = Pace(post=0.3)


class HalfAnHourLater(QuickClock):
    """The clock of a process that begins so late."""

    def now(self) -> datetime:
        """Return the time."""
        return super().now() + timedelta(minutes=30)


@pytest.mark.parametrize("stored", [True, False])
async def test_slack__an_answer_that_drips(stored: bool) -> None:
    """Each byte comes in time and the whole never does: the deadline of a post ends it, and the history decides."""
    store = MemoryStore()
    async with serve_slack() as slack, running_slack(slack, store=store) as bot:
        it = Outbox(bot.chat.chat, store, bot.clock, IMPATIENT)
        slack.api.fault("chat.postMessage", replace(slack_faults.DRIPPING, store=stored))
        await it.put(bot.chat.chat, f"slack:channel:{TEAM}:{MAIN}")
        states = await it.settle()

    assert states == SENT
    assert len(slack.world.ours()) == 1
    assert len(slack.world.called("chat.postMessage")) == (1 if stored else 2)


@pytest.mark.parametrize("stored", [True, False])
async def test_discord__an_answer_that_drips(stored: bool) -> None:
    """The same there."""
    store = MemoryStore()
    async with serve_discord() as discord, running_discord(discord, store=store) as bot:
        it = Outbox(bot.chat.chat, store, bot.clock, IMPATIENT)
        discord.fault("POST", MESSAGES, replace(discord_faults.DRIPPING, store=stored))
        await it.put(bot.chat.chat, discord.place)
        states = await it.settle()

    assert states == SENT
    assert len(discord.ours()) == 1
    assert discord.called("POST", MESSAGES) == (1 if stored else 2)


async def test_slack__every_call_has_a_deadline_for_the_whole() -> None:
    """Also calls that no outbox watches over end, however steadily their answers drip."""
    async with serve_slack() as slack, open_session(slack.api_url, 0.3) as session:
        slack.api.fault("auth.test", slack_faults.DRIPPING)
        client = new_client(session, slack.api_url, BOT_TOKEN)
        with pytest.raises(TimeoutError):
            await client.auth_test()


async def test_discord__is_found_half_an_hour_later() -> None:
    """Discord knows the nonce no more, and would take it for another message: the history has its short id."""
    store = MemoryStore()
    async with serve_discord() as discord, running_discord(discord, store=store) as bot:
        discord.fault("POST", MESSAGES, discord_faults.LOST_REPLY)
        await Outbox(bot.chat.chat, store, bot.clock).put(bot.chat.chat, discord.place)
        discord.forget()
        states = await Outbox(bot.chat.chat, store, HalfAnHourLater()).settle()

    assert states == SENT
    assert len(discord.ours()) == 1
    assert discord.called("POST", MESSAGES) == 1
