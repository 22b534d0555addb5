"""Every way in, and its answer."""

from __future__ import annotations

from tests.fakes.runs import a_run
from tests.fakes.slack_bot import Bot
from tests.fakes.slack_world import MAIN


async def test_command__is_acknowledged_and_answered(bot: Bot) -> None:
    """`/clew status` shows recent runs in the channel, in a message that can be found again."""
    bot.service.add_run(a_run(1))

    ack = await bot.slack.command("status")
    answer = await bot.slack.world.answer("Payments Nightly")

    assert ack.taken
    assert (MAIN, None, None) == (answer.channel, answer.thread_ts, answer.only_for)
    assert answer.metadata is not None
