"""The chain of earlier runs: where it comes from, how deep it goes, and what it says of what it cannot know."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot import earlier
from bot.chain import DEPTH, Chain, Gap, Streak
from bot.earlier import chain_of, kept_results, stored
from bot.errors import AccessRefused, RateLimited, ServiceError, ServiceFailed, Unreachable
from bot.model import Availability, Results, Run, RunRef, RunStatus
from bot.state import Coverage, PollStep, StoredResults
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.watching import Watching


def a_platform(*runs: Run, page_size: int = 50) -> FakeRunService:
    """Return a platform with these runs; property "a" fails in each that completed."""
    service = FakeRunService(page_size=page_size)
    for run in runs:
        service.add_run(run, some_results(run, failing=("a",), passing=("b",)))
    return service


def refs(chain: Chain) -> list[RunRef]:
    return [past.run.ref for past in chain.past]


def numbers(*of: int) -> list[RunRef]:
    return [a_run(number).ref for number in of]


async def test_chain__has_the_runs_of_the_series_before_it() -> None:
    """Completed ones that are not ephemeral, newest first; those of other series and later ones are not in it."""
    service = a_platform(
        a_run(1),
        a_run(2, ephemeral=True),
        a_run(3, status=RunStatus.INCOMPLETE),
        a_run(4, status=RunStatus.CANCELLED),
        a_run(5, status=RunStatus.IN_PROGRESS),
        a_run(6, source="dev"),
        a_run(7, test_name="other"),
        a_run(8, launcher="other"),
        a_run(9),
        a_run(10),
        a_run(11),
    )

    chain = await chain_of(service.platform, MemoryStore(), a_run(10))

    assert (refs(chain), chain.end, chain.streak("a")) == (numbers(9, 1), Gap.FIRST, Streak(2))


async def test_chain__has_a_fixed_depth() -> None:
    """It looks no further back, whatever is kept; a depth that is asked for is kept to."""
    runs = [a_run(number) for number in range(1, DEPTH + 5)]
    service, store = a_platform(*runs), MemoryStore()
    for run in runs:
        await store.save_results(stored(run, some_results(run, failing=("a",))))

    whole = await chain_of(service.platform, store, runs[-1])
    short = await chain_of(service.platform, store, runs[-1], depth=1)

    assert (len(whole.past), whole.end, whole.streak("a")) == (DEPTH, Gap.DEPTH, Streak(DEPTH, at_least=True))
    assert (refs(short), short.end) == ([runs[-2].ref], Gap.DEPTH)
    assert service.count("results") == 0


async def test_chain__keeps_what_it_reads() -> None:
    """The same question asks for no results a second time."""
    service, store = a_platform(*(a_run(number) for number in range(1, 6))), MemoryStore()
    first = await chain_of(service.platform, store, a_run(5))
    second = await chain_of(service.platform, store, a_run(5))

    assert first == second
    assert service.count("results") == 4


@pytest.mark.parametrize(
    ("results", "gap"),
    [
        (Results(ref=a_run(2).ref, availability=Availability.NOT_YET), Gap.NOT_YET),
        (Results(ref=a_run(2).ref, availability=Availability.ABSENT), Gap.ABSENT),
        (Results(ref=a_run(2).ref, availability=Availability.AGED_OUT), Gap.AGED_OUT),
        (Results(ref=a_run(2).ref, availability=Availability.READY), Gap.NOT_YET),
        (
            Results(
                ref=a_run(2).ref,
                availability=Availability.READY,
                checks=some_results(a_run(2), failing=("a",)).checks,
                whole=False,
            ),
            Gap.CUT,
        ),
    ],
)
async def test_chain__keeps_the_place_of_a_run_that_is_not_known(results: Results, gap: Gap) -> None:
    """It says why, nothing of it is kept, and what is before it is no baseline."""
    service, store = a_platform(a_run(1), a_run(2), a_run(3), a_run(4)), MemoryStore()
    service.set_results(results)

    chain = await chain_of(service.platform, store, a_run(4))

    assert (refs(chain), chain.past[1].results) == (numbers(3, 2, 1), gap)
    assert chain.streak("a") == Streak(1, at_least=True)
    assert (await chain_of(service.platform, store, a_run(3))).baseline is gap
    assert await store.stored_results(a_run(2).ref) is None


@pytest.mark.parametrize("error", [ServiceFailed("broken"), Unreachable("no answer")])
async def test_chain__of_a_run_that_could_not_be_read_once(error: ServiceError) -> None:
    """Nobody takes that for no earlier run; the next time it is read."""
    service, store = a_platform(a_run(1), a_run(2)), MemoryStore()
    service.fail("results", error)

    first = await chain_of(service.platform, store, a_run(2))
    second = await chain_of(service.platform, store, a_run(2))

    assert first.baseline is Gap.UNREAD
    assert not isinstance(second.baseline, Gap)


@pytest.mark.parametrize("error", [RateLimited("slowly", retry_after=3), AccessRefused("no")])
@pytest.mark.parametrize("method", ["runs", "results"])
async def test_chain__passes_on_what_concerns_more_than_one_read(error: ServiceError, method: str) -> None:
    """Whoever asks has to wait, instead of saying something that a second later is different."""
    service = a_platform(a_run(1), a_run(2), a_run(3))
    service.fail(method, error)

    with pytest.raises(type(error)):
        await chain_of(service.platform, MemoryStore(), a_run(3))


async def test_chain__says_that_the_list_could_not_be_read_far_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list that fails, loops or is longer than is read ends a chain without a beginning."""
    monkeypatch.setattr(earlier, "LIST_PAGES", 2)
    runs = [a_run(number, source="main" if number % 2 else "dev") for number in range(1, 20)]
    long = a_platform(*runs, page_size=3)
    looping = a_platform(*runs, page_size=3)
    looping.list_pages = 1
    failing = a_platform(*runs)
    failing.fail("runs", ServiceFailed("broken"))

    ends = [await chain_of(service.platform, MemoryStore(), runs[-1]) for service in (long, looping, failing)]

    assert [chain.end for chain in ends] == [Gap.LIST] * 3
    assert [len(chain.past) for chain in ends] == [2, 1, 0]
    assert ends[0].streak("a") == Streak(2, at_least=True)


