"""From a run's end to its message in Slack, through the outbox: one message, a thread that knows, lost channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from bot.cards import Button, Card, Command, Context, Tone, Untrusted
from bot.delivery.deliver import Deliverer, Pace
from bot.model import Run, VerdictKind
from bot.state import Ending, NewDelivery, Subscription
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.slack_bot import Bot
from tests.fakes.slack_world import MAIN, PRIVATE, TEAM

CHANNEL = f"slack:channel:{TEAM}:{MAIN}"
SIGNED = "https://demo.antithesis.com/report/abc?auth=v2.public.CANARY"


@pytest.fixture
def run(bot: Bot) -> Run:
    run = bot.service.add_run(a_run(1))
    bot.service.set_results(some_results(run, failing=("Ledger balances",)))
    bot.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"))
    bot.service.set_report(run, SIGNED)
    return run


@asynccontextmanager
async def delivering(bot: Bot, told: list[str]) -> AsyncIterator[Deliverer]:
    """Run the deliverer beside the bot."""

    async def notify(text: str) -> None:
        told.append(text)

    deliverer = Deliverer(
        bot.chat.chat,
        bot.store,
        platforms={"demo": bot.service.platform},
        clock=bot.clock,
        notify_operator=notify,
        pace=Pace(at_once=1),  # whoever waited beside a post would let the bot's clock run away
    )
    task = asyncio.create_task(deliverer.run())
    try:
        yield deliverer
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def announcement(bot: Bot, run: Run, channel: str = CHANNEL) -> NewDelivery:
    """Return what the watcher records for a run that ended."""
    card = Card(
        title=("FAILED: ", Untrusted(run.launcher)),
        text=("FAILED: 1 of 1 properties fails.",),
        buttons=(
            Button(
                label="Open report", command=Command("report", {"run": f"{run.ref.text}"}), report=run.ref
            ),
        ),
    )
    return NewDelivery(
        key=f"demo:{run.ref.run_id}:completed:{channel}",
        channel=channel,
        payload=bot.chat.chat.render(card),
        context=Context(run=run.ref),
        report=run.ref,
    )


async def test_announcement__is_one_message_whose_thread_knows_the_run(bot: Bot, run: Run) -> None:
    """The reply to it needs no arguments; the report's link stands behind the button and nowhere else."""
    async with delivering(bot, []) as deliverer:
        await bot.store.enqueue(announcement(bot, run), bot.clock.now())
        deliverer.wake()
        message = await bot.slack.world.answer("FAILED: 1 of 1")
        async with asyncio.timeout(10):
            while await bot.store.context(CHANNEL, message.ts) is None:  # noqa: ASYNC110 - the deliverer's own turn
                await asyncio.sleep(0)
        await bot.slack.mention("failing", thread=message.ts)
        failing = await bot.slack.world.answer("1 failing property in")
        await bot.answered(1)
        await bot.slack.mention("logs", thread=message.ts)
        logs = await bot.slack.world.answer("balance is off by 3")

    assert message.thread_ts is None
    assert {failing.thread_ts, logs.thread_ts} == {message.ts}
    assert SIGNED == message.button("Open report")["url"]
    assert SIGNED not in message.text


async def test_announcement__in_a_shared_channel_keeps_the_link_private(bot: Bot, run: Run) -> None:
    """Where other organisations read, the button asks, and only who presses it gets a link."""
    shared = f"slack:channel:{TEAM}:C03SHARED"
    async with delivering(bot, []) as deliverer:
        await bot.store.enqueue(announcement(bot, run, shared), bot.clock.now())
        deliverer.wake()
        message = await bot.slack.world.answer("FAILED: 1 of 1")

    assert "url" not in message.button("Open report")
    assert "CANARY" not in message.words


async def test_announcement__whose_reply_was_lost_is_there_once(bot: Bot, run: Run) -> None:
    """It was stored and the answer never came: it is found, not sent again."""
    bot.slack.api.fault("chat.postMessage", faults.LOST_REPLY)
    async with delivering(bot, []) as deliverer:
        await bot.store.enqueue(announcement(bot, run), bot.clock.now())
        deliverer.wake()
        await bot.slack.world.until(lambda: bot.slack.world.called("conversations.history"))
        async with asyncio.timeout(20):
            while (await bot.store.depth()).waiting:  # noqa: ASYNC110 - the deliverer's own turn
                await asyncio.sleep(0)

    assert len(bot.slack.world.of(MAIN)) == 1


