"""Posts of the last hours are edited where people say something of what fails in them, and never made poorer."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot import marks
from bot.cards import Card, plain
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import NotFound, Unreachable
from bot.model import Availability, Results, Run, RunStatus
from bot.ports import NotDelivered, PostOutcome
from bot.state import ChannelSettings, DeliveryState, MessageRef, Subscription, Word
from bot.watch.causes import GIVEN_UP, LateCauses
from bot.watch.decide import PROPERTIES_LAG
from bot.watch.marked import RECENT, edit_posts
from tests.fakes.chat import FakeChat
from tests.fakes.runs import some_results
from tests.fakes.watching import CHANNEL, Watching

X, ANN = "no torn page", "slack:user:T01:U0ANN"
OTHER = "fake:channel:C2"


@dataclass(kw_only=True)
class EditedChat(FakeChat):
    """A chat that remembers the cards of edits, and answers some as told."""

    cards: list[tuple[str, Card]] = field(default_factory=list)
    answers: deque[PostOutcome] = field(default_factory=deque)

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Edit, or answer as told and change nothing."""
        if self.answers:
            return self.answers.popleft()
        self.cards.append((message.channel, card))
        return await super().edit(message, card)


class Posted:
    """A run that failed and was announced in two channels."""

    def __init__(self) -> None:
        self.watching = Watching()
        self.chat = EditedChat(clock=self.watching.clock)
        self.watching.chat = self.chat
        self.watching.restart()
        self.store, self.service = self.watching.store, self.watching.service
        self.restart()

    def restart(self) -> None:
        """Start a new process over the same store, chat and platform."""
        self.watching.restart()
        self.causes = LateCauses(
            self.watching.poller.finishing, clock=self.watching.clock, chats={self.chat.name: self.chat},
            on_rows=lambda: None,
        )  # fmt: skip

    async def announced(self, number: int = 1, *, failing: tuple[str, ...] = (X,)) -> Run:
        """Let a run end, and be posted."""
        if number == 1:
            await self.watching.begin(Subscription(channel=CHANNEL), Subscription(channel=OTHER))
            await self.store.keep_name(ANN, "Ann")
        run = self.watching.starts(number)
        self.service.finish(run, some_results(run, failing=failing, passing=("other",)))
        await self.watching.tick()
        await self.deliver()
        return run

    async def deliver(self) -> None:
        """Post what waits."""
        deliverer = Deliverer(
            self.chat, self.store, platforms={}, clock=self.watching.clock, notify_operator=_nobody,
            pace=Pace(per_channel=0),
        )  # fmt: skip
        while (await self.store.depth()).waiting:
            self.watching.clock.pass_time(await deliverer.step())

    async def say(self) -> None:
        """Say that it is known, as `mark` does."""
        state = await self.store.property_state("demo", "Payments Nightly", X)
        known = marks.said(state, Word.KNOWN, by=ANN, now=self.watching.clock.now(), ticket="JIRA-12")
        assert await self.store.save_property_state(known)
        await edit_posts(self.store, known, self.watching.clock.now())

    async def look(self, after: float = 0) -> list[tuple[str, str]]:
        """Make the edits that are due; return what the messages of each channel say then."""
        self.chat.cards.clear()
        self.watching.clock.pass_time(after)
        await self.causes.tick()
        return [(channel, plain(card.text)) for channel, card in self.chat.cards]


async def _nobody(_: str) -> None:
    """Notify nobody."""


async def test_posts__of_all_channels_show_it() -> None:
    """Each is edited once, with all that it said before."""
    it = Posted()
    await it.announced()
    assert await it.look() == []
    await it.say()
    it.restart()

    edited = await it.look()

    assert sorted(channel for channel, _ in edited) == [CHANNEL, OTHER]
    assert all("FAILED with 1 failure, 1 known of them" in text for _, text in edited)
    assert all(f"“{X}”: known JIRA-12." in text for _, text in edited)
    assert await it.look(600) == []


