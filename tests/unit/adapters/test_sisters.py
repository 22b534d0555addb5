"""Several processes that answer in one chat: each command by the one that accepted it, or by who found that one dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.chat.conversation import LOOK_SECONDS, NOTED_SECONDS
from adapters.chat.surface import Deadlines
from adapters.store.replicas import Replica
from bot.state import Owner
from tests.fakes.chat import FakeChat, Posting, Seeing
from tests.fakes.clock import ManualClock
from tests.fakes.gated import GatedStore
from tests.fakes.held import HeldService
from tests.fakes.runs import a_run, run_id
from tests.unit.adapters.test_conversation import Process

SLOW, QUICK = run_id(1), run_id(2)
ADOPTED = LOOK_SECONDS + 30.0  # what the dead one sent has settled by then


class Asked(GatedStore):
    """A database that notes when somebody asked it whose a command is."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def owner_of(self, source: str, dedupe_id: str) -> str | None:
        """Say it."""
        self.asked.set()
        return await super().owner_of(source, dedupe_id)


class Sister(Process):
    """A process that others know of. `sure`: it knows that nobody found it dead."""

    sure = True
    store: Asked

    async def joins(self, name: str) -> Sister:
        """Be known from now on."""
        clock = self.chat.clock
        replica = Replica(id=name, host="h", place="", pid=1, born="", since=clock.now())
        await self.store.join(replica)
        self.handler.owner = Owner(id=name, listed=True, sure=lambda: self.sure)
        return self

    async def buried(self) -> None:
        """Be found dead by the others."""
        self.sure = False
        await self.store.leave(self.handler.owner.id)


@pytest.fixture
async def sisters() -> AsyncIterator[tuple[Sister, Sister]]:
    service = HeldService(SLOW)
    service.add_run(a_run(1))
    service.add_run(a_run(2))
    store, chat = Asked(), FakeChat(clock=ManualClock())
    both = Sister(store, chat, service), Sister(store, chat, service)
    yield await both[0].joins("one"), await both[1].joins("two")
    for each in both:
        assert each.surface.violations == []
        await each.conversation.end()


async def passes(one: Sister, seconds: float) -> None:
    """Let time pass for all."""
    assert isinstance(one.chat.clock, ManualClock)
    await one.chat.clock.advance(seconds)


async def works_on_a_slow_one(one: Sister) -> None:
    """Let it accept a command and begin to answer it."""
    await one.conversation.receive(one.surface.command(f"status {SLOW}"))
    await one.service.until(waiting=1)


async def test_start__leaves_what_a_sister_answers(sisters: tuple[Sister, Sister]) -> None:
    """A process that starts, and looks again and again, never answers what another one is working on."""
    one, two = sisters
    await works_on_a_slow_one(one)
    await two.conversation.begin()
    await passes(one, 3 * LOOK_SECONDS)
    waited = one.service.most_waiting
    one.service.gate.set()
    await one.settled()
    await two.settled()

    assert waited == 1
    assert len(one.chat.messages) == 1
    assert await one.unanswered() == 0


async def test_burial__its_commands_are_answered_by_another(sisters: tuple[Sister, Sister]) -> None:
    """Whoever was found dead leaves its commands to one of the others, with the next look; awake again, it shows nothing."""
    one, two = sisters
    await two.conversation.begin()
    await works_on_a_slow_one(one)
    await one.buried()
    await passes(one, ADOPTED)
    await one.service.until(waiting=2)
    one.service.gate.set()
    await asyncio.gather(one.settled(), two.settled())
    (message,) = one.chat.messages

    assert "Payments Nightly" in message.payload
    assert set(one.store.owners.values()) == {"two"}
    assert await two.unanswered() == 0


async def test_burial__shows_no_progress_over_the_answer_of_another(sisters: tuple[Sister, Sister]) -> None:
    """One that wakes in the middle of its work says nothing of that either."""
    one, two = sisters
    asked, frozen = asyncio.Event(), asyncio.Event()

    async def freezes(question: str, _: str) -> None:
        if question == "resolve":
            asked.set()
            await frozen.wait()

    one.surface.before = freezes
    one.surface.deadlines = Deadlines(defer=60.0, accept=60.0, progress=0.001)
    await two.conversation.begin()
    await one.conversation.receive(one.surface.command(f"status {SLOW}"))
    await asked.wait()
    await one.buried()
    await passes(one, ADOPTED)
    frozen.set()
    await one.service.until(waiting=2)
    await asyncio.wait_for(one.store.asked.wait(), 10)
    one.service.gate.set()
    await asyncio.gather(one.settled(), two.settled())

    assert len(one.chat.messages) == 1


