"""The simulated AI Test Harness over HTTP: what it refuses and takes down.

Each rule is a check that passes on the server, and fails on a server that has forgotten the rule. The first test guards
the server, the second the checks: a rule that is dropped later is noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from adapters.simulator.ai_test_harness.execution import Execution
from adapters.simulator.ai_test_harness.harness import API_KEY, contract
from adapters.simulator.ai_test_harness.quota import Quota
from adapters.simulator.ai_test_harness.routes import Routes
from adapters.simulator.ai_test_harness.world import World
from tests.fakes.clock import ManualClock
from tests.fakes.platform_caller import PlatformCaller, calling

Caller = PlatformCaller[SimulatedHarness]
Check = Callable[[Caller, ManualClock], Awaitable[None]]


@asynccontextmanager
async def a_team(**options: Any) -> AsyncIterator[tuple[Caller, ManualClock]]:
    clock = ManualClock()
    opened = simulated_harness(clock=clock, speed=0, living=False, **options)
    async with calling(opened, contract(), "Bearer ", API_KEY) as caller:
        yield caller, clock


async def started(caller: Caller, **asked: object) -> str:
    plan = caller.server.add_plan("Nightly", tests=["Cart", "Search", "Refund", "Coupon"])
    answer = await caller.post("/executions", {"testPlanId": plan, "environment": "staging", **asked})
    assert answer.status == 200
    return str(answer.json["id"])


def broken(caller: Caller) -> int:
    return len(caller.server.violations())


async def only_bearer(caller: Caller, _clock: ManualClock) -> None:
    for given in (API_KEY, None, f"Basic {API_KEY}"):
        assert (await caller.send("GET", "/agents", headers={"Authorization": given})).status == 401
    assert broken(caller) == 1


async def only_the_key(caller: Caller, _clock: ManualClock) -> None:
    wrong = {"Authorization": f"Bearer {API_KEY}x"}
    assert (await caller.send("GET", "/agents", headers=wrong)).status == 401
    assert broken(caller) == 0  # a key that was revoked is no mistake of the client's code


async def exact_paths(caller: Caller, _clock: ManualClock) -> None:
    for path in ("/agents/", "/executions/", "/test-plans/", "/analytics"):
        url = caller.server.base_url + path
        assert (await caller.send("GET", url)).status == 404
    assert broken(caller) == 4


async def contract_holds(caller: Caller, _clock: ManualClock) -> None:
    plan = caller.server.add_plan("Nightly")
    for query in ({"limit": "0"}, {"limit": "many"}, {"perPage": "3"}):
        assert (await caller.get("/test-plans", **query)).status == 400
    for body in (
        {},
        {"testPlanId": 7},
        {"testPlanId": plan, "key": "x"},
        {"testPlanId": plan, "parallelism": 0},
    ):
        assert (await caller.post("/executions", body)).status == 400
    hook = {"url": "http://127.0.0.1/x", "events": ["build.failed"]}
    assert (await caller.post("/webhooks", hook)).status == 400
    assert (await caller.get("/analytics/release-readiness")).status == 400
    assert (await caller.send("GET", "/agents", body={})).status == 400
    assert broken(caller) == 10


async def quota_holds(caller: Caller, clock: ManualClock) -> None:
    statuses = [(await caller.get("/agents")).status for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    clock.pass_time(59)
    late = await caller.get("/agents")
    assert (late.status, late.headers["Retry-After"]) == (429, "1")
    caller.server.limit(per_minute=100, tells=False)
    assert "Retry-After" not in (await caller.get("/agents")).headers
    clock.pass_time(1)
    assert (await caller.get("/agents")).status == 200
    assert caller.server.quota.refused == 3


async def progress_moves(caller: Caller, _clock: ManualClock) -> None:
    key = await started(caller, parallelism=2)
    seen = []
    for _ in range(3):
        seen.append((await caller.get(f"/executions/{key}")).json)
        caller.server.advance(60)
    assert [one.get("progress") for one in seen] == [
        {"completed": 0, "running": 2, "pending": 2},
        {"completed": 2, "running": 2, "pending": 0},
        None,
    ]
    assert [one["status"] for one in seen] == ["running", "running", "completed"]


async def unread_at_first(caller: Caller, _clock: ManualClock) -> None:
    plan = caller.server.add_plan("Nightly")
    key = caller.server.hold_execution(plan, readable_after=timedelta(seconds=30))
    assert (await caller.get(f"/executions/{key}")).status == 404
    caller.server.advance(30)
    assert (await caller.get(f"/executions/{key}")).status == 200


async def agents_keep_results(caller: Caller, _clock: ManualClock) -> None:
    answer = await caller.post("/agents/agent_planning/invoke", {"task": "plan", "parameters": {"a": 1}})
    path = f"/executions/{answer.json['executionId']}"
    assert (await caller.get(path)).status == 404
    caller.server.switch(agents_readable=True)
    assert (await caller.get(path)).status == 200
    assert (await caller.post("/agents/agent_none/invoke", {"task": "plan"})).status == 404


async def plans_are_followed(caller: Caller, _clock: ManualClock) -> None:
    unknown = {"testPlanId": "plan_unknown"}
    assert (await caller.post("/executions", unknown)).status == 404
    caller.server.switch(needs_environment=True)
    plan = caller.server.add_plan("Nightly")
    assert (await caller.post("/executions", {"testPlanId": plan})).status == 400
    assert broken(caller) == 0  # nothing of it is in the contract


async def secrets_stay(caller: Caller, _clock: ManualClock) -> None:
    hook = {"url": "https://clew.example/hooks/h", "events": ["test.failed"], "secret": "wh_sec_4711"}
    answer = await caller.post("/webhooks", hook)
    assert b"wh_sec_4711" not in answer.content
    assert "wh_sec_4711" in caller.server.secrets()


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and where to break the server so that it must fail: an attribute and what it becomes."""

    check: Check
    owner: Any
    attribute: str
    mutant: Any