async def test_chain__a_list_that_ends_at_the_last_page_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on pages that are there."""
    monkeypatch.setattr(earlier, "LIST_PAGES", 2)
    service = a_platform(*(a_run(number) for number in range(1, 5)), page_size=2)
    chain = await chain_of(service.platform, MemoryStore(), a_run(4))

    assert (len(chain.past), chain.end) == (3, Gap.FIRST)


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        (a_run(1, test_name="other"), Gap.OTHER_TEST),
        (a_run(1, source="dev"), Gap.OTHER_SOURCE),
        (a_run(1, ephemeral=True), Gap.EPHEMERAL),
        (a_run(1, launcher="other"), Gap.FIRST),
        (a_run(3), Gap.FIRST),
        (a_run(1, status=RunStatus.INCOMPLETE), Gap.FIRST),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
async def test_chain__says_why_there_is_no_earlier_run(other: Run, gap: Gap, *, recorded: bool) -> None:
    """What comes closest is named, with a record that reaches back to the beginning and without one."""
    it = Watching(service=a_platform(other, a_run(2)))
    if recorded:
        await it.begin()

    assert await chain_of(it.service.platform, it.store, a_run(2)) == Chain(end=gap)


async def test_chain__of_a_run_without_a_time_is_not_known() -> None:
    """Nobody can say what came before it; and one without a time comes before none."""
    service = a_platform(a_run(1, created_at=None), a_run(2))

    assert await chain_of(service.platform, MemoryStore(), a_run(1, created_at=None)) == Chain(
        end=Gap.UNDATED
    )
    assert await chain_of(service.platform, MemoryStore(), a_run(2)) == Chain(end=Gap.FIRST)


async def test_chain__comes_from_the_record_where_that_is_whole() -> None:
    """Then no list is asked for; below it the platform's list goes on."""
    runs = [a_run(number) for number in range(1, 9)]
    it = Watching(service=a_platform(*runs))
    await it.begin()
    it.service.calls.clear()
    whole = await chain_of(it.service.platform, it.store, runs[-1])
    asked = it.service.count("runs")
    coverage = Coverage(since=EPOCH + timedelta(minutes=5), until=EPOCH + timedelta(minutes=8))
    await it.store.record(PollStep(connection="demo", now=it.clock.now(), coverage=coverage))
    for ref in numbers(1, 3, 5):
        del it.store.runs[ref]
    partly = await chain_of(it.service.platform, it.store, runs[-1])

    assert [past.results for past in whole.past] == [past.results for past in partly.past]
    assert (refs(partly), partly.end, whole.end) == (refs(whole), Gap.FIRST, Gap.FIRST)
    assert (refs(whole), asked) == (numbers(7, 6, 5, 4, 3, 2, 1), 0)
    assert it.service.count("runs") == 1