async def test_burial__posts_nothing_again_beside_the_answer_of_another(
    sisters: tuple[Sister, Sister],
) -> None:
    """One that was frozen in a pause that the chat asked for wakes to its next try, and leaves that."""
    one, two = sisters
    one.chat.retry_after = 2 * ADOPTED
    one.chat.next_posts(Posting.RATE_LIMITED)
    await two.conversation.begin()
    await one.conversation.receive(one.surface.command(f"status {QUICK}"))
    await passes(one, 1.0)
    refused = len(one.chat.posts)
    await one.buried()
    await passes(one, ADOPTED)
    await two.settled()
    answered = len(one.chat.messages)
    await passes(one, one.chat.retry_after)
    await one.settled()

    assert (refused, answered) == (1, 1)
    assert len(one.chat.messages) == 1
    assert await two.unanswered() == 0


async def test_burial__looks_for_an_answer_until_the_history_can_be_read(
    sisters: tuple[Sister, Sister],
) -> None:
    """What the dead one answered and could not note any more is found, however long the chat is too busy to be asked."""
    one, two = sisters
    one.store.finishing.clear()
    await one.conversation.receive(one.surface.command(f"status {QUICK}"))
    await asyncio.wait_for(one.store.asked_to_finish.wait(), 10)
    one.chat.next_lookups(*[Seeing.UNREADABLE] * 10)
    await one.buried()
    await two.conversation.begin()
    await passes(one, 12 * one.chat.reconcile_after)
    one.store.finishing.set()
    await asyncio.gather(one.settled(), two.settled())

    assert len(one.chat.looks) > 10
    assert len(one.chat.messages) == 1


async def test_doubt__what_is_still_ours_is_shown(sisters: tuple[Sister, Sister]) -> None:
    """A process that was only slow asks, hears that nobody took its command, and answers."""
    one, two = sisters
    await two.conversation.begin()
    await works_on_a_slow_one(one)
    one.sure = False
    await passes(one, 2 * LOOK_SECONDS)
    one.service.gate.set()
    await one.settled()

    assert len(one.chat.messages) == 1
    assert one.service.most_waiting == 1


async def test_doubt__waits_for_the_database_rather_than_answer_twice(sisters: tuple[Sister, Sister]) -> None:
    """While it cannot be asked whether a command is still ours nothing is shown; then the answer comes."""
    one, _ = sisters
    await works_on_a_slow_one(one)
    one.sure, one.store.failing = False, "The database is not there."
    one.service.gate.set()
    await passes(one, 0.5)
    meanwhile = len(one.surface.seen)
    one.store.failing = None
    await passes(one, 60)
    await one.settled()

    assert meanwhile == 0
    assert len(one.surface.seen) == 1


@pytest.mark.parametrize(("away", "left"), [(60.0, 0), (2 * NOTED_SECONDS, 1)])
async def test_answered__is_noted_when_the_database_is_there_again(
    sisters: tuple[Sister, Sister], away: float, left: int
) -> None:
    """Left as it is, whoever comes after this process would answer once more; but nobody tries for ever."""
    one, _ = sisters
    one.store.finishing.clear()
    await one.conversation.receive(one.surface.command(f"status {QUICK}"))
    await asyncio.wait_for(one.store.asked_to_finish.wait(), 10)
    one.store.failing = "The database is not there."
    one.store.finishing.set()
    await passes(one, away)
    meanwhile = one.store.unanswered
    one.store.failing = None
    await passes(one, 60.0)
    await one.settled()

    assert (meanwhile, one.store.unanswered) == (1, left)
    assert len(one.surface.seen) == 1


async def test_rejoined__answers_what_it_left_under_its_new_name(sisters: tuple[Sister, Sister]) -> None:
    """Found dead and joined anew, it may adopt its own command: that is answered once, by what adopted it."""
    one, _ = sisters
    await one.conversation.begin()
    await works_on_a_slow_one(one)
    await one.buried()
    await one.joins("one again")
    one.sure = True
    await passes(one, ADOPTED)
    await one.service.until(waiting=2)
    one.service.gate.set()
    await one.settled()

    assert len(one.chat.messages) == 1
    assert set(one.store.owners.values()) == {"one again"}


async def test_accept__one_that_was_found_dead_accepts_nothing(sisters: tuple[Sister, Sister]) -> None:
    """Before it has joined anew the person is told, or the chat sends it again to another."""
    one, _ = sisters
    await one.buried()
    await one.conversation.receive(one.surface.command(f"status {QUICK}"))
    await one.settled()

    assert one.store.commands == {}
    assert len(one.surface.unseen) == 1
