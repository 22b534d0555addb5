"""The simulated tenant as an object: where it listens, and the strings to pull."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.misbehave import Rule, rule_from
from adapters.simulator.run import FOREVER, TERMINAL, Answer, Pinned, Plan, SimRun
from adapters.simulator.seen import Seen
from adapters.simulator.server import Server
from adapters.simulator.world import World
from bot.ports import Clock


class SimulatedTenant:
    """A tenant that runs. Names in `failing` are property names; unknown ones become new assertions."""

    def __init__(self, server: Server, base_url: str) -> None:
        self.base_url = base_url
        self.api_key = server.credentials.api_key
        self._server = server

    @property
    def world(self) -> World:
        """The state behind the API."""
        return self._server.world

    @property
    def counts(self) -> Counter[str]:
        """Requests by method and route, as in "GET /api/v0/runs/{run_id}"."""
        return self._server.journal.counts

    @property
    def clock(self) -> Clock:
        """A clock whose `now` is tenant time; who shows the progress of runs should read it."""
        return self.world.clock

    def now(self) -> datetime:
        """Return tenant time."""
        return self.world.clock.now()

    def advance(self, seconds: float) -> str:
        """Move tenant time on at once; return it as text."""
        self.world.clock.advance(seconds)
        return self.world.settle().isoformat()

    def misbehave(self, fault: str, **changes: Any) -> None:
        """Spoil the next matching request; faults are named in `misbehave.FAULTS`, changes are fields of `Rule`.

        Raises ValueError for an unknown fault or field.
        """
        self._server.rules.add(rule_from(fault, changes))

    def add_rule(self, rule: Rule) -> None:
        """Spoil requests in a way of your own."""
        self._server.rules.add(rule)

    def behave(self) -> None:
        """Drop all rules."""
        self._server.rules.clear()

    def violations(self) -> list[str]:
        """Return what requests did against the API description; empty is good."""
        return self._server.journal.violations()

    def requests(self, method: str = ".*", path: str = ".*") -> list[Seen]:
        """Return the requests whose method and path match these expressions whole, oldest first."""
        return self._server.journal.requests(method, path)

    def forget(self) -> None:
        """Forget requests, counts and violations."""
        self._server.journal.clear()

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
