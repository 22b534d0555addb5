"""A Testhide that fails in every way, at every route: each ends in a sentence or a later retry, and none is good news."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.testhide.client import BuildService
from adapters.simulator.common.misbehave import Rule
from adapters.simulator.testhide import SimulatedTesthide
from bot.errors import ListCut, ServiceError, UnexpectedAnswer
from bot.model import (
    LaunchRequest,
    Refused,
    Results,
    RunLogQuery,
    RunQuery,
    RunStatus,
    Says,
    Started,
    Unclear,
    VerdictKind,
)
from bot.verdict import judge
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.fakes.testhide_client import a_testhide

TESTS = ("tests/test_auth.py::test_login", "tests/test_auth.py::test_logout")
READ_FAULTS = (
    "unauthorized", "forbidden", "not found", "conflict", "unprocessable", "rate limited", "rate limited, no header",
    "server error", "unavailable", "bad gateway", "captive portal", "redirect", "gzip bomb", "half JSON", "dropped",
)  # fmt: skip


async def _silent(_: str) -> None:
    """Hear nothing."""


async def _listing(service: BuildService) -> object:
    return [run async for page in service.runs(RunQuery()) for run in page]


async def _launch(service: BuildService) -> object:
    request = LaunchRequest(launcher="Suite", key="k", launcher_key="51", values={"branch": "main"})
    return await service.launch(request)


async def _results(service: BuildService) -> object:
    return await service.results(await service.run("1001"))


async def _log(service: BuildService, **query: Any) -> object:
    return await service.run_log(RunLogQuery(run_id="1001", **query), _silent)


READS: dict[str, tuple[str, Callable[[BuildService], Awaitable[object]]]] = {
    "jobs": ("/api/v3/jobs", lambda s: s.launchers()),
    "list": ("/api/v3/builds", _listing),
    "build": ("/api/v3/builds/1001", lambda s: s.run("1001")),
    "report": ("/api/v3/report/1001", _results),
    "tests": ("/api/v3/tests", _results),
    "log": ("/api/v3/builds/1001/pipeline_logs", _log),
    "history": ("/api/v3/tests/.*/history", lambda s: s.history("5001")),
    "files": ("/api/v3/artifacts", lambda s: _log(s, artifact="x")),
    "me": ("/api/v3/me", lambda s: s.version()),
    "health": ("/api/v3/healthz", lambda s: s.version()),
}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[SimulatedTesthide, BuildService]]:
    """Open a server with one job and one build in which a test failed."""
    async with a_testhide(tmp_path) as (server, service):
        server.add_build(server.add_job("Suite", tests=TESTS), age=900.0, failing=[TESTS[0]])
        yield server, service


def _sentence(error: ServiceError) -> str:
    said = f"{error.problem} {error.detail}"
    assert error.problem.endswith((".", "?", "!")), said
    assert "<html" not in said
    assert "th_live_" not in said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("fault", READ_FAULTS)
@pytest.mark.parametrize("route", READS)
async def test_read__ends_in_a_sentence_or_goes_on(
    opened: tuple[SimulatedTesthide, BuildService], route: str, fault: str
) -> None:
    """Whatever an answer is, the error is one of the kinds that are known, and the next try is well."""
    server, service = opened
    path, read = READS[route]
    server.misbehave(fault, path=path, times=6)
    try:
        await read(service)
    except ServiceError as error:
        _sentence(error)
    server.behave()


@pytest.mark.parametrize("fault", ["server error", "half JSON", "dropped", "bad gateway", "forbidden"])
async def test_results__a_quarantine_that_cannot_be_read(
    opened: tuple[SimulatedTesthide, BuildService], fault: str
) -> None:
    """What failed counts, unless the platform itself calls the build passed: it alone knows then."""
    server, service = opened
    run = await service.run("1001")
    server.misbehave(fault, path="/api/v3/quarantine", times=6)
    counted = await service.results(run)
    server.behave()
    passed = server.add_build("51", age=600.0, failing=[TESTS[0]], word="passed")
    server.misbehave(fault, path="/api/v3/quarantine", times=6)
    excused = await service.results(await service.run(passed))

    assert [check.name for check in counted.failing] == [TESTS[0]]
    assert not excused.failing
    assert [check.excused for check in excused.excused] == ["not counted by Testhide"]


@pytest.mark.parametrize("fault", ["server error", "half JSON", "dropped", "not found", "forbidden"])
async def test_run__whose_node_cannot_be_read(
    opened: tuple[SimulatedTesthide, BuildService], fault: str
) -> None:
    """It is named by its number, the build is told of all the same, and nobody asks for that node again."""
    server, service = opened
    build = server.add_build("51", status="running", age=30.0)
    server.misbehave(fault, path="/api/v3/nodes/1", times=6)
    first = await service.run(build)
    server.behave()
    asked = len(server.requests("GET"))
    again = await service.run(build)

    assert (first.node, again.node) == ("1", "1")
    assert not [r for r in server.requests("GET")[asked:] if "/nodes" in r.path]


async def test_run__whose_node_has_a_hostile_name(
    opened: tuple[SimulatedTesthide, BuildService],
) -> None:
    """It stays a name on one line, of bounded length."""
    server, service = opened
    build = server.add_build("51", status="running", age=30.0)
    server.rules.add(Rule(path="/api/v3/nodes/1", sets={"name": "a\u202e\n" * 500}, times=None))
    name = (await service.run(build)).node

    assert name is not None
    assert len(name) < 200
    assert "\n" not in name


WRONG_TYPES: Sequence[dict[str, object]] = (
    {"status": 7}, {"status": None}, {"status": "exploded"}, {"duration_s": "long"}, {"branch": ["main"]},
    {"total": "many"}, {"passed": None, "failed": None, "skipped": None, "total": None}, {"node_id": 3},
    {"message": {"text": "x"}}, {"results": None}, {"name": None}, {"enabled": "yes"}, {"job_id": "fifty"},
)  # fmt: skip


@pytest.mark.parametrize("sets", WRONG_TYPES, ids=str)
async def test_values__of_a_wrong_type_never_green_a_build(
    opened: tuple[SimulatedTesthide, BuildService], sets: dict[str, object]
) -> None:
    """A field that is nothing like what is written degrades alone, or the answer is refused; red stays red."""
    server, service = opened
    server.rules.add(Rule(path="/api/v3/(?!healthz).*", sets=sets, times=None))
    try:
        run = await service.run("1001")
        results = await service.results(run)
        listed = await _listing(service)
    except ServiceError as error:
        _sentence(error)
    else:
        assert judge(run, results).kind is not VerdictKind.PASSED
        assert listed is not None
    server.behave()


async def test_status__unknown_is_kept_and_never_green(
    opened: tuple[SimulatedTesthide, BuildService],
) -> None:
    """A word that no document names has neither ended nor passed."""
    server, service = opened
    build = server.add_build("51", age=600.0, word="quantum")
    run = await service.run(build)

    assert (run.status, run.status_text, run.says) == (RunStatus.UNKNOWN, "quantum", None)
    assert judge(run, None).kind is VerdictKind.UNKNOWN
    upper = await service.run(server.add_build("51", age=500.0, word="Passed"))
    assert (upper.status, upper.says) == (RunStatus.COMPLETED, Says.PASSED)


@pytest.mark.parametrize(
    ("fault", "outcome", "started"),
    [
        ("server error", Unclear, False), ("bad gateway", Unclear, False), ("dropped", Unclear, False),
        ("started, then dropped", Unclear, True), ("started, then HTML", Unclear, True),
        ("half JSON", Unclear, True), ("captive portal", Unclear, False),
        ("forbidden", Refused, False), ("unauthorized", Refused, False), ("conflict", Refused, False),
        ("unprocessable", Refused, False), ("rate limited", Refused, False), ("redirect", Unclear, False),
    ],
)  # fmt: skip
async def test_launch__is_sent_once(
    opened: tuple[SimulatedTesthide, BuildService], fault: str, outcome: type, started: bool
) -> None:
    """Only a 4xx says that nothing was started; everything else is unclear, and nothing is sent again."""
    server, service = opened
    server.misbehave(fault, method="POST", path="/api/v3/builds/start")
    told = await _launch(service)

    assert isinstance(told, outcome)
    assert len(server.requests("POST", "/api/v3/builds/start")) == 1
    assert (await service.run("1002") is not None) if started else True
    assert isinstance(await _launch(service), Started | Refused)


async def test_list__that_repeats_itself_is_cut(opened: tuple[SimulatedTesthide, BuildService]) -> None:
    """It is not taken for a list that was read to its end."""
    server, service = opened
    for n in range(150):
        server.add_build("51", age=800.0 - n)
    server.misbehave("repeating page", path="/api/v3/builds")
    with pytest.raises(ListCut):
        await _listing(service)
    server.behave()


@pytest.mark.parametrize("total", [0, 1, 1_000_000])
async def test_list__whose_total_lies_is_read_whole(
    opened: tuple[SimulatedTesthide, BuildService], total: int
) -> None:
    """The rows that come are believed, not the number that is said."""
    server, service = opened
    for n in range(250):
        server.add_build("51", age=800.0 - n)
    server.misbehave("lying total", path="/api/v3/builds", sets={"total": total})

    found = await _listing(service)
    assert isinstance(found, list)
    assert len(found) == 251
    server.behave()


async def test_list__of_a_server_that_gives_fewer_rows(
    opened: tuple[SimulatedTesthide, BuildService],
) -> None:
    """How many rows a page has is the server's affair."""
    server, service = opened
    server.set_manners(most_rows=7)
    for n in range(30):
        server.add_build("51", age=800.0 - n)

    found = await _listing(service)
    assert isinstance(found, list)
    assert len(found) == 31