async def test_chain__keeps_the_commit_of_a_run_whose_results_are_first_read_now() -> None:
    """A run out of the record has it as one out of the platform's list has, so the commits between can be named."""
    runs = [a_run(number, commit=f"{number:040x}") for number in (1, 2, 3)]
    service, store = a_platform(*runs), MemoryStore()
    known = Coverage(since=EPOCH + timedelta(minutes=1), until=EPOCH + timedelta(days=1))
    await store.record(PollStep(connection="demo", runs=tuple(runs[1:]), coverage=known, now=EPOCH))

    chain = await chain_of(service.platform, store, runs[2])

    kept = [past.results for past in chain.past if not isinstance(past.results, Gap)]
    assert [results.commit for results in kept] == [runs[1].commit, runs[0].commit]


async def test_chain__does_not_rely_on_a_record_of_runs_that_went_on() -> None:
    """One that ended since the last look is in the chain, and so is one that began since."""
    runs = [a_run(1), a_run(2, status=RunStatus.IN_PROGRESS), a_run(3, status=RunStatus.IN_PROGRESS)]
    it = Watching(service=a_platform(*runs))
    await it.begin()
    for run in runs[1:]:
        it.service.finish(run)
    it.service.add_run(a_run(4), some_results(a_run(4), failing=("a",)))

    assert refs(await chain_of(it.service.platform, it.store, a_run(3))) == numbers(2, 1)
    assert refs(await chain_of(it.service.platform, it.store, a_run(5))) == numbers(4, 3, 2, 1)


async def test_chain__ends_its_reading_at_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run without an end leaves a gap; what was read beside it is there."""

    class Stuck(FakeRunService):
        async def results(self, run: Run) -> Results:
            return await (asyncio.Future() if run.ref == a_run(2).ref else super().results(run))

    monkeypatch.setattr(earlier, "READ_DEADLINE", 0.05)
    service = Stuck()
    for number in range(1, 5):
        service.add_run(a_run(number), some_results(a_run(number), failing=("a",)))

    chain = await chain_of(service.platform, MemoryStore(), a_run(4))

    assert [isinstance(past.results, Gap) for past in chain.past] == [False, True, False]


async def test_kept_results__of_a_run_that_ended_anew_are_read_again() -> None:
    """Results belong to an end; what was kept of another one is not given out."""
    it = Watching(service=a_platform(a_run(1)))
    await it.begin()
    run = await it.service.run(a_run(1).ref.run_id)
    before = await kept_results(it.service.platform, it.store, run)
    it.service.change(run, status=RunStatus.IN_PROGRESS)
    await it.tick()
    it.service.finish(run, some_results(run, failing=("b",)))
    await it.tick()
    after = await kept_results(it.service.platform, it.store, await it.service.run(run.ref.run_id))

    assert isinstance(before, StoredResults)
    assert isinstance(after, StoredResults)
    assert (set(before.failing), set(after.failing)) == ({"a"}, {"b"})
