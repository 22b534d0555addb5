"""One execution of a plan: its state is a function of its plan and the time.

What changes it is its end, which is fixed in advance or, where it is held open, by a test or a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.ai_test_harness.failures import MIXED, category_of, failures
from adapters.simulator.ai_test_harness.plans import Plan, PlannedTest
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json

A_TEST = timedelta(seconds=60)  # one test takes so long; `parallelism` run at once
THROUGH = frozenset({"completed", "failed"})  # ends at which every test has been run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How it ends. `word`: its status. `failing`, `skipped`: tests. `shape`: of `failures.SHAPES`, or "mixed".

    `changes` are fields of the answer, served as they are; `leaves_out` are fields that it does not have.
    """

    word: str = "completed"
    failing: tuple[PlannedTest, ...] = ()
    skipped: int = 0
    shape: str = MIXED
    changes: Json = field(default_factory=dict)
    leaves_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event that a webhook may hear of; `data` is what the delivery says."""

    at: datetime
    event: str
    data: Json


@dataclass(slots=True, kw_only=True)
class Execution:
    """`ends_at` None: held open until told. `readable_after`: until then its id answers 404."""

    execution_id: str
    plan: Plan
    started_at: datetime
    environment: str | None = None
    parallelism: int = 1
    ending: Ending = field(default_factory=Ending)
    ends_at: datetime | None = None
    readable_after: timedelta = timedelta()

    @property
    def planned_end(self) -> datetime:
        """When its last test would be done if nothing came between."""
        rounds = -(-len(self.plan.tests) // self.parallelism)
        return self.started_at + rounds * A_TEST

    def ended(self, now: datetime) -> bool:
        """Whether it is over at that time."""
        return self.ends_at is not None and now >= self.ends_at

    def done(self, now: datetime) -> tuple[PlannedTest, ...]:
        """Return the tests that have been run by then, in their order."""
        tests = self.plan.tests
        if self.ended(now) and self.ending.word in THROUGH:
            return tests
        until = min(now, self.ends_at or now)
        share = (until - self.started_at) // A_TEST * self.parallelism
        return tests[: max(0, min(share, len(tests) - 1))]

    def body(self, now: datetime, *, shows_plan: bool) -> Json:
        """Return what the API says of it; plan and environment only by switch, as the reference shows neither."""
        head: Json = {"id": self.execution_id, "status": self.ending.word if self.ended(now) else "running"}
        if shows_plan:
            head |= {"testPlanId": self.plan.plan_id, "environment": self.environment}
        if not self.ended(now):
            return head | {"startedAt": timestamp(self.started_at), "progress": self._progress(now)}
        whole = head | self._outcome() | self.ending.changes
        return {name: value for name, value in whole.items() if name not in self.ending.leaves_out}

    def figures(self) -> Json:
        """Return what a plan says of this execution once it has ended."""
        counts = self.counts()
        run = counts["passed"] + counts["failed"]
        rate = round(100 * counts["passed"] / run) if run else 0
        return {"coverage": 87, "passRate": rate, "passed": counts["passed"], "failed": counts["failed"]}

    def counts(self) -> Json:
        """Return the counts at its end; where they are not what is listed, `Ending.changes` says so."""
        done = len(self.done(self.ends_at or self.planned_end))
        failed = len(self.ending.failing)
        skipped = min(self.ending.skipped, max(0, done - failed))
        return {"passed": max(0, done - failed - skipped), "failed": failed, "skipped": skipped}

    def events(self, now: datetime) -> list[Told]:
        """Return what has happened by then that a webhook can be told, in its order."""
        known = set(self.ending.failing) if self.ends_at is not None else set()
        done = self.done(now)
        over = self.ended(now)
        late = [test for test in self.ending.failing if over and test not in done]
        found = [told for test in [*done, *late] for told in self._of_test(test, failed=test in known)]
        if over and self.ends_at is not None:
            data = {"executionId": self.execution_id, "status": self.ending.word}
            found.append(Told(at=self.ends_at, event="execution.completed", data=data))
        return found

    def _of_test(self, test: PlannedTest, *, failed: bool) -> list[Told]:
        data: dict[str, Any] = {"testId": test.test_id, "executionId": self.execution_id}
        at = self._done_at(test)
        told = [Told(at=at, event="test.completed", data=data)]
        if failed:
            told.append(Told(at=at, event="test.failed", data=data | {"error": category_of(test).error}))
        return told

    def _done_at(self, test: PlannedTest) -> datetime:
        tests = self.plan.tests
        place = tests.index(test) if test in tests else len(tests)
        done = self.started_at + (place // self.parallelism + 1) * A_TEST
        return min(done, self.ends_at or done)

    def _progress(self, now: datetime) -> Json:
        completed = len(self.done(now))
        left = len(self.plan.tests) - completed
        running = min(self.parallelism, left)
        return {"completed": completed, "running": running, "pending": left - running}

    def _outcome(self) -> Json:
        seconds = ((self.ends_at or self.planned_end) - self.started_at).total_seconds()
        return {
            "duration": int(seconds),
            "results": self.counts(),
            "failures": failures(self.ending.failing, self.ending.shape),
        }
