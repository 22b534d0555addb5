"""A second person in Discord: asked in the channel, pressed or said by somebody else, by the roles of that moment."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from adapters.chat.discord.markup import shown_text
from bot.access import Role
from bot.command import Preset
from bot.state import IntentState
from tests.fakes.discord_bot import custom_id, said
from tests.walk.discord.test_rights import Scene, scene

NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
WORDS = "launch nightly"
__all__ = ["scene"]


@pytest.fixture
async def both(scene: Scene) -> Scene:
    """Alice and Bob may launch, since they have a role; a preset needs both of them."""
    world = scene.world
    world.handler.services = replace(world.handler.services, presets={"nightly": NIGHTLY})
    world.env.backend.add_member_role(world.guild.id, world.bob.id, scene.role.id)
    await world.env.settle()
    return scene


def state(both: Scene) -> IntentState:
    """Return how the launch stands."""
    return list(both.store.intents.values())[-1].state


def now(both: Scene) -> Any:
    """Return the newest message of ours that all can see, as it is now."""
    return both.world.ours(both.world.main)[-1]


def footer(message: Any) -> str:
    """Return what stands at the end of a message."""
    return shown_text(" ".join(embed.footer.text or "" for embed in message.embeds))


async def test_approve__by_a_press(both: Scene) -> None:
    """The question itself asks for a second person; the requester's press is refused, somebody else's starts it."""
    question = await both.ask(WORDS, "mention")
    before, bob = said(question), both.world.bob
    asks = await both.press(question)
    own = await both.press(now(both), "Approve")
    await both.press(now(both), "Approve", by=bob)
    alice = both.world.alice.id

    assert "The preset nightly needs a second person" in before
    assert "Approve the launch of basic_test?" in asks
    assert "Somebody else with the role “launch” can approve it until" in asks
    assert "You asked for this launch, so somebody else has to approve or refuse it." in own
    assert "Approved by " in footer(now(both))
    assert both.started == 1
    assert [(int(e.actor.rpartition(":")[2]), e.decision) for e in both.store.trail] == [
        (alice, "allowed"), (alice, "asked"), (alice, "denied"), (bob.id, "approved"), (alice, "accepted"),
    ]  # fmt: skip


@pytest.mark.parametrize(("verb", "started"), [("approve", 1), ("refuse", 0)])
async def test_approve__by_words(both: Scene, verb: str, started: int) -> None:
    """Whoever cannot press says what the card says."""
    await both.press(await both.ask(WORDS, "mention"))
    (words,) = re.findall(rf"{verb} [0-9a-f]{{8}}\b", footer(now(both)))
    (told,) = await both.world.mention(words, by=both.world.bob)

    assert both.started == started
    assert state(both) is (IntentState.ACCEPTED if started else IntentState.DECLINED)
    wanted = {"approve": "Approved by ", "refuse": " refused the launch of basic_test that "}[verb]
    assert wanted in f"{said(told)} {footer(told)}"


async def test_approve__by_whoever_lost_the_role(both: Scene) -> None:
    """Discord is asked who Alice is now, and the press says who Bob is: first she has lost the role, then he."""
    world = both.world
    await both.press(await both.ask(WORDS, "mention"))
    both.take_away()
    of_requester = await both.press(now(both), "Approve", by=world.bob)
    world.env.backend.remove_member_role(world.guild.id, world.bob.id, both.role.id)
    lost = await both.press(now(both), "Approve", by=world.bob)

    assert "who asked for this launch, may not do that here any more." in of_requester
    assert "This needs the role “launch”" in lost
    assert both.started == 0
    assert state(both) is IntentState.ASKED


async def test_approve__too_late(both: Scene) -> None:
    """The card says how it ended, and offers to ask again."""
    await both.press(await both.ask(WORDS, "mention"))
    both.world.clock.ahead += 3601
    told = await both.press(now(both), "Approve", by=both.world.bob)

    assert "Nobody approved the launch of basic_test by" in told
    assert custom_id(now(both), "Launch again")
    assert both.started == 0


async def test_decline__withdraws(both: Scene) -> None:
    """The requester takes it back, and everybody reads that."""
    await both.press(await both.ask(WORDS, "mention"))
    told = await both.press(now(both), "Withdraw")

    assert "withdrew the launch of basic_test. Nothing was started." in told
    assert state(both) is IntentState.DECLINED
