"""What an AI Test Harness may answer though nothing fails: odd values, shapes and words, and answers that are lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import pytest

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.simulator.ai_test_harness import SimulatedHarness
from adapters.simulator.ai_test_harness.failures import SHAPES
from adapters.simulator.common.misbehave import Rule
from bot.diff import reason
from bot.errors import ServiceError
from bot.model import (
    LaunchRequest,
    RunStatus,
    Started,
    Unclear,
    VerdictKind,
)
from bot.replies.runs import verdict_words
from bot.state import Outcome
from bot.verdict import judge
from tests.fakes.harness_client import a_harness_client

TESTS = tuple(f"Test {letter}" for letter in "ABCDEFGHIJKL")
EXECUTION = "/api/v1/executions/.*"


class Opened:
    """A server with one plan and one execution that ended with two failing tests, and the client."""

    def __init__(self, server: SimulatedHarness, service: ExecutionService) -> None:
        self.server, self.service = server, service
        self.plan = server.add_plan("Nightly", tests=TESTS)
        self.execution = server.hold_execution(self.plan, environment="staging")
        server.finish_execution(self.execution, failing=TESTS[:2])

    async def launch(self) -> object:
        values = {"environment": "staging"}
        return await self.service.launch(
            LaunchRequest(launcher="Nightly", key="k", launcher_key=self.plan, values=values)
        )


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with a_harness_client(requests_per_minute=100_000) as (server, service):
        yield Opened(server, service)


def _sentence(error: ServiceError, opened: Opened) -> None:
    said = f"{error.problem} {error.detail}"
    assert error.problem.endswith((".", "?", "!")), said
    assert "<html" not in said
    assert opened.server.api_key not in said


WRONG_TYPES: tuple[dict[str, object], ...] = (
    {"status": 7}, {"status": None}, {"status": "exploded"}, {"status": ["completed"]}, {"results": None},
    {"results": "none"}, {"failures": None}, {"failures": {"a": 1}}, {"failures": [None, 3, [], {}]},
    {"passed": "forty", "failed": None}, {"failed": -1}, {"failed": 10**30}, {"duration": "long"},
    {"id": {"not": "an id"}}, {"id": 4711}, {"name": ["x"]}, {"error": 5},
)  # fmt: skip


@pytest.mark.parametrize("sets", WRONG_TYPES, ids=str)
async def test_values__of_a_wrong_type_never_green_an_execution(
    opened: Opened, sets: dict[str, object]
) -> None:
    """A field that is nothing like what is written degrades alone, or the answer is refused; red stays red."""
    opened.server.rules.add(Rule(path=EXECUTION, sets=sets, times=None))
    try:
        run = await opened.service.run(opened.execution)
        results = await opened.service.results(run)
    except ServiceError as error:
        _sentence(error, opened)
    else:
        assert judge(run, results).kind is not VerdictKind.PASSED


@pytest.mark.parametrize("shape", SHAPES)
async def test_failures__none_is_dropped(opened: Opened, shape: str) -> None:
    """In whichever shape they come: each is shown, with its error where there is one."""
    execution = opened.server.hold_execution(opened.plan)
    opened.server.finish_execution(execution, failing=TESTS, shape=shape)

    run = await opened.service.run(execution)
    results = await opened.service.results(run)

    assert len(results.failing) == len({check.name for check in results.failing}) == len(TESTS)
    assert all(check.first is not None for check in results.failing) or shape in {"empty", "text"}
    assert judge(run, results).kind is VerdictKind.FAILED


async def test_failures__fewer_listed_than_counted(opened: Opened) -> None:
    """Both numbers are said, and nothing is compared that was not listed."""
    execution = opened.server.hold_execution(opened.plan)
    changes = {"results": {"passed": 9, "failed": 3, "skipped": 0}}
    opened.server.finish_execution(execution, failing=TESTS[:2], changes=changes)

    results = await opened.service.results(await opened.service.run(execution))

    assert (results.total.failing, len(results.failing)) == (3, 2)
    assert not results.comparable
    assert results.note


@pytest.mark.parametrize(
    ("results", "kind", "words"),
    [
        ({"failed": 3, "passed": None}, VerdictKind.FAILED, "FAILED: 3 tests fail, of how many is not known"),
        ({"failed": 1}, VerdictKind.FAILED, "FAILED: 1 test fails, of how many is not known"),
        ({"passed": 42, "failed": None}, VerdictKind.NO_RESULTS, "42 tests pass, of how many is not known"),
        ({"failed": 0, "passed": None}, VerdictKind.NO_RESULTS, "results unavailable"),
    ],
    ids=str,
)
async def test_counts__of_which_some_are_not_said(
    opened: Opened, results: dict[str, object], kind: VerdictKind, words: str
) -> None:
    """What is known to have failed is heard of though nothing is listed; what is not said is never taken for none."""
    execution = opened.server.hold_execution(opened.plan)
    opened.server.finish_execution(execution, changes={"results": results, "failures": []})

    run = await opened.service.run(execution)
    found = await opened.service.results(run)
    verdict = judge(run, found)

    assert verdict.kind is kind
    assert words in verdict_words(verdict, opened.service.platform.terms)
    assert (Outcome.FAILURES in reason(verdict, None)) is (kind is VerdictKind.FAILED)
    assert not found.comparable
    assert "says that 0 tests" not in found.note


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("failed", RunStatus.COMPLETED), ("timeout", RunStatus.INCOMPLETE), ("TIMED_OUT", RunStatus.INCOMPLETE),
        ("cancelled", RunStatus.CANCELLED), ("canceled", RunStatus.CANCELLED), ("evaporated", RunStatus.UNKNOWN),
    ],
)  # fmt: skip
async def test_end__words_are_never_green(opened: Opened, word: str, status: RunStatus) -> None:
    """Without a failing test, too: what plainly means an end ends it, and no other word means success."""
    execution = opened.server.hold_execution(opened.plan)
    opened.server.finish_execution(execution, word=word)

    run = await opened.service.run(execution)
    results = await opened.service.results(run)

    assert run.status in {status, RunStatus.INCOMPLETE if word == "failed" else status}
    assert judge(run, results).kind is not VerdictKind.PASSED


async def test_create__none_twice_where_answers_are_lost(opened: Opened) -> None:
    """Each of many launches leaves at most one execution, and each that was said to have started is there."""
    rng, before = Random(7), len(opened.server.world.executions)
    started = lost = 0
    for _ in range(300):
        fault = rng.choice(("", "", "", "", "dropped", "started, then dropped"))
        if fault:
            opened.server.misbehave(fault, path="/api/v1/executions")
        told = await opened.launch()
        started += isinstance(told, Started)
        lost += fault == "started, then dropped"
        assert isinstance(told, Unclear if fault else Started)

    assert len(opened.server.requests("POST", "/api/v1/executions")) == 300
    assert len(opened.server.world.executions) - before == started + lost


async def test_quota__is_waited_for_and_never_a_verdict(opened: Opened) -> None:
    """A minute that is used up is an error in words; nothing is concluded from it."""
    opened.server.limit(per_minute=0, tells=False)

    with pytest.raises(ServiceError) as caught:
        await opened.service.run(opened.execution)

    assert "429" in caught.value.problem


async def test_ids__foreign_ones_are_not_asked_for(opened: Opened) -> None:
    """What is no id is refused before anything is sent, and an id of another platform is not this one's."""
    before = sum(opened.server.counts.values())
    for text in ("../agents", "exec_1/x", "", "exec_" + "x" * 200):
        assert not opened.service.owns(text)
        with pytest.raises(ServiceError):
            await opened.service.run(text)
    assert not any(opened.service.owns(text) for text in ("1026", "a" * 32 + "-1-1", "plan_1", "abcdefgh"))

    assert sum(opened.server.counts.values()) == before


async def test_names__with_markup_stay_text(opened: Opened) -> None:
    """Control characters go, and names that differ at their end alone stay two."""
    long = "x" * 2_000
    hostile = ("<script>*_`@everyone\x1b[31m", f"{long} one", f"{long} two")
    plan = opened.server.add_plan("Search *smoke* <main>", tests=hostile)
    execution = opened.server.hold_execution(plan)
    opened.server.finish_execution(execution, failing=hostile, shape="name and error")

    results = await opened.service.results(await opened.service.run(execution))

    assert len({check.name for check in results.failing}) == 3
    assert all(check.name.isprintable() for check in results.failing)
