"""The state of a simulated team: plans, executions, agents. It moves only when it is asked: time decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.ai_test_harness import analytics
from adapters.simulator.ai_test_harness.execution import Ending, Execution, Told
from adapters.simulator.ai_test_harness.plans import Plan, made_up_tests, tests_named
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.ids import dice, opaque_id
from adapters.simulator.common.misbehave import Json

PLANS = ("Release v2.3.0", "Checkout nightly", "Search *smoke* <main>", "Accounts regression", "Mobile web")
SLOT = timedelta(minutes=20)  # somebody else starts an execution so often
FIRST_START = timedelta(minutes=2)
HISTORY = 72  # slots before the start
ENDINGS: tuple[int | str, ...] = (0, 3, 0, 1, 0, "timeout", 2, 0, 0, "failed", 5, 0, "cancelled", 0)
"""What executions come to, in turn: so many failing tests, or a word."""


@dataclass(slots=True, kw_only=True)
class Switches:
    """What the reference leaves open, and may be either way.

    `pages`: whether `page` is heeded. `page_size`: rows of a page
    that was asked for without `limit`, and the most there are. `shows_plan`: whether an execution names its plan and
    environment. `agents_readable`: whether an agent's execution can be read. `needs_environment`: whether an
    execution can be started without one.
    """

    pages: bool = True
    page_size: int = 10
    shows_plan: bool = False
    agents_readable: bool = False
    needs_environment: bool = False


class World:
    """A team's data. `living`: it has a history, and other people start executions."""

    def __init__(self, clock: SimulatedClock, seed: int, *, living: bool) -> None:
        self.clock = clock
        self.seed = seed
        self.switches = Switches()
        self.plans: dict[str, Plan] = {}
        self.executions: dict[str, Execution] = {}
        self.agents = analytics.some_agents(clock.start)
        self.agent_runs: dict[str, datetime] = {}
        self.rated: dict[str, Json] = {}  # readiness served as it is, by version
        self.grouped: list[Json] | None = None  # clusters served as they are
        self._numbers = {"plan": 0, "execution": 0, "agent": 0}
        self._open: set[str] = set()  # executions whose end has not been taken in
        self._told: dict[str, set[str]] = {}  # events that were handed out, by execution
        self._next_slot: int | None = None
        if living:
            self._fill()

    def settle(self) -> datetime:
        """Let everything happen that is due; return the time."""
        now = self.clock.now()
        while self._next_slot is not None and self._starts(self._next_slot) <= now:
            self._start_slot(self._next_slot)
            self._next_slot += 1
        for execution in [self.executions[key] for key in self._open]:
            self._take_in(execution, now)
        return now

    def take_events(self) -> list[Told]:
        """Return what has happened since the last call, in its order."""
        now = self.settle()
        found = [told for key in list(self._told) for told in self._fresh(self.executions[key], now)]
        return sorted(found, key=lambda told: told.at)

    def list_plans(self, status: str | None) -> list[Plan]:
        """Return plans, newest first."""
        self.settle()
        found = [plan for plan in self.plans.values() if status in {None, plan.state()}]
        return sorted(found, key=lambda plan: plan.created_at, reverse=True)

    def add_plan(self, name: str, *, tests: Sequence[str] | None = None, **fields: Any) -> Plan:
        """Add a plan; without `tests` the platform makes some up. `fields` are of `Plan`."""
        now = self.clock.now()
        plan_id = opaque_id("plan", self.seed, self._next("plan"))
        chosen = made_up_tests(plan_id, self.seed) if tests is None else tests_named(plan_id, tests)
        values: dict[str, Any] = {"plan_id": plan_id, "name": name, "tests": chosen, "created_at": now}
        self.plans[plan_id] = Plan(**values | fields)
        return self.plans[plan_id]

    def start(self, plan: Plan, **fields: Any) -> Execution:
        """Start an execution that will end by itself, as the turn has it."""
        number = self._next("execution")
        execution = self._make(plan, number, **fields)
        outcome = ENDINGS[number % len(ENDINGS)]
        self._plan_end(execution, outcome)
        return self._add(execution)

    def hold(self, plan: Plan, **fields: Any) -> Execution:
        """Start an execution that goes on until `finish`."""
        return self._add(self._make(plan, self._next("execution"), **fields))

    def finish(self, execution: Execution, ending: Ending) -> None:
        """End an execution now. Raises ValueError for one that has ended."""
        now = self.settle()
        if execution.ended(now):
            raise ValueError(f"execution {execution.execution_id} has ended already")
        execution.ending = ending
        execution.ends_at = now
        self._take_in(execution, now)

    def find(self, execution_id: str) -> Execution | None:
        """Return an execution that can be read by its id now."""
        now = self.settle()
        found = self.executions.get(execution_id)
        return found if found and now >= found.started_at + found.readable_after else None

    def invoke(self, agent_id: str) -> str | None:
        """Set an agent to work; return the id of its execution, None where there is no such agent."""
        now = self.settle()
        if agent_id not in self.agents:
            return None
        self.agents[agent_id].last_run = now
        key = opaque_id("agent_exec", self.seed, self._next("agent"))
        self.agent_runs[key] = now
        return key

    def readiness(self, version: str) -> Json:
        """Return how ready a version is."""
        return self.rated.get(version) or analytics.readiness(version, self.seed)

    def clusters(self, days: int) -> list[Json]:
        """Return why tests failed in so many days."""
        now = self.settle()
        if self.grouped is not None:
            return self.grouped
        return analytics.clusters(self.executions.values(), now, days)

    def _fill(self) -> None:
        start = self.clock.start
        for number, name in enumerate(PLANS):
            self.add_plan(name, created_at=start - HISTORY * SLOT - timedelta(hours=number))
        self.add_plan("Release v2.4.0", created_at=start - SLOT)  # nobody executes it: pending
        for slot in range(-HISTORY, 0):
            self._start_slot(slot)
        self._next_slot = 0
        self.settle()
        self.take_events()  # what is history is told to nobody

    def _starts(self, slot: int) -> datetime:
        return self.clock.start + FIRST_START + slot * SLOT

    def _start_slot(self, slot: int) -> None:
        named = [plan for plan in self.plans.values() if plan.name in PLANS]
        plan = named[slot % len(PLANS)]
        self.start(plan, started_at=self._starts(slot), environment="staging", parallelism=5)

    def _make(self, plan: Plan, number: int, **fields: Any) -> Execution:
        started_at = self.clock.now().replace(microsecond=0)
        key = opaque_id("exec", self.seed, number)
        values: dict[str, Any] = {"execution_id": key, "plan": plan, "started_at": started_at}
        return Execution(**values | fields)

    def _plan_end(self, execution: Execution, outcome: int | str) -> None:
        rng = dice("ending", self.seed, execution.plan.plan_id)  # the same tests fail again
        tests = execution.plan.tests
        through = outcome if isinstance(outcome, str) else "completed"
        wanted = 2 if isinstance(outcome, str) else outcome
        failing = rng.sample(tests, min(wanted, len(tests)))
        execution.ending = Ending(
            word=through, failing=tuple(sorted(failing, key=tests.index)), skipped=rng.randint(0, 1)
        )
        execution.ends_at = execution.planned_end
        if through in {"timeout", "cancelled"}:
            half = (execution.planned_end - execution.started_at) / 2
            execution.ends_at = execution.started_at + half
            execution.ending = replace(execution.ending, failing=execution.done(execution.ends_at)[:1])

    def _add(self, execution: Execution) -> Execution:
        self.executions[execution.execution_id] = execution
        self._open.add(execution.execution_id)
        self._told[execution.execution_id] = set()
        return execution

    def _take_in(self, execution: Execution, now: datetime) -> None:
        if execution.ended(now):
            execution.plan.figures = execution.figures()
            self._open.discard(execution.execution_id)

    def _fresh(self, execution: Execution, now: datetime) -> Iterator[Told]:
        told = self._told[execution.execution_id]
        for event in execution.events(now):
            key = f"{event.event} {event.data.get('testId', '')}"
            if key not in told:
                told.add(key)
                yield event
        if execution.ended(now):
            del self._told[execution.execution_id]  # everything is told

    def _next(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind] - 1
