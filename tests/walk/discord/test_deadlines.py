"""Three seconds for the first word, a quarter of an hour for the answer, and what comes after each."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import StoreError
from bot.model import Run
from tests.fakes.discord_bot import World, answer, initial_responses, said
from tests.fakes.runs import run_id


async def test_late__a_first_word_that_came_too_late_ends_in_the_channel(world: World, run: Run) -> None:
    """Discord no longer knows the interaction, so the answer is a message in the channel, once."""
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await world.say("status", run=run_id(1))

    ours = world.ours(world.main)
    assert len(ours) == 1
    assert "FAILED" in said(ours[0])


async def test_late__a_private_answer_goes_to_the_person(world: World) -> None:
    """It never becomes a message that all see."""
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    await world.say("help")

    assert world.ours(world.main) == []
    assert "launch" in said(world.alice.user.dm_channel.last_message)


async def test_quarter__what_is_done_later_goes_to_the_channel(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After fourteen minutes the interaction is left alone, and the answer stands in the channel once."""
    handle = world.handler.handle

    async def slowly(*arguments: Any, **more: Any) -> Any:
        reply = await handle(*arguments, **more)
        world.clock.ahead = 14 * 60 + 1
        return reply

    monkeypatch.setattr(world.handler, "handle", slowly)
    await world.say("status", run=run_id(1))

    ours = [m for m in world.ours(world.main) if "FAILED" in said(m)]
    assert len(ours) == 1
    assert [p for m, p, _ in world.requests() if m == "PATCH" and p.endswith("@original")] == []


async def test_quarter__a_token_that_is_gone_early_costs_nothing(world: World, run: Run) -> None:
    """Where Discord drops the right to answer, the channel has the answer."""
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015)

    await world.say("status", run=run_id(1))

    ours = [m for m in world.ours(world.main) if "FAILED" in said(m)]
    assert len(ours) == 1


async def test_answered_twice__is_no_failure(world: World, run: Run) -> None:
    """A first word that had arrived after all is not said again; the answer follows."""
    world.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060)

    await world.say("status", run=run_id(1))

    assert len(initial_responses(world)) == 1
    assert any("FAILED" in said(m) for m in world.ours(world.main))


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_answer__is_edited_in_again_and_again(world: World, run: Run, status: int) -> None:
    """Editing what the interaction was answered with is safe to repeat, and ends in one answer."""
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=status, times=2)

    result = await world.say("status", run=run_id(1))

    assert "FAILED" in said(answer(result))
    assert len(world.ours(world.main)) == 1


async def test_store__that_cannot_keep_says_so_and_does_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person hears that nothing was done; nothing is."""

    async def full(*_: object) -> bool:
        raise StoreError("The database is full.")

    monkeypatch.setattr(world.handler, "accept", full)
    result = await world.say("watch")

    assert "The database is full." in said(answer(result))
    assert answer(result).ephemeral
    assert await world.store.subscriptions() == ()


async def test_event__replayed_by_the_gateway_acts_once(world: World) -> None:
    """The same interaction, delivered again after a resume, is known."""
    await world.say("watch")
    payload = world.last_interaction()
    before = len(world.requests())

    world.chat._receiver.interaction(payload)
    await world.env.settle()

    assert world.requests()[before:] == []


async def test_restart__takes_up_what_was_cut_off(world: World, run: Run) -> None:
    """A command that was kept and never answered is answered after the restart, in the channel."""
    world.kill_before_answering()
    await world.say("status", run=run_id(1))
    await world.restart()

    ours = [m for m in world.ours(world.main) if "FAILED" in said(m)]
    assert len(ours) == 1
