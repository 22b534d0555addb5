"""What the platform says across executions: agents, release readiness, failure clusters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.simulator.ai_test_harness.execution import Execution
from adapters.simulator.ai_test_harness.failures import CATEGORIES, affected, category_of
from adapters.simulator.ai_test_harness.plans import PlannedTest
from adapters.simulator.common.ids import dice, timestamp
from adapters.simulator.common.misbehave import Json

READY = 80  # a score from which a release is recommended


@dataclass(slots=True, kw_only=True)
class Agent:
    """An agent. `last_run` None: never yet."""

    agent_id: str
    name: str
    status: str = "active"
    last_run: datetime | None = None

    def body(self) -> Json:
        """Return it as the API writes it."""
        last = timestamp(self.last_run) if self.last_run else None
        return {"id": self.agent_id, "name": self.name, "status": self.status, "lastRun": last}


def some_agents(now: datetime) -> dict[str, Agent]:
    """Return the agents of a team, by id; the words of the last two are in no reference."""
    day = timedelta(days=1)
    agents = (
        Agent(agent_id="agent_discovery", name="Discovery Agent", last_run=now - day / 24),
        Agent(agent_id="agent_planning", name="Test Planning Agent", last_run=now - day / 8),
        Agent(
            agent_id="agent_visual", name="Visual Regression Agent", status="paused", last_run=now - 9 * day
        ),
        Agent(agent_id="agent_repair", name="Self-Healing Agent", status="provisioning"),
    )
    return {agent.agent_id: agent for agent in agents}


def readiness(version: str, seed: int) -> Json:
    """Return how ready a version is: always the same for the same version."""
    rng = dice("readiness", seed, version)
    coverage, rate = rng.randint(60, 98), rng.randint(70, 100)
    flaky, critical = rng.randint(0, 6), rng.choice((0, 0, 0, 1, 2))
    score = max(0, (coverage + rate) // 2 - 2 * flaky - 15 * critical)
    metrics = {"coverage": coverage, "passRate": rate, "flakyTests": flaky, "criticalFailures": critical}
    advice = (
        "Ready for production deployment"
        if score >= READY
        else "Hold the release until failures are reviewed"
    )
    return {
        "version": version,
        "score": score,
        "confidence": rng.choice(("high", "medium", "low")),
        "metrics": metrics,
        "recommendation": advice,
    }


def clusters(executions: Iterable[Execution], now: datetime, days: int) -> list[Json]:
    """Return the failures of executions that ended in so many days, by their cause, most first."""
    since = now - timedelta(days=days)
    failing = [
        test
        for execution in executions
        if execution.ends_at is not None and since <= execution.ends_at <= now
        for test in execution.ending.failing
    ]
    found = [_cluster(number, failing) for number in range(len(CATEGORIES))]
    return sorted((one for one in found if one["count"]), key=lambda one: -one["count"])


def _cluster(number: int, failing: Iterable[PlannedTest]) -> Json:
    category = CATEGORIES[number]
    tests = [test for test in failing if category_of(test) is category]
    return {
        "id": f"cluster_{category.key}",
        "category": category.title,
        "count": len(tests),
        "rootCause": category.root_cause,
        "affectedTests": affected(dict.fromkeys(tests)),
    }