@pytest.mark.parametrize("channel", ["C04ARCHIVED", "C02PRIVATE", "C99GONE"])
async def test_announcement__to_a_lost_channel_tells_the_operator_once(
    bot: Bot, run: Run, channel: str
) -> None:
    """Archived, not invited, gone: the channel is marked, the operator hears of it once, and nothing is thrown away."""
    name = f"slack:channel:{TEAM}:{channel}"
    await bot.store.subscribe(Subscription(channel=name), bot.clock.now())
    told: list[str] = []
    async with delivering(bot, told) as deliverer:
        for run_ in (run, bot.service.add_run(a_run(2))):
            await bot.store.enqueue(announcement(bot, run_, name), bot.clock.now())
        deliverer.wake()
        await bot.slack.world.until(lambda: len(bot.slack.world.called("chat.postMessage")) >= 3)

    assert len(told) == 1
    assert [s.problem != "" for s in await bot.store.subscriptions(name)] == [True]
    assert (await bot.store.depth()).dead == 0


async def test_announcement__to_a_channel_that_is_found_again(bot: Bot, run: Run) -> None:
    """Invited after all, the bot posts what waited, in its order, and the channel is well again."""
    name = f"slack:channel:{TEAM}:{PRIVATE}"
    await bot.store.subscribe(Subscription(channel=name), bot.clock.now())
    told: list[str] = []
    async with delivering(bot, told) as deliverer:
        for run_ in (run, bot.service.add_run(a_run(2))):
            await bot.store.enqueue(announcement(bot, run_, name), bot.clock.now())
        deliverer.wake()
        await bot.slack.world.until(lambda: told)
        bot.slack.world.members.add(PRIVATE)
        await bot.slack.world.until(lambda: len(bot.slack.world.of(PRIVATE)) == 2)
        async with asyncio.timeout(20):
            while (await bot.store.depth()).waiting:  # noqa: ASYNC110 - the deliverer's own turn
                await asyncio.sleep(0)

    assert [s.problem for s in await bot.store.subscriptions(name)] == [""]
    assert len(told) == 1


async def test_announcement__while_the_token_is_revoked_is_kept(bot: Bot, run: Run) -> None:
    """Nothing is lost: the row waits, Slack is asked once, and the operator is told once."""
    bot.slack.api.fault("chat.postMessage", faults.error("token_revoked"))
    told: list[str] = []
    async with delivering(bot, told) as deliverer:
        await bot.store.enqueue(announcement(bot, run), bot.clock.now())
        deliverer.wake()
        async with asyncio.timeout(20):
            while not told:  # noqa: ASYNC110 - the deliverer's own turn
                await asyncio.sleep(0)
        depth = await bot.store.depth()

    assert depth.waiting == 1
    assert len(bot.slack.world.called("chat.postMessage")) == 1


async def test_mute__is_said_and_pressed_away(bot: Bot, run: Run) -> None:
    """In words behind the command; the button ends it, and both are told where the channel reads it."""
    await bot.slack.command("watch")
    await bot.answered(1)
    await bot.slack.command("watch Payments Nightly mute=for 3 h")
    muted = await bot.slack.world.answer("Muted in this channel until")
    await bot.slack.press(muted, "Unmute")
    await bot.slack.world.answer("is notified of Payments Nightly again.")

    assert await bot.store.mutes() == ()


async def test_announcement__of_several_runs_has_their_buttons(bot: Bot, run: Run) -> None:
    """What was held comes as one message; the button of a run answers about that run."""
    other = bot.service.add_run(a_run(2, launcher="Orders"))
    bot.service.set_results(some_results(other, failing=("No order is lost",)))
    for each in (run, other):
        await bot.store.track(each, bot.clock.now())
        ending = Ending(
            run=each.ref, verdict=VerdictKind.FAILED, tone=Tone.BAD, outcome=": 1 new failure",
            launcher=each.launcher, new=("x",), new_count=1, failing=1,
        )  # fmt: skip
        held = replace(announcement(bot, each), ending=ending, held_until=bot.clock.now())
        await bot.store.enqueue(held, bot.clock.now())
    async with delivering(bot, []):
        message = await bot.slack.world.answer("2 runs ended: 2 FAILED")
        await bot.slack.press(message, "Failing 1")
        answer = await bot.slack.world.answer("No order is lost")

    assert len([m for m in bot.slack.world.of(MAIN) if "runs ended" in m.text]) == 1
    assert "Orders" in answer.words
