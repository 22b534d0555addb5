"""A digest in each chat, over a real database: asked for there, made at its time, and what its buttons do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.store.store import SqlStore, open_store
from bot.delivery.deliver import Deliverer
from bot.platform import Platform
from bot.ports import Chat
from tests.fakes import discord_bot, slack_bot
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.walk.test_history_chats import COURSE, X, record


class LaterClock(SystemClock):
    """The time some minutes from now."""

    minutes = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=self.minutes)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return a database with a check that fails in the newest run."""
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as opened:
        for number, letter in enumerate(f"{COURSE}F", 1):
            await record(opened, number, letter)
        yield opened


def a_service() -> FakeRunService:
    """Return the platform that has the newest run."""
    service = FakeRunService()
    run = service.add_run(a_run(len(COURSE) + 1))
    service.set_results(some_results(run, failing=(X,), passing=("other",)))
    return service


def soon() -> str:
    """Return the time of day in two minutes, in UTC."""
    return f"{datetime.now(UTC) + timedelta(minutes=2):%H:%M}"


async def deliver(chat: Chat, store: SqlStore, platform: Platform) -> None:
    """Let the digest become due, and deliver what there is."""
    clock = LaterClock()
    deliverer = Deliverer(chat, store, platforms={"demo": platform}, clock=clock, notify_operator=_nobody)
    await deliverer.step()
    clock.minutes = 5
    deliverer = Deliverer(chat, store, platforms={"demo": platform}, clock=clock, notify_operator=_nobody)
    await deliverer.step()


async def _nobody(_: str) -> None:
    pass


async def test_slack__what_nobody_owns_is_owned_by_a_click(store: SqlStore) -> None:
    """The channel asks for a digest, gets it once, and somebody takes the failure from it."""
    service = a_service()
    async with serve() as slack, slack_bot.running_bot(slack, service=service, store=store) as bot:
        await slack.mention(f"watch digest={soon()}")
        await slack.world.answer("A digest comes every day at")
        await bot.answered(1)
        await deliver(bot.chat.chat, store, service.platform)
        message = await slack.world.answer("Digest: 1 unowned")
        await slack.press(message, "Own 1")
        await bot.answered(2)
        assert slack.world.violations == []

    assert f"; it failed in 4 of {len(COURSE)} runs" in message.words
    (state,) = await store.property_states("demo")
    assert (X, True) == (state.name, bool(state.owner))


async def test_discord__the_same(store: SqlStore) -> None:
    """The same digest, and the history behind its button."""
    service = a_service()
    async with discord_bot.simulated(service=service, store=store) as world:
        await world.say("watch", digest=soon())
        await deliver(world.chat.chat, store, service.platform)
        message = world.ours(world.main)[-1]
        await world.press(message, "History 1")
        history = discord_bot.said(world.ours(world.main.threads[0])[-1])

    assert "Digest: 1 unowned" in discord_bot.said(message)
    assert f"“{X}” fails in the newest run of Payments Nightly" in history
