"""A second person in Slack: asked in the channel, pressed or said by somebody else, by the rights of that moment."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access import Role
from bot.command import Preset
from bot.state import IntentState
from tests.fakes.runs import a_run
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import running_bot
from tests.fakes.slack_world import ALICE, BOB
from tests.fakes.store import NotingStore
from tests.walk.slack.test_rights import POLICY, Scene, from_the_group

NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
WORDS = "launch nightly"


@pytest.fixture
async def scene(slack: FakeSlack) -> AsyncIterator[Scene]:
    """Alice and Bob may launch, since they are in a group; a preset needs both of them."""
    store = NotingStore()
    slack.world.usergroups["S01"].append(BOB)
    async with running_bot(slack, store=store, policy=POLICY) as bot:
        bot.handler.services = replace(bot.handler.services, presets={"nightly": NIGHTLY})
        bot.service.add_run(a_run(1))
        yield Scene(bot=bot, trail=store.trail)


def state(scene: Scene) -> IntentState:
    """Return how the launch stands."""
    store = scene.bot.store
    assert isinstance(store, NotingStore)
    return list(store.intents.values())[-1].state


async def test_approve__by_a_press(scene: Scene) -> None:
    """The question itself asks for a second person; the requester's press is refused, somebody else's starts it."""
    question = await scene.ask(WORDS, "command")
    before = question.words
    await scene.press(question)
    asks = question.words
    own = await scene.press(question, "Approve")
    done = await scene.press(question, "Approve", user=BOB)

    assert "The preset nightly needs a second person" in before
    assert "Approve the launch of basic_test?" in asks
    assert "Somebody else with the role “launch” can approve it until" in asks
    assert "antithesis.duration" in asks
    assert "You asked for this launch, so somebody else has to approve or refuse it." in own
    assert "Approved by " in done
    assert scene.started == 1
    assert [(e.actor.rpartition(":")[2], e.decision) for e in scene.trail] == [
        (ALICE, "allowed"), (ALICE, "asked"), (ALICE, "denied"), (BOB, "approved"), (ALICE, "accepted"),
    ]  # fmt: skip


@pytest.mark.parametrize(("verb", "started"), [("approve", 1), ("refuse", 0)])
async def test_approve__by_words(scene: Scene, verb: str, started: int) -> None:
    """Whoever cannot press says what the card says."""
    question = await scene.ask(WORDS, "mention")
    await scene.press(question)
    (said,) = re.findall(rf"{verb} [0-9a-f]{{8}}\b", question.words)
    await scene.bot.slack.mention(said, user=BOB)
    await scene.done()

    assert scene.started == started
    assert state(scene) is (IntentState.ACCEPTED if started else IntentState.DECLINED)
    assert {"approve": "Approved by ", "refuse": " refused the launch of basic_test that "}[verb] in (
        scene.bot.slack.world.ours()[-1].words
    )


async def test_approve__by_whoever_lost_the_role(scene: Scene) -> None:
    """Slack is asked who both are now: first Alice is out of the group, then Bob."""
    question = await scene.ask(WORDS)
    await scene.press(question)
    from_the_group(scene.bot.slack)
    of_requester = await scene.press(question, "Approve", user=BOB)
    scene.bot.slack.world.usergroups["S01"].remove(BOB)
    lost = await scene.press(question, "Approve", user=BOB)

    assert "This needs the role “launch”; you have “read”." in lost
    assert "who asked for this launch, may not do that here any more." in of_requester
    assert scene.started == 0
    assert state(scene) is IntentState.ASKED


async def test_approve__too_late_and_withdrawn(scene: Scene) -> None:
    """The card says how it ended; a new one can be asked for from it."""
    late = await scene.ask(WORDS)
    await scene.press(late)
    scene.bot.clock.ahead += timedelta(hours=1, seconds=1)
    told = await scene.press(late, "Approve", user=BOB)
    await scene.press(late, "Launch again")
    again = scene.bot.slack.world.ours()[-1]
    await scene.press(again)
    withdrawn = await scene.press(again, "Withdraw")

    assert "Nobody approved the launch of basic_test by" in told
    assert "withdrew the launch of basic_test. Nothing was started." in withdrawn
    assert scene.started == 0


async def test_ask__in_a_direct_message(scene: Scene) -> None:
    """Nobody else reads it, so nothing is asked."""
    answer = await scene.ask(WORDS, "direct")

    assert "needs a second person, and nobody else could approve it here." in answer.words
    assert "Ask for it in a channel where somebody else with the role “launch” is." in answer.words
    assert answer.labels == []
