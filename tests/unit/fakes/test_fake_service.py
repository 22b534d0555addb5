"""The platform in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import NotAvailable, NotFound, ServiceFailed
from bot.model import (
    Availability,
    DebugRequest,
    LaunchRequest,
    LogQuery,
    Moment,
    Refused,
    RunLogQuery,
    RunQuery,
    RunStatus,
    Started,
    Unclear,
)
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_run, some_results
from tests.fakes.service import Call, FakeRunService, Launching

REQUEST = LaunchRequest(launcher="basic_test", key="key-1", values={"duration": "30"})


async def _quiet(_: str) -> None:
    """Hear nothing."""


async def _listed(service: FakeRunService, query: RunQuery | None = None) -> list[str]:
    return [run.ref.run_id async for page in service.runs(query or RunQuery()) for run in page]


async def test_runs__come_newest_first_in_pages() -> None:
    """Pages are cut at the page size, and each is one call."""
    service = FakeRunService(page_size=2)
    runs = [service.add_run(a_run(number)) for number in (1, 3, 2)]

    assert [runs[1].ref.run_id, runs[2].ref.run_id, runs[0].ref.run_id] == await _listed(service)
    assert service.count("runs") == 2


async def test_runs__are_filtered() -> None:
    """Status, launcher and creation time all narrow the list."""
    service = FakeRunService()
    service.add_run(a_run(1, launcher="other"))
    service.add_run(a_run(2, status=RunStatus.STARTING))
    wanted = service.add_run(a_run(3))
    service.add_run(a_run(9))
    query = RunQuery(
        status=RunStatus.COMPLETED,
        launcher="Payments Nightly",
        created_after=EPOCH + timedelta(minutes=1),
        created_before=EPOCH + timedelta(minutes=9),
    )

    assert [wanted.ref.run_id] == await _listed(service, query)


async def test_run__changes_and_goes() -> None:
    """What a test does to the world is what the next call sees."""
    service = FakeRunService()
    run = service.add_run(a_run(1, status=RunStatus.IN_PROGRESS))
    service.finish(run)

    assert (await service.run(run.ref.run_id)).status is RunStatus.COMPLETED
    assert (await service.run(run.ref.run_id)).status_text == "completed"

    service.remove(run)
    with pytest.raises(NotFound):
        await service.run(run.ref.run_id)


async def test_results__lag_until_they_are_set() -> None:
    """A completed run without results is "not yet"; an incomplete one has none."""
    service = FakeRunService()
    done = service.add_run(a_run(1))
    broken = service.add_run(a_run(2, status=RunStatus.INCOMPLETE))

    assert Availability.NOT_YET is (await service.results(done)).availability
    assert Availability.ABSENT is (await service.results(broken)).availability

    service.set_results(some_results(done, failing=("a",), passing=("b",)))
    assert [p.name for p in (await service.results(done)).failing] == ["a"]


async def test_logs__window_grep_and_source(tmp_path: Path) -> None:
    """Only the window counts; grep and source choose what is shown; the file has all of it."""
    service = FakeRunService(spool=tmp_path)
    run = service.add_run(a_run(1))
    lines = (
        a_line("too early", "380.0"),
        a_line("raft: elected", "397.0"),
        a_line("raft: lost", "398.0", source="etcd1"),
        a_line("after", "399.0"),
    )
    service.set_log(run, MOMENT, *lines)
    query = LogQuery(run_id=run.ref.run_id, moment=MOMENT, grep="raft", source="etcd1")
    excerpt = await service.logs(query, _quiet)

    assert tuple(line.text for line in excerpt.lines) == ("raft: lost",)
    assert (excerpt.matched, excerpt.total) == (1, 2)
    assert excerpt.path is not None
    assert excerpt.path.startswith(str(tmp_path / run.ref.run_id))
    assert excerpt.size > 0


async def test_logs__unknown_moment_and_run() -> None:
    """A moment that was never set is not found, nor is a run."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    with pytest.raises(NotFound, match="no such moment"):
        await service.logs(LogQuery(run_id=run.ref.run_id, moment=MOMENT), _quiet)
    with pytest.raises(NotFound, match="no run"):
        await service.logs(LogQuery(run_id="a-1-1", moment=MOMENT), _quiet)

    assert service.violations == []


