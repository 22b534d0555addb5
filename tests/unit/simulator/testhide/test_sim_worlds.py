"""The worlds that a server starts with."""

from __future__ import annotations

from datetime import timedelta

from adapters.simulator.testhide import bulk_world, living_world
from adapters.simulator.testhide.worlds import NEWLY, PUT_AWAY, SEEN
from tests.fakes.clock import ManualClock
from tests.fakes.testhide import called_testhide

DAY = 86_400


async def test_living_world__has_a_story() -> None:
    """Two new failures beside quarantined ones, a build that failed although no test did, two jobs of one name."""
    async with called_testhide(world=living_world) as (server, caller):
        jobs = await caller.get("/jobs")
        suite = next(job["id"] for job in jobs if job["name"] == "Regression Suite")
        other = [job["id"] for job in jobs if job["name"] == "Smoke Tests"][1]
        running, before = (await caller.get("/builds", job_id=suite, limit=2))["results"]
        server.advance(300)
        ended = await caller.get(f"/builds/{running['id']}")
        failing = (await caller.get("/tests", build_id=running["id"], status="failed"))["results"]
        known = (await caller.get("/tests", build_id=before["id"], status="failed"))["results"]
        [gate] = (await caller.get("/builds", job_id=other, limit=1))["results"]
        end = (await caller.get(f"/builds/{gate['id']}/pipeline_logs"))["lines"][-2]

        assert (running["status"], ended["status"], ended["failed"], ended["total_tests"]) == (
            "running",
            "failed",
            2,
            412,
        )
        assert {row["node_id"] for row in failing} - {row["node_id"] for row in known} >= set(NEWLY)
        assert set(PUT_AWAY) <= {row["node_id"] for row in failing} & {row["node_id"] for row in known}
        assert (gate["status"], gate["failed_tests"]) == ("failed", 0)
        assert "coverage gate" in end
        assert [job["enabled"] for job in jobs].count(False) == 1
        numbers = [build.number for build in server.world.builds()]
        assert numbers == sorted(numbers, reverse=True)


async def test_living_world__goes_on_by_itself_and_is_the_same_for_a_seed() -> None:
    """Builds come, pass and fail, for days; another seed has other days."""

    async def told(seed: int) -> tuple[int, list[str]]:
        async with called_testhide(world=living_world, seed=seed) as (server, caller):
            first = (await caller.get("/builds"))["total"]
            server.advance(2 * DAY)
            builds = server.world.builds()
            assert (await caller.get("/builds"))["total"] == len(builds) > first + 100
            return first, [f"{b.number} {b.status} {b.commit} {sorted(b.plan.failing)}" for b in builds]

    one, same, other = await told(1), await told(1), await told(2)

    assert one == same != other
    assert {line.split()[1] for line in one[1]} >= {"passed", "failed"}


async def test_living_world__runs_with_its_clock() -> None:
    """Nobody has to ask: the pulse lets builds end, and who listens hears of it; somebody who just came sees it end."""
    clock = ManualClock()
    async with called_testhide(world=living_world, speed=60.0, clock=clock) as (server, _):
        heard: list[str] = []
        server.world.listeners.append(lambda event, *_: heard.append(event))
        await clock.advance(SEEN - 1)
        early = list(heard)
        await clock.advance(2)

        assert (early, "build.failed" in heard) == ([], True)


async def test_bulk_world__many_old_builds() -> None:
    """Old beyond any retention, and still there."""
    async with called_testhide(world=bulk_world(builds=1_000)) as (server, caller):
        listed = await caller.get("/builds", limit=1_000)

        assert (listed["total"], len(listed["results"])) == (1_000, 100)
        assert server.now() - server.world.builds()[-1].created_at == timedelta(hours=1_000)
