"""Slack's own status in a thread: while work goes on, never after it, and a progress message where Slack refuses it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

import pytest

from adapters.chat.slack import status
from adapters.chat.slack.status import ThreadStatus
from bot.errors import ServiceError, UserError
from bot.model import LogExcerpt, LogQuery
from bot.ports import Report
from bot.state import Place
from tests.fakes import slack_api as faults
from tests.fakes.clock import ManualClock
from tests.fakes.runs import MOMENT, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_api import Fault
from tests.fakes.slack_bot import TIMING, bare_client, running_bot
from tests.fakes.slack_world import ALICE, MAIN, TEAM

SET = "assistant.threads.setStatus"
LOGS = f"logs {a_run(1).ref.run_id} moment={MOMENT.text}"


class TellingService(FakeRunService):
    """A platform that tells how far it is while it reads a log, and fails in the end if it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.add_run(a_run(1))
        self.gates = [asyncio.Event(), asyncio.Event()]
        self.failure = failure

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        await report("12 MB read")
        await self.gates[0].wait()
        await report("80 MB <!channel> read")
        await self.gates[1].wait()
        if self.failure is not None:
            raise self.failure
        return LogExcerpt(lines=(), matched=0, total=0)

    def go_on(self) -> None:
        """Let it read to the end."""
        for gate in self.gates:
            gate.set()


async def ask(slack: FakeSlack, words: str = LOGS) -> str:
    """Let somebody ask in a thread; return its id."""
    first = slack.world.say(ALICE, MAIN, "What failed tonight?")
    await slack.mention(words, thread=first.ts)
    return first.ts


async def test_status__is_shown_while_work_goes_on(slack: FakeSlack) -> None:
    """It tells how far it is, is set again before Slack takes it away, and goes with the answer."""
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True) as bot:
        thread = await ask(slack)
        await slack.world.until(lambda: slack.world.status(MAIN, thread) == "is working on it: 12 MB read")
        service.gates[0].set()
        await slack.world.until(lambda: "80 MB (!channel) read" in slack.world.status(MAIN, thread))
        calls = len(slack.world.called(SET))
        await slack.world.until(lambda: len(slack.world.called(SET)) > calls + 2)
        at_work = slack.world.ours()
        service.gates[1].set()
        await bot.answered(1)

    (answer,) = slack.world.ours()
    assert at_work == []
    assert slack.world.lapsed == 0
    assert answer.thread_ts == thread
    assert slack.world.status(MAIN, thread) == ""
    assert slack.world.called(SET)[-1]["status"] != ""  # the answer alone took it away


@pytest.mark.parametrize(
    "failure", [ServiceError("It is down."), UserError("No such log."), ValueError("odd")]
)
async def test_status__is_gone_where_work_failed(slack: FakeSlack, failure: Exception) -> None:
    """However it failed, nothing says any more that work goes on."""
    service = TellingService(failure)
    async with running_bot(slack, service=service, thread_status=True) as bot:
        thread = await ask(slack)
        await slack.world.until(lambda: slack.world.status(MAIN, thread))
        service.go_on()
        await bot.answered(1)

        assert slack.world.status(MAIN, thread) == ""


async def test_status__is_gone_where_no_message_follows(slack: FakeSlack) -> None:
    """Cut off by a stop, the person is told alone, and the status is taken back."""
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True, timing=replace(TIMING, drain=0.1)):
        thread = await ask(slack)
        await slack.world.until(lambda: slack.world.status(MAIN, thread))

    assert slack.world.status(MAIN, thread) == ""
    assert slack.world.called(SET)[-1] == {"channel_id": MAIN, "thread_ts": thread, "status": ""}
    assert [m.only_for for m in slack.world.ours()] == [ALICE]


@pytest.mark.parametrize("patience", [status.SETTLE_SECONDS, 0.0])
async def test_status__that_comes_late_does_not_stay(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    """The answer waits a little for what is on its way; what comes after it all the same is taken back."""
    monkeypatch.setattr(status, "SETTLE_SECONDS", patience)
    on_its_way = asyncio.Event()
    slack.api.fault(SET, Fault(gate=on_its_way))
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True) as bot:
        thread = await ask(slack)
        await slack.world.until(lambda: slack.world.called(SET))
        service.go_on()
        if not patience:
            await slack.world.until(slack.world.ours)
        on_its_way.set()
        await bot.answered(1)

        assert slack.world.status(MAIN, thread) == ""
    assert len(slack.world.ours()) == 1


