"""The client over a simulated server: plans over pages, executions, errors, agents, ratings."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

import pytest

from bot.errors import NotAvailable, NotFound, Rejected, UnexpectedAnswer, UserError
from bot.model import (
    Availability,
    LaunchRequest,
    Refused,
    RunLogQuery,
    RunStatus,
    Started,
    Unclear,
    VerdictKind,
)
from bot.triage import AgentRequest
from bot.verdict import judge
from tests.fakes.harness_client import a_harness_client

NAMES = ("Login with SSO", "Payment flow validation", "Search")


async def _quiet(_: str) -> None:
    """Hear nothing."""


@pytest.mark.parametrize("pages", ["page", "same"])
async def test_launchers__over_pages(pages: str) -> None:
    """Every plan once; a list whose page number does not move ends there, and nothing loops."""
    async with a_harness_client() as (server, service):
        ids = [server.add_plan(f"Plan {n}", tests=NAMES) for n in range(7)]
        server.switch(page_size=3, pages=pages == "page")
        rows = await service.launchers()

        assert len({row.key for row in rows}) == len(rows) >= 3
        if pages == "page":
            assert sorted(row.key for row in rows) == sorted(ids)


async def test_launch__says_what_no_answer_says_again() -> None:
    """Plan and environment come along with the outcome; the execution itself does not know them."""
    async with a_harness_client() as (server, service):
        plan = server.add_plan("Release", tests=NAMES)
        await service.launchers()
        request = LaunchRequest(
            launcher="Release",
            launcher_key=plan,
            key="k",
            values={"environment": "staging", "parallelism": "5"},
        )
        cost = service.cost(request)
        outcome = await service.launch(request)

        assert isinstance(outcome, Started)
        assert outcome.run is not None
        assert outcome.run.ref.run_id == outcome.run_id
        assert outcome.run.series == (plan, "staging", "")
        assert cost == "one execution of 3 tests"
        assert (await service.run(outcome.run_id or "")).series == ("", "", "")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("started, then dropped", Unclear),
        ("dropped", Unclear),
        ("unavailable", Unclear),
        ("forbidden", Refused),
        ("created", Started),
        ("accepted", Started),
    ],
)
async def test_launch__outcome_by_the_status_alone(fault: str, expected: type) -> None:
    """Any 2xx started; what is not surely refused is unclear, and nothing is sent twice."""
    async with a_harness_client() as (server, service):
        plan = server.add_plan("Release", tests=NAMES)
        server.misbehave(fault, method="POST")
        outcome = await service.launch(LaunchRequest(launcher="Release", launcher_key=plan, key="k"))

        assert isinstance(outcome, expected)
        assert len(server.world.executions) == (
            0 if expected is Refused or fault in {"dropped", "unavailable"} else 1
        )


async def test_launch__an_environment_that_is_needed() -> None:
    """The platform's own words say so, and nothing was started."""
    async with a_harness_client() as (server, service):
        plan = server.add_plan("Release", tests=NAMES)
        server.switch(needs_environment=True)
        outcome = await service.launch(LaunchRequest(launcher="Release", launcher_key=plan, key="k"))

        assert isinstance(outcome, Refused)
        assert "environment" in outcome.reason


@pytest.mark.parametrize(
    "values", [{"parallelism": "0"}, {"parallelism": "many"}, {"environment": "a" * 300}, {"branch": "main"}]
)
async def test_launch__bad_values_are_said_before_anything_is_sent(values: dict[str, str]) -> None:
    """By name."""
    async with a_harness_client() as (_, service):
        with pytest.raises(UserError):
            service.parameters(
                LaunchRequest(launcher="Release", launcher_key="plan_1", key="k", values=values)
            )


async def test_results__counts_and_names_differ() -> None:
    """Both are said, nothing is compared, and the verdict is that of the larger number."""
    async with a_harness_client() as (server, service):
        plan = server.add_plan("Release", tests=NAMES)
        execution = server.hold_execution(plan)
        changes = {"results": {"passed": 42, "failed": 3, "skipped": 0}}
        server.finish_execution(execution, failing=NAMES[:2], shape="name and error", changes=changes)
        run = await service.run(execution)
        results = await service.results(run)

        assert results.note == "AI Test Harness says that 3 tests fail, and 2 are listed."
        assert not results.comparable
        assert judge(run, results).failing == 3


