"""The state of the simulated Testhide: what is asked for, and what time makes of it.

It moves only when it is asked something; what is due is done in the order of its time.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.ids import dice
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide.build import ABORTED, FAILED, QUEUED, RUNNING, Build, Job, Plan

PICKED_UP = timedelta(seconds=2)  # from the queue to a node
FIRST_BUILD, FIRST_JOB, FIRST_ENTRY = 1001, 51, 301


@dataclass(kw_only=True)
class Manners:
    """What no document decides. Each can be changed while the server runs.

    `times`: rows and details show branch, commit and times. `ai`: the licence has it. `most_rows`: a page's, whatever is
    asked. `timed_out`: what a build that takes too long ends as. `after_the_end`: what the stream of an ended build does:
    "all", "done" or "not found". `retention`: how long builds are kept.
    """

    times: bool = False
    ai: bool = True
    most_rows: int = 100
    timed_out: str = FAILED
    after_the_end: str = "all"
    retention: timedelta = timedelta(days=90)


@dataclass(slots=True, kw_only=True)
class Node:
    """A machine that builds run on."""

    number: int
    name: str
    online: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A quarantined test, or all that begin with it."""

    number: int
    node_id: str
    reason: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Project:
    """Jobs that belong together."""

    number: int
    name: str
    branches: list[str] = field(default_factory=lambda: ["main", "release/2.4"])


Listener = Callable[[str, int, Json], None]
"""Is told of an event by its name: of which project, and what."""


