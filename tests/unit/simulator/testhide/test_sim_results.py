"""Tests and quarantine: what is listed, what counts, and views that disagree."""

from __future__ import annotations

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from adapters.simulator.testhide.build import covers
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
A, B, C = (f"tests/test_part_000.py::test_case_{n}" for n in range(3))


async def test_quarantine__changes_the_verdict_of_later_builds_only(testhide: Both) -> None:
    """A build that had ended keeps its verdict; a later one passes although the report says that a test failed."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    before = server.add_build(job, failing=[A])
    running = server.add_build(job, status="running")

    put = await caller.post("/quarantine", {"job_id": int(job), "node_id": A, "reason": "infra"})
    server.finish_build(running, failing=[A])
    verdicts = [(await caller.get(f"/builds/{build}")) for build in (before, running)]
    report = await caller.get(f"/report/{running}")
    [row] = (await caller.get("/tests", build_id=running, status="failed"))["results"]

    assert put.status == 201
    assert [(v["status"], v["failed"]) for v in verdicts] == [("failed", 1), ("passed", 0)]
    assert (report["failed"], row["node_id"]) == (1, A)


async def test_quarantine__taking_out_works_through_bulk(testhide: Both) -> None:
    """What is in already, or not in, is skipped; one that is in is a conflict alone."""
    server, caller = testhide
    job = int(server.add_job("Smoke Tests"))
    server.quarantine(job, A, "wip", age=3 * 86_400)

    again = await caller.post("/quarantine", {"job_id": job, "node_id": A, "reason": "wip"})
    added = await caller.post("/quarantine/bulk", {"job_id": job, "action": "add", "node_ids": [A, B]})
    stats = await caller.get("/quarantine/stats", job_id=job)
    removed = await caller.post("/quarantine/bulk", {"job_id": job, "action": "remove", "node_ids": [A, C]})
    left = await caller.get("/quarantine", job_id=job)

    assert again.status == 409
    assert added.json == {"added": 1, "skipped": 1}
    assert stats == {"total": 2, "by_reason": {"flaky": 1, "infra": 0, "wip": 1}, "oldest_days": 3}
    assert removed.json == {"removed": 1, "skipped": 1}
    assert [entry["node_id"] for entry in left] == [B]
    assert await caller.get("/quarantine/nodeids", job_id=job) == {"node_ids": [B]}


@pytest.mark.parametrize(
    ("means", "statuses"),
    [("not counted", ["failed", "passed", "passed"]), ("not run", ["passed", "passed"]),
     ("skipped", ["skipped", "passed", "passed"])],
)  # fmt: skip
async def test_quarantine__in_practice_a_test_fails_is_absent_or_skipped(
    testhide: Both, means: str, statuses: list[str]
) -> None:
    """As the documents say, as the plugin does, and as it does in batches; the build passes in each."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", tests=[A, B, C], quarantine=means)
    server.quarantine(job, A, age=3600)
    build = server.add_build(job, failing=[A])

    listed = (await caller.get("/tests", build_id=build))["results"]

    assert [row["status"] for row in listed] == statuses
    assert (await caller.get(f"/builds/{build}"))["status"] == "passed"


@pytest.mark.parametrize(
    ("entry", "covered"),
    [
        ("tests/a.py::TestX::test_y[1]", True),
        ("tests/a.py::TestX::test_y", True),
        ("tests/a.py::TestX", True),
        ("tests/a.py", True),
        ("tests/", True),
        ("tests/a.py::Test", False),
        ("tests/a.py::TestX::test_y[2]", False),
        ("tests/a.py::TestX::test_y[1]more", False),
    ],
)
def test_covers__a_name_a_class_or_a_prefix(entry: str, covered: bool) -> None:
    """But no part of a name."""
    assert covers([entry], "tests/a.py::TestX::test_y[1]") is covered


