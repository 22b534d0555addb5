"""A job, and a build of it: a plan, and what of it has happened by a time."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from adapters.simulator.common.ids import dice
from adapters.simulator.common.misbehave import Json

SETUP = 0.1  # of a build's time, before its first test
TEARDOWN = 0.05  # of it, after its last
RESULTS = 100_000  # ids of one build's results
QUEUED, RUNNING, PASSED, FAILED, ABORTED = "queued", "running", "passed", "failed", "aborted"
TOOK = timedelta(minutes=4, seconds=47)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a build goes. Tests are named by their node ids.

    `failing`: message by test. `expected`: failures that the test itself expects. `lost`: they fail, and neither report nor
    list has them. `exit_code`: of the command, where no test is the reason. `ending`: last lines of the log. `only`: the
    tests that are run, None for all. `word`: the status it ends with, whatever the tests say. `views`: what "detail",
    "row" and "report" say in the place of the truth.
    """

    failing: Mapping[str, str] = field(default_factory=dict)
    skipped: Collection[str] = ()
    expected: Collection[str] = ()
    lost: Collection[str] = ()
    exit_code: int = 0
    ending: Sequence[str] = ()
    only: Collection[str] | None = None
    takes: timedelta = TOOK
    word: str | None = None
    views: Mapping[str, Json] = field(default_factory=dict)


@dataclass(kw_only=True)
class Job:
    """A launcher. `quarantine`: what becomes of a quarantined test: "not counted", "not run" or "skipped".

    `broken`: tests that fail in every build until they are mended; `flaky`: tests that fail now and then.
    """

    number: int
    project: int
    name: str
    tests: Sequence[str]
    branch: str = "main"
    enabled: bool = True
    max_parallel: int = 1
    timeout: timedelta = timedelta(minutes=60)
    quarantine: str = "not counted"
    broken: dict[str, str] = field(default_factory=dict)
    flaky: Collection[str] = ()

    @cached_property
    def case_ids(self) -> dict[str, int]:
        """Ids of test cases, another number space than results."""
        return {node_id: self.number * RESULTS + 40_000 + place for place, node_id in enumerate(self.tests)}


@dataclass(frozen=True, slots=True)
class Result:
    """One test's result in one build."""

    number: int
    node_id: str
    status: str
    duration_ms: int
    message: str | None

    @property
    def suite(self) -> str:
        """The file of the test."""
        return self.node_id.partition("::")[0]