async def test_posts__of_other_runs_and_of_days_ago_stay() -> None:
    """A run in which it does not fail, one of another launcher's and an old one are left as they are."""
    it = Posted()
    await it.announced()
    it.watching.clock.pass_time(RECENT.total_seconds())
    await it.announced(2)
    await it.announced(3, failing=("another",))

    await it.say()

    assert len(await it.look()) == 2
    assert {late.run.run_id for late in it.store.late.values()} == set()


async def test_posts__of_ends_whose_results_came_later_are_left() -> None:
    """The later post says what fails; the first one had nothing to say of it, and is not made to."""
    it = Posted()
    await it.watching.begin(Subscription(channel=CHANNEL), Subscription(channel=OTHER))
    run = it.watching.starts(1)
    it.service.finish(run, Results(ref=run.ref, availability=Availability.NOT_YET))
    await it.watching.tick(PROPERTIES_LAG.total_seconds() + 60)
    await it.watching.tick(PROPERTIES_LAG.total_seconds() + 60)
    it.service.set_results(some_results(run, failing=(X,), passing=("other",)))
    await it.watching.tick(7200)
    posted = [delivery.key for delivery in it.watching.told]
    assert sum("results" in key for key in posted) == len(posted) // 2 == len({CHANNEL, OTHER}), posted

    await it.say()

    assert it.store.late == {}


@pytest.mark.parametrize("trouble", [Unreachable("no answer"), NotFound("gone", what="run")])
async def test_posts__that_would_say_less_are_left(trouble: Unreachable | NotFound) -> None:
    """While the run cannot be read its post stays as it is; after a while nobody tries any more."""
    it = Posted()
    await it.announced()
    await it.say()
    it.service.fail("run", trouble, times=2)
    assert await it.look() == []
    assert len(await it.look(60)) == 2

    await it.say()
    it.service.fail("run", trouble, times=100)
    assert await it.look() == []
    assert await it.look(GIVEN_UP.total_seconds()) == []
    assert it.store.late == {}


async def test_posts__whose_run_ended_otherwise_since() -> None:
    """The announcement of another end is no place for this one."""
    it = Posted()
    run = await it.announced()
    await it.say()
    it.service.change(run, status=RunStatus.INCOMPLETE)

    assert await it.look() == []
    assert len(it.store.late) == 2


async def test_posts__edited_again_where_the_chat_failed() -> None:
    """What a chat did not take is tried again."""
    it = Posted()
    await it.announced()
    await it.say()
    it.chat.answers.append(NotDelivered("busy"))

    assert len(await it.look()) == 1
    assert len(await it.look(timedelta(minutes=5).total_seconds())) == 1


async def test_posts__marked_again_while_one_is_edited() -> None:
    """What is said meanwhile is shown by one more edit."""
    it = Posted()
    await it.announced()
    await it.say()
    reading = asyncio.Event()

    async def slowly(message: MessageRef, card: Card) -> PostOutcome:
        reading.set()
        it.watching.clock.pass_time(1)
        await it.say()
        return await FakeChat.edit(it.chat, message, card)

    it.chat.edit = slowly  # type: ignore[method-assign]  # the moment between reading and the edit
    await it.causes.tick()

    assert reading.is_set()
    assert len(it.store.late) == 2


async def test_posts__that_are_held_say_it_from_the_first() -> None:
    """What a quiet channel is not to hear yet is changed where it waits, and what it counts as too."""
    it = Posted()
    now = it.watching.clock.now()
    later = (now + timedelta(hours=8)).time()
    await it.store.set_channel(ChannelSettings(channel=OTHER, quiet_from=now.time(), quiet_to=later), now)
    await it.announced()
    held = next(row for row in it.store.outbox.values() if row.delivery.channel == OTHER)
    assert held.delivery.state is DeliveryState.HELD

    await it.say()
    edited = await it.look()

    assert [channel for channel, _ in edited] == [CHANNEL]
    assert "1 known of them" in held.delivery.payload
    assert held.delivery.ending is not None
    assert held.delivery.ending.new == ()
    assert it.store.late == {}
