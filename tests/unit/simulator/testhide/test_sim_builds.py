"""Builds: the queue, what time makes of them, and what they end as."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller, called_testhide

Both = tuple[SimulatedTesthide, Caller]
A, B, C = (f"tests/test_part_000.py::test_case_{n}" for n in range(3))
NULLS = dict.fromkeys(("total_tests", "passed", "failed", "skipped"))


async def start(caller: Caller, job: str, **more: object) -> str:
    reply = await caller.post("/builds/start", {"job_id": int(job), **more})
    assert reply.status == 201
    return str(reply.json["id"])


async def statuses(caller: Caller, *builds: str) -> list[str]:
    return [(await caller.get(f"/builds/{build}"))["status"] for build in builds]


async def test_build__goes_from_queued_to_its_verdict(testhide: Both) -> None:
    """Counts are null before the end; the list and the report agree with the detail where nothing is quarantined."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", tests=3)
    server.plan_next(job, failing=[B], skipped=[C])

    build = await start(caller, job, branch="feature/x", env={"RUN_SLOW": "true"}, priority=7)
    queued = await caller.get(f"/builds/{build}")
    server.advance(100)
    running = await caller.get(f"/builds/{build}")
    server.advance(300)
    ended = await caller.get(f"/builds/{build}")
    [row] = (await caller.get("/builds"))["results"]
    report = await caller.get(f"/report/{build}")

    assert queued | NULLS | {"status": "queued", "duration_s": None, "node_id": None} == queued
    assert running | NULLS | {"status": "running", "duration_s": None, "node_id": 1} == running
    assert ended | {"status": "failed", "duration_s": 287, "total_tests": 3} == ended
    assert (ended["passed"], ended["failed"], ended["skipped"]) == (1, 1, 1)
    assert row == {
        "id": int(build),
        "status": "failed",
        "branch": "feature/x",
        "duration_s": 287,
        "failed_tests": 1,
    }
    assert (report["total"], report["failed"], report["passed"], report["skipped"]) == (3, 1, 1, 1)
    assert report["suites"] == [{"name": "tests/test_part_000.py", "passed": 1, "failed": 1}]


async def test_queue__max_parallel_nodes_and_priority(testhide: Both) -> None:
    """One of a job at a time; then no more than there are nodes; the higher priority first."""
    server, caller = testhide
    narrow, wide = server.add_job("One at a time"), server.add_job("Wide", max_parallel=9)

    first, second = await start(caller, narrow), await start(caller, narrow)
    others = [await start(caller, wide) for _ in range(3)]
    urgent = await start(caller, wide, priority=10)
    server.advance(10)
    at_work = await statuses(caller, first, second, *others, urgent)
    server.advance(280)

    assert at_work == ["running", "queued", "running", "queued", "queued", "running"]
    assert await statuses(caller, first, second) == ["passed", "running"]


async def test_queue__push_to_top(testhide: Both) -> None:
    """Queued builds only."""
    server, caller = testhide
    job = server.add_job("One at a time")
    first, _, third = [await start(caller, job) for _ in range(3)]
    server.advance(10)

    pushed = await caller.post(f"/builds/{third}/push_to_top")
    refused = await caller.post(f"/builds/{first}/push_to_top")

    assert pushed.json == {"id": int(third), "queue_position": 1}
    assert refused.status == 409


async def test_stop__queued_or_running_only(testhide: Both) -> None:
    """A stopped build is aborted; one that has ended is not touched."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    running, queued, ended = (server.add_build(job, status=s) for s in ("running", "queued", None))

    stopped = [await caller.post(f"/builds/{build}/stop") for build in (running, queued, ended)]

    assert [reply.status for reply in stopped] == [200, 200, 409]
    assert await statuses(caller, running, queued, ended) == ["aborted", "aborted", "passed"]


async def test_lost_node__aborts_what_runs_on_it(testhide: Both) -> None:
    """Nobody wanted that; builds on other nodes go on, and nothing new starts there."""
    server, caller = testhide
    job = server.add_job("Wide", max_parallel=9)
    builds = [await start(caller, job) for _ in range(2)]
    server.advance(10)

    lost = server.lose_node(1)
    after = [await start(caller, job) for _ in range(2)]
    server.advance(10)
    offline = await caller.get("/nodes", status="offline")

    assert lost == [builds[0]]
    assert await statuses(caller, *builds, *after) == ["aborted", "running", "running", "queued"]
    assert [node["id"] for node in offline] == [1]


@pytest.mark.parametrize("word", ["failed", "aborted"])
async def test_timeout__ends_a_build_that_takes_too_long(testhide: Both, word: str) -> None:
    """What it is called is a matter of the server; its log says why, and some tests never ran."""
    server, caller = testhide
    server.set_manners(timed_out=word)
    job = server.add_job("Endless", tests=100, timeout=600)
    server.plan_next(job, takes=1200)
    build = await start(caller, job)
    server.advance(700)

    detail = await caller.get(f"/builds/{build}")
    log = await caller.get(f"/builds/{build}/pipeline_logs")

    assert (detail["status"], detail["duration_s"]) == (word, 600)
    assert 0 < detail["total_tests"] < 100
    assert "exceeded its limit" in log["lines"][-1]


@pytest.mark.parametrize(
    ("plan", "status", "counts"),
    [
        ({}, "passed", (3, 0)),
        ({"failing": [A]}, "failed", (2, 1)),
        ({"exit_code": 2, "ending": ["coverage gate: 71 % < 80 %"]}, "failed", (3, 0)),
        ({"lost": [A]}, "failed", (2, 0)),
        ({"skipped": [A]}, "passed", (2, 0)),
        ({"word": "cancelled_by_policy", "failing": [A]}, "cancelled_by_policy", (2, 1)),
    ],
)
async def test_verdict__a_failed_build_need_not_have_a_failing_test(
    plan: dict[str, Any], status: str, counts: tuple[int, int]
) -> None:
    """The exit code and a test lost from the report are reasons, too; an unknown word is possible."""
    async with called_testhide() as (server, caller):
        job = server.add_job("Smoke Tests", tests=[A, B, C])
        build = server.add_build(job, **plan)
        caller.strict = status in {"passed", "failed"}
        detail = await caller.get(f"/builds/{build}")
        listed = await caller.get("/tests", build_id=build, status="failed")

        assert (detail["status"], detail["passed"], detail["failed"]) == (status, *counts)
        assert listed["total"] == counts[1]
