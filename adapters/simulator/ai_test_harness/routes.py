"""The documented endpoints over a world."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.simulator.ai_test_harness.hooks import Hooks
from adapters.simulator.ai_test_harness.plans import Plan
from adapters.simulator.ai_test_harness.world import World
from adapters.simulator.common.answers import Refusal, query
from adapters.simulator.common.misbehave import Json

DEFAULT_DAYS = 7

Refuse = Callable[[int, str], Refusal]


class Routes:
    """One method per endpoint; what a request may hold has been judged before."""

    def __init__(self, world: World, hooks: Hooks, refuse: Refuse) -> None:
        self.world = world
        self.hooks = hooks
        self.refuse = refuse

    def table(self, mount: str) -> list[web.RouteDef]:
        """Return the endpoints below a path."""
        get = [
            ("/test-plans", self.list_plans),
            ("/test-plans/{planId}", self.get_plan),
            ("/executions/{execId}", self.get_execution),
            ("/agents", self.list_agents),
            ("/analytics/release-readiness", self.readiness),
            ("/analytics/failure-clusters", self.clusters),
        ]
        post = [
            ("/test-plans", self.create_plan),
            ("/executions", self.execute),
            ("/agents/{agentId}/invoke", self.invoke),
            ("/webhooks", self.register),
        ]
        return [
            *(web.get(mount + path, handler, allow_head=False) for path, handler in get),
            *(web.post(mount + path, handler) for path, handler in post),
        ]

    async def create_plan(self, request: web.Request) -> web.Response:
        """Make up tests for what has changed."""
        asked = await _body(request)
        return web.json_response(self.world.add_plan(asked["name"], asked=asked).created())

    async def list_plans(self, request: web.Request) -> web.Response:
        """List plans, newest first."""
        asked = query(request)
        switches = self.world.switches
        size = min(int(asked.get("limit", switches.page_size)), switches.page_size)
        page = int(asked.get("page", 1)) if switches.pages else 1
        found = self.world.list_plans(asked.get("status"))
        rows = [plan.body() for plan in found[(page - 1) * size : page * size]]
        return web.json_response({"plans": rows, "total": len(found), "page": page, "pageSize": size})

    async def get_plan(self, request: web.Request) -> web.Response:
        """Return one plan."""
        self.world.settle()
        return web.json_response(self._plan(request.match_info["planId"]).body())

    async def execute(self, request: web.Request) -> web.Response:
        """Start an execution of a plan."""
        asked = await _body(request)
        plan = self._plan(asked["testPlanId"])
        if self.world.switches.needs_environment and not asked.get("environment"):
            raise self.refuse(400, "environment is required")
        execution = self.world.start(
            plan, environment=asked.get("environment"), parallelism=asked.get("parallelism", 1)
        )
        now = self.world.settle()
        return web.json_response(execution.body(now, shows_plan=self.world.switches.shows_plan))

    async def get_execution(self, request: web.Request) -> web.Response:
        """Return one execution; there is no list."""
        key = request.match_info["execId"]
        execution = self.world.find(key)
        if execution is not None:
            body = execution.body(self.world.clock.now(), shows_plan=self.world.switches.shows_plan)
        elif key in self.world.agent_runs and self.world.switches.agents_readable:
            body = {"id": key, "status": "completed", "output": {"notes": ["3 endpoints changed"]}}
        else:
            raise self.refuse(404, "Execution not found")
        return web.json_response(body)

    async def list_agents(self, _request: web.Request) -> web.Response:
        """List the agents."""
        return web.json_response({"agents": [agent.body() for agent in self.world.agents.values()]})

    async def invoke(self, request: web.Request) -> web.Response:
        """Set an agent to work."""
        key = self.world.invoke(request.match_info["agentId"])
        if key is None:
            raise self.refuse(404, "Agent not found")
        return web.json_response({"executionId": key, "status": "running"})

    async def readiness(self, request: web.Request) -> web.Response:
        """Say how ready a version is."""
        return web.json_response(self.world.readiness(query(request)["version"]))

    async def clusters(self, request: web.Request) -> web.Response:
        """Group failures by their cause."""
        days = int(query(request).get("days", DEFAULT_DAYS))
        return web.json_response({"clusters": self.world.clusters(days)})

    async def register(self, request: web.Request) -> web.Response:
        """Take down where to deliver to; the secret is not handed out again."""
        asked = await _body(request)
        return web.json_response(self.hooks.register(asked["url"], asked["events"], asked.get("secret")))

    def _plan(self, plan_id: str) -> Plan:
        found = self.world.plans.get(plan_id)
        if found is None:
            raise self.refuse(404, "Test plan not found")
        return found


async def _body(request: web.Request) -> Json:
    loaded: dict[str, Any] = json.loads(await request.read())
    return loaded