@dataclass(kw_only=True)
class Build:
    """A build. `excluded`: tests quarantined when it started; `excused`: when it ended."""

    number: int
    job: Job
    branch: str
    commit: str
    created_at: datetime
    plan: Plan
    seed: int
    by: str = "schedule"
    priority: int = 5
    env: Json = field(default_factory=dict)
    restarted_from: int | None = None
    status: str = QUEUED
    node: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    timed_out: bool = False
    kept: bool = False
    comments: list[tuple[str, str]] = field(default_factory=list)
    excluded: Collection[str] = ()
    excused: Collection[str] = ()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.ended_at is not None

    @property
    def limit(self) -> timedelta:
        """How long it runs at most."""
        return min(self.plan.takes, self.job.timeout)

    @property
    def took(self) -> int | None:
        """Seconds from start to end; None before."""
        if self.ended_at is None or self.started_at is None:
            return None
        return round((self.ended_at - self.started_at).total_seconds())

    def end(self, now: datetime, status: str, quarantined: Collection[str]) -> None:
        """Be over, with a status."""
        self.status, self.ended_at, self.excused = status, now, tuple(quarantined)

    def verdict(self, quarantined: Collection[str]) -> str:
        """Return the status that the tests and the command give it; quarantined tests do not count."""
        if self.plan.word is not None:
            return self.plan.word
        failing = [r.node_id for r in self.all_results if r.status == FAILED]
        counted = [node_id for node_id in failing if not covers(quarantined, node_id)]
        return FAILED if counted or self.plan.lost or self.plan.exit_code else PASSED

    def progress(self, now: datetime) -> float:
        """Return how much of its plan is done, 0 to 1."""
        if self.started_at is None:
            return 0.0
        if self.ended and self.status != ABORTED and not self.timed_out:
            return 1.0
        return min(1.0, ((self.ended_at or now) - self.started_at) / self.plan.takes)

    def results(self, now: datetime) -> Sequence[Result]:
        """Return the tests' results so far, in the order in which they ran."""
        done = self.progress(now)
        if done >= 1.0:
            return self.all_results
        share = min(1.0, max(0.0, done - SETUP) / (1 - SETUP - TEARDOWN))
        return self.all_results[: int(share * len(self.all_results))]

    @cached_property
    def all_results(self) -> tuple[Result, ...]:
        """The results of the whole plan; known once it has started."""
        rng = dice(self.seed, "durations", self.number)
        named = enumerate(node_id for node_id in self.job.tests if self._is_run(node_id))
        return tuple(
            Result(self.number * RESULTS + place + 1, node_id, *self._outcome(node_id, rng.randint(3, 4000)))
            for place, node_id in named
        )

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many results there are of each status once it has ended, and how many failures are excused."""
        results = self.results(self.ended_at or self.created_at)
        excused = sum(result.status == FAILED and covers(self.excused, result.node_id) for result in results)
        return count(results) | {"excused": excused}

    @cached_property
    def log(self) -> tuple[tuple[float, str], ...]:
        """The whole log: seconds after the start, and the line."""
        return tuple(_log(self))

    def lines(self, now: datetime) -> list[str]:
        """Return the lines of the pipeline log that are there by now."""
        if self.started_at is None:
            return []
        passed = self.progress(now) * self.plan.takes.total_seconds()
        count = bisect.bisect_right(self.log, passed, key=lambda line: line[0])
        start = self.started_at
        lines = [f"[{start + timedelta(seconds=at):%H:%M:%S}] {text}" for at, text in self.log[:count]]
        return lines + self._last_words()

    def _last_words(self) -> list[str]:
        if self.ended_at is None or self.progress(self.ended_at) >= 1.0:
            return []
        why = f"exceeded its limit of {self.job.timeout}" if self.timed_out else "was aborted"
        return [f"[{self.ended_at:%H:%M:%S}] build {why}"]

    def _is_run(self, node_id: str) -> bool:
        if node_id in self.plan.lost or (self.plan.only is not None and node_id not in self.plan.only):
            return False
        return self.job.quarantine != "not run" or not covers(self.excluded, node_id)

    def _outcome(self, node_id: str, duration: int) -> tuple[str, int, str | None]:
        if self.job.quarantine == "skipped" and covers(self.excluded, node_id):
            return "skipped", 0, "testhide: quarantined"
        if node_id in self.plan.failing:
            return FAILED, duration, self.plan.failing[node_id]
        skipped = node_id in self.plan.skipped or node_id in self.plan.expected
        return ("skipped", 0, "not on this platform") if skipped else (PASSED, duration, None)


def covers(quarantined: Collection[str], node_id: str) -> bool:
    """Whether a test is quarantined: by its own name, its class, or any prefix that ends at a part of its name."""
    if node_id in quarantined:
        return True
    return any(
        node_id.startswith(entry) and (node_id[len(entry)] in ":[/" or entry.endswith(("/", "::")))
        for entry in quarantined
        if len(entry) < len(node_id)
    )


def _log(build: Build) -> list[tuple[float, str]]:
    total = build.plan.takes.total_seconds()
    setup = SETUP * total
    lines = [
        (0.0, f"git fetch origin {build.branch}"),
        (setup * 0.3, f"HEAD is now at {build.commit[:8]}"),
        (setup * 0.5, "pip install -r requirements.txt"),
        (setup, f"collected {len(build.all_results)} items"),
    ]
    step = (1 - SETUP - TEARDOWN) * total / max(1, len(build.all_results))
    for place, result in enumerate(build.all_results):
        at = setup + place * step
        lines.append((at, f"RUN    {result.node_id}"))
        lines.append((at + step, f"{result.status.upper():6} {result.node_id}"))
        if result.status == FAILED:
            lines += [(at + step, "  " + line) for line in (result.message or "").splitlines()]
    end = total * (1 - TEARDOWN)
    lines += [(end, f"FAILED {node_id}") for node_id in build.plan.lost]
    lines += [(end, _summary(build))] + [(total, line) for line in build.plan.ending]
    failed = build.plan.exit_code or int(build.verdict(()) == FAILED)
    return [*lines, (total, f"command exited with {failed}")]


def _summary(build: Build) -> str:
    counts = count(build.all_results)
    parts = [f"{number} {status}" for status, number in counts.items() if number]
    return f"{', '.join(parts) or 'nothing'} in {build.plan.takes.total_seconds():.1f}s"


def count(results: Sequence[Result]) -> dict[str, int]:
    """Return how many results have each status."""
    counts = dict.fromkeys((FAILED, PASSED, "skipped"), 0)
    for result in results:
        counts[result.status] += 1
    return counts
