"""The life of a command in any chat: accepted once, answered once, whatever is slow, fails or starts again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat import conversation as engine
from adapters.chat.conversation import Conversation, announcing_a_restart
from adapters.chat.lanes import MOST
from adapters.chat.surface import Deadlines, Kind
from bot.access import Denied
from bot.cards import Card
from bot.errors import StoreError
from bot.ports import Undeliverable
from bot.state import Actor, Invocation, MessageRef
from tests.fakes.chat import FakeChat, Posting, Seeing
from tests.fakes.clock import ManualClock
from tests.fakes.gated import GatedStore
from tests.fakes.held import HeldService
from tests.fakes.inbox import left_over
from tests.fakes.runs import a_run, run_id
from tests.fakes.stage import ANN, READER, Stage
from tests.fakes.surface import PATIENT, FakeSurface, Thinking, at_once

SLOW, QUICK = run_id(1), run_id(2)
ANSWER = "Payments Nightly"


class Process:
    """One process with the engine in it, over a chat and a database that outlive it."""

    def __init__(self, store: GatedStore, chat: FakeChat, service: HeldService) -> None:
        stage = Stage(clock=_clock(chat), service=service, memory=store, chat=chat)
        self.store, self.service, self.chat, self.handler = store, service, chat, stage.handler
        self.surface = FakeSurface(chat=chat)
        self.conversation: Conversation[Thinking] = Conversation(stage.handler, self.surface, stage.clock)

    def next(self) -> Process:
        """Return the process after this one."""
        return Process(self.store, self.chat, self.service)

    async def settled(self) -> None:
        """Wait until all that was begun is done."""
        async with asyncio.timeout(30):
            while len(self.conversation._work):
                await asyncio.wait(set(self.conversation._work._running))

    @property
    def answers(self) -> list[str]:
        """The answers about the run that people see."""
        return [text for text in self.surface.seen if ANSWER in text]

    async def until_resumed(self) -> None:
        """Wait until what was left over could be read."""
        later = self.conversation._resuming_later
        assert later is not None
        async with asyncio.timeout(30):
            await later

    async def unanswered(self) -> int:
        """Count what was accepted and is not answered."""
        return len(await left_over(self.handler, "fake", self.chat.clock.now() - timedelta(days=1)))


def _clock(chat: FakeChat) -> ManualClock:
    assert isinstance(chat.clock, ManualClock)
    return chat.clock


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    service = HeldService(SLOW)
    service.add_run(a_run(1))
    service.add_run(a_run(2))
    process = Process(GatedStore(), FakeChat(clock=ManualClock(eager=True)), service)
    yield process
    assert process.surface.violations == []
    assert process.chat.violations == []
    await process.conversation.end()


# Once ------------------------------------------------------------------------------------------------------


async def test_slow_start__and_a_fresh_command_meet_nowhere(process: Process) -> None:
    """What comes in while the read of the left-over is on its way is answered once, and is not taken for left over."""
    process.store.reading.clear()
    process.conversation.begin()
    receiving = asyncio.create_task(process.conversation.receive(process.surface.command(f"status {SLOW}")))
    for _ in range(20):
        await asyncio.sleep(0)
    process.store.reading.set()
    await receiving
    await process.service.until(waiting=1)
    process.service.gate.set()
    await process.settled()

    assert len(process.answers) == 1
    assert process.service.most_waiting == 1
    assert (process.store.reads, await process.unanswered()) == (1, 0)


async def test_command__that_comes_twice_is_answered_once(process: Process) -> None:
    """At the same moment or after its answer: the inbox accepts it once."""
    command = process.surface.command(f"status {QUICK}")

    receipts = await asyncio.gather(*(process.conversation.receive(command) for _ in range(3)))
    await process.settled()
    late = await process.conversation.receive(command)

    assert [receipt.answered is not None for receipt in receipts].count(True) == 1
    assert late.answered is None
    assert len(process.answers) == 1


async def test_start__resumes_what_is_left_over_once(process: Process) -> None:
    """However often a connection begins anew in one process."""
    await process.next().handler.accept(process.surface.command(f"status {SLOW}").invocation)

    await asyncio.gather(process.conversation.begin(), process.conversation.begin())
    await process.service.until(waiting=1)
    await process.conversation.begin()
    process.service.gate.set()
    await process.settled()

    assert len(process.answers) == 1
    assert process.service.most_waiting == 1


async def test_start__without_a_database_resumes_when_it_is_there(process: Process) -> None:
    """What is left over is answered once the database can be read, and what came in before that once too."""
    left, again = process.surface.command(f"status {SLOW}"), process.surface.command(f"status {SLOW}")
    await process.next().handler.accept(left.invocation)
    process.service.gate.set()
    process.store.deaf = True
    await process.conversation.begin()

    await process.conversation.receive(process.surface.command(f"status {QUICK}", key="k2"))
    await process.conversation.receive(again)  # the chat sends what it sent to the process before
    await process.settled()
    meanwhile = len(process.answers)
    process.store.deaf = False
    await process.until_resumed()
    await process.settled()

    assert meanwhile == 1
    assert len(process.answers) == 2
    assert await process.unanswered() == 0


async def test_start__without_a_database_can_be_stopped(process: Process) -> None:
    """Whoever waits for the database goes when the process ends."""
    process.store.deaf = True
    await process.conversation.begin()
    later = process.conversation._resuming_later
    assert later is not None

    await process.conversation.end()
    await asyncio.wait({later}, timeout=10)

    assert later.cancelled()


QUESTIONS = ["resolve", "post", "posted", "finish"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("hard", [True, False])
async def test_restart__at_any_point_leaves_one_answer(process: Process, question: str, hard: bool) -> None:
    """A process that dies, or is stopped, while it answers leaves the answer to the next one, and never two."""
    died = asyncio.Event()

    async def dies(asked: str, text: str) -> None:
        if asked == question:
            died.set()
            await asyncio.Event().wait()

    process.surface.before = dies
    await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    await asyncio.wait_for(died.wait(), 10)
    if not hard:
        process.surface.before = at_once
        await process.conversation.end()
    after = process.next()
    await after.conversation.begin()
    await after.settled()
    seen = after.chat.messages

    assert len(seen) == 1
    assert ANSWER in seen[0].payload
    assert await process.unanswered() == 0
    process.surface.before = at_once


@pytest.mark.parametrize(
    ("posting", "seeing"), [(Posting.LATE, Seeing.NORMAL), (Posting.NORMAL, Seeing.UNREADABLE)]
)
async def test_restart__finds_the_answer_that_cannot_be_seen_at_once(
    process: Process, posting: Posting, seeing: Seeing
) -> None:
    """A chat may store what it was sent when its sender is dead and the next process has looked, or could not look."""
    died = asyncio.Event()

    async def dies(asked: str, text: str) -> None:
        if asked == "posted":
            died.set()
            await asyncio.Event().wait()

    process.chat.next_posts(posting)
    process.surface.before = dies
    await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    await asyncio.wait_for(died.wait(), 10)
    process.chat.next_lookups(seeing)
    after = process.next()
    await after.conversation.begin()
    await after.settled()

    assert process.chat.doubled == ()
    assert len(after.chat.messages) == 1
    assert await process.unanswered() == 0


async def test_restart__says_so_and_goes_on_in_the_same_message(process: Process) -> None:
    """Who waits is told that the answer comes later, and it takes the place of that message."""
    process.surface.deadlines = Deadlines(defer=60.0, accept=60.0, progress=0.0)
    posted = asyncio.Event()

    async def watch(asked: str, text: str) -> None:
        if asked == "posted":
            posted.set()

    process.surface.before = watch
    await process.conversation.receive(process.surface.command(f"status {SLOW}"))
    await asyncio.wait_for(posted.wait(), 10)
    await process.service.until(waiting=1)
    cut = await process.conversation.drain(0)
    (said,) = process.surface.seen
    process.service.gate.set()
    after = process.next()
    await after.conversation.begin()
    await after.settled()

    assert cut == 1
    assert "will continue with this afterwards" in said
    assert [ANSWER in text for text in after.surface.seen] == [True]


async def test_restart__says_nothing_over_an_answer_that_is_there(process: Process) -> None:
    """What is cut off behind the answer, its files, is no reason to promise the answer for later."""
    there = asyncio.Event()

    async def hangs(asked: str, text: str) -> None:
        if asked == "finish":
            there.set()
            await asyncio.Event().wait()

    process.surface.before = hangs
    await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    await asyncio.wait_for(there.wait(), 10)
    process.surface.before = at_once
    await process.conversation.end()

    assert [ANSWER in text for text in process.surface.seen] == [True]


async def test_answer__that_cannot_take_the_place_of_progress_is_not_mistaken_for_it(
    process: Process,
) -> None:
    """Both are messages to the same command: whoever looks for the answer must not find the other one."""
    process.surface.deadlines = Deadlines(defer=60.0, accept=60.0, progress=0.0)
    posted = asyncio.Event()

    async def watch(asked: str, text: str) -> None:
        if asked == "posted":
            posted.set()

    async def gone(message: MessageRef, card: Card) -> Undeliverable:
        return Undeliverable("It is not edited any more.", channel_lost=False)

    process.surface.before = watch
    process.chat.edit = gone  # type: ignore[method-assign]  # the chat that refuses edits
    await process.conversation.receive(process.surface.command(f"status {SLOW}"))
    await asyncio.wait_for(posted.wait(), 10)
    process.chat.next_posts(Posting.DROPPED)
    process.service.gate.set()
    await process.settled()

    assert len(process.answers) == 1


async def test_start__does_not_answer_what_nobody_waits_for(process: Process) -> None:
    """Asked too long ago: the person alone is told to ask again."""
    command = process.surface.command(f"status {QUICK}")
    await process.next().handler.accept(command.invocation)
    _clock(process.chat).pass_time(engine.RESUMED.total_seconds() + 1)

    await process.conversation.begin()
    await process.settled()

    assert process.answers == []
    assert [person for person, _ in process.surface.unseen] == [ANN.id]
    assert "Ask again" in process.surface.seen[0]
    assert await process.unanswered() == 0


# In time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redelivers", [True, False])
async def test_database__that_is_slow_is_not_waited_for(process: Process, redelivers: bool) -> None:
    """A chat that sends again gets no acknowledgement; of any other the person is told, and nothing is done later."""
    process.surface.redelivers = redelivers
    process.surface.deadlines = Deadlines(defer=0.0, accept=0.0, progress=60.0)
    process.store.writing.clear()
    command = process.surface.command(f"status {QUICK}")
    if redelivers:
        with pytest.raises(StoreError):
            await process.conversation.receive(command)
    else:
        await process.conversation.receive(command)
    told = list(process.surface.seen)
    process.store.writing.set()
    await process.settled()
    process.surface.deadlines = PATIENT
    await process.conversation.receive(command)
    await process.settled()

    assert len(process.answers) == (1 if redelivers else 0)
    assert ["too long to save" in text for text in told] == ([] if redelivers else [True])
    assert await process.unanswered() == 0


@pytest.mark.parametrize("redelivers", [True, False])
async def test_database__that_refuses_promises_nothing(process: Process, redelivers: bool) -> None:
    """Where nothing was kept, nothing is answered."""
    process.surface.redelivers = redelivers
    process.store.refusing = True
    if redelivers:
        with pytest.raises(StoreError):
            await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    else:
        await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    await process.settled()

    assert process.answers == []
    assert len(process.surface.unseen) == (0 if redelivers else 1)


async def test_chat__is_told_that_an_answer_comes_while_the_inbox_is_slow(process: Process) -> None:
    """It is told in its time, the work waits for the inbox."""
    process.surface.defers = True
    process.surface.deadlines = Deadlines(defer=0.0, accept=60.0, progress=60.0)
    process.store.writing.clear()
    deferred = asyncio.Event()

    async def watch(asked: str, text: str) -> None:
        if asked == "defer":
            deferred.set()

    process.surface.before = watch
    receiving = asyncio.create_task(process.conversation.receive(process.surface.command(f"status {QUICK}")))
    await asyncio.wait_for(deferred.wait(), 10)
    before = list(process.surface.seen)
    process.store.writing.set()
    await receiving
    await process.settled()

    assert before == []
    assert len(process.answers) == 1


# To whom ---------------------------------------------------------------------------------------------------


async def test_private__goes_to_one_person_and_takes_progress_back(process: Process) -> None:
    """What turns out to be for one person never stays where others read it."""
    process.surface.deadlines = Deadlines(defer=60.0, accept=60.0, progress=0.0)
    await process.conversation.receive(process.surface.command("status nonexistent-run"))
    await process.settled()

    assert process.chat.messages == ()
    assert [person for person, _ in process.surface.unseen] == [ANN.id]


@pytest.mark.parametrize("closed", [True, False])
async def test_private__that_cannot_be_shown_in_place_goes_directly(process: Process, closed: bool) -> None:
    """Else it is said in place, without what is private, that it could not be shown."""
    process.surface.reached_in_place = False
    process.surface.closed = {ANN.id} if closed else set()

    await process.conversation.receive(process.surface.command("status nonexistent-run"))
    await process.settled()
    (message,) = process.chat.messages

    assert ("nonexistent" in message.payload) is not closed
    assert message.channel.endswith("C1" if closed else ":ANN")


async def test_account__that_is_nobodys_is_told_and_noted(process: Process) -> None:
    """Nothing is asked of the core for it."""
    process.surface.nobody = {ANN.id}

    await process.conversation.receive(process.surface.command(f"status {QUICK}"))
    await process.settled()

    assert process.answers == []
    assert "nobody's" in process.surface.seen[0]
    assert [entry.detail for entry in process.store.trail] == ["account"]


async def test_change__asks_the_chat_afresh_who_it_is(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is remembered of a person, a right that was taken away is gone when something is to be changed."""

    async def gone(invocation: Invocation, actor: Actor) -> Denied:
        return Denied(f"{actor.id} is not a member any more.", "account")

    monkeypatch.setattr(process.surface, "afresh", gone)
    for command in ("watch", "status"):
        await process.conversation.receive(process.surface.command(command, key=command))
        await process.settled()

    assert await process.store.subscriptions() == ()
    assert sorted("not a member" in text for text in process.surface.seen) == [False, True]


