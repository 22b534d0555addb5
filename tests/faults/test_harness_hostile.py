"""An AI Test Harness that fails in every way, at every route: each ends in a sentence or a later retry, none in good news."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.simulator.ai_test_harness import SimulatedHarness
from bot.errors import ServiceError
from bot.model import (
    LaunchRequest,
    Refused,
    RunLogQuery,
    RunStatus,
    Started,
    Unclear,
    VerdictKind,
)
from bot.remembered import remembering
from bot.state import Subscription
from bot.triage import AgentRequest
from bot.verdict import judge
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.harness_client import a_harness_client
from tests.fakes.store import MemoryStore

TESTS = ("Login with SSO", "Payment flow validation")
READ_FAULTS = (
    "unauthorized", "forbidden", "not found", "conflict", "unprocessable", "rate limited", "rate limited, no header",
    "server error", "unavailable", "bad gateway", "captive portal", "redirect", "gzip bomb", "half JSON", "dropped",
    "wrong type", "lying total", "repeating page",
)  # fmt: skip
CREATE_FAULTS: dict[str, tuple[type, ...]] = {
    "unauthorized": (Refused,),
    "forbidden": (Refused,),
    "not found": (Refused,),
    "conflict": (Refused,),
    "unprocessable": (Refused,),
    "rate limited": (Refused,),
    "server error": (Unclear,),
    "unavailable": (Unclear,),
    "bad gateway": (Unclear,),
    "captive portal": (Unclear,),
    "redirect": (Unclear,),
    "half JSON": (Unclear,),
    "dropped": (Unclear,),
    "started, then dropped": (Unclear,),
    "started, then HTML": (Unclear,),
    "no id": (Started,),
    "numeric id": (Started,),
    "created": (Started,),
    "accepted": (Started,),
}


async def _silent(_: str) -> None:
    """Hear nothing."""


@pytest.fixture
async def opened() -> AsyncIterator[tuple[SimulatedHarness, ExecutionService, str]]:
    """Open a server with one plan and one execution in which a test failed."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=TESTS), environment="staging")
        server.finish_execution(execution, failing=TESTS[:1], shape="testId alone")
        yield server, service, execution


READS: dict[str, tuple[str, Callable[[ExecutionService, str], Awaitable[object]]]] = {
    "execution": ("/api/v1/executions/[^/]+", lambda s, e: s.run(e)),
    "log": ("/api/v1/executions/[^/]+", lambda s, e: s.run_log(RunLogQuery(run_id=e), _silent)),
    "plans": ("/api/v1/test-plans", lambda s, _: s.launchers()),
    "agents": ("/api/v1/agents", lambda s, _: s.agents()),
    "version": ("/api/v1/agents", lambda s, _: s.version()),
    "readiness": ("/api/v1/analytics/release-readiness", lambda s, _: s.readiness("v2")),
    "clusters": ("/api/v1/analytics/failure-clusters", lambda s, _: s.clusters(7)),
}


def _sentence(error: ServiceError) -> None:
    said = f"{error.problem} {error.detail}"
    assert error.problem.endswith((".", "?", "!")), said
    assert "<html" not in said
    assert "ath_" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("fault", READ_FAULTS)
@pytest.mark.parametrize("route", READS)
async def test_read__ends_in_a_sentence_or_goes_on(
    opened: tuple[SimulatedHarness, ExecutionService, str], route: str, fault: str
) -> None:
    """Whatever an answer is, the error is one of the kinds that are known, and nothing loops."""
    server, service, execution = opened
    path, read = READS[route]
    server.misbehave(fault, path=path, times=6)
    try:
        await read(service, execution)
    except ServiceError as error:
        _sentence(error)
    server.forget()


@pytest.mark.parametrize("fault", READ_FAULTS)
async def test_results__are_never_green_by_a_fault(
    opened: tuple[SimulatedHarness, ExecutionService, str], fault: str
) -> None:
    """Neither where the execution cannot be read, nor where the plan that has the names cannot."""
    server, service, execution = opened
    run = await service.run(execution)
    for path in ("/api/v1/executions/[^/]+", "/api/v1/test-plans/[^/]+"):
        server.misbehave(fault, path=path, times=6)
        try:
            verdict = judge(run, await service.results(run)).kind
        except ServiceError as error:
            _sentence(error)
        else:
            assert verdict in {VerdictKind.FAILED, VerdictKind.NO_RESULTS}
        server.behave()
    server.forget()


