"""A second person's approval, wherever the process dies: one launch at most, decided once, each step noted with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.access import Role
from bot.command import Preset
from bot.state import Actor, Intent, IntentState
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.stage import ANN, BO, Stage, an_invocation, silent

CALLS = 12  # more store calls than one step makes
NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
STEPS = ("asked", "approved", "refused", "withdrawn", "expired")


def the_intent(stage: Stage) -> Intent:
    """Return the first intent."""
    return next(iter(stage.memory.intents.values()))


async def say(stage: Stage, verb: str, by: Actor, times: int = 1) -> None:
    """Say it of the first intent so often at the same moment; the process may die meanwhile."""
    said = replace(an_invocation(stage, f"{verb} {the_intent(stage).id}"), actor=by)
    presses = (stage.handler.handle(said, silent) for _ in range(times))
    await asyncio.gather(*presses, return_exceptions=True)


async def dying(stage: Stage, verb: str, by: Actor, dies_at: int, *, committed: bool) -> None:
    """Say it in a process that dies at a store call, before or after its commit."""
    store = MortalStore(stage.memory, dies_at=dies_at, committed=committed)
    await say(stage.restarted(store=store.typed), verb, by)


async def a_stage(*verbs: str) -> Stage:
    """Return a stage with a launch by the preset, in which the requester said this of it."""
    stage = Stage(service=MortalService(), presets={"nightly": NIGHTLY})
    await stage.say("launch nightly")
    for verb in verbs:
        await say(stage, verb, ANN)
    return stage


def noted(stage: Stage) -> list[str]:
    """Return the steps that stand in the audit trail."""
    return [entry.decision for entry in stage.memory.trail if entry.decision in STEPS]


def assert_true(stage: Stage, decisions: Iterable[str]) -> None:
    """Whatever stands in the trail is what happened, once; nothing was sent that nobody else approved."""
    intent, sent = the_intent(stage), len(stage.service.launches)
    assert noted(stage) == [*decisions]
    assert sent <= 1
    assert stage.service.violations == []
    if sent:
        assert intent.decided_by == BO.id


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
async def test_ask__process_dies_at_a_store_call(dies_at: int, committed: bool) -> None:
    """The requester says it again, and it is asked once; then it goes on as if nothing had been."""
    stage = await a_stage()
    await dying(stage, "confirm", ANN, dies_at, committed=committed)
    later = stage.restarted()
    await later.pass_time(20)
    await say(later, "confirm", ANN, times=3)
    waits = the_intent(stage).state
    await say(later, "approve", BO, times=3)

    assert waits is IntentState.ASKED
    assert the_intent(stage).state is IntentState.ACCEPTED
    assert len(stage.service.launches) == 1
    assert_true(stage, ["asked", "approved"])


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
async def test_approve__process_dies_at_a_store_call(dies_at: int, committed: bool) -> None:
    """One request at most; what was approved and never sent is let go, and every end is the true one."""
    stage = await a_stage("confirm")
    await dying(stage, "approve", BO, dies_at, committed=committed)
    later = stage.restarted()
    await later.pass_time(20)
    await say(later, "approve", BO, times=3)
    await later.pass_time(900, step=15)
    intent = the_intent(stage)

    ends = ["expired"] if intent.state is IntentState.EXPIRED else []
    assert_true(stage, ["asked", "approved", *ends])
    assert intent.decided_by == BO.id
    assert (intent.state in {IntentState.ACCEPTED, IntentState.UNKNOWN}) == (intent.posted_at is not None)
    assert intent.state in {IntentState.ACCEPTED, IntentState.UNKNOWN, IntentState.EXPIRED}


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
@pytest.mark.parametrize(("verb", "by", "step"), [("refuse", BO, "refused"), ("decline", ANN, "withdrawn")])
async def test_refuse__process_dies_at_a_store_call(
    verb: str, by: Actor, step: str, dies_at: int, committed: bool
) -> None:
    """It is called off once, whoever did it; a yes after that changes nothing."""
    stage = await a_stage("confirm")
    await dying(stage, verb, by, dies_at, committed=committed)
    later = stage.restarted()
    await say(later, verb, by, times=3)
    await say(later, "approve", BO)

    assert the_intent(stage).state is IntentState.DECLINED
    assert stage.service.launches == []
    assert_true(stage, ["asked", step])


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 7))
async def test_expire__process_dies_at_a_store_call(dies_at: int, committed: bool) -> None:
    """What nobody approved is let go once."""
    stage = await a_stage("confirm")
    stage.clock.pass_time(3601)
    store = MortalStore(stage.memory, dies_at=dies_at, committed=committed)
    with suppress(Crash):
        await stage.restarted(store=store.typed).tick()
    later = stage.restarted()
    await later.tick()
    await say(later, "approve", BO)

    assert the_intent(stage).state is IntentState.EXPIRED
    assert stage.service.launches == []
    assert_true(stage, ["asked", "expired"])


async def test_approve__races_with_everything() -> None:
    """A yes, a no, a withdrawal and the end of its time at the same moment: one of them counts, whole."""
    verbs = {"approve": BO, "refuse": BO, "decline": ANN}
    for first in (*verbs, "tick"):
        stage = await a_stage("confirm")
        stage.clock.pass_time(3600)
        rest = [verb for verb in verbs if verb != first]
        said = [say(stage, verb, verbs[verb]) for verb in ([first] if first in verbs else [])]
        await asyncio.gather(*said, stage.launches.tick(), *(say(stage, verb, verbs[verb]) for verb in rest))
        state = the_intent(stage).state

        assert len(noted(stage)) == 2
        assert len(stage.service.launches) == (state is IntentState.ACCEPTED)
        assert state in {IntentState.ACCEPTED, IntentState.DECLINED}