@pytest.mark.parametrize("pressed_ephemeral", [True, False])
async def test_too_much__is_left_out_and_told_once(process: Process, pressed_ephemeral: bool) -> None:
    """Whoever has so many under way is told, in one sentence at a time; others notice nothing."""
    commands = [process.surface.command(f"status {SLOW}", key=f"k{n}") for n in range(2 * MOST)]
    receipts = [await process.conversation.receive(c) for c in commands]
    other = await process.conversation.receive(
        process.surface.command(f"status {QUICK}", key="other", actor=READER, ephemeral=pressed_ephemeral)
    )
    assert other.answered is not None
    await other.answered
    told = [text for text in process.surface.seen if "are running" in text]
    process.service.gate.set()
    await process.settled()

    assert [r.refusal is None for r in receipts] == [True] * MOST + [False] * MOST
    assert 1 <= len(told) <= MOST
    assert len(process.answers) == MOST + 1
    assert await process.unanswered() == 0


async def test_too_much__is_told_by_the_receipt_where_the_chat_shows_that(process: Process) -> None:
    """Then nothing else says it."""
    for number in range(MOST):
        await process.conversation.receive(process.surface.command(f"status {SLOW}", key=f"k{number}"))
    receipt = await process.conversation.receive(
        process.surface.command(f"status {SLOW}", key="more", shown_by_receipt=True)
    )
    assert receipt.answered is not None
    await receipt.answered
    told = list(process.surface.seen)
    process.service.gate.set()

    assert receipt.refusal is not None
    assert told == []


