"""Long lists: each page is on record when the next one is read, so nothing is lost and nothing begins again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import ListCut, TooLarge, Unreachable
from bot.model import Run, RunQuery
from bot.state import BEGINNING, Coverage, PollStep, Stretch
from bot.watch import catch_up, poll
from bot.watch.catch_up import CatchUp
from tests.fakes.crash import Crash
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.watching import Watching


class CutService(FakeRunService):
    """A platform that does something after some pages of the whole list; `pages` counts those that it gave."""

    pages = 0
    cut_after = -1

    async def cut(self) -> None:
        """Die."""
        raise Crash

    async def runs(self, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        """Yield pages."""
        async for page in super().runs(query):
            if query.status is None and query.launcher is None:
                if self.pages == self.cut_after:
                    await self.cut()
                self.pages += 1
            yield page


def ended_in_an_outage(it: Watching, runs: int) -> list[str]:
    """Let so many runs come and go while nobody looks; return the ids, the first first."""
    ids = []
    for number in range(1, runs + 1):
        run = it.starts(number, launcher=f"launcher {number}")
        it.clock.pass_time(60)
        it.service.finish(run, some_results(run, passing=("a",)), minutes=0.5)
        ids.append(run.ref.run_id)
    return ids


def told(it: Watching) -> list[str]:
    """Return the ids of the runs that were told."""
    return [delivery.key.split(":")[1] for delivery in it.told]


async def test_tick__more_pages_than_it_may_read_lose_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing above the guard goes on with the next tick; every run is told once, and the operator hears of it."""
    monkeypatch.setattr(catch_up, "MOST_PAGES", 4)
    it = Watching(service=FakeRunService(page_size=3))
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    ticks = 0
    while len(it.told) < len(ids):
        await it.tick()
        ticks += 1
        assert ticks < 10, "it never comes to the end"
    await it.tick()

    assert sorted(told(it)) == ids
    assert ticks > 1
    assert len(it.notices) == 1
    assert it.notices[0].startswith("demo has more new runs than can be read at once; those created between ")


async def test_tick__nothing_is_told_before_all_new_runs_are_on_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is said of a run hangs on those before it, and they may be in the part that is not read yet."""
    monkeypatch.setattr(catch_up, "MOST_PAGES", 4)
    it = Watching(service=FakeRunService(page_size=3))
    await it.begin()
    ended_in_an_outage(it, 30)
    await it.tick()
    coverage = await it.store.coverage("demo")

    assert it.told == []
    assert coverage is not None
    assert coverage.unread[0].since < coverage.unread[0].until == coverage.whole_since < coverage.until


@pytest.mark.parametrize("pages", range(1, 11))
async def test_tick__cut_off_in_the_middle_goes_on_where_it_was(pages: int) -> None:
    """A process that dies behind any page reads no page again but the newest and the one that it was at."""
    service = CutService(page_size=3)
    it = Watching(service=service)
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    service.pages, service.cut_after = 0, pages
    with pytest.raises(Crash):
        await it.tick()
    service.pages, service.cut_after = 0, -1
    it.restart()
    await it.tick()
    await it.tick()

    assert sorted(told(it)) == ids
    assert (
        service.pages <= 1 + (12 - pages) + 1 + 1
    )  # newest, the rest, the page it was at; and the second tick


async def test_tick__always_cut_off_after_a_few_pages_still_comes_to_the_end() -> None:
    """A list that takes longer than a tick may is read over many ticks, although new runs come in between."""
    service = CutService(page_size=3)
    it = Watching(service=service)
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    for new in range(31, 61):
        service.pages, service.cut_after = 0, 4
        try:
            await it.tick()
        except Crash:
            it.restart()
        else:
            break
        for number in (new, 100 + new):
            run = it.starts(number, launcher=f"launcher {number}")
            it.service.finish(run, some_results(run, passing=("a",)), minutes=0.5)
            ids.append(run.ref.run_id)
    service.cut_after = -1
    await it.tick()

    assert sorted(told(it)) == sorted(ids)
    assert len(ids) < 30 + 2 * 30, "every tick began again"


async def test_tick__runs_that_are_followed_by_their_ids_are_told_some_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tick that is cut off while it reads thousands of runs has told those that it came to."""
    monkeypatch.setattr(poll, "BY_ID_AT_ONCE", 2)
    service = CutService(page_size=3)
    it = Watching(service=service)
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    service.pages, service.cut_after = 0, 9
    with pytest.raises(Crash):
        await it.tick()
    service.cut_after = -1
    it.restart()
    reads = 0
    read = service.run

    async def dies(run_id: str) -> Run:
        nonlocal reads
        reads += 1
        if reads == 7:
            raise Crash
        return await read(run_id)

    service.run = dies  # type: ignore[method-assign]  # it dies at the seventh
    with pytest.raises(Crash):
        await it.tick()

    first = told(it)
    service.run = read  # type: ignore[method-assign]  # as it was
    it.restart()
    await it.tick()

    assert len(first) == 6
    assert sorted(told(it)) == ids


