"""Answers arrive once, whatever Slack does to the request that carries them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.chat.delivery import post_key
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_line, a_run
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_api import Fault
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, MAIN

POST = "chat.postMessage"


@pytest.mark.parametrize(
    "fault",
    [
        faults.LOST_REPLY,
        faults.DROPPED,
        faults.HTML_502,
        faults.EMPTY,
        faults.NO_TS,
        faults.error("internal_error"),
        faults.error("never_heard_of"),
        faults.limited("1"),
        faults.limited("nonsense"),
        Fault(status=503, text="", store=True),
    ],
)
async def test_answer__arrives_once(bot: Bot, fault: Fault) -> None:
    """Lost, dropped, refused for now: one visible answer in the end."""
    bot.service.add_run(a_run(1))
    bot.slack.api.fault(POST, fault)

    await bot.slack.command("status")
    await bot.answered(1)

    assert len(bot.slack.world.of(MAIN)) == 1


async def test_answer__stored_late_is_found(bot: Bot) -> None:
    """A message that appears seconds after its connection broke is adopted, not doubled."""
    bot.service.add_run(a_run(1))
    bot.slack.api.fault(POST, faults.LATE)
    sleep = bot.clock.sleep

    async def settling(seconds: float) -> None:
        bot.slack.world.commit_late()
        await sleep(seconds)

    bot.clock.sleep = settling  # type: ignore[method-assign]  # time passes: what is late arrives
    await bot.slack.command("status")
    await bot.answered(1)

    assert len(bot.slack.world.of(MAIN)) == 1


async def test_answer__in_a_thread_is_found_there(bot: Bot) -> None:
    """Replies are looked for in their thread."""
    bot.service.add_run(a_run(1))
    bot.slack.api.fault(POST, faults.LOST_REPLY)

    said = await bot.slack.mention("status")
    await bot.answered(1)

    assert len(bot.slack.world.of(MAIN, said.ts)) == 2
    assert bot.slack.world.called("conversations.replies")


@pytest.mark.parametrize("store", [False, True])
@pytest.mark.parametrize("fault", [faults.DROPPED, Fault(status=500, text=""), Fault(status=503, text="")])
async def test_private_answer__is_repeated_once_where_it_may_be_lost(
    bot: Bot, fault: Fault, store: bool
) -> None:
    """What only one person sees cannot be looked for: a second one hurts nobody, none at all does."""
    bot.slack.api.fault("response_url", replace(fault, store=store))

    await bot.slack.command("help")
    await bot.answered(1)

    assert len(bot.slack.world.ours()) == 1 + store
    assert bot.slack.world.called("chat.postEphemeral") == []


async def test_private_answer__is_repeated_no_more_than_once(bot: Bot) -> None:
    """Slack takes five answers at most, and five of the same would be a nuisance."""
    bot.slack.api.fault("response_url", *[Fault(status=500, text="", store=True)] * 5)

    await bot.slack.command("help")
    await bot.answered(1)

    assert len(bot.slack.world.ours()) == 2


async def test_private_answer__to_a_mention_is_repeated_once_too(bot: Bot) -> None:
    """A mention has no address to answer at; the way that it goes instead is no different."""
    bot.slack.api.fault("chat.postEphemeral", Fault(status=500, text=""))

    await bot.slack.mention("help")
    await bot.answered(1)

    assert len(bot.slack.world.called("chat.postEphemeral")) == 2
    assert [m.only_for for m in bot.slack.world.ours()] == [ALICE]


async def test_private_answer__when_its_address_is_used_up(bot: Bot) -> None:
    """Then it is shown to the person another way."""
    bot.slack.api.fault("response_url", Fault(status=404, text="used_url"))

    await bot.slack.command("help")
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "Commands: launch" in answer.words
    assert bot.slack.world.called("chat.postEphemeral")


async def test_private_answer__never_goes_to_another_host(bot: Bot) -> None:
    """An address in a payload that is not Slack's is not called."""
    payload = bot.slack.command_payload("help")
    payload["response_url"] = "http://169.254.169.254/latest"

    await bot.slack.gate.deliver("slash_commands", payload)
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "Commands: launch" in answer.words


async def test_answer__where_the_bot_may_not_post_goes_to_the_person(slack: FakeSlack) -> None:
    """An archived channel takes nothing; whoever asked by a message there is told directly."""
    async with running_bot(slack) as bot:
        bot.service.add_run(a_run(1))
        await slack.mention("status", channel="C04ARCHIVED")
        answer = await slack.world.answer("Payments Nightly")

    assert answer.channel == f"D{ALICE}"


async def test_answer__longer_than_slack_takes_goes_along_as_a_file(bot: Bot) -> None:
    """Cut at line ends, with the count of what was left out, and the whole as a file in its thread."""
    run = bot.service.add_run(a_run(1))
    lines = [a_line(f"line {n} of a long story", f"{390 + n / 100:.2f}") for n in range(300)]
    bot.service.set_log(run, MOMENT, *lines)

    await bot.slack.command(f"logs {run.ref.run_id} moment={MOMENT.text} lines=300")
    answer = await bot.slack.world.answer("earlier lines left out")
    await bot.slack.world.until(lambda: bot.slack.world.files)
    file = bot.slack.world.files[0]

    assert (MAIN, answer.ts) == (file["channel"], file["thread"])
    assert file["content"].decode().count("of a long story") == 300
    assert "line 299 of" in answer.words


async def test_answer__its_key_says_nothing(bot: Bot) -> None:
    """Other apps can read a message's metadata: it holds an opaque key and nothing else."""
    await bot.slack.command("watch")
    answer = await bot.slack.world.answer("is notified of")

    assert answer.metadata is not None
    assert answer.metadata["event_payload"].keys() == {"k"}
    assert len(answer.metadata["event_payload"]["k"]) == len(post_key("x"))


async def test_edit__too_fast_is_repeated(bot: Bot) -> None:
    """An edit that Slack puts off is done later: the question is replaced in the end."""
    await bot.slack.command("launch basic_test duration=30")
    question = await bot.slack.world.answer("basic_test")
    bot.slack.api.fault("chat.update", faults.limited("2"), faults.DROPPED)

    await bot.slack.press(question, "Cancel")
    await bot.slack.world.until(lambda: len(bot.slack.world.called("chat.update")) >= 2)
    await bot.answered(2)

    assert 2.0 in bot.clock.slept


async def test_answer__is_not_dropped_however_often_slack_asks_for_a_pause(bot: Bot) -> None:
    """What was put off ten times is posted the eleventh."""
    bot.service.add_run(a_run(1))
    bot.slack.api.fault(POST, *[faults.limited("5")] * 10)

    await bot.slack.command("status")
    await bot.answered(1)

    assert len(bot.slack.world.of(MAIN)) == 1


async def test_table__falls_back_where_it_is_not_taken(bot: Bot) -> None:
    """A workspace that refuses tables gets lines; the next message does not try again."""
    many = " ".join(f"custom.parameter{n}=value{n}" for n in range(12))
    bot.slack.api.fault(POST, faults.error("invalid_blocks"))

    await bot.slack.command(f"launch basic_test duration=30 {many}")
    first = await bot.slack.world.answer("parameter11")
    await bot.slack.command(f"launch basic_test duration=31 {many}")
    second = await bot.slack.world.answer("31")

    kinds = [block["type"] for message in (first, second) for block in message.blocks]
    assert "table" not in kinds
    assert len(bot.slack.world.called(POST)) == 3