@pytest.mark.parametrize(
    "code", ["missing_scope", "not_allowed_token_type", "unknown_method", "never_heard_of"]
)
async def test_status__that_slack_refuses_the_app_is_not_asked_for_again(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    """A message says how far it is and becomes the answer, as without it; the log says once why."""
    caplog.set_level(logging.WARNING)
    slack.api.fault(SET, faults.error(code))
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True) as bot:
        for count in (1, 2):
            thread = await ask(slack)
            note = await slack.world.answer("12 MB read", at=count - 1)
            service.go_on()
            await bot.answered(count)
            service.gates = [asyncio.Event(), asyncio.Event()]

            assert (note.thread_ts, note.edits > 0) == (thread, True)
    assert len(slack.world.ours()) == 2
    assert len(slack.world.called(SET)) == 1
    assert [code in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    "fault",
    [faults.error("invalid_thread_ts"), faults.error("channel_not_found"), faults.DROPPED, faults.HTML_502],
)
async def test_status__that_fails_once_is_asked_for_again(slack: FakeSlack, fault: Fault) -> None:
    """What holds for one thread or moment says nothing of the next; a message stands for it meanwhile."""
    slack.api.fault(SET, fault)
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True) as bot:
        await ask(slack)
        await slack.world.answer("12 MB read")
        service.go_on()
        await bot.answered(1)
        service.gates = [asyncio.Event(), asyncio.Event()]
        thread = await ask(slack)
        await slack.world.until(lambda: slack.world.status(MAIN, thread))
        service.go_on()
        await bot.answered(2)

    assert len(slack.world.ours()) == 2
    assert slack.world.statuses == {}


async def test_status__is_not_asked_for_before_a_pause_has_passed(slack: FakeSlack) -> None:
    """Slack's rate limit is kept to, and progress is a message meanwhile."""
    slack.api.fault(SET, faults.limited("900"))
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=True) as bot:
        for count in (1, 2):
            await ask(slack)
            await slack.world.answer("12 MB read", at=count - 1)
            service.go_on()
            await bot.answered(count)
            service.gates = [asyncio.Event(), asyncio.Event()]

    assert len(slack.world.called(SET)) == 1


@pytest.mark.parametrize("by_post", [True, False])
async def test_status__of_two_commands_in_one_thread(slack: FakeSlack, by_post: bool) -> None:
    """However the end of one takes the status away or would: whoever still works sets it again at once."""
    clock = ManualClock()
    slack.world.seconds = clock.monotonic
    place = Place(channel=f"slack:channel:{TEAM}:{MAIN}", thread=slack.world.say(ALICE, MAIN, "Hello").ts)
    at_work = {"first", "second"}
    async with bare_client(slack) as client:
        statuses = ThreadStatus(client, clock, on=True)
        for key in sorted(at_work):
            statuses.show(key, place, key, partial(at_work.__contains__, key), partial(pytest.fail, key))
        await slack.world.until(lambda: len(slack.world.called(SET)) == 2)
        await clock.advance(status.PACE_SECONDS)
        at_work.remove("first")
        if by_post:
            slack.world.statuses.clear()
            statuses.posted("first", place)
        await statuses.end("first")
        await slack.world.until(lambda: len(slack.world.called(SET)) == 3)
        shown = list(slack.world.statuses.values())
        at_work.clear()
        await statuses.end("second")

    assert [text for text, _ in shown] == ["is working on it: second"]
    assert slack.world.statuses == {}


@pytest.mark.parametrize("on", [True, False])
async def test_status__stands_only_in_threads_that_go_on(slack: FakeSlack, on: bool) -> None:
    """A slash command has no thread, and nobody has opened that of a first mention: there it stays a message."""
    service = TellingService()
    async with running_bot(slack, service=service, thread_status=on) as bot:
        await slack.command(LOGS)
        await slack.mention(LOGS)
        if not on:
            await ask(slack)
        await slack.world.until(lambda: len(slack.world.ours()) == (2 if on else 3))
        service.go_on()
        await bot.answered(2 if on else 3)

    assert slack.world.called(SET) == []


async def test_status__of_an_answer_for_one_person_is_shown_to_nobody_else(slack: FakeSlack) -> None:
    """What one person will see, only one person hears of."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    gate, real = asyncio.Event(), service.run

    async def slow(run_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        await gate.wait()
        return await real(run_id)

    service.run = slow  # type: ignore[method-assign]  # it answers when the gate is open
    async with running_bot(slack, service=service, thread_status=True) as bot:
        await ask(slack, f"report {run.ref.run_id}")
        await slack.world.ephemeral(ALICE)
        gate.set()
        await bot.answered(1)

    assert slack.world.called(SET) == []
