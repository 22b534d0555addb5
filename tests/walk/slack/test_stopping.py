"""Stopping and starting again: work in flight is finished, or taken up again, and never done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.slack.app import Timing
from bot.state import Actor, Invocation, Place
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import TIMING, Bot, running_bot
from tests.fakes.slack_world import ALICE, MAIN
from tests.fakes.stage import button_of
from tests.fakes.store import MemoryStore
from tests.walk.slack.test_receiving import SlowService


async def test_close__finishes_what_is_being_answered(slack: FakeSlack) -> None:
    """What can still be answered in time is answered."""
    service = SlowService()
    service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command("status")
        await slack.world.answer("Working on it")
        service.gate.set()
        await bot.chat.close()

    assert "Payments Nightly" in slack.world.ours()[0].words
    assert len(slack.world.ours()) == 1


async def test_close__says_that_an_answer_will_come_later(slack: FakeSlack) -> None:
    """What cannot be finished is announced, and the next start answers in the same message."""
    store = MemoryStore()
    hurried: Timing = replace(TIMING, drain=0.05)
    async with running_bot(slack, service=SlowService(), store=store, timing=hurried) as bot:
        await slack.command("status")
        note = await slack.world.answer("Working on it")
        await bot.chat.close()
        said = note.words
    async with running_bot(slack, store=store) as bot:
        bot.service.add_run(a_run(1))
        await bot.answered(1)

    assert "will continue with this afterwards" in said
    assert slack.world.ours() == [note]
    assert note.edits >= 1


async def test_start__that_takes_long_says_so_in_the_message_that_is_there(slack: FakeSlack) -> None:
    """Before anything is reported of the work the message says that it goes on, and never nothing."""
    store = MemoryStore()
    hurried: Timing = replace(TIMING, drain=0.05)
    async with running_bot(slack, service=SlowService(), store=store, timing=hurried) as bot:
        await slack.command("status")
        note = await slack.world.answer("Working on it")
        await bot.chat.close()
    service, edits = SlowService(), note.edits
    async with running_bot(slack, store=store, service=service) as bot:
        await slack.world.until(lambda: note.edits > edits)
        said = note.words
        service.gate.set()
        await bot.answered(1)

    assert "Working on it" in said


async def test_start__answers_what_was_taken_and_never_answered(slack: FakeSlack) -> None:
    """A process that died after it took a command leaves it to the next one."""
    store = MemoryStore()
    async with running_bot(slack, store=store) as bot:
        invocation = replace(_said(bot, "watch"), key="trigger:of-the-dead")
        await bot.handler.accept(invocation)
    async with running_bot(slack, store=store) as bot:
        await bot.answered(1)

    assert [m.channel for m in slack.world.ours()] == [MAIN]


async def test_start__does_not_answer_twice(slack: FakeSlack) -> None:
    """It died between showing the answer and noting it: the answer that is there is found and kept."""
    store = MemoryStore()
    async with running_bot(slack, store=store) as bot:
        await slack.command("watch")
        await bot.answered(1)
        key = next(iter(store.commands))
        store.commands[key] = (store.commands[key][0], False)
    async with running_bot(slack, store=store) as bot:
        await bot.answered(1)

    assert len(slack.world.ours()) == 1


async def test_start__leaves_alone_what_is_being_answered(slack: FakeSlack) -> None:
    """Only what a process before this one took is taken up; a run that begins again doubles nothing."""
    service = SlowService()
    service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command("status")
        await slack.world.answer("Working on it")
        await bot.conversation.begin()
        service.gate.set()
        await bot.answered(1)
        await bot.chat.close()

    assert len(slack.world.ours()) == 1
    assert service.count("runs") == 1


@pytest.mark.parametrize("how", [Launching.NORMAL, Launching.LOST_REPLY])
async def test_start__goes_on_with_a_launch_that_was_cut_off(slack: FakeSlack, how: Launching) -> None:
    """Killed between sending a launch and showing it: the channel hears that it goes on, and the card lives."""
    store, service = MemoryStore(), FakeRunService()
    async with running_bot(slack, store=store, service=service) as bot:
        asked = _said(bot, "launch basic_test duration=30")
        launcher = replace(asked.actor, principals=asked.actor.principals | {"slack:usergroup:T01:S01"})
        asked = replace(asked, actor=launcher)
        card = (await bot.handler.handle(asked, _silent)).card
        command = button_of(card, "Launch").command
        assert command is not None
        press = replace(asked, text=command.verb, values=command.values, key="press")
        service.next_launch(how)
        await bot.handler.accept(press)
        await bot.handler.handle(press, _silent)  # and nothing of it is shown
    (intent,) = store.intents.values()
    async with running_bot(slack, store=store, service=service) as bot:
        await bot.answered(1)

    (message,) = slack.world.ours()
    shown = await store.story(intent.id, intent.channel)
    assert message.channel == MAIN
    assert shown is not None
    assert shown.message_id == message.ts
    assert [live.message for live in await store.live()] == [shown]
    assert len(service.launches) == 1


async def _silent(_: str) -> None:
    """Hear nothing."""


async def test_start__does_not_answer_what_nobody_waits_for(slack: FakeSlack) -> None:
    """After a long outage the person is told to ask again."""
    store = MemoryStore()
    async with running_bot(slack, store=store) as bot:
        old = _said(bot, "status")
        await bot.handler.accept(replace(old, at=old.at - timedelta(hours=1), key="trigger:old"))
    async with running_bot(slack, store=store):
        told = await slack.world.ephemeral(ALICE)

    assert "Ask again" in told.labels


def _said(bot: Bot, words: str) -> Invocation:
    alice = Actor(id=f"slack:user:T01:{ALICE}", principals=frozenset({f"slack:user:T01:{ALICE}"}))
    place = Place(channel=f"slack:channel:T01:{MAIN}")
    return Invocation(actor=alice, place=place, text=words, key="k", at=bot.clock.now())
