"""Earlier results are read in the background: politely, to an end, and without a word."""

from __future__ import annotations

from datetime import timedelta

from bot.chain import DEPTH
from bot.errors import RateLimited, ServiceFailed, Unreachable
from bot.model import Availability, Results
from bot.watch.fill import AT_A_TIME, PAUSE, TRIES, Filler
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.watching import Watching


async def begun(runs: int = 20, *, service: FakeRunService | None = None) -> tuple[Watching, Filler]:
    """Return a watch after its first look at so many ended runs of one series."""
    it = Watching(service=service or FakeRunService())
    for number in range(1, runs + 1):
        it.service.add_run(a_run(number), some_results(a_run(number), failing=("a",)))
    await it.begin()
    it.service.calls.clear()
    return it, Filler(it.service.platform, it.store, clock=it.clock)


async def test_fill__reads_the_last_runs_and_announces_nothing() -> None:
    """A few per tick, the newest first, as many as a comparison looks at, and then no more."""
    it, filler = await begun()
    await filler.tick()
    first = [call.argument for call in it.service.calls]
    for _ in range(20):
        await filler.tick()

    assert [a_run(number).ref.run_id for number in range(20, 20 - AT_A_TIME, -1)] == first
    assert (filler.done, it.service.count("results"), len(it.store.results)) == (True, DEPTH, DEPTH)
    assert it.told == []


async def test_fill__goes_on_after_a_restart() -> None:
    """What was read is kept; a new process reads the rest."""
    it, filler = await begun()
    await filler.tick()
    again = Filler(it.service.platform, it.store, clock=it.clock)
    while not again.done:
        await again.tick()

    assert it.service.count("results") == DEPTH


async def test_fill__waits_for_the_first_look() -> None:
    """Only the watcher says which runs there are."""
    it = Watching()
    it.service.add_run(a_run(1), some_results(a_run(1)))
    filler = Filler(it.service.platform, it.store, clock=it.clock)
    await filler.tick()

    assert (filler.done, it.service.calls) == (False, [])


async def test_fill__leaves_alone_what_is_over() -> None:
    """A series that had no run for long is not read before somebody asks for it."""
    it, _ = await begun(3)
    it.clock.pass_time(timedelta(days=60).total_seconds())
    filler = Filler(it.service.platform, it.store, clock=it.clock)
    await filler.tick()

    assert (filler.done, it.service.count("results")) == (True, 0)


async def test_fill__does_not_ask_for_ever() -> None:
    """What has no results is asked for once, what the platform fails over a few times."""
    it, filler = await begun(2)
    it.service.set_results(Results(ref=a_run(2).ref, availability=Availability.AGED_OUT))
    it.service.set_results(Results(ref=a_run(1).ref, availability=Availability.AGED_OUT))
    it.service.fail("results", ServiceFailed("broken"), times=TRIES * 2)
    while not filler.done:
        await filler.tick()

    assert it.service.count("results") == 2 * TRIES


async def test_fill__steps_back_when_it_is_told_to() -> None:
    """A limit stops it for as long as the platform says, and it goes on where it was."""
    it, filler = await begun(2)
    it.service.fail("results", RateLimited("slowly", retry_after=90))
    await filler.tick()
    it.clock.pass_time(89)
    await filler.tick()
    waiting = it.service.count("results")
    it.clock.pass_time(1)
    await filler.tick()

    assert (waiting, it.service.count("results"), len(it.store.results)) == (1, 3, 2)


async def test_fill__survives_a_database_that_is_gone() -> None:
    """It tries again after a while."""
    it, filler = await begun(1)
    it.store.failing = "the disk is full"
    await filler.tick()
    it.store.failing = None
    it.clock.pass_time(PAUSE)
    await filler.tick()

    assert len(it.store.results) == 1


async def test_fill__asks_once_where_there_are_no_properties() -> None:
    """Not every platform has any."""
    it, filler = await begun(1)
    it.service.set_results(Results(ref=a_run(1).ref, availability=Availability.ABSENT))
    for _ in range(3):
        await filler.tick()

    assert filler.done
    assert it.service.count("results") == 1


async def test_fill__never_holds_up_an_announcement() -> None:
    """While the platform fails over old runs, what ends now is told, and says that it could not compare."""
    it, filler = await begun(2)
    it.service.fail("results", Unreachable("no answer"), times=2)
    await filler.tick()
    run = it.starts(9)
    it.service.finish(run, some_results(run, failing=("a",)))
    await it.tick()

    assert len(it.told) == 1