async def test_tests__a_failing_one_that_the_list_lacks(
    opened: tuple[SimulatedTesthide, BuildService],
) -> None:
    """More failed than is named: nothing is said to be new, and nothing is kept to compare with."""
    server, service = opened
    build = server.add_build("51", age=600.0, failing=[TESTS[0]], views={"report": {"failed": 3}})
    results = await service.results(await service.run(build))

    assert isinstance(results, Results)
    assert results.total.failing == 3
    assert not results.comparable


async def test_names__with_markup_stay_text(opened: tuple[SimulatedTesthide, BuildService]) -> None:
    """Control characters go, and long names that differ at the end stay two."""
    server, service = opened
    long = "tests/test_a.py::" + "x" * 2_000
    hostile = ("tests/t.py::test[<script>*_`@everyone\x1b[31m]", f"{long}[one]", f"{long}[two]")
    job = server.add_job("CI/CD <b>#1</b> 100 %", tests=hostile)
    build = server.add_build(job, age=600.0, failing=hostile)
    run = await service.run(build)
    results = await service.results(run)

    assert run.launcher == "CI/CD <b>#1</b> 100 %"
    assert len({check.name for check in results.failing}) == 3
    assert all(check.name.isprintable() and len(check.name) <= 1_040 for check in results.failing)


