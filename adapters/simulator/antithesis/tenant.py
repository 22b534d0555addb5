"""The simulated tenant: a server over a world, and the strings that only it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from aiohttp import web

from adapters.simulator.antithesis import gate
from adapters.simulator.antithesis.misbehave import FAULTS
from adapters.simulator.antithesis.routes import Routes
from adapters.simulator.antithesis.run import FOREVER, TERMINAL, Answer, Pinned, Plan, SimRun
from adapters.simulator.antithesis.world import World
from adapters.simulator.common.misbehave import Rule
from adapters.simulator.common.seen import Seen
from adapters.simulator.common.server import SimulatedServer


class SimulatedTenant(SimulatedServer):
    """A tenant that runs. Names in `failing` are property names; unknown ones become new assertions."""

    api: ClassVar[str] = "/api/"
    strict: ClassVar[bool] = False  # real tenants let pass what their description forbids
    faults: ClassVar[Mapping[str, Rule]] = FAULTS
    controls: ClassVar[frozenset[str]] = SimulatedServer.controls | {"add_run", "finish_run"}

    def __init__(self, world: World, credentials: gate.Credentials) -> None:
        super().__init__(world.clock, _judge)
        self.world = world
        self.credentials = credentials
        self.api_key = credentials.api_key

    def routes(self) -> list[web.RouteDef]:
        """Return the documented endpoints, and the two web pages."""
        return Routes(self.world).table()

    def admit(self, request: web.Request) -> None:
        """Let a request pass, or raise what the real gateway answers."""
        gate.check(request, self.credentials)

    def settle(self) -> None:
        """Let happen what is due by now."""
        self.world.settle()

    def environment(self) -> dict[str, str]:
        """Return the settings that point Clew at this tenant."""
        return {
            "ANTITHESIS_BASE_URL": self.base_url,
            "ANTITHESIS_API_KEY": self.api_key,
        }

    def secrets(self) -> tuple[str, ...]:
        """Return the key, and the password of launches."""
        return (self.api_key, self.credentials.password)

    def lag_lists(self, seconds: float) -> None:
        """Let new runs appear in lists only after so many seconds of tenant time."""
        self.world.runs.lag = timedelta(seconds=seconds)

    def serve_logs(self, run_id: str, body: Callable[[], Iterable[bytes]]) -> None:
        """Serve these bytes as the log of a run, whatever moment is asked for."""
        self.world.streams[run_id] = body

    def add_run(
        self,
        *,
        status: str = "in_progress",
        failing: Sequence[str] = (),
        properties: str = "list",
        pinned: str = "none",
        age: float = 60.0,
        properties_lag: float = 0.0,
        linked: bool = True,
        **run: Any,
    ) -> str:
        """Add a run that stays in a status until told otherwise; return its id.

        `age`: seconds since its creation. `pinned`, `properties`: values of `run.Pinned` and `run.Answer`. `run`:
        arguments of `World.add_run`. Raises ValueError, TypeError.
        """
        waiting = {"starting": FOREVER, "in_progress": timedelta()}
        plan = Plan(
            status="completed" if status in waiting else status,
            failing=tuple(failing),
            starts_after=waiting.get(status, timedelta()),
            ends_after=FOREVER if status in waiting else timedelta(seconds=age * 0.9),
            properties=Answer(properties),
            properties_lag=timedelta(seconds=properties_lag),
            pinned=Pinned(pinned),
            linked=linked,
        )
        created_at = self.world.settle() - timedelta(seconds=age)
        created_at = created_at.replace(microsecond=created_at.microsecond // 1000 * 1000)
        return self.world.add_run(plan=plan, created_at=created_at, **run).run_id

    def finish_run(
        self,
        run_id: str,
        *,
        failing: Sequence[str] = (),
        status: str = "completed",
        properties: str = "list",
        pinned: str = "none",
        properties_lag: float = 0.0,
        linked: bool = True,
    ) -> None:
        """End a run now. Raises KeyError for an unknown run, ValueError for one that has ended."""
        run = self.run(run_id)
        now = self.world.settle()
        if run.status(now) in TERMINAL:
            raise ValueError(f"run {run_id} has ended already")
        passed = now.replace(microsecond=now.microsecond // 1000 * 1000) - run.created_at
        run.plan = replace(
            run.plan,
            status=status,
            failing=tuple(failing),
            starts_after=min(run.plan.starts_after, passed),
            ends_after=passed,
            properties=Answer(properties),
            properties_lag=timedelta(seconds=properties_lag),
            pinned=Pinned(pinned),
            linked=linked,
        )

    def run(self, run_id: str) -> SimRun:
        """Return a run's plan and data, listed or not. Raises KeyError."""
        self.world.settle()
        return self.world.runs.by_id[run_id]


def _judge(seen: Seen) -> list[str]:
    from adapters.simulator.antithesis.validate import check_request  # reads the description

    return check_request(seen)
