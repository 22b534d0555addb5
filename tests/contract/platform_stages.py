"""Two platforms for one suite: the client over a simulated tenant, and the platform in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import open_http
from adapters.simulator.ai_test_harness import SimulatedHarness
from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from adapters.simulator.testhide import SimulatedTesthide
from bot.errors import AccessRefused, RateLimited, ServiceFailed
from bot.model import Fault, Instance, Run, RunStatus, Says, Secret
from bot.platform import Platform
from tests.fakes.clock import ManualClock
from tests.fakes.harness_client import a_harness_client
from tests.fakes.runs import MOMENT, a_build, a_line, a_run, build_results, run_id, some_results
from tests.fakes.service import FakeRunService, Launching, a_build_server
from tests.fakes.testhide_client import a_testhide

LAUNCHER = "basic_test"
UNKNOWN = "f" * 32 + "-64-0"
QUICK = Limits(wait=0.001, longest_wait=1.0, read=20.0)


_LAUNCH_FAULTS = {
    Launching.NO_ID: "null run id",
    Launching.LOST_REPLY: "started, then dropped",
    Launching.LOST_REQUEST: "dropped",
    Launching.REFUSED: "forbidden",
}
_WORDS = {
    RunStatus.STARTING: "queued",
    RunStatus.IN_PROGRESS: "running",
    RunStatus.CANCELLED: "aborted",
    RunStatus.INCOMPLETE: "aborted",
}
_READ_FAULTS = {RateLimited: "rate limited", AccessRefused: "forbidden", ServiceFailed: "unavailable"}


class Stage(Protocol):
    """A platform that a test can set up, and that says at the end what was wrong with the requests."""

    platform: Platform
    release: str
    unknown: str  # an id that it may own, and that no run has

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        """Add a run newer than all others; return its id."""
        ...

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        """Let a run complete."""
        ...

    def now(self) -> datetime:
        """Return the platform's time."""
        ...

    def next_launch(self, how: Launching) -> None:
        """Say how the next launch goes."""
        ...

    def fail(self, error: type[Exception]) -> None:
        """Let the next reading of a run fail like this."""
        ...

    def violations(self) -> list[str]:
        """Return what was asked that should not have been."""
        ...


class InMemory:
    """The platform in memory."""

    release, unknown = "64.0", UNKNOWN

    def __init__(self, spool: Path) -> None:
        self.service = FakeRunService(spool=spool)
        self.platform = self.service.platform
        self._number = 0

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        self._number += 1
        session = run_id(self._number + 5_000)
        run = a_run(self._number, status=status, launcher=launcher, session_id=session)
        self.service.add_run(run)
        if status is RunStatus.COMPLETED:
            self._give(run, failing)
        return run.ref.run_id

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        run = next(run for run in self.service._runs.values() if run.ref.run_id == run_id)
        self._give(self.service.finish(run), failing)

    def _give(self, run: Run, failing: tuple[str, ...]) -> None:
        self.service.set_results(some_results(run, failing=failing, passing=("one", "two")))
        self.service.set_report(
            run, f"https://demo.antithesis.com/report/{run.ref.run_id}/a.html?auth=v2.public.x"
        )
        lines = [a_line(f"line {n}", f"{380 + n}.5") for n in range(18)]
        fault = Fault(name="partition", kind="network", nodes=("ALL",), since="390.5", until=None)
        self.service.set_log(
            run, MOMENT, a_line("panic: gone", "379.5"), *lines, a_line("later", "399.5"), faults=(fault,)
        )
        self.service.set_build_log(run, *(a_line(f"step {n}", "0") for n in range(9)))
        self.service.set_events(run, *(Instance(line=a_line(f"FAIL {name}", MOMENT.vtime), moment=MOMENT, holds=False)
                                       for name in failing))  # fmt: skip

    def now(self) -> datetime:
        return self.service.now

    def next_launch(self, how: Launching) -> None:
        self.service.next_launch(how)

    def fail(self, error: type[Exception]) -> None:
        made = {RateLimited: RateLimited("wait", retry_after=2.0), AccessRefused: AccessRefused("no")}
        self.service.fail("run", made.get(error) or ServiceFailed("down"))

    def violations(self) -> list[str]:
        return self.service.violations


class SecondFace(InMemory):
    """The platform in memory with its other face: builds with numbers, no times, no moments, quarantine, its own word."""

    def __init__(self, spool: Path) -> None:
        super().__init__(spool)
        self.service = a_build_server(spool=spool)
        self.platform = self.service.platform

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        self._number += 1
        run = self.service.add_run(a_build(self._number, status=status, launcher=launcher))
        if status is RunStatus.COMPLETED:
            self._give(run, failing)
        return run.ref.run_id

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        run = self.service.change(a_build(run_id), status=RunStatus.COMPLETED)
        self._give(run, failing)

    def _give(self, run: Run, failing: tuple[str, ...]) -> None:
        number, passing = run.ref.run_id, ("one", "two")
        results = build_results(
            number, failing=failing, passing=passing, skipped=("three",), excused=("four",)
        )
        self.service.set_results(results)
        self.service.change(run, says=Says.FAILED if failing else Says.PASSED)