async def test_form__that_too_much_is_under_way_for_is_not_opened(process: Process) -> None:
    """A person who has to be answered is told why."""
    for number in range(MOST):
        await process.conversation.receive(process.surface.command(f"status {SLOW}", key=f"k{number}"))
    receipt = await process.conversation.receive(
        process.surface.command("launch", key="form", opens_form=True, must_answer=True)
    )
    assert receipt.answered is not None
    await receipt.answered
    process.service.gate.set()

    assert process.surface.forms == []
    assert "are running" in process.surface.seen[0]


async def test_form__opens_or_says_why_not(process: Process) -> None:
    """Who may launch gets the form; who may not is told."""
    for actor in (ANN, READER):
        await process.conversation.receive(process.surface.command("launch", opens_form=True, actor=actor))
        await process.settled()

    assert [hasattr(form, "fields") for form in process.surface.forms] == [True, False]
    assert [person for person, _ in process.surface.unseen] == [READER.id]


async def test_form__that_a_verb_answers_with_takes_the_progress_message_back(process: Process) -> None:
    """The form is the answer: nothing says any more that one comes."""
    process.surface.opens_forms = True
    process.surface.deadlines = Deadlines(defer=60.0, accept=60.0, progress=0.0)

    await process.conversation.receive(process.surface.command("launch"))
    await process.settled()

    assert len(process.surface.forms) == 1
    assert process.surface.seen == []


