"""Where an answer is shown: notes that tell what goes on, questions that only one person sees, what is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import StoreError
from bot.model import LogExcerpt, LogQuery
from bot.ports import Report
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import TIMING, Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, MAIN, PRIVATE, Message
from tests.fakes.store import MemoryStore


class TellingService(FakeRunService):
    """A platform that tells how far it is while it reads a log."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = [asyncio.Event(), asyncio.Event()]

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        await report("12 MB read")
        await self.gates[0].wait()
        await report("80 MB read")
        await self.gates[1].wait()
        return LogExcerpt(lines=(), matched=0, total=0)


async def test_note__tells_how_far_it_is(slack: FakeSlack) -> None:
    """One message: how far it is, edited as it goes on, and in the end the answer."""
    service = TellingService()
    run = service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command(f"logs {run.ref.run_id} moment={MOMENT.text}")
        note = await slack.world.answer("12 MB read")
        service.gates[0].set()
        await slack.world.until(lambda: "80 MB read" in note.words)
        service.gates[1].set()
        await bot.answered(1)

    assert slack.world.ours() == [note]
    assert "MB read" not in note.words


async def test_note__is_replaced_though_slack_fails(slack: FakeSlack) -> None:
    """An edit of unclear outcome is repeated: no answer is lost behind a note that work goes on."""
    service = TellingService()
    run = service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command(f"logs {run.ref.run_id} moment={MOMENT.text}")
        note = await slack.world.answer("12 MB read")
        slack.api.fault("chat.update", faults.HTML_502, faults.DROPPED, faults.error("internal_error"))
        for gate in service.gates:
            gate.set()
        await bot.answered(1)

    assert slack.world.ours() == [note]
    assert "MB read" not in note.words


@pytest.mark.parametrize("fault", [faults.LOST_REPLY, faults.DROPPED])
async def test_note__whose_fate_is_unclear_is_found(slack: FakeSlack, fault: faults.Fault) -> None:
    """A note that Slack stored without saying so is replaced by the answer, not left beside it."""
    service = TellingService()
    run = service.add_run(a_run(1))
    slack.api.fault("chat.postMessage", fault)
    async with running_bot(slack, service=service) as bot:
        await slack.command(f"logs {run.ref.run_id} moment={MOMENT.text}")
        await slack.world.until(lambda: slack.world.called("chat.postMessage"))
        for gate in service.gates:
            gate.set()
        await bot.answered(1)

    (answer,) = slack.world.ours()
    assert "MB read" not in answer.words


async def test_note__that_cannot_be_edited_is_not_taken_for_the_answer(slack: FakeSlack) -> None:
    """The answer comes beside it, also where Slack loses it at first: what is found then is no note."""
    service = TellingService()
    run = service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command(f"logs {run.ref.run_id} moment={MOMENT.text}")
        note = await slack.world.answer("12 MB read")
        slack.api.fault(
            "chat.update", faults.error("cant_update_message"), faults.error("cant_update_message")
        )
        slack.api.fault("chat.postMessage", faults.DROPPED)
        for gate in service.gates:
            gate.set()
        await bot.answered(1)

    (answer,) = [m for m in slack.world.ours() if m is not note]
    assert "MB read" not in answer.words


