"""An answer that is lost before or after the work, at every create: nobody can tell the two apart but the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from adapters.simulator.ai_test_harness.harness import API_KEY as HARNESS_KEY
from adapters.simulator.ai_test_harness.harness import contract as harness_contract
from adapters.simulator.automated_future import SimulatedReports, simulated_reports
from adapters.simulator.automated_future.reports import API_KEY as REPORTS_KEY
from adapters.simulator.automated_future.reports import contract as reports_contract
from tests.fakes.clock import ManualClock
from tests.fakes.platform_caller import PlatformCaller, calling


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A create: what is asked, knowing the server, and how many of its kind there are."""

    path: str
    asked: Callable[[Any], dict[str, object]]
    made: Callable[[Any], int]


def a_result(reports: SimulatedReports) -> str:
    return next(iter(reports.team.results), None) or reports.add_result(reports.project_id, "t1", "Failed")


def a_plan(harness: SimulatedHarness) -> str:
    return next(iter(harness.world.plans), None) or harness.add_plan("Nightly")


HARNESS = [
    Create(path="/test-plans", asked=lambda _: {"name": "Nightly"}, made=lambda it: len(it.world.plans)),
    Create(
        path="/executions",
        asked=lambda it: {"testPlanId": a_plan(it)},
        made=lambda it: len(it.world.executions),
    ),
    Create(
        path="/agents/agent_planning/invoke",
        asked=lambda _: {"task": "plan"},
        made=lambda it: len(it.world.agent_runs),
    ),
    Create(
        path="/webhooks",
        asked=lambda _: {"url": "https://clew.example", "events": ["test.failed"]},
        made=lambda it: len(it.hooks.receivers),
    ),
]
REPORTS = [
    Create(
        path="/run/", asked=lambda it: {"project_id": it.project_id}, made=lambda it: len(it.team.runs)
    ),
    Create(
        path="/result/",
        asked=lambda it: {"project_id": it.project_id, "test_name": "t1", "status": "Failed"},
        made=lambda it: len(it.team.results),
    ),
    Create(
        path="/artifact/",
        asked=lambda it: {
            "test_result_id": a_result(it), "label": "l", "kind": "Log", "content_type": "t/p", "size_bytes": 1,
        },
        made=lambda it: len(it.team.artifacts),
    ),
]  # fmt: skip


async def lose(caller: PlatformCaller[Any], create: Create) -> None:
    body = create.asked(caller.server)
    before = create.made(caller.server)

    for fault, made in (("dropped", 0), ("started, then dropped", 1)):
        caller.server.misbehave(fault, method="POST", path=".*" + create.path)
        with pytest.raises(aiohttp.ClientError):
            await caller.post(create.path, body)
        assert create.made(caller.server) == before + made


@pytest.mark.parametrize("create", HARNESS, ids=lambda create: create.path)
async def test_lost__at_the_harness(create: Create) -> None:
    """Before: nothing is there. After: it is, once."""
    opened = simulated_harness(clock=ManualClock(), speed=0, living=False)
    async with calling(opened, harness_contract(), "Bearer ", HARNESS_KEY) as caller:
        await lose(caller, create)


@pytest.mark.parametrize("create", REPORTS, ids=lambda create: create.path)
async def test_lost__at_the_reports(create: Create) -> None:
    """Before: nothing is there. After: it is, once."""
    opened = simulated_reports(clock=ManualClock(), speed=0, living=False)
    async with calling(opened, reports_contract(), "", REPORTS_KEY) as caller:
        await lose(caller, create)
