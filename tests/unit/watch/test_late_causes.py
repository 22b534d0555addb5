"""Announcements of runs whose logs take long: they go out, and say why the run broke when that is known."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import time

import pytest

from bot.cards import Card, plain
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import NotFound, Unreachable
from bot.model import LogExcerpt, LogLine, LogQuery, Run, RunLogQuery, RunStatus
from bot.ports import Halted, PostOutcome, Report, Undeliverable
from bot.state import ChannelSettings, LateCause, MessageRef
from bot.watch.causes import FIRST_WAIT, GIVEN_UP, LONGEST_WAIT, LateCauses
from tests.fakes.chat import FakeChat
from tests.fakes.loop_time import stopped_time
from tests.fakes.runs import MOMENT, a_line, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.watching import CHANNEL, Watching

PANIC = "panic: lock lost"
SOON = "This message will be updated."


@dataclass(kw_only=True)
class SlowLogs(FakeRunService):
    """A platform whose logs are there only when a test says so."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Wait, then answer."""
        await self.ready.wait()
        return await super().logs(query, report)

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Wait, then answer."""
        await self.ready.wait()
        return await super().run_log(query, report)


@dataclass(kw_only=True)
class EditedChat(FakeChat):
    """A chat that remembers the cards of edits, and answers some as told."""

    cards: list[Card] = field(default_factory=list)
    answers: deque[PostOutcome] = field(default_factory=deque)

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Edit, or answer as told and change nothing."""
        self.cards.append(card)
        return self.answers.popleft() if self.answers else await super().edit(message, card)


class Late:
    """A watched platform with slow logs, and a chat that edits."""

    def __init__(self) -> None:
        self.service = SlowLogs()
        self.watching = Watching(service=self.service)
        self.chat = EditedChat(clock=self.watching.clock)
        self.watching.chat = self.chat
        self.restart()

    def restart(self) -> None:
        """Start a new process over the same store, chat and platform."""
        self.watching.restart()
        self.causes = LateCauses(
            self.watching.poller.finishing,
            clock=self.watching.clock,
            chats={self.chat.name: self.chat},
            on_rows=lambda: None,
        )

    async def broken(self, *numbers: int, failing: tuple[str, ...] = ()) -> list[Run]:
        """Let runs break, and look: their logs are not read in time."""
        await self.watching.begin()
        runs = [self.watching.starts(number) for number in numbers]
        await self.watching.tick()
        for run in runs:
            self.service.change(run, status=RunStatus.INCOMPLETE, failure_moment=MOMENT)
            self.service.set_log(run, MOMENT, a_line(PANIC, "398.1"))
            if failing:
                self.service.set_results(some_results(run, failing=failing, passing=("other",)))
        with stopped_time() as time:
            ticking = asyncio.create_task(self.watching.tick())
            await time.pass_by(35.0)
            assert ticking.done(), "nobody waits for a second slow log in one look"
            await ticking
        return runs

    async def deliver(self) -> None:
        """Post what is to be posted."""
        store, clock = self.watching.store, self.watching.clock
        deliverer = Deliverer(
            self.chat, store, platforms={}, clock=clock, notify_operator=_nobody, pace=Pace(per_channel=0)
        )
        await deliverer.step()
        while (await store.depth()).waiting:
            clock.pass_time(await deliverer.step())

    async def tick(self, seconds: float = 60.0) -> None:
        """Look for causes, after so many seconds."""
        self.watching.clock.pass_time(seconds)
        self.service.now = self.watching.clock.now()
        await self.causes.tick()

    @property
    def waiting(self) -> list[str]:
        """The announcements that wait, by run."""
        return [late.run.run_id for late in self.watching.store.late.values()]


async def _nobody(_: str) -> None:
    """Notify nobody."""


async def test_finish__announces_without_waiting_longer() -> None:
    """Two runs with slow logs are announced by one look, in one message, both saying that the log was not read."""
    late = Late()
    runs = await late.broken(1, 2)
    rows = [row.delivery.payload for row in late.watching.store.outbox.values()]
    await late.deliver()

    (shown,) = late.chat.messages
    assert PANIC not in shown.payload
    assert SOON not in shown.payload, "a list is not edited"
    for text in ("could not be read within 20 seconds", "has not been read yet"):
        assert text in shown.payload
        assert sum(text in row and SOON in row for row in rows) == 1
    assert late.waiting == [run.ref.run_id for run in runs]


