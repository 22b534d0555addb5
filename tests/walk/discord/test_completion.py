"""What is offered while somebody types an option."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.lanes import whose
from bot.model import Run
from tests.fakes.discord_bot import World, answer
from tests.fakes.runs import MOMENT, a_run, run_id


async def offered(world: World, verb: str, option: str, typed: str = "", **more: Any) -> list[str]:
    """Return the values that are offered."""
    channel, by = more.pop("channel", world.main), more.pop("by", world.alice)
    choices = await by.autocomplete(channel, f"clew {verb}", option, typed, **more)
    return [choice["value"] for choice in choices]


async def thread_of(world: World) -> Any:
    """Open the thread of a run's card."""
    card = answer(await world.say("status", run=run_id(1)))
    await world.press(card, "Failing")
    return world.main.threads[0]


async def test_run__offers_those_seen_newest_first(world: World, run: Run) -> None:
    """Recent runs fit by launcher, status and id."""
    for number in (1, 2):
        await world.store.track(Run.of_id(a_run(number).ref), world.clock.now())

    found = await offered(world, "status", "run", "latest")

    assert found == ["latest"]


async def test_launcher__offers_the_known_and_what_was_typed(world: World) -> None:
    """A new launcher's name can be given as well."""
    assert await offered(world, "launch", "launcher", "night") == ["Payments Nightly", "night"]
    assert await offered(world, "launch", "launcher") == ["basic_test", "Payments Nightly"]


async def test_property__offers_the_failing_ones_of_the_thread(world: World, run: Run) -> None:
    """They are chosen by number, as the list shows them."""
    thread = await thread_of(world)

    assert await offered(world, "logs", "property", "ledger", channel=thread) == ["1"]
    assert await offered(world, "logs", "property", channel=world.main) == []


async def test_moment__offers_those_of_the_thread(world: World, run: Run) -> None:
    """Each failing property's moment can be chosen."""
    thread = await thread_of(world)

    assert MOMENT.text in await offered(world, "logs", "moment", channel=thread)


async def test_choice__completes_lists(world: World) -> None:
    """After a comma the choices that are not taken are offered."""
    found = await offered(world, "watch", "outcomes", "failures,re")

    assert found == ["failures,recovery"]


async def test_verb__offers_all_that_can_be_said(world: World) -> None:
    """Hidden verbs are not offered."""
    found = await offered(world, "help", "verb")

    assert "launch" in found
    assert "confirm" not in found


async def test_offer__nothing_to_somebody_without_a_role(world: World) -> None:
    """Names of launchers are for those who may read."""
    stranger = world.guild.add_member(world.env.create_user("mallory"))

    assert await offered(world, "launch", "launcher", by=stranger) == []


async def test_offer__is_read_for_the_person_who_types(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What typing makes Clew read has the person's share of the connection, not Clew's own."""
    readers, read = [], world.service.run
    thread = await thread_of(world)

    async def noting(name: str) -> Any:
        readers.append(whose())
        return await read(name)

    monkeypatch.setattr(world.service, "run", noting)
    await offered(world, "logs", "property", channel=thread)

    assert readers == [f"discord:user:{world.alice.id}"]
