"""What Slack does to those who receive: repeats, folds, retries; and what a slow world behind us does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from adapters.chat.lanes import MOST
from bot.errors import StoreError
from bot.model import Run, RunQuery
from bot.state import Invocation, Owner
from tests.fakes.runs import MOMENT, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, MAIN
from tests.fakes.store import MemoryStore


class SlowService(FakeRunService):
    """A platform whose lists come only when the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def runs(self, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        await self.gate.wait()
        async for page in super().runs(query):
            yield page


class SlowStore(MemoryStore):
    """A database whose inbox waits for a gate, or refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusing = 0

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
        await self.gate.wait()
        if self.refusing:
            self.refusing -= 1
            raise StoreError("The database is not there.")
        return await super().accept(source, dedupe_id, invocation, owner)


async def test_command__delivered_three_times_acts_once(bot: Bot) -> None:
    """The same command in three envelopes is acknowledged three times and answered once."""
    payload = bot.slack.command_payload("launch basic_test duration=30")

    acks = [await bot.slack.gate.deliver("slash_commands", payload) for _ in range(3)]
    await bot.slack.world.answer("basic_test")
    await settled(bot)

    assert [ack.taken for ack in acks] == [True, True, True]
    assert len(bot.slack.world.ours()) == 1


async def test_command__delivered_at_the_same_moment_acts_once(bot: Bot) -> None:
    """Two envelopes on two sockets at once are one act."""
    payload = bot.slack.command_payload("watch")

    acks = await asyncio.gather(*(bot.slack.gate.deliver("slash_commands", payload) for _ in range(4)))
    await settled(bot)

    assert all(ack.taken for ack in acks)
    assert len([m for m in bot.slack.world.ours() if "is notified of" in m.words]) == 1


async def test_event__that_only_comes_as_a_retry_is_handled(bot: Bot) -> None:
    """A retry may be the first that reaches us: it is never dropped unseen."""
    message = bot.slack.world.say(ALICE, MAIN, "<@UBOT> help")
    event = bot.slack.event("app_mention", message)

    await bot.slack.gate.deliver("events_api", event, retry=2)
    await bot.slack.gate.deliver("events_api", event, retry=3)
    await settled(bot)

    assert len(bot.slack.world.ours()) == 1


async def test_event__message_and_mention_are_one(bot: Bot) -> None:
    """A mention in a direct conversation comes as two events; it is answered once."""
    message = bot.slack.world.say(ALICE, f"D{ALICE}", "<@UBOT> help")

    await bot.slack.gate.deliver("events_api", bot.slack.event("message", message, channel_type="im"))
    await bot.slack.gate.deliver("events_api", bot.slack.event("app_mention", message))
    await settled(bot)

    assert len(bot.slack.world.ours()) == 1


async def test_command__while_the_platform_hangs(slack: FakeSlack) -> None:
    """It is acknowledged at once, shows that work goes on, and the answer takes the place of that note."""
    service = SlowService()
    service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        ack = await slack.command("status")
        note = await slack.world.answer("Working on it")
        service.gate.set()
        await slack.world.until(lambda: "Payments Nightly" in note.words)
        await bot.answered(1)

    assert ack.taken
    assert slack.world.ours() == [note]


async def test_command__of_one_person_only_so_many_at_once(slack: FakeSlack) -> None:
    """A flood is answered: some of it by the platform, the rest by a sentence; others are not kept waiting."""
    service = SlowService()
    service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        acks = await asyncio.gather(*(slack.command("status") for _ in range(MOST + 5)))
        told = [ack for ack in acks if "are running" in ack.payload.get("text", "")]
        await bot.answered(5)
        await slack.command("help", user=BOB)
        other = await slack.world.ephemeral(BOB)
        service.gate.set()
        await bot.answered(MOST + 6)

    assert len(told) == 5
    assert "Commands: status" in other.words


async def test_command__that_fails_late_takes_its_note_back(slack: FakeSlack) -> None:
    """A note that all see is gone when the answer turns out to be for one person."""
    service = SlowService()
    async with running_bot(slack, service=service) as bot:
        await slack.command("status nonexistent-run-of-somebody")
        note = await slack.world.answer("Working on it")
        service.gate.set()
        await bot.answered(1)

    assert note not in slack.world.ours()
    assert [m.only_for for m in slack.world.ours()] == [ALICE]


async def test_command__while_the_database_is_slow_is_left_to_slack(slack: FakeSlack) -> None:
    """No acknowledgement before it is kept; when Slack sends it again it is one act."""
    store = SlowStore()
    async with running_bot(slack, store=store) as bot:
        store.gate.clear()
        payload = slack.command_payload("watch")
        first = await slack.gate.deliver("slash_commands", payload)
        store.gate.set()
        second = await slack.gate.deliver("slash_commands", payload)
        await slack.world.answer("is notified of")
        await settled(bot)

    assert (first.taken, second.taken) == (False, True)
    assert len(slack.world.ours()) == 1


async def test_command__that_cannot_be_kept_is_not_acknowledged(slack: FakeSlack) -> None:
    """Where the database refuses, nothing is promised; the next delivery works."""
    store = SlowStore()
    async with running_bot(slack, store=store) as bot:
        store.refusing = 1
        payload = slack.command_payload("watch")
        first = await slack.gate.deliver("slash_commands", payload)
        second = await slack.gate.deliver("slash_commands", payload)
        await settled(bot)

    assert (first.taken, second.taken) == (False, True)
    assert len(slack.world.ours()) == 1


async def test_debug__asked_by_two_joins_one_session(bot: Bot) -> None:
    """The second person who asks at the same moment hears of the session that is open."""
    words = f"debug {bot.service.add_run(a_run(1)).ref.run_id} moment={MOMENT.text}"
    await bot.slack.command(words)
    question = await bot.slack.world.answer("Open a debugging session")
    await bot.slack.press(question, "Open session")
    await bot.slack.world.until(lambda: question.edits > 0)
    seen = len(bot.slack.world.ours())

    await bot.slack.command(words)
    await bot.slack.world.until(lambda: len(bot.slack.world.ours()) > seen)

    assert len(bot.service.debugs) == 1
    assert "Open session" not in bot.slack.world.ours()[-1].labels


async def settled(bot: Bot) -> None:
    """Wait until nothing is being worked on."""
    tasks: Any = bot.conversation._work
    async with asyncio.timeout(20):
        while tasks._running:
            await asyncio.wait(set(tasks._running))