@pytest.mark.parametrize("fault", ["counts as text", "failures as an object", "no progress", "wrong type"])
async def test_results__wrong_types_degrade_alone(
    opened: tuple[SimulatedHarness, ExecutionService, str], fault: str
) -> None:
    """What cannot be read is not known; it never counts as nothing."""
    server, service, execution = opened
    run = await service.run(execution)
    server.misbehave(fault, path="/api/v1/executions/[^/]+", times=6)

    assert judge(run, await service.results(run)).kind in {VerdictKind.FAILED, VerdictKind.NO_RESULTS}
    server.forget()


@pytest.mark.parametrize("fault", CREATE_FAULTS)
@pytest.mark.parametrize("what", ["launch", "invoke"])
async def test_create__is_sent_once_and_judged_by_its_status(
    opened: tuple[SimulatedHarness, ExecutionService, str], what: str, fault: str
) -> None:
    """Refused is only what surely did not start, and whoever asked reads why."""
    server, service, _ = opened
    (plan,) = server.world.plans
    agent = (await service.agents())[0].id
    server.misbehave(fault, method="POST")
    before = server.counts.total()
    if what == "launch":
        outcome = await service.launch(LaunchRequest(launcher="Release", launcher_key=plan, key="k"))
    else:
        outcome = await service.invoke(AgentRequest(agent=agent, task="analyze-failures"))

    assert isinstance(outcome, CREATE_FAULTS[fault])
    assert server.counts.total() - before <= 1
    if isinstance(outcome, Refused | Unclear):
        assert outcome.reason.endswith((".", "!", "?")) or outcome.reason
        assert "ath_" not in outcome.reason
    server.forget()


@pytest.mark.parametrize("fault", READ_FAULTS)
async def test_poll__a_fault_costs_a_tick_and_no_message(fault: str) -> None:
    """The end of an execution is announced once, after the fault as before; nothing else is."""
    clock = ManualClock()
    async with a_harness_client(clock=clock) as (server, service):
        store = MemoryStore()
        told: list[str] = []

        def render(card: object) -> str:
            told.append(str(card))
            return "{}"

        async def hear(_: str) -> None:
            """Hear nothing."""

        poller = Poller(remembering(service.platform, store), store, clock=clock, renderers={"fake": render},
                        on_rows=lambda: None, notify_operator=hear)  # fmt: skip
        await store.subscribe(Subscription(channel="fake:channel:C1", connection="demo"), clock.now())
        await poller.tick()
        execution = server.hold_execution(server.add_plan("Release", tests=TESTS))
        await store.track(await service.run(execution), clock.now())
        server.finish_execution(execution, failing=TESTS[:1], shape="name and error")
        soon = {"headers": {"Retry-After": "0"}} if fault == "rate limited" else {}
        server.misbehave(fault, path="/api/v1/executions/[^/]+", times=3, **soon)
        for _ in range(40):
            clock.pass_time(timedelta(minutes=10).total_seconds())
            await poller.tick()
        server.forget()

        assert len(told) == 1
        assert (await store.known("demo", (execution,)))[execution].announced is RunStatus.COMPLETED


async def test_poll__a_wrong_key_is_tried_ever_more_seldom_and_said_once() -> None:
    """A key does not get right by being sent again."""
    clock = ManualClock()
    async with a_harness_client(clock=clock) as (server, service):
        store = MemoryStore()

        async def hear(_: str) -> None:
            """Hear nothing."""

        poller = Poller(
            service.platform, store, clock=clock, renderers={}, on_rows=lambda: None, notify_operator=hear
        )
        await poller.tick()
        await store.track(
            await service.run(server.hold_execution(server.add_plan("R", tests=TESTS))), clock.now()
        )
        server.misbehave("unauthorized", times=None)
        before = server.counts.total()
        for _ in range(60):
            clock.pass_time(60)
            await poller.tick()

        assert server.counts.total() - before <= 10
        assert poller.health.refused
        server.forget()