async def test_note__of_a_private_verb_is_private(slack: FakeSlack) -> None:
    """What one person will see, only one person hears of."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_report(run, "https://demo.antithesis.com/report/x?auth=v2.public.CANARY")
    gate = asyncio.Event()
    real = service.run

    async def slow(run_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        await gate.wait()
        return await real(run_id)

    service.run = slow  # type: ignore[method-assign]  # it answers when the gate is open
    async with running_bot(slack, service=service) as bot:
        await slack.command(f"report {run.ref.run_id}")
        note = await slack.world.ephemeral(ALICE)
        gate.set()
        await bot.answered(1)

    assert "Working on it" in note.words
    assert {m.only_for for m in slack.world.ours()} == {ALICE}


async def test_question__that_only_one_person_sees_is_replaced_too(bot: Bot) -> None:
    """Where the bot is not in the channel, the private question becomes its own outcome."""
    await bot.slack.command("launch basic_test duration=30", channel=PRIVATE)
    question = await bot.slack.world.ephemeral(ALICE)

    await bot.slack.press(question, "Launch")
    await bot.answered(2)

    assert question.edits == 1
    assert len(bot.service.launches) == 1
    assert "Launch" not in question.labels


async def test_question__that_is_gone_is_answered_anew(bot: Bot) -> None:
    """The message with the button was deleted: the outcome is said all the same."""
    await bot.slack.command("launch basic_test duration=30")
    question = await bot.slack.world.answer("basic_test")
    payload = bot.slack.press_payload(question, question.button("Launch"))
    bot.slack.world.messages.remove(question)
    bot.slack.world.messages.append(
        Message(ts=question.ts, channel=MAIN, text="deleted", blocks=[], user=BOB)
    )

    await bot.slack.gate.deliver("interactive", payload)
    await bot.answered(2)

    assert len(bot.service.launches) == 1
    assert [m.thread_ts for m in bot.slack.world.ours()] == [question.ts]


async def test_menu__says_the_entry_that_was_chosen(bot: Bot) -> None:
    """The buttons for which there is no room say their words from the menu."""
    card = bot.slack.world.say("UBOT", MAIN, "a card")
    entry = {"text": {"type": "plain_text", "text": "Help"}, "value": "help logs"}

    await bot.slack.gate.deliver("interactive", bot.slack.press_payload(card, entry))
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "window" in answer.words


@pytest.mark.parametrize("verb", ["status", "help"])
async def test_close__while_nothing_was_shown_yet(slack: FakeSlack, verb: str) -> None:
    """An answer that had not even begun is announced to the person alone."""
    gate = asyncio.Event()
    slack.api.fault("users.info", faults.Fault(gate=gate))
    hurried = replace(TIMING, drain=0.05)
    store = MemoryStore()
    async with running_bot(slack, store=store, timing=hurried) as bot:
        await slack.command(verb)
        await slack.world.until(lambda: slack.world.called("users.info"))
        await bot.chat.close()
        told = await slack.world.ephemeral(ALICE)
    gate.set()

    assert "will continue with this afterwards" in told.words
    assert [done for _, done in store.commands.values()] == [False]


async def test_form__whose_verb_has_none_says_so(bot: Bot) -> None:
    """A button of another version asks for a form that there is not."""
    card = bot.slack.world.say("UBOT", MAIN, "a card")
    payload = bot.slack.press_payload(card, {"action_id": "ask:help:1", "value": "help"})

    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.world.until(lambda: "no form" in str(bot.slack.world.views))

    assert len(bot.slack.world.views) == 1


async def test_form__whose_database_fails_says_so(slack: FakeSlack) -> None:
    """A failure while the form is prepared is a sentence in the view that is open."""
    store = MemoryStore()
    async with running_bot(slack, store=store):
        card = slack.world.say("UBOT", MAIN, "a card")
        store.failing = "The database is not there."
        payload = slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})
        await slack.gate.deliver("interactive", payload)
        await slack.world.until(lambda: "database is not there" in str(slack.world.views))
        store.failing = ""

    assert StoreError.__name__ not in str(slack.world.views)


async def test_home__without_channels_is_shown_all_the_same(bot: Bot) -> None:
    """Where Slack does not list a person's channels, that part says so, and not that none watches runs."""
    bot.slack.api.fault("users.conversations", faults.error("missing_scope"))

    home = await bot.slack.open_home()

    assert "Unknown, because the chat does not list all of your channels" in str(home)


async def test_home__of_somebody_who_is_gone_says_why(bot: Bot) -> None:
    """Deactivated people and bots see nothing."""
    home = await bot.slack.open_home(user="U05GONE")

    assert "deactivated" in str(home)


async def test_people__are_asked_for_once_for_some_minutes(bot: Bot) -> None:
    """Two commands, one look-up; after some minutes another."""
    await bot.slack.command("help")
    await bot.answered(1)
    await bot.slack.command("help")
    await bot.answered(2)
    once = len(bot.slack.world.called("users.info"))
    await bot.clock.sleep(3600)
    await bot.slack.command("help")
    await bot.answered(3)

    assert (1, 2) == (once, len(bot.slack.world.called("users.info")))


async def test_usergroup__that_cannot_be_read_gives_no_role(bot: Bot) -> None:
    """Rights that cannot be proved are not there."""
    bot.slack.api.fault("usergroups.users.list", faults.error("missing_scope"))

    await bot.slack.command("launch basic_test duration=30")
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "needs the role" in answer.words