async def test_tick__says_it_below_a_message_that_tells_of_several() -> None:
    """Each cause comes once, as a reply with all that a post has; a process that ends in between changes nothing."""
    late = Late()
    await late.broken(1, 2)
    await late.deliver()
    late.service.ready.set()
    await late.tick()
    late.restart()
    await late.tick()
    await late.deliver()
    summary, *replies = late.chat.messages

    assert [reply.thread for reply in replies] == [summary.id] * 2
    assert all(PANIC in reply.payload for reply in replies)
    assert late.chat.cards == []
    assert late.waiting == []


async def test_tick__a_message_that_is_held_says_it_at_once() -> None:
    """What a channel hears in the morning is whole; nothing is edited."""
    late = Late()
    quiet = ChannelSettings(channel=CHANNEL, quiet_from=time(0), quiet_to=time(23, 59))
    await late.watching.store.set_channel(quiet, late.watching.clock.now())
    await late.broken(1)
    late.service.ready.set()
    await late.tick()
    await late.watching.store.set_channel(ChannelSettings(channel=CHANNEL), late.watching.clock.now())
    await late.deliver()
    await late.tick()
    (message,) = late.chat.messages

    assert PANIC in message.payload
    assert SOON not in message.payload
    assert late.chat.cards == []
    assert late.waiting == []


async def test_tick__says_nothing_below_where_the_cause_is_never_known() -> None:
    """The message said already that the log could not be read."""
    late = Late()
    await late.broken(1, 2)
    await late.deliver()
    late.service.ready.set()
    late.service.fail("logs", Unreachable("Nobody answered."), times=100)
    await late.tick(GIVEN_UP.total_seconds())
    await late.deliver()

    assert len(late.chat.messages) == 1
    assert late.waiting == []


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("posted", [False, True])
async def test_tick__edits_the_announcement_when_the_log_is_read(*, killed: bool, posted: bool) -> None:
    """Also where the process ended before the post, or between the post and the edit; once, and nothing is posted anew."""
    late = Late()
    await late.broken(1)
    if posted:
        await late.deliver()
    late.service.ready.set()
    if killed:
        late.restart()
    await late.tick()
    assert len(late.chat.cards) == posted
    await late.deliver()
    await late.tick()
    await late.tick()

    (message,) = late.chat.messages
    (card,) = late.chat.cards
    assert message.payload == late.chat.render(card)
    assert "did not complete: crashed. It stopped at 398.489 s of virtual time." in plain(card.text)
    assert PANIC in plain(card.text)
    assert SOON not in plain(card.text)
    assert card.excerpt is not None
    assert late.waiting == []


async def test_finish__reads_what_comes_in_time_before_it_posts() -> None:
    """Then there is nothing to edit."""
    late = Late()
    late.service.ready.set()
    await late.broken(1)
    await late.deliver()

    (message,) = late.chat.messages
    assert PANIC in message.payload
    assert late.waiting == []


async def test_tick__says_in_the_end_that_it_was_not_read() -> None:
    """After half an hour the announcement no longer promises anything."""
    late = Late()
    await late.broken(1)
    await late.deliver()
    late.service.ready.set()
    late.service.fail("logs", Unreachable("Nobody answered."), times=100)

    await late.tick()
    assert late.chat.cards == []
    late.restart()  # how long it waits is on record
    await late.tick(GIVEN_UP.total_seconds())

    (card,) = late.chat.cards
    assert plain(card.text).count("Nobody answered.") == 1
    assert SOON not in plain(card.text)
    assert late.waiting == []


async def test_tick__of_a_run_that_is_gone() -> None:
    """What is on record is shown, and that the platform has the run no more."""
    late = Late()
    (run,) = await late.broken(1)
    await late.deliver()
    late.service.fail("run", NotFound("There is no such run.", what="run"))
    await late.tick()

    (card,) = late.chat.cards
    assert plain(card.title) == "Payments Nightly on main did not complete"
    assert "There is no such run." in plain(card.text)
    assert run.ref.run_id not in late.waiting


@pytest.mark.parametrize("status", [RunStatus.IN_PROGRESS, RunStatus.COMPLETED])
async def test_tick__of_a_run_that_did_not_break_after_all(status: RunStatus) -> None:
    """The announcement of an end never turns into one of a run that goes on, or whose results are still to come."""
    late = Late()
    (run,) = await late.broken(1)
    await late.deliver()
    late.service.ready.set()
    late.service.change(run, status=status)
    await late.tick()
    assert late.chat.cards == []
    assert late.waiting == [run.ref.run_id]

    late.service.change(run, status=RunStatus.COMPLETED)
    late.service.set_results(some_results(run, passing=("balance",)))
    await late.tick()

    (card,) = late.chat.cards
    assert plain(card.title) == "Payments Nightly on main passed"
    assert late.waiting == []