async def test_build_logs__last_lines() -> None:
    """Only the last lines come back; a run without a build log says so."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    with pytest.raises(NotAvailable):
        await service.run_log(RunLogQuery(run_id=run.ref.run_id, lines=5), _quiet)
    service.set_build_log(run, *(a_line(str(n), "0") for n in range(4)))

    assert tuple(
        x.text for x in (await service.run_log(RunLogQuery(run_id=run.ref.run_id, lines=2), _quiet)).lines
    ) == ("2", "3")


@pytest.mark.parametrize(
    ("how", "outcome", "findable"),
    [
        (Launching.NORMAL, Started, True),
        (Launching.NO_ID, Started, True),
        (Launching.LOST_REPLY, Unclear, True),
        (Launching.LOST_REQUEST, Unclear, False),
        (Launching.REFUSED, Refused, False),
    ],
)
async def test_launch__every_way(how: Launching, outcome: type, findable: bool) -> None:
    """The outcome says what the caller can know; the world keeps what happened."""
    service = FakeRunService()
    service.next_launch(how)

    assert isinstance(await service.launch(REQUEST), outcome)
    found = await service.find_launched("key-1", "basic_test", service.now - timedelta(minutes=2))
    assert findable is (found is not None)
    assert service.violations == []


async def test_launch__list_lags() -> None:
    """A launched run can be missing from listings for a while."""
    service = FakeRunService()
    service.lag(2)
    started = await service.launch(REQUEST)

    assert [await _listed(service), await _listed(service)] == [[], []]
    assert [started] == [Started(run_id) for run_id in await _listed(service)]


async def test_launch__a_second_with_the_same_key_is_judged() -> None:
    """Launching twice for one intent is the mistake this fake exists to catch."""
    service = FakeRunService()
    await service.launch(REQUEST)
    await service.launch(REQUEST)

    assert service.violations == ["a second launch with the key key-1"]


async def test_debug__becomes_an_unlisted_run() -> None:
    """A session can be read by id but is not in the list; a bad target is judged."""
    service = FakeRunService()
    outcome = await service.debug(DebugRequest(moment=MOMENT, run_id="a-1-1", description="k"))

    assert isinstance(outcome, Started)
    assert outcome.run_id is not None
    assert RunStatus.STARTING is (await service.run(outcome.run_id)).status
    assert await _listed(service) == []
    await service.debug(DebugRequest(moment=Moment("0", "0"), description="l"))
    assert len(service.violations) == 2


async def test_cancel__only_while_it_runs() -> None:
    """A finished run cannot be cancelled."""
    service = FakeRunService()
    running = service.add_run(a_run(1, status=RunStatus.IN_PROGRESS))
    done = service.add_run(a_run(2))
    await service.cancel(running.ref.run_id)
    with pytest.raises(NotAvailable):
        await service.cancel(done.ref.run_id)

    assert [running.ref.run_id] == service.cancelled


async def test_find_run__by_report_link_and_session() -> None:
    """The signature of a link does not count; a session id is found by looking."""
    service = FakeRunService()
    run = service.add_run(replace(a_run(1), session_id="s-1-1"))
    service.set_report(run, "https://demo.antithesis.com/report/a/b.html?auth=v2.public.x")
    link = await service.report_link(run.ref.run_id)

    assert link is not None
    for question in (
        service.find_run(report_url="https://demo.antithesis.com/report/a/b.html?auth=other"),
        service.find_run(session_id="s-1-1"),
    ):
        found = await question
        assert found is not None
        assert run.ref == found.ref
    assert await service.find_run(session_id="s-2-2") is None
    assert await service.find_run(report_url="https://demo.antithesis.com/report/a/c.html") is None


async def test_fail__raises_as_often_as_told() -> None:
    """A programmed fault is used up, and the call is recorded all the same."""
    service = FakeRunService()
    service.fail("version", ServiceFailed("down"), times=2)
    for _ in range(2):
        with pytest.raises(ServiceFailed):
            await service.version()

    assert await service.version() == "64.0"
    assert [Call("version")] * 3 == service.calls


async def test_judge__an_id_that_is_none() -> None:
    """An id that no platform could have is a mistake of the caller."""
    service = FakeRunService()
    with pytest.raises(NotFound):
        await service.run("../launch")

    assert len(service.violations) == 1