async def test_wrong_key__stops_polling_once(tmp_path: Path) -> None:
    """The operator is notified by the connection's health; nobody hammers the door."""
    clock = ManualClock()
    async with a_testhide(tmp_path, clock=clock) as (server, service):
        server.add_job("Suite", tests=TESTS)
        poller = Poller(service.platform, MemoryStore(), clock=clock, renderers={}, on_rows=lambda: None,
                        notify_operator=_silent)  # fmt: skip
        await poller.tick()
        server.revoke(server.api_token)
        for _ in range(20):
            clock.pass_time(1.0)
            await poller.tick()

        assert poller.health.refused
        assert "Check the API token of this connection" in poller.health.problem
        assert sum(server.counts.values()) <= 5
        server.forget()


async def test_stream__that_breaks_off_is_said(opened: tuple[SimulatedTesthide, BuildService]) -> None:
    """A running build's stream that ends without “done” broke off; what came is shown."""
    server, service = opened
    running = server.add_build("51", status="running", age=200.0)
    server.misbehave("stream cut", path=".*/stream")
    excerpt = await service.run_log(RunLogQuery(run_id=running, lines=50), _silent)

    assert excerpt.lines
    assert excerpt.cut is not None


async def test_ids__foreign_ones_are_not_asked_for(opened: tuple[SimulatedTesthide, BuildService]) -> None:
    """An id of another platform is refused before anything is sent."""
    server, service = opened
    before = sum(server.counts.values())
    for text in ("exec_def456", "../jobs", "1001/stop", "a" * 32 + "-1-1", ""):
        assert not service.owns(text)
        with pytest.raises(ServiceError):
            await service.run(text)

    assert sum(server.counts.values()) == before


async def test_ids__of_a_database(tmp_path: Path) -> None:
    """24 hexadecimal digits are ids as good as numbers, in a launch too."""
    async with a_testhide(tmp_path, hex_ids=True) as (server, service):
        job = server.add_job("Suite", tests=TESTS)
        build = server.add_build(job, age=600.0, failing=[TESTS[0]])
        run = await service.run(build)
        told = await service.launch(LaunchRequest(launcher="Suite", key="k", launcher_key=job))

        assert (run.ref.run_id, run.launcher_key, len(build)) == (build, job, 24)
        assert [check.name for check in (await service.results(run)).failing] == [TESTS[0]]
        assert isinstance(told, Started)


async def test_login__with_a_password(tmp_path: Path) -> None:
    """One login for a session, one more when it is refused, and none after a wrong password."""

    def of(server: SimulatedTesthide) -> dict[str, Any]:
        from bot.model import Secret

        return {"api_key": None, "username": server.username, "password": Secret(server.password)}

    async with a_testhide(tmp_path, of=of) as (server, service):
        server.add_job("Suite", tests=TESTS)
        assert len(await service.launchers()) == 1
        assert await service.version() == "3.14.2"
        assert len(server.requests("POST", "/api/v3/authenticate")) == 1


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("jobs", BuildService.launchers),
        ("artifacts", lambda s: _log(s, artifact="junittests.xml")),
    ],
)
async def test_lists__without_a_readable_entry_are_not_empty(
    tmp_path: Path, path: str, read: Callable[[BuildService], Awaitable[object]]
) -> None:
    """Nobody is told that there are no jobs, or no files."""
    async with a_testhide(tmp_path) as (server, service):
        server.add_build(server.add_job("Suite", tests=TESTS))
        server.misbehave(
            "captive portal", body='[7, null, {"id": {}}]', content_type="application/json", path=f".*/{path}"
        )
        with pytest.raises(UnexpectedAnswer, match="no entry can be read"):
            await read(service)