async def test_tick__a_platform_that_fails_in_the_middle_is_asked_for_the_rest_only() -> None:
    """What was read until then stays read."""
    service = CutService(page_size=3)

    async def gone() -> None:
        raise Unreachable("gone")

    service.cut = gone  # type: ignore[method-assign]  # instead of dying
    it = Watching(service=service)
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    service.pages, service.cut_after = 0, 8
    await it.tick()
    problem = it.poller.health.problem
    service.pages, service.cut_after = 0, -1
    await it.tick()

    assert problem == "gone"
    assert service.pages == 1 + 3
    assert sorted(told(it)) == ids


async def test_tick__old_runs_below_a_long_list_are_history() -> None:
    """What is much older than the last look stays untold, also where the list was read over several ticks."""
    it = Watching(service=FakeRunService(page_size=3))
    it.starts(50)
    await it.begin()
    old = a_run(90, created_at=it.clock.now() - timedelta(days=3))
    it.service.add_run(old, some_results(old, passing=("a",)))
    it.clock.pass_time(3 * 24 * 3600)
    ids = ended_in_an_outage(it, 10)
    await it.tick()

    assert sorted(told(it)) == ids


async def test_tick__a_list_that_leads_nowhere_is_given_up_and_told() -> None:
    """A list that repeats itself holds up nothing: the operator hears which part cannot be read, once."""
    it = Watching(service=FakeRunService(page_size=3))
    await it.begin()
    at = it.clock.now()
    runs = [a_run(n, created_at=at + timedelta(minutes=5), launcher=f"{n}") for n in range(1, 8)]
    for run in runs:
        it.service.finish(it.service.add_run(run), some_results(run, passing=("a",)), minutes=1)
    it.service.list_pages = 1
    it.clock.pass_time(600)
    await it.tick()
    await it.tick()
    coverage = await it.store.coverage("demo")

    assert len(it.told) == 3
    assert len(it.notices) == 1
    assert "repeats itself or stops early, so runs created" in it.notices[0]
    assert coverage is not None
    assert (coverage.unread, coverage.since) == ((), at + timedelta(minutes=5))
    assert it.poller.health.problem == ""


