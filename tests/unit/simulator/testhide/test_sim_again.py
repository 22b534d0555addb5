"""What is built anew, and builds that go."""

from __future__ import annotations

from datetime import timedelta

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
A, B, C = (f"tests/test_part_000.py::test_case_{n}" for n in range(3))


async def test_restart__the_same_commit_and_only_what_failed(testhide: Both) -> None:
    """It names the build that it repeats; finished builds only."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    build = server.add_build(job, failing=[A, B], build={"branch": "feature/x", "commit": "c0ffee" * 6})
    running = server.add_build(job, status="running")

    whole = await caller.post(f"/builds/{build}/restart")
    failed = await caller.post(f"/builds/{build}/restart", {"failed_only": True})
    refused = await caller.post(f"/builds/{running}/restart")
    green = server.add_build(job)
    nothing = await caller.post(f"/builds/{green}/restart", {"failed_only": True})
    server.finish_build(running)
    server.advance(300)
    server.advance(300)
    made = [server.build(reply.json["id"]) for reply in (whole, failed)]

    assert [reply.json["restarted_from"] for reply in (whole, failed)] == [int(build)] * 2
    assert [(one.branch, one.commit) for one in made] == [("feature/x", "c0ffee" * 6)] * 2
    assert [(await caller.get(f"/report/{one.number}"))["total"] for one in made] == [3, 2]
    assert (refused.status, nothing.status) == (409, 409)


async def test_retry_flaky__only_what_is_called_flaky(testhide: Both) -> None:
    """With nothing flaky among the failures there is nothing to retry."""
    server, caller = testhide
    job = server.add_job("Smoke Tests", flaky=[B])
    build, steady = server.add_build(job, failing=[A, B]), server.add_build(job, failing=[A])

    again = await caller.post(f"/builds/{build}/retry-flaky")
    nothing = await caller.post(f"/builds/{steady}/retry-flaky")
    server.advance(400)
    listed = (await caller.get("/tests", build_id=again.json["id"]))["results"]

    assert (again.status, again.json["test_count"], again.json["restarted_from"]) == (201, 1, int(build))
    assert [row["node_id"] for row in listed] == [B]
    assert nothing.status == 409


async def test_retention__old_builds_are_gone_and_kept_ones_stay(testhide: Both) -> None:
    """404 after a while; what is asked to be kept stays, and so does what runs."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    old, kept = server.add_build(job, age=86_400), server.add_build(job, age=86_400)
    keeping = await caller.post(f"/builds/{kept}/keep-forever")

    server.set_manners(retention=timedelta(hours=1))
    statuses = [(await caller.send("GET", f"/builds/{build}")).status for build in (old, kept)]
    listed = await caller.get("/builds")
    tests = await caller.send("GET", "/tests", build_id=old)

    assert keeping.json == {"id": int(kept), "keep_forever": True}
    assert (statuses, listed["total"], tests.status) == ([404, 200], 1, 404)


async def test_comment__is_signed_by_the_token_s_user(testhide: Both) -> None:
    """Not by the person in a chat."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))

    reply = await caller.post(f"/builds/{build}/comment", {"text": "Ann looks at it"})

    assert (reply.status, reply.json["author"]) == (201, "clew@testhide.example")
    assert server.build(build).comments == [("clew@testhide.example", "Ann looks at it")]


async def test_delete__a_build_is_gone(testhide: Both) -> None:
    """There is no way back."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))

    deleted = await caller.send("DELETE", f"/builds/{build}")

    assert deleted.status == 204
    assert (await caller.send("GET", f"/builds/{build}")).status == 404


async def test_list__newest_first_by_position_filtered_and_paged(testhide: Both) -> None:
    """Rows without times and without a job, unless the server is so minded; pages shift when builds are added."""
    server, caller = testhide
    one, two = server.add_job("Smoke Tests"), server.add_job("Smoke Tests")
    builds = [
        server.add_build(job, age=9000 - 10 * n, build={"branch": "main"})
        for n, job in enumerate([one, two] * 3)
    ]
    builds.append(server.add_build(one, age=5, failing=[A], build={"branch": "x"}))

    async def ids(**asked: object) -> list[str]:
        return [str(row["id"]) for row in (await caller.get("/builds", **asked))["results"]]

    first = await ids(limit=4)
    server.add_build(two, age=1)
    second = await ids(limit=4, page=2)

    assert first == builds[:2:-1]
    assert second == [builds[3], *builds[2::-1]]
    assert await ids(job_id=one) == [builds[6], builds[4], builds[2], builds[0]]
    assert await ids(status="failed") == await ids(branch="x") == [builds[6]]
    assert await ids(page=9) == []
    assert "created_at" not in (await caller.get("/builds"))["results"][0]
    server.set_manners(times=True)
    assert {"created_at", "finished_at", "job_id"} <= (await caller.get("/builds"))["results"][0].keys()


async def test_start__a_disabled_job_and_one_that_is_not_there(testhide: Both) -> None:
    """Nothing is queued; default branch and commit are told where something is."""
    server, caller = testhide
    off = server.add_job("Nightly Soak", enabled=False)
    job = server.add_job("Smoke Tests", branch="trunk")

    refused = await caller.post("/builds/start", {"job_id": int(off)})
    absent = await caller.post("/builds/start", {"job_id": 999})
    started = await caller.post("/builds/start", {"job_id": int(job)})

    assert (refused.status, absent.status, started.status) == (409, 404, 201)
    assert (started.json["branch"], len(started.json["commit_sha"])) == ("trunk", 40)
    assert [build.number for build in server.world.builds()] == [started.json["id"]]


async def test_jobs__names_repeat_and_hold_any_character(testhide: Both) -> None:
    """The id is the key; they come all at once."""
    server, caller = testhide
    shop, pay = (
        server.add_project("Shop"),
        server.add_project("Payments", branches=["main", "maintenance", "x"]),
    )
    jobs = [server.add_job("Smoke Tests", project=project) for project in (shop, pay)]
    odd = server.add_job("CI/CD 100 % #1", project=shop, enabled=False)

    listed = await caller.get("/jobs")

    assert [str(job["id"]) for job in listed] == [*jobs, odd]
    assert [job["id"] for job in await caller.get("/jobs", search="smoke", project_id=pay)] == [int(jobs[1])]
    assert [job["name"] for job in await caller.get("/jobs", enabled=False)] == ["CI/CD 100 % #1"]
    assert [project["jobs_count"] for project in await caller.get("/projects")] == [2, 1]
    assert await caller.get(f"/scm/{pay}/branches", q="mai", limit=1) == ["main"]
    assert (await caller.get(f"/jobs/{odd}"))["last_build_id"] is None
    assert "deploy-canary" in str(await caller.get(f"/jobs/{odd}/configuration"))
