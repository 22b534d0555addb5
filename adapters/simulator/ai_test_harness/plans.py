"""Test plans: what a team has asked to be tested, and the tests that the platform chose for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.simulator.common.ids import dice, opaque_id, timestamp
from adapters.simulator.common.misbehave import Json

AREAS = (
    "Payment flow", "Sign-in", "Cart", "Search", "Invoice PDF", "Webhook retry", "Price list", "Password reset",
    "Stock count", "Session expiry", "Coupon", "Refund", "Address form", "Order history", "Rate limit",
)  # fmt: skip
ASPECTS = (
    "validation",
    "under load",
    "after a restart",
    "without cookies",
    "with two tabs",
    "on a slow network",
)
TYPES = ("ui", "api", "integration", "performance")
PRIORITIES = ("high", "medium", "low")
FEWEST, MOST = 5, 45  # tests of a plan that the platform makes up


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """One test of a plan."""

    test_id: str
    name: str
    kind: str = "ui"
    priority: str = "medium"

    def body(self) -> Json:
        """Return it as the API writes it."""
        return {"id": self.test_id, "name": self.name, "type": self.kind, "priority": self.priority}


@dataclass(slots=True, kw_only=True)
class Plan:
    """A plan. `figures`: what its last execution came to, None before one has ended. `status`: a word that stays."""

    plan_id: str
    name: str
    tests: tuple[PlannedTest, ...]
    created_at: datetime
    figures: Json | None = None
    status: str | None = None
    asked: Json = field(default_factory=dict)

    def state(self) -> str:
        """Return the word that the API has for it."""
        return self.status or ("pending" if self.figures is None else "completed")

    def created(self) -> Json:
        """Return what creating it answers."""
        return {
            "id": self.plan_id,
            "status": self.state(),
            "tests": [test.body() for test in self.tests],
            "createdAt": timestamp(self.created_at),
        }

    def body(self) -> Json:
        """Return what reading it answers: figures only once there are any."""
        head = {"id": self.plan_id, "name": self.name, "status": self.state()}
        return head | {"totalTests": len(self.tests)} | (self.figures or {})

    def named(self, names: Iterable[str]) -> tuple[PlannedTest, ...]:
        """Return tests by name; a name that the plan does not have becomes a test that it has not, either."""
        known = {test.name: test for test in self.tests}
        return tuple(
            known.get(name) or PlannedTest(test_id=opaque_id("test", self.plan_id, name), name=name)
            for name in names
        )


def made_up_tests(plan_id: str, seed: int) -> tuple[PlannedTest, ...]:
    """Return the tests that the platform chooses for a plan."""
    rng = dice("tests", seed, plan_id)
    names = [f"{area} {aspect}" for aspect in ASPECTS for area in AREAS]
    return tests_named(plan_id, rng.sample(names, rng.randint(FEWEST, MOST)))


def tests_named(plan_id: str, names: Sequence[str]) -> tuple[PlannedTest, ...]:
    """Return tests with these names."""
    return tuple(
        PlannedTest(
            test_id=opaque_id("test", plan_id, number, name),
            name=name,
            kind=TYPES[number % len(TYPES)],
            priority=PRIORITIES[number % len(PRIORITIES)],
        )
        for number, name in enumerate(names)
    )