async def test_results__failures_without_a_name_are_compared_with_nothing() -> None:
    """As many are listed as are counted; but what has no name in other executions cannot be called new in this one."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=NAMES))
        changes = {
            "results": {"passed": 1, "failed": 2, "skipped": 0},
            "failures": [{"error": "boom"}, {"name": NAMES[0]}],
        }
        server.finish_execution(execution, changes=changes)
        results = await service.results(await service.run(execution))

        assert [check.name for check in results.failing] == ["failure 1", NAMES[0]]
        assert not results.comparable


@pytest.mark.parametrize(
    ("leaves_out", "changes", "verdict"),
    [
        ((), {}, VerdictKind.PASSED),
        (("results",), {}, VerdictKind.NO_RESULTS),
        ((), {"results": {"passed": 3}}, VerdictKind.NO_RESULTS),
        (("failures",), {"results": {"passed": 1, "failed": 2, "skipped": 0}}, VerdictKind.FAILED),
        (("results",), {"failures": [{}]}, VerdictKind.FAILED),
        ((), {"results": None, "failures": None}, VerdictKind.NO_RESULTS),
    ],
)
async def test_results__never_green_by_what_is_missing(
    leaves_out: tuple[str, ...], changes: dict[str, object], verdict: VerdictKind
) -> None:
    """Only counts that say so make an execution pass."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=NAMES))
        server.finish_execution(execution, changes=changes, leaves_out=leaves_out)
        run = await service.run(execution)

        assert judge(run, await service.results(run)).kind is verdict


async def test_results__names_are_looked_up_in_the_plan() -> None:
    """By the ids of its tests, where the plan is known."""
    async with a_harness_client() as (server, service):
        server.switch(shows_plan=True)
        plan = server.add_plan("Release", tests=NAMES)
        execution = server.hold_execution(plan, environment="staging")
        server.finish_execution(execution, failing=NAMES[:1], shape="testId alone")
        tests = [{"id": test.test_id, "name": test.name} for test in server.plan(plan).tests]
        served = json.dumps({"id": plan, "name": "Release", "status": "completed", "tests": tests})
        server.misbehave("captive portal", body=served, content_type="application/json", path=f".*/{plan}")
        run = await service.run(execution)
        results = await service.results(run)

        assert (run.launcher, run.source) == ("Release", "staging")
        assert [check.name for check in results.failing] == [NAMES[0]]
        assert results.comparable


async def test_results__while_it_goes_on_and_where_it_is_gone() -> None:
    """Both say why there is nothing."""
    async with a_harness_client() as (server, service):
        run = await service.run(server.hold_execution(server.add_plan("Release", tests=NAMES)))

        assert (await service.results(run)).availability is Availability.NOT_YET
        server.misbehave("not found", path="/api/v1/executions/[^/]+")
        assert (await service.results(run)).availability is Availability.ABSENT