async def test_views__can_disagree(testhide: Both) -> None:
    """As those of one build in the documents do."""
    server, caller = testhide
    job = server.add_job("Regression Suite", tests=412)
    views = {
        "detail": {"status": "passed", "failed": 0, "duration_s": 287},
        "row": {"status": "failed", "failed_tests": 7, "duration_s": 312},
        "report": {"failed": 7, "passed": 400, "skipped": 5},
    }
    build = server.add_build(job, failing=[A], views=views)

    detail = await caller.get(f"/builds/{build}")
    [row] = (await caller.get("/builds", status="failed"))["results"]
    report = await caller.get(f"/report/{build}")

    assert detail | views["detail"] == detail
    assert row | views["row"] == row
    assert report | views["report"] == report
    assert (await caller.get("/tests", build_id=build, status="failed"))["total"] == 1


async def test_tests__are_filtered_and_paged(testhide: Both) -> None:
    """By status, suite and a part of the name; a page is no longer than the server allows."""
    server, caller = testhide
    server.set_manners(most_rows=20)
    job = server.add_job("Regression Suite", tests=25)
    build = server.add_build(job, failing=[A, B], skipped=[C])

    async def names(**asked: object) -> list[str]:
        rows = (await caller.get("/tests", build_id=build, **asked))["results"]
        return [row["node_id"] for row in rows]

    assert await names(status="failed") == [A, B]
    assert len(await names(suite="tests/test_part_001.py")) == 10
    assert await names(search="part_000.py::test_case_2") == [C]
    assert (len(await names(limit=500)), len(await names(limit=500, page=2)), len(await names(page=9))) == (
        20,
        5,
        0,
    )


async def test_history__newest_first_and_of_one_job(testhide: Both) -> None:
    """By the name of the test, which two jobs may share."""
    server, caller = testhide
    job, other = server.add_job("Smoke Tests"), server.add_job("Smoke Tests")
    old = server.add_build(job, age=9000, failing=[A])
    server.add_build(other, age=5000, failing=[A])
    new = server.add_build(job)
    [row] = (await caller.get("/tests", build_id=new, search=A))["results"]

    history = await caller.get(f"/tests/{row['id']}/history")
    last = await caller.get(f"/tests/{row['id']}/history", limit=1)

    assert history["history"] == [
        {"build_id": int(new), "status": "passed"},
        {"build_id": int(old), "status": "failed"},
    ]
    assert len(last["history"]) == 1


@pytest.mark.parametrize(
    ("act", "body", "signed"),
    [
        ("classification", {"classification": "product_bug"}, True),
        ("defect", {"defect_key": "AUTH-421", "defect_url": "https://jira.example/AUTH-421"}, False),
        ("resolution", {"resolution": "fixed on main, said Ann"}, True),
    ],
)
async def test_said__of_a_result_by_the_token_s_user(
    testhide: Both, act: str, body: dict[str, str], signed: bool
) -> None:
    """It can be set, and read nowhere."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"), failing=[A])
    [row] = (await caller.get("/tests", build_id=build, status="failed"))["results"]

    reply = await caller.post(f"/tests/{row['id']}/{act}", body)
    absent = await caller.post(f"/tests/{row['id'] + 9}/{act}", body)

    assert reply.json == {"test_id": row["id"]} | body | (
        {"set_by": "clew@testhide.example"} if signed else {}
    )
    assert server.world.said == [(int(build), A, body)]
    assert absent.status == 404


async def test_results__come_in_while_it_runs(testhide: Both) -> None:
    """More and more of them; the report of a running build says how many so far."""
    server, caller = testhide
    job = server.add_job("Regression Suite", tests=100)
    build = server.add_build(job, status="running", age=0, takes=1000)

    seen = []
    for _ in range(4):
        seen.append((await caller.get(f"/report/{build}"))["total"])
        server.advance(300)
    seen.append((await caller.get(f"/report/{build}"))["total"])

    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 100)
    assert 0 < seen[1] < seen[2] < 100