class Simulated:
    """The real client over a simulated tenant."""

    release, unknown = "64.0", UNKNOWN

    def __init__(self, tenant: SimulatedTenant, platform: Platform) -> None:
        self.tenant = tenant
        self.platform = platform
        self._age = 90_000.0

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        self._age -= 60.0
        properties = "missing" if status in {RunStatus.INCOMPLETE, RunStatus.CANCELLED} else "list"
        return self.tenant.add_run(
            status=status.value, failing=failing, launcher=launcher, age=self._age, properties=properties
        )

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        self.tenant.finish_run(run_id, failing=failing)

    def now(self) -> datetime:
        return self.tenant.now()

    def next_launch(self, how: Launching) -> None:
        fault = _LAUNCH_FAULTS.get(how)
        if fault:
            self.tenant.misbehave(fault, method="POST")

    def fail(self, error: type[Exception]) -> None:
        times = QUICK.tries if error is ServiceFailed else 1
        self.tenant.misbehave(_READ_FAULTS[error], times=times, path="/api/v0/runs/[^/]+")

    def violations(self) -> list[str]:
        return self.tenant.violations()


class Builds:
    """The Testhide client over a simulated server."""

    release, unknown = "3.14.2", "999999"

    def __init__(self, server: SimulatedTesthide, platform: Platform) -> None:
        self.server = server
        self.platform = platform
        self._jobs: dict[str, str] = {}
        self._age = 3_400.0  # a build that runs for longer than an hour is ended

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        self._age -= 20.0
        if launcher not in self._jobs:
            self._jobs[launcher] = self.server.add_job(launcher, tests=("one", "two", "The ledger adds up"))
        job, word = self._jobs[launcher], _WORDS.get(status)
        return self.server.add_build(job, status=word, age=self._age, failing=failing)

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        self.server.finish_build(run_id, failing=failing)

    def now(self) -> datetime:
        return self.server.now()

    def next_launch(self, how: Launching) -> None:
        fault = _LAUNCH_FAULTS.get(how)
        if fault:
            self.server.misbehave(fault, method="POST")

    def fail(self, error: type[Exception]) -> None:
        times = QUICK.tries if error is ServiceFailed else 1
        self.server.misbehave(_READ_FAULTS[error], times=times, path="/api/v3/builds/[^/]+")

    def violations(self) -> list[str]:
        return []  # the server itself fails the test


class Executions:
    """The AI Test Harness client over a simulated server. It lists nothing, and names only what failed."""

    release, unknown = "", "exec_unknown1"

    def __init__(self, server: SimulatedHarness, platform: Platform) -> None:
        self.server = server
        self.platform = platform
        self._plans: dict[str, str] = {}

    def add(self, status: RunStatus, *, failing: tuple[str, ...] = (), launcher: str = LAUNCHER) -> str:
        if launcher not in self._plans:
            self._plans[launcher] = self.server.add_plan(launcher, tests=("one", "two", "The ledger adds up"))
        run_id = self.server.hold_execution(self._plans[launcher], environment="main")
        if status is RunStatus.COMPLETED:
            self.finish(run_id, failing=failing)
        elif status is not RunStatus.IN_PROGRESS:
            word = {RunStatus.STARTING: "pending", RunStatus.CANCELLED: "cancelled"}.get(status, "timed_out")
            self.server.finish_execution(run_id, word=word, leaves_out=("results", "failures"))
        return run_id

    def finish(self, run_id: str, *, failing: tuple[str, ...]) -> None:
        self.server.finish_execution(run_id, failing=failing, shape="name and error")

    def now(self) -> datetime:
        return self.server.now()

    def next_launch(self, how: Launching) -> None:
        fault = _LAUNCH_FAULTS.get(how)
        if fault:
            self.server.misbehave(fault, method="POST")

    def fail(self, error: type[Exception]) -> None:
        times = QUICK.tries if error is ServiceFailed else 1
        self.server.misbehave(_READ_FAULTS[error], times=times, path="/api/v1/executions/[^/]+")

    def violations(self) -> list[str]:
        return []  # the server itself fails the test


def in_memory(spool: Path) -> AbstractAsyncContextManager[Stage]:
    """Open the platform in memory."""

    @asynccontextmanager
    async def stage() -> AsyncIterator[Stage]:
        yield InMemory(spool)

    return stage()


def second_face(spool: Path) -> AbstractAsyncContextManager[Stage]:
    """Open the platform in memory with its other face."""

    @asynccontextmanager
    async def stage() -> AsyncIterator[Stage]:
        yield SecondFace(spool)

    return stage()


@asynccontextmanager
async def simulated(spool: Path) -> AsyncIterator[Stage]:
    """Open the client over a simulated tenant whose time stands still."""
    async with (
        simulated_tenant(seed=3, speed=0.0, world=empty_world, clock=ManualClock()) as tenant,
        open_http(limits=QUICK) as http,
    ):
        settings = Tenant(name="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        service = AntithesisService(http, settings, spool=spool, now=tenant.now, limits=QUICK)
        yield Simulated(tenant, service.platform)


@asynccontextmanager
async def builds(spool: Path) -> AsyncIterator[Stage]:
    """Open the Testhide client over a simulated server whose time stands still."""
    async with a_testhide(spool) as (server, service):
        yield Builds(server, service.platform)


@asynccontextmanager
async def executions(spool: Path) -> AsyncIterator[Stage]:
    """Open the AI Test Harness client over a simulated server whose time stands still."""
    del spool
    async with a_harness_client() as (server, service):
        yield Executions(server, service.platform)
