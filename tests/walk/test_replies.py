"""What people answer in the thread of a failure, in Slack and Discord: heard where the chat delivers it, and never guessed."""

from __future__ import annotations

import pytest

from bot.cards import Context
from bot.state import PropertyState
from tests.fakes import discord_bot, slack_bot
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import ALICE, MAIN, TEAM
from tests.unit.commands.test_mark import X

RUN = a_run(1)


def a_service() -> FakeRunService:
    service = FakeRunService()
    service.add_run(RUN, some_results(RUN, failing=(X,)))
    return service


async def state(bot: slack_bot.Bot | discord_bot.World) -> PropertyState:
    return await bot.store.property_state("demo", RUN.series[0], X)


@pytest.mark.parametrize("hears", [True, False])
async def test_slack__hears_replies_without_a_mention_where_it_is_set(*, hears: bool) -> None:
    """Only in threads about a run, and only whole messages; a message that mentions Clew is answered once."""
    async with (
        serve() as slack,
        slack_bot.running_bot(slack, service=a_service(), thread_replies=hears) as bot,
    ):
        ours = slack.world.say(ALICE, MAIN, "stands for a post")
        other = slack.world.say(ALICE, MAIN, "another thread")
        await bot.store.set_context(f"slack:channel:{TEAM}:{MAIN}", ours.ts, Context(run=RUN.ref))
        for text, thread in (("mine", other.ts), ("this one is mine", ours.ts), ("mine", None)):
            await slack.channel_message(text, thread=thread)
        before = await state(bot)
        await slack.channel_message("mine", thread=ours.ts)
        if not hears:
            await slack.mention("mine", thread=ours.ts)
        answer = await slack.world.answer("owned by")
        await bot.answered(1)
        said = slack.world.ours()
        assert slack.world.violations == []

    assert before.empty
    assert answer.thread_ts == ours.ts
    assert len(said) == 1


async def test_discord__hears_a_reply_to_its_post() -> None:
    """Discord gives the text of a reply that notifies the bot, which one to a slash command's answer does not.

    To others' messages, and in sentences, such words are for nobody here.
    """
    async with discord_bot.simulated(service=a_service()) as world:
        (card,) = await world.mention(f"failing {RUN.ref.run_id}")
        others = await world.bob.send(world.main, "mine")
        await world.alice.send(world.main, "mine", reply_to=others)
        await world.alice.send(world.main, "I think this is mine", reply_to=card)
        await world.env.settle()
        before, messages = await state(world), len(world.main.history())
        await world.alice.send(world.main, "mine", reply_to=card)
        await world.env.settle()
        answer = world.main.history()[-1]

    assert before.empty
    assert messages == 5
    assert "owned by" in discord_bot.said(answer)