def with_slashes(routes: Routes, mount: str) -> list[web.RouteDef]:
    honest = TABLE(routes, mount)
    return honest + [web.get(route.path + "/", route.handler) for route in honest if route.method == "GET"]


TABLE = Routes.table
RULES = [
    Rule(only_bearer, SimulatedHarness, "_check_key", lambda self, given, method: None),
    Rule(only_the_key, SimulatedHarness, "_check_key", lambda self, given, method: None),
    Rule(exact_paths, Routes, "table", with_slashes),
    Rule(contract_holds, SimulatedHarness, "_hold_to_contract", lambda self, seen: None),
    Rule(quota_holds, Quota, "take", lambda self: None),
    Rule(progress_moves, Execution, "done", lambda self, now: ()),
    Rule(unread_at_first, World, "find", lambda self, key: self.executions.get(key)),
    Rule(agents_keep_results, World, "invoke", lambda self, agent: "agent_exec_always"),
    Rule(plans_are_followed, Routes, "_plan", lambda self, plan: next(iter(self.world.plans.values()), None)),
    Rule(secrets_stay, SimulatedHarness, "secrets", lambda self: (self.api_key,)),
]
NAMED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check.__name__)


@NAMED
async def test_rule__holds(rule: Rule) -> None:
    """What a client does wrong is refused and taken down; what it may do is not."""
    async with a_team() as (caller, clock):
        await rule.check(caller, clock)


@NAMED
async def test_rule__missed_where_it_is_forgotten(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without the rule fails its check, so the check is worth something."""
    monkeypatch.setattr(rule.owner, rule.attribute, rule.mutant)
    async with a_team() as (caller, clock):
        with pytest.raises((AssertionError, KeyError, ValueError)):
            await rule.check(caller, clock)
