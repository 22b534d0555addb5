"""What Discord and what stands before it asks for is obeyed: pauses of every kind, and a token that is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.delivery.deliver import WHILE_HALTED, Deliverer
from bot.ports import Halted, NotDelivered
from bot.state import MessageRef, NewDelivery
from tests.fakes.discord import FakeDiscord, Fault, limited, serve
from tests.fakes.discord_live import Bot, running_bot
from tests.fakes.store import MemoryStore
from tests.unit.terminal.cards import CHART
from tests.walk.discord.test_answering import CARD, MESSAGES, a_post

PAUSE = 60.0


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    async with running_bot(discord, store=MemoryStore()) as bot:
        await discord.until(lambda: discord.known)
        yield bot


def paused(scope: str, **body: Any) -> Fault:
    """Return Discord's own answer to too many requests."""
    told = {"message": "You are being rate limited.", "retry_after": PAUSE, "global": False, **body}
    headers = {"Via": "1.1 google", "X-RateLimit-Scope": scope, "Retry-After": str(int(PAUSE))}
    return Fault(status=429, body=told, headers=headers)


KINDS = {
    "of the bot": paused("user"),
    "of the whole bot": paused("global", **{"global": True}),
    "of what others share": paused("shared"),
    "from before Discord": limited(PAUSE, via=False),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_pause__is_passed_on_and_nothing_is_asked_before(
    bot: Bot, discord: FakeDiscord, kind: str
) -> None:
    """One request, one pause as long as was asked for: the channel waits, and so does the next message for it."""
    discord.fault("POST", MESSAGES, KINDS[kind])

    outcome = await bot.chat.chat.post(a_post(bot))
    again = await bot.chat.chat.post(a_post(bot, "b" * 24))

    assert outcome == NotDelivered("Discord asks for a pause.", PAUSE, limits_channel=True)
    assert isinstance(again, NotDelivered)
    assert (again.retry_after or 0) > PAUSE / 2
    assert discord.called("POST", MESSAGES) == 1


async def test_token__that_is_refused_ends_all_calls(bot: Bot, discord: FakeDiscord) -> None:
    """Each refused request counts towards a ban: rows, edits and look-ups cost one in all."""
    store, told, chat = MemoryStore(), [], bot.chat.chat

    async def notify(sentence: str) -> None:
        told.append(sentence)

    deliverer = Deliverer(chat, store, platforms={}, clock=bot.clock, notify_operator=notify)
    for number in range(5):
        row = NewDelivery(key=f"k{number}", channel=discord.place, payload=chat.render(CHART))
        await store.enqueue(row, bot.clock.now())
    discord.unauthorised = True
    before = len(discord.requests)

    waits = [await deliverer.step() for _ in range(20)]
    edited = await chat.edit(MessageRef(channel=discord.place, message_id="1104000000000000077"), CARD)

    assert len(discord.requests) == before + 1
    assert isinstance(edited, Halted)
    assert waits[-1] == pytest.approx(WHILE_HALTED, abs=60)
    assert len(told) == 1
