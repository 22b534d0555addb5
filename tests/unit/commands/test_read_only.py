"""`audit read_only=on`: an admin stops every change at once, and lets them go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.access import Policy, Role
from bot.cards import plain
from bot.state import IntentState
from tests.fakes.stage import ANN, BO, Stage, texts
from tests.unit.commands.test_audit import ADA, POLICY
from tests.unit.commands.triage_stage import last_intent

LAUNCH = "launch basic_test duration=30"


def a_stage(*, read_only: bool = False) -> Stage:
    return Stage(policy=replace(POLICY, read_only=read_only))


async def test_read_only__stops_what_was_asked_already() -> None:
    """A confirmation that was shown before is refused, a new one too, and help says why; reading goes on."""
    stage = a_stage()
    await stage.say(LAUNCH)
    shown = stage.messages[-1]
    confirm = next(b.command for b in stage.replies[-1].card.buttons if b.label == "Launch")
    on = await stage.say("audit read_only=on", by=ADA)
    pressed = await stage.say(confirm, pressed=shown)
    asked = await stage.say(LAUNCH, by=BO)
    read = await stage.say("status", by=BO)
    helped = await stage.say("help", by=ANN)

    assert "nothing is started or changed until an admin says audit read_only=off" in plain(on.card.text)
    assert [plain(reply.card.title) for reply in (pressed, asked)] == ["Not allowed"] * 2
    assert "Clew is read-only" in plain(pressed.card.text)
    assert f"Ada switched that on at {stage.clock.now():%d %b %H:%M} UTC. Admin: Ada." in plain(
        asked.card.text
    )
    assert plain(asked.card.footer) == "Rule read-only"
    assert not read.failed
    assert "(Clew is read-only)" in texts(helped.card)
    assert stage.service.launches == []
    assert last_intent(stage).state is IntentState.DRAFT


async def test_read_only__off_again() -> None:
    """Who may do what is as before; both are in the trail, by whom."""
    stage = a_stage()
    await stage.say("audit read_only=on", by=ADA)
    off = await stage.say("audit read_only=OFF", by=ADA)
    await stage.launched()

    assert "not read-only any more" in plain(off.card.text)
    assert len(stage.service.launches) == 1
    switched = [(e.actor, e.decision) for e in stage.memory.trail if e.action == "read-only"]
    assert switched == [(ADA.id, "on"), (ADA.id, "off")]


async def test_read_only__is_so_already() -> None:
    """Who did it and when is said, and nothing is noted twice."""
    stage = a_stage()
    off = await stage.say("audit read_only=off", by=ADA)
    await stage.say("audit read_only=on", by=ADA)
    stage.clock.pass_time(120)
    on = await stage.say("audit read_only=on", by=ADA)

    assert plain(off.card.text) == "Clew was not read-only."
    assert plain(on.card.text) == "Clew is read-only already, since 2 min ago, by Ada."
    assert [e.decision for e in stage.memory.trail] == ["on"]


async def test_read_only__of_the_settings_stays() -> None:
    """A chat cannot switch off what the settings say, and is not told that it did."""
    stage = a_stage(read_only=True)
    reply = await stage.say("audit read_only=off", by=ADA)

    assert plain(reply.card.text).startswith("Clew stays read-only: its settings say so.")
    assert (await stage.say(LAUNCH)).failed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("audit read_only=maybe", "read_only= is “maybe”; it must be one of on and off."),
        ("audit read_only=on since=1d", "“since=” means nothing beside “read_only=”."),
        ("audit launch read_only=on", "means nothing beside “read_only=”."),
    ],
)
async def test_read_only__bad_input(words: str, said: str) -> None:
    """Nothing is switched by a slip."""
    stage = a_stage()
    reply = await stage.say(words, by=ADA)

    assert said in texts(reply.card)
    assert await stage.memory.read_only() is None


async def test_read_only__for_admins_alone() -> None:
    """Whoever may launch may not."""
    stage = a_stage()
    assert (await stage.say("audit read_only=on", by=ANN)).failed
    assert await stage.memory.read_only() is None


async def test_govern__from_the_next_command_on() -> None:
    """Rules that changed hold for a confirmation that was shown before, too."""
    stage = a_stage()
    await stage.say(LAUNCH)
    stage.handler.govern(Policy(roles={Role.READ: frozenset({ANN.id})}))
    reply = await stage.press("Launch")

    assert "needs the role “launch”" in plain(reply.card.text)
    assert stage.service.launches == []