@pytest.mark.parametrize("gone", [False, True])
async def test_tick__of_a_run_that_still_goes_on_after_half_an_hour(*, gone: bool) -> None:
    """The announcement stays one of the end that was announced, with its failures, and says what became of that.

    So it does where the run is on record as one that goes on, and then cannot be read any more.
    """
    late = Late()
    (run,) = await late.broken(1, failing=("balance",))
    await late.deliver()
    late.service.ready.set()
    late.service.change(run, status=RunStatus.IN_PROGRESS, status_text="in_progress")
    await late.watching.tick()
    await late.tick()
    assert late.chat.cards == []
    if gone:
        late.service.fail("run", NotFound("There is no such run.", what="run"))
    await late.tick(GIVEN_UP.total_seconds())

    (card,) = late.chat.cards
    assert plain(card.title) == "Payments Nightly on main did not complete, 1 failure"
    assert [plain(item.title) for item in card.items] == ["balance"]
    told = "There is no such run." if gone else "it reported the run as “in progress”."
    assert told in plain(card.text)
    assert late.waiting == []


@pytest.mark.parametrize("gone", [False, True])
async def test_tick__of_a_run_that_no_record_has_any_more(*, gone: bool) -> None:
    """It never turns into one that is starting."""
    late = Late()
    (run,) = await late.broken(1)
    await late.deliver()
    late.watching.store.runs.clear()
    error = NotFound("There is no such run.", what="run") if gone else Unreachable("Nobody answered.")
    late.service.fail("run", error, times=100)
    await late.tick(GIVEN_UP.total_seconds())

    (card,) = late.chat.cards
    assert plain(card.title) == "Run 00000000 did not complete"
    assert error.problem in plain(card.text)
    assert run.ref.run_id not in late.waiting


async def test_tick__loses_no_failure_that_was_announced() -> None:
    """What the announcement named it still names once the platform has the run no more, or cannot be asked for long."""
    late = Late()
    (run,) = await late.broken(1, failing=("balance",))
    await late.deliver()
    assert "balance" in late.chat.messages[0].payload
    late.service.fail("run", Unreachable("Nobody answered."), times=100)
    await late.tick()
    assert late.chat.cards == []
    await late.tick(GIVEN_UP.total_seconds())

    (card,) = late.chat.cards
    assert [plain(item.title) for item in card.items] == ["balance"]
    assert "1 failure" in plain(card.title)
    assert "balance" in plain(card.text)
    assert run.ref.run_id not in late.waiting


async def test_tick__tries_again_ever_more_seldom() -> None:
    """A platform that does not answer is not asked by every look."""
    late = Late()
    await late.broken(1)
    await late.deliver()
    late.service.ready.set()
    late.service.fail("logs", Unreachable("Nobody answered."), times=100)
    asked = []
    for _ in range(60):
        await late.tick(FIRST_WAIT)
        asked.append(late.service.count("logs"))

    assert asked[0] == 1
    assert 4 <= asked[-1] <= 9, "15, 30, 60, 120, 240, 300 seconds"
    assert LONGEST_WAIT >= FIRST_WAIT


async def test_tick__tries_an_edit_again_and_gives_up_where_the_message_is_gone() -> None:
    """A chat that refuses us now may take it later; what is not there is not edited."""
    late = Late()
    await late.broken(1)
    await late.deliver()
    late.service.ready.set()
    late.chat.answers.extend([Halted("no"), Undeliverable("gone", channel_lost=False)])

    await late.tick()
    assert late.waiting
    await late.tick()
    assert late.waiting == []


async def test_tick__corrects_a_correction() -> None:
    """An end that was announced otherwise before says so still after the edit."""
    late = Late()
    await late.watching.begin()
    run = late.watching.starts(1)
    await late.watching.tick()
    late.service.change(run, status=RunStatus.CANCELLED)
    await late.watching.tick()
    late.service.change(run, status=RunStatus.INCOMPLETE)
    late.service.set_build_log(run, LogLine(text="error: no image"))
    with stopped_time() as time:
        ticking = asyncio.create_task(late.watching.tick())
        await time.pass_by(25.0)
        await ticking
    await late.deliver()
    (waiting,) = late.watching.store.late.values()
    assert waiting == LateCause(key=waiting.key, run=run.ref, since=waiting.since, before=RunStatus.CANCELLED)
    late.service.ready.set()
    await late.tick()

    (card,) = late.chat.cards
    assert plain(card.title).startswith("Correction: ")
    assert "error: no image" in plain(card.text)
    assert {message.channel for message in late.chat.messages} == {CHANNEL}
