"""The simulated server: a world over HTTP, and the strings that only it has."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from aiohttp import web

from adapters.simulator.ai_test_harness.execution import Ending, Execution
from adapters.simulator.ai_test_harness.failures import MIXED
from adapters.simulator.ai_test_harness.hooks import Hooks
from adapters.simulator.ai_test_harness.plans import Plan
from adapters.simulator.ai_test_harness.quota import Quota
from adapters.simulator.ai_test_harness.routes import Routes
from adapters.simulator.ai_test_harness.world import World
from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.contract import Contract, load
from adapters.simulator.common.delivering import DeliveringServer
from adapters.simulator.common.misbehave import FAULTS as COMMON
from adapters.simulator.common.misbehave import Json, Rule

API_KEY = "ath_simulated4711key"
SCHEME = "Bearer "

FAULTS: dict[str, Rule] = {
    **COMMON,
    "created": Rule(method="POST", answer_status=201, times=None),
    "accepted": Rule(method="POST", answer_status=202, times=None),
    "no id": Rule(method="POST", rewrite=lambda body, _: {k: v for k, v in body.items() if k != "id"}),
    "numeric id": Rule(sets={"id": 4711}),
    "counts as text": Rule(sets={"passed": "forty-two", "failed": None}),
    "failures as an object": Rule(sets={"failures": {"test_1": "boom"}}),
    "no progress": Rule(sets={"progress": None}),
}
"""What this platform can do wrong, or differently from its reference."""


class SimulatedHarness(DeliveringServer):
    """A team of AI Test Harness. Executions end by themselves unless a test holds them."""

    mount: ClassVar[str] = "/api/v1"
    faults: ClassVar[Mapping[str, Rule]] = FAULTS
    controls: ClassVar[frozenset[str]] = DeliveringServer.controls | {
        "add_plan", "hold_execution", "start_execution", "finish_execution", "switch", "limit", "rate", "group",
    }  # fmt: skip

    def __init__(self, world: World) -> None:
        super().__init__(world.clock, lambda seen: contract().check_request(seen))
        self.world = world
        self.api_key = API_KEY
        self.quota = Quota(world.clock)
        self.hooks = Hooks(self.webhooks)

    def routes(self) -> list[web.RouteDef]:
        """Return the documented endpoints."""
        return Routes(self.world, self.hooks, self.refusal).table(self.mount)

    def admit(self, request: web.Request) -> None:
        """Let a request pass that has the key, as long as the minute's quota lasts."""
        self._check_key(request.headers.get("Authorization", ""), request.method)
        wait = self.quota.take()
        if wait is not None:
            body = self.refusal(429, "Rate limit exceeded").body
            raise Refusal(429, body, headers=self.quota.headers(wait))

    def refusal(self, status: int, message: str) -> Refusal:
        """Return an error; its reference shows none, so it is worded unlike the others'."""
        return Refusal(status, {"error": {"code": status, "message": message}})

    def settle(self) -> None:
        """Let happen what is due by now, and tell it to whoever registered."""
        now = self.world.settle()
        for told in self.world.take_events():
            self.hooks.tell(told, now)

    def environment(self) -> dict[str, str]:
        """Return the settings that point Clew at this server."""
        return {"AI_TEST_HARNESS_BASE_URL": self.base_url, "AI_TEST_HARNESS_API_KEY": self.api_key}

    def secrets(self) -> tuple[str, ...]:
        """Return the key, and what deliveries are signed with."""
        return (self.api_key, *(one.secret for one in self.hooks.receivers if one.secret))

    def add_plan(self, name: str, *, tests: Sequence[str] | None = None, status: str | None = None) -> str:
        """Add a plan; return its id. `tests`: their names. `status`: a word that stays."""
        return self.world.add_plan(name, tests=tests, status=status).plan_id

    def hold_execution(self, plan_id: str, **fields: Any) -> str:
        """Start an execution as somebody else would, which goes on until told; return its id.

        `fields` are of `Execution`, such as `environment`, `parallelism`. Raises KeyError, TypeError.
        """
        return self.world.hold(self.world.plans[plan_id], **fields).execution_id

    def start_execution(self, plan_id: str, **fields: Any) -> str:
        """Start an execution as somebody else would, which ends by itself; return its id."""
        return self.world.start(self.world.plans[plan_id], **fields).execution_id

    def finish_execution(
        self,
        execution_id: str,
        *,
        word: str = "completed",
        failing: Sequence[str] = (),
        skipped: int = 0,
        shape: str = MIXED,
        changes: Json | None = None,
        leaves_out: Sequence[str] = (),
    ) -> None:
        """End an execution now. `failing`: names of tests; the rest as in `Ending`.

        Raises KeyError for an unknown one, ValueError for one that has ended.
        """
        execution = self.world.executions[execution_id]
        ending = Ending(
            word=word,
            failing=execution.plan.named(failing),
            skipped=skipped,
            shape=shape,
            changes=changes or {},
            leaves_out=frozenset(leaves_out),
        )
        self.world.finish(execution, ending)
        self.settle()

    def switch(self, **changes: Any) -> None:
        """Turn what the reference leaves open; `changes` are fields of `Switches`. Raises TypeError."""
        self.world.switches = replace(self.world.switches, **changes)

    def limit(self, *, per_minute: int, tells: bool = True) -> None:
        """Change the quota; `tells`: whether a refusal has a `Retry-After`."""
        self.quota.per_minute, self.quota.tells = per_minute, tells

    def rate(self, version: str, body: Json) -> None:
        """Serve this as the readiness of a version."""
        self.world.rated[version] = body

    def group(self, clusters: list[Json] | None) -> None:
        """Serve these as the failure clusters; None makes them of what failed again."""
        self.world.grouped = clusters

    def plan(self, plan_id: str) -> Plan:
        """Return a plan. Raises KeyError."""
        return self.world.plans[plan_id]

    def execution(self, execution_id: str) -> Execution:
        """Return an execution. Raises KeyError."""
        return self.world.executions[execution_id]

    def _check_key(self, given: str, method: str) -> None:
        if not given.startswith(SCHEME):
            self.journal.note(f"{method}: Authorization must be “Bearer” and the key")
            raise self.refusal(401, "Missing API key")
        if not hmac.compare_digest(given.encode(), f"{SCHEME}{self.api_key}".encode()):
            raise self.refusal(401, "Invalid API key")


@cache
def contract() -> Contract:
    """Return the API description as kept in this folder."""
    return Contract(load("adapters.simulator.ai_test_harness"), headers=["User-Agent"])
