"""Logs, streams and artifacts of a build."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
A, B, C = (
    "tests/test_auth.py::test_login",
    "tests/test_pay.py::TestRefund::test_twice[eur]",
    "tests/test_x.py::test_x",
)
DONE = '{"type": "done"}'


async def test_log__grows_while_it_runs_and_ends_with_the_exit_code(testhide: Both) -> None:
    """Lines have a time of day and no date; the end is asked for by counting first."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", tests=[A, B, C])
    build = server.add_build(
        job, status="running", age=0, takes=100, failing={B: "TimeoutError: 30 s\n  at line 7"}
    )

    totals = []
    for _ in range(3):
        totals.append((await caller.get(f"/builds/{build}/pipeline_logs", limit=1))["total_lines"])
        server.advance(51)
    total = (await caller.get(f"/builds/{build}/pipeline_logs", limit=1))["total_lines"]
    end = (await caller.get(f"/builds/{build}/pipeline_logs", offset=total - 2))["lines"]
    whole = (await caller.get(f"/builds/{build}/pipeline_logs"))["lines"]

    assert 0 < totals[0] < totals[1] < totals[2] == total == len(whole)
    assert all(re.match(r"\[\d\d:\d\d:\d\d\] ", line) for line in whole)
    assert end[-1].endswith("command exited with 1")
    assert [line.partition("] ")[2] for line in whole if B in line] == [f"RUN    {B}", f"FAILED {B}"]
    assert any(line.endswith("    at line 7") for line in whole)


async def test_log__of_a_build_that_failed_although_no_test_did(testhide: Both) -> None:
    """It is failed, and its last lines say why."""
    server, caller = testhide
    build = server.add_build(
        server.add_job("Smoke Tests"), exit_code=2, ending=["coverage gate: 71 % < 80 %"]
    )

    detail = await caller.get(f"/builds/{build}")
    lines = (await caller.get(f"/builds/{build}/pipeline_logs"))["lines"]

    assert (detail["status"], detail["failed"]) == ("failed", 0)
    assert [line.partition("] ")[2] for line in lines[-2:]] == [
        "coverage gate: 71 % < 80 %",
        "command exited with 2",
    ]


async def test_stream__goes_on_until_the_build_has_ended(testhide: Both) -> None:
    """Log lines, the status, done; no ids, so that it cannot be resumed."""
    server, _ = testhide
    build = server.add_build(server.add_job("Smoke Tests"), status="running", age=0, takes=100)

    headers = {"Authorization": f"Bearer {server.api_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{server.base_url}/builds/{build}/stream") as answer,
    ):
        first = await answer.content.readuntil(b"\n\n")
        for _ in range(6):
            server.advance(20)
        rest = await answer.read()
    events = (first + rest).decode().split("\n\n")[:-1]

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert events[-2:] == ['data: {"type": "status", "data": "passed"}', f"data: {DONE}"]
    assert sum('"type": "log"' in event for event in events) == len(server.build(build).log)
    assert all(event.startswith("data: ") for event in events)


@pytest.mark.parametrize(("after", "events"), [("all", None), ("done", 2)])
async def test_stream__of_a_build_that_has_ended_is_not_documented(
    testhide: Both, after: str, events: int | None
) -> None:
    """Everything, or its end alone."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))
    server.set_manners(after_the_end=after)

    reply = await caller.send("GET", f"/builds/{build}/stream")

    assert len(reply.events) == (events or len(server.build(build).log) + 2)
    assert reply.events[-1] == DONE


async def test_stream__or_there_is_none(testhide: Both) -> None:
    """404 for a build that has ended."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))
    server.set_manners(after_the_end="not found")

    assert (await caller.send("GET", f"/builds/{build}/stream")).status == 404


async def test_stream__cut_before_done_or_without_it(testhide: Both) -> None:
    """The first is a broken connection, the second ends as though all were well."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))

    server.misbehave("cut before done")
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.send("GET", f"/builds/{build}/stream")
    server.misbehave("no done")
    reply = await caller.send("GET", f"/builds/{build}/stream")

    assert reply.events[-1] == '{"type": "status", "data": "passed"}'


async def test_artifacts__are_there_once_it_has_ended(testhide: Both) -> None:
    """By type, by a part of the name, in their folders; each can be downloaded under an untrusted name."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", tests=[A, B, C])
    running, build = server.add_build(job, status="running"), server.add_build(job, failing=[A])
    server.attach(build, "../../etc/passwd", "root", kind="binary")

    names = [row["name"] for row in await caller.get("/artifacts", build_id=build)]
    [shot] = await caller.get("/artifacts", build_id=build, type="screenshot")
    [passwd] = await caller.get("/artifacts", build_id=build, search="passwd")
    tree = await caller.get("/artifacts/tree", build_id=build)
    file = await caller.send("GET", f"/artifacts/{passwd['id']}/download")

    assert names[:2] == ["junittests.xml", "logs/pipeline.log"]
    assert shot["size_bytes"] == len((await caller.send("GET", f"/artifacts/{shot['id']}/download")).content)
    assert [child["name"] for child in tree["children"]] == ["junittests.xml", "logs", "screenshots", ".."]
    assert (file.content, file.headers["Content-Disposition"]) == (
        b"root",
        "attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd",
    )
    assert await caller.get("/artifacts", build_id=running) == []
    assert (await caller.send("GET", "/artifacts/7/download")).status == 404


async def test_report_file__has_the_traps_of_the_plugins(testhide: Both) -> None:
    """An expected failure is a failure, a lost test is not there, the folder is missing from a module's classname."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", tests=[A, B, C])
    build = server.add_build(job, failing={B: "TimeoutError: 30 s"}, expected=[C], lost=[A])
    [report] = await caller.get("/artifacts", build_id=build, type="report")

    suite = ET.fromstring((await caller.send("GET", f"/artifacts/{report['id']}/download")).content)[0]
    cases = {case.find("properties/property").get("value"): case for case in suite.iter("testcase")}  # type: ignore[union-attr]

    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert {B, C} == set(cases)
    assert cases[C].get("test_resolution") == "Known Issue"
    assert (cases[C].get("classname"), cases[B].get("classname")) == ("test_x", "tests.test_pay.TestRefund")
    assert cases[B].find("failure").get("message") == "TimeoutError: 30 s"  # type: ignore[union-attr]
    assert len(cases[B].get("fail_id", "")) == 32