async def test_run_log__is_the_error_whole() -> None:
    """There is no log; what it says of a failure is shown to its end."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=NAMES))
        error = "\n".join(f"line {n}" for n in range(60))
        changes = {"failures": [{"name": "Login", "error": error}, {"name": "Pay", "error": "401"}]}
        server.finish_execution(execution, failing=NAMES[:2], changes=changes)

        both = await service.run_log(RunLogQuery(run_id=execution), _quiet)
        one = await service.run_log(RunLogQuery(run_id=execution, check="Login"), _quiet)
        grep = await service.run_log(RunLogQuery(run_id=execution, grep="40"), _quiet)
        pattern = await service.run_log(RunLogQuery(run_id=execution, grep="/^LINE 4[01]$|^401/i"), _quiet)

        assert [line.text for line in one.lines] == error.splitlines()
        assert [line.text for line in both.lines] == ["Login", *error.splitlines(), "Pay", "401"]
        assert [line.text for line in grep.lines] == ["line 40", "401"]
        assert [line.text for line in pattern.lines] == ["line 40", "line 41", "401"]
        assert one.instead == "AI Test Harness keeps no logs; this is the error it gives."
        with pytest.raises(NotAvailable):
            await service.run_log(RunLogQuery(run_id=execution, check="Search"), _quiet)


async def test_agents__are_listed_and_set_to_work() -> None:
    """The settings name what is usual; what is started has an id."""
    async with a_harness_client(debug_agent="agent_planning", debug_task="analyze-failures") as (_, service):
        agents = await service.agents()
        request = AgentRequest(
            agent=agents[0].id, task="analyze-failures", parameters={"executionId": "exec_1"}
        )

        assert agents[0].name
        assert service.usual == ("agent_planning", "analyze-failures")
        assert isinstance(await service.invoke(request), Started)
        assert isinstance(await service.invoke(AgentRequest(agent="agent_none", task="x")), Refused)


async def test_readiness_and_clusters() -> None:
    """As served; a version that is not known is said so."""
    async with a_harness_client() as (server, service):
        server.rate("v2.3.0", {"version": "v2.3.0", "score": 87, "confidence": "high"})
        server.group(
            [{"id": "c1", "category": "Auth", "count": 2, "rootCause": "JWT", "affectedTests": ["a"]}]
        )

        assert (await service.readiness("v2.3.0")).score == "87"
        assert [cluster.cause for cluster in await service.clusters(7)] == ["JWT"]
        server.misbehave("not found", path="/api/v1/analytics/.*")
        with pytest.raises(NotFound) as caught:
            await service.readiness("v9")
        assert caught.value.what == "version"


@pytest.mark.parametrize("path", ["executions/[^/]+", "agents", "test-plans.*", "analytics/.*"])
@pytest.mark.parametrize("fault", ["half JSON", "captive portal"])
async def test_reads__what_is_no_answer_is_an_error(path: str, fault: str) -> None:
    """Never an empty list or an execution that has not ended."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=NAMES))
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "executions/[^/]+": lambda: service.run(execution),
            "agents": service.agents,
            "test-plans.*": service.launchers,
            "analytics/.*": lambda: service.clusters(7),
        }
        server.misbehave(fault, times=9, path=f"/api/v1/{path}")
        with pytest.raises(UnexpectedAnswer):
            await calls[path]()
        server.forget()


@pytest.mark.parametrize("rows", ["plans", "agents"])
async def test_reads__a_list_without_a_readable_entry_is_no_empty_list(rows: str) -> None:
    """It is an error, and not kept: the next look reads it anew. One readable entry is shown."""
    async with a_harness_client() as (server, service):
        server.add_plan("Release", tests=NAMES)
        calls: dict[str, Callable[[], Awaitable[Sequence[object]]]] = {
            "plans": service.launchers, "agents": service.agents,
        }  # fmt: skip
        body = json.dumps({rows: [7, None, {"id": ["x"]}], "total": 3})
        path = {"plans": "test-plans", "agents": "agents"}[rows]
        server.misbehave("captive portal", body=body, content_type="application/json", path=f"/api/v1/{path}")
        with pytest.raises(UnexpectedAnswer, match="no entry can be read"):
            await calls[rows]()
        server.forget()

        assert len(await calls[rows]()) > 0


async def test_run__an_id_that_cannot_stand_in_a_path_is_never_sent() -> None:
    """Whoever types it."""
    async with a_harness_client() as (_, service):
        with pytest.raises(Rejected):
            await service.run("exec/../agents")


async def test_run__an_unknown_word_is_kept_and_has_not_ended() -> None:
    """It is looked at again."""
    async with a_harness_client() as (server, service):
        execution = server.hold_execution(server.add_plan("Release", tests=NAMES))
        server.finish_execution(execution, word="quarantining")
        run = await service.run(execution)

        assert (run.status, run.status_text) == (RunStatus.UNKNOWN, "quarantining")
