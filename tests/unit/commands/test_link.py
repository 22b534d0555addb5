"""Two accounts become one person's by a code that the person alone sees, once and for a short time; no role comes with it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.access import Policy, Role
from bot.cards import Reply
from bot.people import CODE_LIVES, people_of
from bot.state import Actor
from tests.unit.commands.door import ALICE, MALLORY, Door, command_of, told

ANN = Actor(
    id="discord:user:80351110224678912", principals=frozenset({"discord:user:80351110224678912"}), name="ann"
)
EVERYBODY = Policy(roles={Role.READ: frozenset({ANN.id, MALLORY.id}), Role.LAUNCH: frozenset({ALICE.id})})


def code_in(reply: Reply) -> str:
    found = re.search(r"help link ([A-Z0-9]{5}-[A-Z0-9]{5})", told(reply.card))
    assert found is not None, told(reply.card)
    return found[1]


async def same(door: Door) -> bool:
    return (await people_of(door.services)).same(ALICE.id, ANN.id)


@pytest.mark.parametrize("typed", ["link {}", "help link {}", "help link {} ", 'link code="{}"'])
async def test_link__by_a_code_said_in_the_other_chat(typed: str) -> None:
    """In either way, however it is typed; both answers are for the person alone, and the second says with whom."""
    door = Door(policy=EVERYBODY)
    shown = await door.say("help link")
    code = code_in(shown)

    answer = await door.say(typed.format(code.lower().replace("-", " ")), by=ANN)

    assert await same(door)
    assert shown.private
    assert answer.private
    assert "Alice (slack:user:T1:ALICE) are one person now" in told(answer.card)
    assert "no role" in told(answer.card)
    assert f"Linked with ann ({ANN.id})." in told((await door.say("link")).card)


async def test_link__gives_no_role() -> None:
    """Whoever may launch in one chat may not in the other for it."""
    door = Door(policy=EVERYBODY)
    await door.say(f"link {code_in(await door.say('link'))}", by=ANN)

    denied = await door.say("launch basic_test duration=30", by=ANN)

    assert await same(door)
    assert "launch" in told(denied.card)
    assert denied.failed


@pytest.mark.parametrize("how", ["used", "old", "replaced", "own", "guessed", "none"])
async def test_link__with_a_code_that_is_none_links_nobody(how: str) -> None:
    """One sentence for all, so that nobody learns which codes there are; the trail knows that somebody tried."""
    door = Door(policy=EVERYBODY)
    code, by = code_in(await door.say("link")), ANN
    if how == "used":
        await door.say(f"link {code}", by=MALLORY)
    elif how == "old":
        door.clock.pass_time(CODE_LIVES.total_seconds())
    elif how == "replaced":
        await door.say("link")
    elif how == "own":
        by = ALICE
    elif how == "guessed":
        code = "22222-22222"
    else:
        code = "ann"

    reply = await door.say(f"link {code}", by=by)

    assert reply.failed
    assert not await same(door)
    assert ("is not a code" if how == "none" else "wrong, used, too old") in told(reply.card)
    tried = [entry for entry in door.store.trail if (entry.action, entry.decision) == ("link", "denied")]
    assert len(tried) == (how != "none")


async def test_link__never_by_name() -> None:
    """Whoever is called the same in the other chat is somebody else."""
    door = Door(policy=EVERYBODY)
    await door.say("link", by=replace(ANN, name="Alice"))
    await door.say("link")

    assert not await same(door)


async def test_link__its_code_is_kept_nowhere() -> None:
    """Neither the store nor the audit trail holds what is shown."""
    door = Door(policy=EVERYBODY)
    code = code_in(await door.say("link"))

    kept = repr(
        (door.store.codes, door.store.trail, door.store.texts if hasattr(door.store, "texts") else "")
    )
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_link__ends_by_a_button() -> None:
    """Of the one account; where there is no link the person is told."""
    door = Door(policy=EVERYBODY)
    linked = await door.say(f"link {code_in(await door.say('link'))}", by=ANN)

    ended = await door.say(command_of(linked.card, "Unlink"), by=ANN)
    again = await door.say("link off", by=ANN)

    assert not await same(door)
    assert "no longer linked" in told(ended.card)
    assert "not linked by a code" in told(again.card)


async def test_link__of_the_settings_stands() -> None:
    """What the settings say is so without a code, and no chat can end it."""
    door = Door(policy=EVERYBODY)
    door.services = replace(door.services, people=(frozenset({ALICE.id, ANN.id}),))

    assert await same(door)