class World:
    """Projects, jobs, builds, nodes, quarantine."""

    def __init__(self, clock: SimulatedClock, seed: int, *, nodes: int = 3) -> None:
        self.clock = clock
        self.seed = seed
        self.manners = Manners()
        self.projects: dict[int, Project] = {}
        self.jobs: dict[int, Job] = {}
        self.nodes = {n: Node(number=n, name=f"agent-{n:02}") for n in range(1, nodes + 1)}
        self.quarantine: dict[int, dict[str, Entry]] = {}
        self.listeners: list[Listener] = []
        self.planned: dict[int, list[Plan]] = {}
        self.files: dict[int, list[tuple[str, str, bytes]]] = {}  # name, kind and content, by build
        self.said: list[tuple[int, str, Json]] = []  # of tests: build, node id, and what was said
        self._builds: dict[int, Build] = {}
        self._numbers = {"build": count(FIRST_BUILD), "job": count(FIRST_JOB), "entry": count(FIRST_ENTRY)}
        self._due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = count()
        self._seen = clock.start
        self._moves = asyncio.Event()

    def settle(self) -> datetime:
        """Let everything happen that is due; return simulated time."""
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            at, _, act = heapq.heappop(self._due)
            act(at)
        if now != self._seen:
            self._seen = now
            self._move()
        return now

    @property
    def moves(self) -> asyncio.Event:
        """An event that is set as soon as anything may be different."""
        return self._moves

    def _move(self) -> None:
        moved, self._moves = self._moves, asyncio.Event()
        moved.set()

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        """Have something done at a time, which it is told."""
        heapq.heappush(self._due, (moment, next(self._order), act))

    def add_project(self, name: str) -> Project:
        """Add a project."""
        project = Project(number=len(self.projects) + 1, name=name)
        self.projects[project.number] = project
        return project

    def add_job(self, project: int, name: str, tests: Collection[str], **job: Any) -> Job:
        """Add a job; `job`: fields of `Job`. Raises KeyError for an unknown project, TypeError."""
        number = next(self._numbers["job"])
        made = Job(number=number, project=self.projects[project].number, name=name, tests=tuple(tests), **job)
        self.jobs[number], self.quarantine[number] = made, {}
        return made

    def builds(self) -> list[Build]:
        """Return the builds that are there, newest first."""
        now = self.settle()
        kept = [build for build in self._builds.values() if self._is_kept(build, now)]
        return sorted(kept, key=lambda build: (build.created_at, build.number), reverse=True)

    def find(self, number: int | None) -> Build | None:
        """Return a build that is still kept."""
        now = self.settle()
        build = self._builds.get(number) if number is not None else None
        return build if build is not None and self._is_kept(build, now) else None

    def add_past(self, build: Build, started_at: datetime, status: str | None) -> Build:
        """Add a build that has ended; without a status, the one that its tests give it."""
        ended_at = started_at + build.limit
        quarantined = self.quarantined(build.job, ended_at)
        build.excluded, build.started_at, build.node = self.quarantined(build.job, started_at), started_at, 1
        build.timed_out = build.plan.takes > build.job.timeout
        build.end(ended_at, status or self._verdict(build, quarantined), quarantined)
        self._builds[build.number] = build
        return build

    def make(self, job: Job, plan: Plan | None = None, **build: Any) -> Build:
        """Return a build that nobody knows yet; `build`: fields of `Build`. Without a plan, it is the job's next."""
        number = next(self._numbers["build"])
        fields: Json = {
            "branch": job.branch,
            "commit": f"{dice(self.seed, 'commit', number).getrandbits(160):040x}",
            "created_at": self.clock.now(),
        } | build
        return Build(
            number=number, job=job, seed=self.seed, plan=plan or self._next_plan(job, number), **fields
        )

    def enqueue(self, build: Build) -> Build:
        """Let a build wait for a node."""
        self._builds[build.number] = build
        self.at(build.created_at + PICKED_UP, self._start_waiting)
        return build

    def start_at_once(self, build: Build, started_at: datetime) -> None:
        """Let a build have been running since a time, whatever else runs."""
        self._builds[build.number] = build
        self._start(build, started_at, 1)

    def stop(self, build: Build) -> bool:
        """Abort a build; False where it has ended."""
        now = self.settle()
        if build.ended:
            return False
        self._end(build, now, ABORTED)
        return True

    def finish(self, build: Build, plan: Plan) -> None:
        """End a running build now, as a plan says. Raises ValueError for one that is not running."""
        now = self.settle()
        if build.status != RUNNING or build.started_at is None:
            raise ValueError(f"build {build.number} is not running")
        for cached in ("all_results", "log", "counts"):
            build.__dict__.pop(cached, None)
        build.plan = plan
        self._end(build, now, self._verdict(build, self.quarantined(build.job, now)))

    def lose(self, node: Node) -> list[Build]:
        """Take a node away; what runs on it is aborted."""
        now = self.settle()
        node.online = False
        lost = [b for b in self._builds.values() if b.status == RUNNING and b.node == node.number]
        for build in lost:
            self._end(build, now, ABORTED)
        for project in {build.job.project for build in lost}:
            self._tell("node.offline", project, {"node": node.name})
        return lost

    def push_to_top(self, build: Build) -> None:
        """Put a queued build before the others."""
        build.priority = 1 + max((other.priority for other in self.queue()), default=0)

    def queue(self) -> list[Build]:
        """Return what waits, next first: higher priority, then older."""
        waiting = [build for build in self._builds.values() if build.status == QUEUED]
        return sorted(waiting, key=lambda build: (-build.priority, build.created_at, build.number))

    def put_away(self, job: Job, node_id: str, reason: str, at: datetime | None = None) -> Entry | None:
        """Quarantine a test, now or since a time; None where it is already."""
        entries = self.quarantine[job.number]
        if node_id in entries:
            return None
        number = next(self._numbers["entry"])
        entries[node_id] = Entry(number=number, node_id=node_id, reason=reason, at=at or self.settle())
        self._tell("test.quarantined", job.project, {"job_id": job.number, "node_id": node_id})
        return entries[node_id]

    def quarantined(self, job: Job, at: datetime) -> Collection[str]:
        """Return the tests that are quarantined at a time, of those that still are."""
        return tuple(node_id for node_id, entry in self.quarantine[job.number].items() if entry.at <= at)

    def remove(self, build: Build) -> None:
        """Delete a build."""
        del self._builds[build.number]

    def _is_kept(self, build: Build, now: datetime) -> bool:
        return build.kept or not build.ended or now - build.created_at < self.manners.retention

    def _next_plan(self, job: Job, number: int) -> Plan:
        if self.planned.get(job.number):
            return self.planned[job.number].pop(0)
        rng = dice(self.seed, "build", number)
        flaky = {node_id: "TimeoutError: timed out after 30 s" for node_id in job.flaky if rng.random() < 0.3}  # noqa: PLR2004
        return Plan(failing=flaky | job.broken)

    def _start_waiting(self, now: datetime) -> None:
        for build in self.queue():
            node = self._free_node()
            running = sum(b.status == RUNNING and b.job is build.job for b in self._builds.values())
            if node is not None and running < build.job.max_parallel and build.created_at + PICKED_UP <= now:
                self._start(build, now, node.number)

    def _free_node(self) -> Node | None:
        taken = {build.node for build in self._builds.values() if build.status == RUNNING}
        return next((node for n, node in self.nodes.items() if node.online and n not in taken), None)

    def _start(self, build: Build, now: datetime, node: int) -> None:
        build.status, build.started_at, build.node = RUNNING, now, node
        build.excluded = self.quarantined(build.job, now)
        self.at(now + build.limit, lambda at: self._run_out(build, at))
        self._tell_of(build, "build.started")

    def _run_out(self, build: Build, now: datetime) -> None:
        if build.status != RUNNING:
            return
        build.timed_out = build.plan.takes > build.job.timeout
        self._end(build, now, self._verdict(build, self.quarantined(build.job, now)))

    def _verdict(self, build: Build, quarantined: Collection[str]) -> str:
        return self.manners.timed_out if build.timed_out else build.verdict(quarantined)

    def _end(self, build: Build, now: datetime, status: str) -> None:
        build.end(now, status, self.quarantined(build.job, now))
        self._tell_of(build, "build.cancelled" if status == ABORTED else "build.finished")
        if status == FAILED:
            self._tell_of(build, "build.failed")
        self._start_waiting(now)

    def _tell_of(self, build: Build, event: str) -> None:
        self._tell(event, build.job.project, {"build_id": build.number, "status": build.status})

    def _tell(self, event: str, project: int, data: Json) -> None:
        self._move()
        for listener in self.listeners:
            listener(event, project, data)