async def test_catch_up__keeps_a_bounded_number_of_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many stretches the two oldest become one; nothing of either is taken for read."""
    monkeypatch.setattr(catch_up, "MOST_PAGES", 1)
    monkeypatch.setattr(catch_up, "MOST_STRETCHES", 2)
    it = Watching(service=FakeRunService(page_size=2))
    await it.begin()
    for step in range(4):
        for number in range(5):
            it.starts(1 + 5 * step + number)
            it.clock.pass_time(60)
        await it.tick()
    coverage = await it.store.coverage("demo")

    assert coverage is not None
    newest, oldest = coverage.unread
    assert newest.since > oldest.until
    assert oldest.since <= EPOCH + timedelta(days=1)


async def test_catch_up__joins_the_record_when_a_stretch_is_read() -> None:
    """While a part is unread, the record is whole above it only; then it is as whole as before."""
    it = Watching(service=FakeRunService(page_size=3))
    it.service.add_run(a_run(200))
    await it.begin()
    before = await it.store.coverage("demo")
    ended_in_an_outage(it, 30)
    await it.tick()
    after = await it.store.coverage("demo")

    assert before is not None
    assert after is not None
    assert (before.since, before.unread) == (after.since, after.unread) == (BEGINNING, ())
    assert after.until > before.until


async def test_catch_up__what_lies_below_a_part_that_was_given_up_is_not_joined() -> None:
    """A stretch that is read later says nothing of one above it that cannot be read."""
    it = Watching(service=FakeRunService(page_size=3))
    for number in range(1, 10):
        it.service.add_run(a_run(number))
    made = [EPOCH + timedelta(minutes=m) for m in (2, 4, 7, 9)]
    coverage = Coverage(made[2], made[3], (Stretch(made[0], made[1]),))
    step = PollStep(connection="demo", now=it.clock.now(), coverage=coverage)
    await it.store.record(step)

    async def tell(_sentence: str) -> None:
        return

    await CatchUp(it.service.platform, it.store, tell).read(made[3], it.clock.now())

    assert await it.store.coverage("demo") == Coverage(made[2], made[3])


async def test_tick__its_deadline_keeps_what_was_read() -> None:
    """A tick that the clock cuts off in a page that never comes has recorded those before it."""
    service = CutService(page_size=3)
    hangs = asyncio.Event()

    async def hang() -> None:
        hangs.set()
        await asyncio.Event().wait()

    service.cut = hang  # type: ignore[method-assign]  # instead of dying
    it = Watching(service=service)
    await it.begin()
    ids = ended_in_an_outage(it, 30)
    service.pages, service.cut_after = 0, 8
    tick = asyncio.create_task(it.tick())
    await hangs.wait()
    tick.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tick
    service.pages, service.cut_after = 0, -1
    await it.tick()

    assert service.pages == 1 + 3
    assert sorted(told(it)) == ids


async def test_fake__a_cut_list_says_so() -> None:
    """The fake keeps to what the port says of a list that repeats itself."""
    service = FakeRunService(page_size=1, list_pages=1)
    for number in (1, 2):
        service.add_run(a_run(number))
    with pytest.raises(ListCut):
        _ = [page async for page in service.runs(RunQuery())]


async def test_tick__a_run_that_is_too_large_is_named_and_hides_no_other() -> None:
    """A list's entry that cannot be read is followed by its id; where that is too large too, the operator hears of it."""
    it = Watching(service=FakeRunService(page_size=2))
    await it.begin()
    ids = ended_in_an_outage(it, 6)
    large = it.service.change(a_run(4), unread=True)
    it.service.fail("run", TooLarge("too large"), times=2)
    await it.tick()
    await it.tick(3600)
    meanwhile = list(it.notices)
    others = told(it)
    await it.tick(3600)

    assert sorted([*others, large.ref.run_id]) == ids
    (notice,) = meanwhile
    assert notice.startswith(
        f"Run {large.ref.run_id} of demo cannot be read: the platform's answer is too large."
    )
    assert sorted(told(it)) == ids, "it is told when it can be read"
    assert it.poller.health.problem == ""


async def test_tick__a_run_that_is_known_stays_what_it_was_where_its_entry_is_too_large() -> None:
    """What was told is not undone by an entry that cannot be read."""
    it = Watching(service=FakeRunService(page_size=2))
    await it.begin()
    ids = ended_in_an_outage(it, 1)
    await it.tick()
    it.service.change(a_run(1), unread=True)
    reads = it.service.count("run")
    await it.tick()

    assert told(it) == ids
    assert it.service.count("run") == reads
    assert await it.store.tracked("demo") == ()
