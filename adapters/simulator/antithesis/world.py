"""The state of the simulated tenant. It moves only when it is asked something: time decides what has happened."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.antithesis import history, launches
from adapters.simulator.antithesis.ids import run_id
from adapters.simulator.antithesis.properties import properties
from adapters.simulator.antithesis.run import TERMINAL, Answer, Pinned, Plan, SimRun
from adapters.simulator.antithesis.run_list import RunList
from adapters.simulator.antithesis.systems import SYSTEMS
from adapters.simulator.antithesis.timeline import Timeline, timeline
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.misbehave import Json

Builder = Callable[[SimulatedClock, int], "World"]

CANCEL_TAKES = timedelta(seconds=20)


class World:
    """Runs, launchers and what happens to them. `living`: it has a history and goes on by itself."""

    def __init__(self, clock: SimulatedClock, seed: int, *, living: bool) -> None:
        self.clock = clock
        self.seed = seed
        self.release = launches.RELEASE
        self.list_debug_sessions = False  # whether they stand in the list is not known of real tenants
        self.streams: dict[str, Callable[[], Iterable[bytes]]] = {}  # log bodies served instead, by run id
        self.launchers = {series.launcher: series.system for series in history.SERIES}
        self.runs = RunList()
        self._numbers = {"launch": 0, "debugging": 0, "added": 0}
        self._coming: list[tuple[datetime, int, SimRun]] = []
        self._scheduled_to = clock.start - history.HISTORY_SLOTS * history.SLOT if living else None

    def settle(self) -> datetime:
        """Let everything happen that is due; return tenant time."""
        now = self.clock.now()
        if self._scheduled_to is not None and self._scheduled_to < now + history.LOOK_AHEAD:
            self._schedule(self._scheduled_to, now + history.LOOK_AHEAD + history.SLOT)
        while self._coming and self._coming[0][0] <= now:
            self.runs.add(heapq.heappop(self._coming)[2])
        return now

    def _schedule(self, low: datetime, high: datetime) -> None:
        for slot in filter(history.exists, history.slots(self.clock.start, low, high)):
            run = history.run_of(slot, self.seed, self.clock.start)
            heapq.heappush(self._coming, (run.created_at, slot, run))
        self._scheduled_to = high

    def find(self, wanted: str) -> SimRun | None:
        """Return a run that can be read by its id now."""
        now = self.settle()
        run = self.runs.by_id.get(wanted)
        return run if run and now >= run.created_at + run.plan.readable_after else None

    def find_session(self, session_id: str) -> SimRun | None:
        """Return the run of a session id."""
        self.settle()
        return next((run for run in self.runs.newest_first() if run.session_id == session_id), None)

    def detail(self, run: SimRun, base_url: str) -> Json:
        """Return what the API says of one run."""
        now = self.clock.now()
        body = run.summary(now, base_url)
        if run.status(now) in TERMINAL and run.release >= 1:
            body["results"] = {"environment": _environment(run)}
        moment = _failure_moment(self.timeline(run), run) if run.status(now) == "incomplete" else _NO_MOMENT
        return body if moment is _NO_MOMENT else body | {"failure_moment": moment}

    def timeline(self, run: SimRun) -> Timeline:
        """Return a run's virtual time."""
        return timeline(run.run_id, run.system, run.plan.failing, crashes=run.plan.pinned is Pinned.REAL)

    def properties(self, run: SimRun) -> tuple[Json, ...] | None:
        """Return a run's properties; None where the endpoint answers 404."""
        answer = run.has_properties(self.clock.now())
        if answer is Answer.MISSING:
            return None
        return properties(self.timeline(run)) if answer is Answer.LIST else ()

    def has_logs(self, run: SimRun) -> bool:
        """Whether a run's logs can be read."""
        return run.status(self.clock.now()) in {"completed", "incomplete"}

    def launch(self, launcher: str, params: Json) -> SimRun | None:
        """Start a test run; None where there is no such launcher."""
        now = self._now()
        if launcher not in self.launchers:
            return None
        run = launches.launched(
            launcher, self.launchers[launcher], params, seed=self.seed, number=self._next("launch"), now=now
        )
        self.runs.add(run)
        return run

    def debug(self, target: SimRun, params: Json) -> SimRun:
        """Open a debugging session on a run."""
        now = self._now()
        known = self.timeline(target).knows(str(params["antithesis.debugging.input_hash"]))
        run = launches.debugging(
            params,
            target.system,
            seed=self.seed,
            number=self._next("debugging"),
            now=now,
            known=known,
            listed=self.list_debug_sessions,
        )
        self.runs.add(run)
        return run

    def cancel(self, run: SimRun) -> bool:
        """Mark a run cancelled; False where it has ended already."""
        now = self._now()
        if run.status(now) not in {"starting", "in_progress"}:
            return False
        ends_after = now + CANCEL_TAKES - run.created_at
        run.plan = replace(
            run.plan, status="cancelled", ends_after=ends_after, properties=Answer.MISSING, linked=False
        )
        return True

    def add_run(
        self,
        *,
        launcher: str = "basic_test",
        system: str = "checkout",
        source: str = "main",
        test_name: str = "checkout",
        minutes: str = "15",
        created_at: datetime | None = None,
        plan: Plan,
        parameters: dict[str, Any] | None = None,
        release: str | None = None,
        **extra: Any,
    ) -> SimRun:
        """Add a run; `extra` are further fields of its JSON."""
        now = self._now()
        self.launchers.setdefault(launcher, system)
        named = {
            "antithesis.source": source,
            "antithesis.test_name": test_name,
            "antithesis.duration": minutes,
        }
        new_id = run_id(release or self.release, self.seed, "added", self._next("added"))
        run = SimRun(
            run_id=new_id,
            launcher=launcher,
            system=system,
            created_at=created_at or now,
            plan=plan,
            parameters=named | (parameters or {}),
            creator={"name": "demo", "type": "ci"},
            description=f"{test_name} on {source}",
            session_id=run_id(release or self.release, "session", new_id),
            extra=extra,
        )
        self.runs.add(run)
        return run

    def _now(self) -> datetime:
        """Return tenant time in whole milliseconds, which is what the API can say."""
        now = self.settle()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _next(self, what: str) -> int:
        self._numbers[what] += 1
        return self._numbers[what] - 1


_NO_MOMENT = object()


def _failure_moment(line: Timeline, run: SimRun) -> object:
    if run.plan.pinned is Pinned.REAL and line.crash is not None:
        return line.moment(line.crash)
    served: dict[Pinned, object] = {
        Pinned.NULL: None,
        Pinned.ZERO_TEXT: {"input_hash": "0", "vtime": "0"},
        Pinned.ZERO_NUMBER: {"input_hash": 0, "vtime": 0},
    }
    return served.get(run.plan.pinned, _NO_MOMENT)


def _environment(run: SimRun) -> Json:
    major, minor = run.run_id.rsplit("-", 2)[1:]
    images = [
        {"name": name, "image": f"registry.example/acme/{name}:latest", "tag": "latest"}
        for name in SYSTEMS[run.system].containers
    ]
    return {"antithesis_version": f"v{major}-{minor}", "images": images}
