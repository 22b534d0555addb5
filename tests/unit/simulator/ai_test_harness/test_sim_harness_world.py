"""The world behind the simulated AI Test Harness: a function of its seed, its time and what it is told."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from adapters.simulator.ai_test_harness.execution import Ending, Execution
from adapters.simulator.ai_test_harness.failures import SHAPES, category_of
from adapters.simulator.ai_test_harness.world import ENDINGS, HISTORY, PLANS, SLOT, World
from adapters.simulator.common.clock import SimulatedClock
from tests.fakes.clock import ManualClock

TESTS = ("Cart", "Search", "Refund", "Coupon", "Invoice")


def a_world(*, living: bool = False, seed: int = 1) -> World:
    return World(SimulatedClock(ManualClock(), 0), seed, living=living)


def held(world: World, **fields: Any) -> Execution:
    return world.hold(world.add_plan("Nightly", tests=TESTS), **fields)


def body(world: World, execution: Execution) -> dict[str, Any]:
    return execution.body(world.clock.now(), shows_plan=False)


def test_living_world__is_a_function_of_its_seed() -> None:
    """Two of one seed are the same, another seed has other ids."""
    worlds = [a_world(living=True), a_world(living=True), a_world(living=True, seed=2)]

    for world in worlds:
        world.clock.advance(3600)
        world.settle()
    first, same, other = (
        {key: body(world, execution) for key, execution in world.executions.items()} for world in worlds
    )

    assert first == same
    assert not first.keys() & other.keys()


def test_living_world__has_history_that_nobody_is_told() -> None:
    """Plans that were executed, one that was not; what ended before the start causes no delivery."""
    world = a_world(living=True)

    states = Counter(plan.state() for plan in world.list_plans(None))

    assert states == {"completed": len(PLANS), "pending": 1}
    assert len(world.executions) == HISTORY
    assert {execution.ending.word for execution in world.executions.values()} == {
        "completed",
        *(outcome for outcome in ENDINGS if isinstance(outcome, str)),
    }
    assert world.take_events() == []


def test_living_world__goes_on() -> None:
    """Somebody else starts executions, which only events name."""
    world = a_world(living=True)
    known = set(world.executions)

    world.clock.advance(3 * SLOT.total_seconds())
    world.settle()

    fresh = set(world.executions) - known
    assert len(fresh) == 3
    assert {told.data["executionId"] for told in world.take_events()} <= fresh


def test_held__goes_on_until_told() -> None:
    """Its progress moves as far as the last test and stays there, however long that takes."""
    world = a_world()
    execution = held(world, parallelism=2)

    world.clock.advance(7 * 86400)
    before = body(world, execution)
    world.finish(execution, Ending(failing=execution.plan.named(["Cart"]), skipped=1))

    assert before["progress"] == {"completed": 4, "running": 1, "pending": 0}
    assert body(world, execution)["results"] == {"passed": 3, "failed": 1, "skipped": 1}
    assert execution.plan.body()["failed"] == 1
    with pytest.raises(ValueError, match="has ended already"):
        world.finish(execution, Ending())


def test_failures__in_every_shape() -> None:
    """Texts, objects of differing keys, a nameless and an empty one; none is left out."""
    world = a_world()
    plan = world.add_plan("Long", tests=[f"Test {number}" for number in range(len(SHAPES) + 1)])
    execution = world.hold(plan)

    world.finish(execution, Ending(failing=plan.tests))

    served = body(world, execution)["failures"]
    assert len(served) == len(plan.tests)
    assert {type(one) for one in served} == {str, dict}
    assert len({frozenset(one) for one in served if isinstance(one, dict)}) >= len(SHAPES) - 1
    assert {} in served


def test_ending__contradicts_itself_on_demand() -> None:
    """Counts that differ from what is listed, fields that are missing, a word that nobody knows."""
    world = a_world()
    execution = held(world)
    changes = {"results": {"passed": 1, "failed": 3, "skipped": 1}}

    world.finish(
        execution,
        Ending(
            word="evaporated",
            failing=execution.plan.named(["Cart", "Not in the plan"]),
            changes=changes,
            leaves_out=frozenset({"duration"}),
        ),
    )

    served = body(world, execution)
    assert served["status"] == "evaporated"
    assert (served["results"]["failed"], len(served["failures"])) == (3, 2)
    assert "duration" not in served


@pytest.mark.parametrize("word", ["timeout", "cancelled"])
def test_cut_short__counts_what_was_run(word: str) -> None:
    """An execution that ends early has not run all of its tests."""
    world = a_world()
    execution = held(world, parallelism=1)

    world.clock.advance(120)
    world.finish(execution, Ending(word=word))

    assert sum(body(world, execution)["results"].values()) == 2


def test_events__in_order_and_once() -> None:
    """Each test as it ends, the failing ones also as failed, the execution last; nothing twice."""
    world = a_world()
    execution = held(world)

    world.clock.advance(120)
    first = world.take_events()
    world.finish(execution, Ending(failing=execution.plan.named(["Search", "Invoice"])))
    second = world.take_events()

    assert [told.event for told in first] == ["test.completed"] * 2
    assert Counter(told.event for told in second) == {
        "test.completed": 3,
        "test.failed": 2,
        "execution.completed": 1,
    }
    assert second[-1].event == "execution.completed"
    failed = [told for told in second if told.event == "test.failed"]
    assert {told.data["error"] for told in failed} == {
        category_of(test).error for test in execution.ending.failing
    }
    assert world.take_events() == []


def test_clusters__of_what_failed_lately() -> None:
    """Each failing test once in its cluster, in mixed shapes; none of executions that ended too long ago."""
    world = a_world()
    execution = held(world)
    world.finish(execution, Ending(failing=execution.plan.tests))

    found = world.clusters(7)
    world.clock.advance(8 * 86400)

    assert sum(cluster["count"] for cluster in found) == len(TESTS)
    assert {cluster["category"] for cluster in found} == {
        category_of(test).title for test in execution.plan.tests
    }
    assert world.clusters(7) == []


def test_readiness__is_the_same_for_a_version() -> None:
    """And differs between versions; a score below zero does not occur."""
    world = a_world()
    versions = [f"v{number}" for number in range(20)]

    scores = [world.readiness(version)["score"] for version in versions]

    assert scores == [world.readiness(version)["score"] for version in versions]
    assert len(set(scores)) > 5
    assert min(scores) >= 0


def test_unread__until_its_time() -> None:
    """The id of a new execution may answer 404 for a moment."""
    world = a_world()
    execution = held(world, readable_after=timedelta(seconds=5))

    assert world.find(execution.execution_id) is None
    world.clock.advance(5)
    assert world.find(execution.execution_id) is execution