async def test_form__with_wrong_values_comes_back_with_them(process: Process) -> None:
    """All that is wrong is said at once, and the form is offered again."""
    command = process.surface.command("launch", kind=Kind.FORM)
    values = {"launcher": "basic_test", "duration": "soon"}

    await process.conversation.receive(
        replace(command, invocation=replace(command.invocation, values=values))
    )
    await process.settled()
    ((_, card),) = process.surface.unseen

    assert "duration" in process.surface.seen[0].lower()
    assert card.buttons[0].label == "Correct the form"


# The end of a process ----------------------------------------------------------------------------------------


class Shown:
    """Shows that a restart came between, or hangs."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs
        self.told = False

    async def interrupted(self) -> None:
        """Say it, or never come to it."""
        if self.hangs:
            await asyncio.Event().wait()
        self.told = True


@pytest.mark.parametrize("hangs", [False, True])
async def test_cut_off__is_told_and_stays_a_quiet_end(hangs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told; where the chat does not take that in time, the end is still no failure."""
    monkeypatch.setattr(engine, "INTERRUPTED_SECONDS", 0.01 if hangs else engine.INTERRUPTED_SECONDS)
    shown, begun = Shown(hangs=hangs), asyncio.Event()

    async def work() -> None:
        async with announcing_a_restart(shown):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert shown.told is not hangs


async def test_failure__inside_is_no_restart() -> None:
    """Whatever else goes wrong is not told as a restart."""
    shown = Shown(hangs=False)

    with pytest.raises(ValueError, match="expected"):
        async with announcing_a_restart(shown):
            raise ValueError("expected")

    assert not shown.told
