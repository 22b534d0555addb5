"""Runs of a platform that gives no times: their order is the list's, and no id is ever compared as a text."""

from __future__ import annotations

import pytest

from bot.chain import Chain, Gap
from bot.earlier import chain_of
from bot.model import Run, RunStatus
from bot.state import CHANGES, Outcome
from bot.watch.listing import BASELINE_PAGES
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.watching import CHANNEL, Watching, a_subscription

COMPLETED = RunStatus.COMPLETED


def a_server(*numbers: int, page_size: int = 25, **changes: object) -> FakeRunService:
    """Return a platform of builds with numbers for ids, the last named the newest."""
    service = FakeRunService(page_size=page_size, **changes)  # type: ignore[arg-type]  # the test's own
    for number in numbers:
        service.add_run(a_build(number), build_results(number, passing=("a",)))
    return service


def ids(chain: Chain) -> list[str]:
    return [past.run.ref.run_id for past in chain.past]


async def test_first_look__all_on_all_pages_is_history() -> None:
    """Of a server with a thousand builds no old one is announced, in no tick, and its list is read to a known page."""
    it = Watching(service=a_server(*range(1, 1_001)))
    await it.begin(a_subscription(outcomes=frozenset({Outcome.ALL})))
    calls = it.service.count("runs")
    for _ in range(3):
        await it.tick()

    assert it.told == []
    assert it.service.count("runs") - calls == 3  # the newest page
    assert len(it.store.runs) == 25 * BASELINE_PAGES


async def test_tick__tells_what_is_new_in_the_order_of_the_list() -> None:
    """Builds 999 to 1002: by number, not by text."""
    it = Watching(service=a_server(*range(900, 999)))
    await it.begin()
    for number in range(999, 1_003):
        it.service.add_run(a_build(number), build_results(number, passing=("a",)))
    await it.tick()

    assert [row.report for row in it.told] == [None] * 4
    assert [row.key.split(":")[1] for row in it.told] == ["999", "1000", "1001", "1002"]


async def test_tick__reads_on_past_a_page_of_runs_that_were_launched_here() -> None:
    """They are on record, but no list has shown them: what is new below them is told too."""
    it = Watching(service=a_server(1, 2, page_size=2))
    await it.begin()
    it.service.add_run(a_build(3), build_results(3, passing=("a",)))
    for number in (4, 5):
        await it.store.track(
            Run.of_id(it.service.add_run(a_build(number), build_results(number)).ref), it.clock.now()
        )
    await it.tick()

    assert "3" in [row.key.split(":")[1] for row in it.told]


async def test_tick__a_row_below_a_known_one_was_there_before() -> None:
    """An old build that comes up again in the list is not news."""
    it = Watching(service=a_server(5, 6, page_size=2))
    await it.begin()
    it.service.add_run(a_build(2), build_results(2, failing=("a",)))
    it.service.add_run(a_build(7), build_results(7, passing=("a",)))
    await it.tick()

    assert [row.key.split(":")[1] for row in it.told] == ["7"]


async def test_tick__that_was_cut_off_has_passed_nothing_by() -> None:
    """It fails on the second page of new builds; the next one tells them all, each once."""
    it = Watching(service=a_server(*range(1, 10), page_size=2))
    await it.begin()
    for number in range(10, 16):
        it.service.add_run(a_build(number), build_results(number, passing=("a",)))
    it.service.fail_at("runs", 2)
    await it.tick()
    told = len(it.told)
    await it.tick(120)

    assert told == 0
    assert [row.key.split(":")[1] for row in it.told] == [str(n) for n in range(10, 16)]


@pytest.mark.parametrize("watched", [True, False], ids=["by the record", "by the list"])
async def test_chain__the_baseline_is_the_build_before(watched: bool) -> None:
    """The baseline of 1002 is 1001 and that of 998 is 997, whatever their texts say."""
    it = Watching(service=a_server(*range(990, 1_003)))
    if watched:
        await it.begin()
    store = it.store if watched else MemoryStore()

    late = await chain_of(it.service.platform, store, a_build(1_002), depth=3)
    early = await chain_of(it.service.platform, store, a_build(998), depth=2)

    assert (ids(late), late.end) == (["1001", "1000", "999"], Gap.DEPTH)
    assert (ids(early), early.end) == (["997", "996"], Gap.DEPTH)


async def test_chain__ends_where_the_list_does() -> None:
    """The first build of all has none before it, by the record and by the list."""
    it = Watching(service=a_server(1, 2))
    await it.begin()

    for store in (it.store, MemoryStore()):
        assert (await chain_of(it.service.platform, store, a_build(1))).end is Gap.FIRST


async def test_chain__of_opaque_ids_goes_by_the_place_in_the_list() -> None:
    """Without numbers a run's place tells; one that the list does not show is not compared."""
    service = FakeRunService()
    for name in ("zeta", "alpha", "mid"):
        service.add_run(a_build(name), build_results(name, passing=("a",)))

    assert ids(await chain_of(service.platform, MemoryStore(), a_build("mid"))) == ["alpha", "zeta"]
    assert (await chain_of(service.platform, MemoryStore(), a_build("gone"))).end is Gap.UNDATED


async def test_chain__without_a_list_knows_what_was_seen() -> None:
    """What was followed here is compared with; beyond that nobody says “first”."""
    it = Watching(service=a_server(1, 2, lacks=frozenset({"lists"})))
    await it.begin()
    for number in (1, 2):
        it.clock.pass_time(60)
        await it.store.track(Run.of_id(a_build(number).ref), it.clock.now())
    await it.tick()
    chain = await chain_of(it.service.platform, it.store, a_build(2))

    assert (ids(chain), chain.end) == (["1"], Gap.UNLISTED)
    assert [row.key.split(":")[1] for row in it.told] == ["1", "2"]
    assert it.service.count("runs") == 0


async def test_finish__wakes_who_wants_changes_by_the_build_before() -> None:
    """A test that fails in 1000 and failed in 999 is not new; the record tells."""
    it = Watching(service=a_server(997, 998))
    it.service.add_run(a_build(999), build_results(999, failing=("a",)))
    await it.begin(a_subscription(CHANNEL, outcomes=CHANGES))
    it.service.add_run(a_build(1_000), build_results(1_000, failing=("a",)))
    await it.tick()
    quiet = len(it.told)
    it.service.add_run(a_build(1_001), build_results(1_001, failing=("a", "b")))
    await it.tick()

    assert quiet == 0
    assert len(it.told) == 1
    assert "1 new failure" in it.told[0].payload
    assert "Still failing: " in it.told[0].payload


def test_build__has_no_time() -> None:
    """The maker keeps its word."""
    run: Run = a_build(7)

    assert (run.created_at, run.completed_at, run.status) == (None, None, COMPLETED)
