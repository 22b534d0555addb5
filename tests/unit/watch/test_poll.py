"""What a tick reads, records and announces."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import Context, ReportLinks
from bot.earlier import kept_results
from bot.errors import (
    AccessRefused,
    NotFound,
    RateLimited,
    ServiceError,
    ServiceFailed,
    Unreachable,
)
from bot.model import Availability, Results, Run, RunQuery, RunRef, RunStatus, Says
from bot.state import CHANGES, IntentKind, Outcome, TrackedRun
from bot.watch.decide import Act, act
from bot.watch.listing import BASELINE_PAGES
from tests.fakes.crash import Crash
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.watching import CHANNEL, Watching, a_subscription

COMPLETED, INCOMPLETE = RunStatus.COMPLETED, RunStatus.INCOMPLETE
IN_PROGRESS = RunStatus.IN_PROGRESS
MINUTE, HOUR = 60.0, 3600.0


def titles(it: Watching) -> list[str]:
    """Return the titles of what was announced."""
    return ["".join(_text(span) for span in json.loads(d.payload)["title"]) for d in it.told]


def _text(span: object) -> str:
    return span if isinstance(span, str) else str(span["text"])  # type: ignore[index]  # a span from outside


def none_yet(run: Run) -> Results:
    return Results(ref=run.ref, availability=Availability.NOT_YET)


async def test_tick__takes_a_baseline_and_tells_nothing() -> None:
    """Whatever had ended before the first look is never announced, not even after a restart."""
    it = Watching()
    for number in range(1, 200):
        it.service.finish(it.service.add_run(a_run(number)), some_results(a_run(number), failing=("a",)))
    await it.begin()
    await it.tick()
    it.restart()
    await it.tick()

    assert it.told == []
    assert it.poller.health.last_good == it.clock.monotonic()


async def test_tick__bounds_the_baseline() -> None:
    """Years of history are not read at the first start, nor ever after."""
    it = Watching(service=FakeRunService(page_size=2))
    for number in range(1, 100):
        it.service.add_run(a_run(number))
    await it.begin()
    first = it.service.count("runs")
    await it.tick()

    assert first == BASELINE_PAGES + 2
    assert it.service.count("runs") == first + 3
    assert it.told == []


async def test_tick__announces_what_ends_after_the_baseline() -> None:
    """A run that was going on at the first look is announced when it ends, once."""
    it = Watching()
    run = it.service.add_run(a_run(1, status=IN_PROGRESS))
    await it.begin()
    it.service.finish(run, some_results(run, failing=("no lost writes",), passing=("a", "b")))
    await it.tick()
    await it.tick()

    assert titles(it) == ["Payments Nightly on main: 1 failure"]
    assert it.told[0].key == f"demo:{run.ref.run_id}:completed:{CHANNEL}"
    assert it.told[0].context == Context(run=run.ref)
    assert it.rows == 1


async def test_tick__announces_a_run_that_came_and_went_between_two_ticks() -> None:
    """A run that was never seen running is told all the same."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main passed"]


async def test_tick__loses_nothing_in_an_outage() -> None:
    """Runs that came and went over many pages while nobody looked are all told, oldest first."""
    it = Watching(service=FakeRunService(page_size=3))
    await it.begin()
    for number in range(1, 21):
        run = it.starts(number)
        it.clock.pass_time(HOUR)
        it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    expected = [f"demo:{a_run(n).ref.run_id}:completed:{CHANNEL}" for n in range(1, 21)]
    assert [d.key for d in it.told] == expected


async def test_tick__compares_with_the_run_before() -> None:
    """What is new and what still fails is told against the last run of the series."""
    it = Watching()
    await it.begin()
    first = it.starts(1)
    it.service.finish(first, some_results(first, failing=("old",), passing=("new",)))
    await it.tick()
    second = it.starts(2)
    it.service.finish(second, some_results(second, failing=("old", "new")))
    await it.tick()

    assert titles(it)[1] == "Payments Nightly on main: 1 new failure"


async def test_tick__finds_its_first_baseline_on_the_platform() -> None:
    """A bot that is younger than the series looks for the run before, and keeps its results."""
    it = Watching()
    old = it.service.add_run(a_run(1), some_results(a_run(1), failing=("old",), passing=("a",)))
    await it.begin()
    run = it.starts(2)
    it.service.finish(run, some_results(run, failing=("old",)))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main: nothing new, 1 still failing"]
    kept = await it.store.stored_results(old.ref)
    assert kept is not None
    assert kept.failing == {"old"}


async def test_tick__sends_one_message_per_channel() -> None:
    """However many subscriptions match, and wherever it was launched, a channel hears of a run once."""
    it = Watching()
    other, launching = "fake:channel:C2", "fake:channel:C3"
    await it.begin(
        a_subscription(),
        a_subscription(launcher="Payments Nightly"),
        a_subscription(other, source="main"),
        a_subscription("fake:channel:C4", launcher="another"),
        a_subscription("fake:channel:C5", problem="the channel is gone"),
    )
    first, second = it.starts(1), it.starts(2)
    await it.launched(first, channel=launching)
    await it.launched(second, channel=CHANNEL)
    for run in (first, second):
        it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    told = [(d.channel, d.thread, d.context and d.context.run) for d in it.told]
    assert told == [
        (CHANNEL, None, first.ref),
        (other, None, first.ref),
        ("fake:channel:C5", None, first.ref),
        (launching, "m7", first.ref),
        (CHANNEL, None, second.ref),
        (other, None, second.ref),
        ("fake:channel:C5", None, second.ref),
    ], "what is for a channel that cannot be reached waits"


async def test_tick__tells_only_what_a_channel_wants() -> None:
    """A channel that wants changes hears of new failures and recovery, not of the rest."""
    it = Watching()
    await it.begin(a_subscription(outcomes=CHANGES))
    for number, failing in enumerate([(), ("a",), ("a",), ()], start=1):
        run = it.starts(number)
        it.service.finish(run, some_results(run, failing=failing, passing=("b", *({"a"} - set(failing)))))
        await it.tick()

    assert titles(it) == [
        "Payments Nightly on main: 1 new failure",
        "Payments Nightly on main passed, 1 passing again",
    ]


async def test_tick__tells_of_a_connection_that_has_to_be_asked_for() -> None:
    """Where a connection's runs are in no channel by default, only those are told that named it."""
    it = Watching(service=FakeRunService(notified_by_default=False))
    await it.begin(a_subscription(), a_subscription("fake:channel:C2", connection=it.service.connection))
    run = it.starts(1)
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert [delivery.channel for delivery in it.told] == ["fake:channel:C2"]


async def test_tick__does_not_announce_debugging_sessions() -> None:
    """A session is a run to the platform, not to the people who watch test runs."""
    it = Watching()
    await it.begin()
    run = it.starts()
    await it.launched(run, kind=IntentKind.DEBUG)
    it.service.finish(run)
    await it.tick()

    assert it.told == []
    assert await it.store.tracked("demo") == ()


async def test_tick__waits_for_properties_that_lag() -> None:
    """A run that completed without properties is told when they come."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run)
    await it.tick()
    await it.tick()
    it.service.set_results(some_results(run))
    await it.tick()
    told_too_early = list(it.told)
    it.service.set_results(some_results(run, passing=("a",)))
    await it.tick()

    assert told_too_early == []
    assert titles(it) == ["Payments Nightly on main passed"]


async def test_tick__tells_a_run_whose_results_do_not_come_and_brings_them_later() -> None:
    """After ten minutes it is told without them; when they come, they stand in its thread."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run)
    for _ in range(12):
        await it.tick()
    without = titles(it)
    for _ in range(20):
        await it.tick(HOUR / 10)
    asked = it.service.count("results")
    it.service.set_results(some_results(run, failing=("a",)))
    for _ in range(3):
        await it.tick(HOUR)

    assert without == ["Payments Nightly on main finished, results unavailable"]
    assert titles(it)[1:] == ["Results available: Payments Nightly on main: 1 failure"]
    assert it.told[1].after == it.told[0].key
    assert asked < 12 + 12
    assert await it.store.tracked("demo") == ()


async def test_tick__gives_up_results_after_a_day() -> None:
    """Nothing is asked for ever, and what comes later than a day is not told."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run)
    for _ in range(40):
        await it.tick(HOUR)

    assert len(it.told) == 1
    assert await it.store.tracked("demo") == ()


@pytest.mark.parametrize("availability", [Availability.ABSENT, Availability.AGED_OUT])
async def test_tick__tells_at_once_what_will_never_have_results(availability: Availability) -> None:
    """There is nothing to wait for."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, Results(ref=run.ref, availability=availability))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main finished, results unavailable"]
    assert await it.store.tracked("demo") == ()


async def test_tick__tells_why_a_run_is_incomplete() -> None:
    """Its failure moment, which lists leave out, becomes the way to its logs."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.change(run, status=INCOMPLETE, completed_at=it.clock.now())
    moment = a_run(1).failure_moment
    assert moment is None
    await it.tick()

    assert titles(it) == ["Payments Nightly on main did not complete"]
    assert it.service.count("run") == 1


async def test_tick__tells_an_incomplete_run_that_cannot_be_read_again() -> None:
    """The failure moment is worth a request, not the announcement."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.change(run, status=INCOMPLETE, completed_at=it.clock.now())
    it.service.fail("run", ServiceFailed("broken"))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main did not complete"]


async def test_tick__corrects_a_status_that_changed_after_it_was_told() -> None:
    """A run that ended otherwise than announced is corrected in the thread of the announcement."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()
    it.service.change(run, status=IN_PROGRESS)
    await it.tick()
    it.service.finish(run)
    await it.tick()
    it.service.change(run, status=INCOMPLETE)
    await it.tick()

    assert titles(it) == [
        "Payments Nightly on main passed",
        "Correction: Payments Nightly on main did not complete",
    ]
    assert [d.after for d in it.told] == [None, it.told[0].key]


async def test_tick__tells_results_that_changed_after_a_second_end() -> None:
    """The same end with other results is a reply, never a second announcement."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()
    it.service.change(run, status=IN_PROGRESS)
    await it.tick()
    it.service.finish(run, some_results(run, failing=("a",)))
    await it.tick()

    assert titles(it)[1:] == ["Results available: Payments Nightly on main: 1 failure"]


async def test_tick__tells_a_second_end_that_the_platform_calls_failed() -> None:
    """The same checks with another word of the platform are another verdict: whoever read "passed" is told."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()
    it.service.change(run, status=IN_PROGRESS)
    await it.tick()
    it.service.change(run, says=Says.FAILED)
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert titles(it)[1:] == ["Results available: Payments Nightly on main: failed without a known failure"]


async def test_tick__goes_on_with_statuses_and_runs_that_it_does_not_know() -> None:
    """An unknown status and a run that vanished are followed ever more seldom, and hide nothing."""
    it = Watching()
    strange = it.service.add_run(a_run(1, status=RunStatus.UNKNOWN, status_text="paused"))
    gone = it.service.add_run(a_run(2, status=IN_PROGRESS))
    for number in range(3, 60):
        it.service.add_run(a_run(number))
    await it.begin()
    it.service.remove(gone)
    for _ in range(60):
        await it.tick(6 * MINUTE)
    asked = it.service.count("run")
    it.service.finish(strange, some_results(strange, passing=("a",)))
    for _ in range(3):
        await it.tick(HOUR)

    assert 2 < asked < 60
    assert titles(it) == ["Payments Nightly on main passed"]
    assert it.poller.health.problem == ""


async def test_tick__keeps_a_run_as_history_that_is_much_older_than_the_newest() -> None:
    """Old runs that come into view, after others were removed, are no news."""
    it = Watching()
    it.starts(2)
    await it.begin()
    old = a_run(1, created_at=it.clock.now() - timedelta(days=3))
    it.service.add_run(old, some_results(old, passing=("a",)))
    await it.tick()
    await it.tick()

    assert it.told == []
    assert [row.baseline for row in it.store.runs.values() if row.tracked.ref == old.ref] == [True]


async def test_tick__follows_a_launched_run_that_no_list_shows() -> None:
    """A run that was launched here is found by its id while the list lags."""
    it = Watching()
    await it.begin()
    run = replace(it.starts(), status=COMPLETED)
    await it.store.track(Run.of_id(run.ref), it.clock.now())
    it.service.finish(run, some_results(run, passing=("a",)))
    it.service._hidden[run.ref.run_id] = 1 << 30
    await it.tick()

    assert titles(it) == ["Payments Nightly on main passed"]


@pytest.mark.parametrize(
    "error", [ServiceFailed("broken"), Unreachable("too slow"), NotFound("not there", what="run")]
)
async def test_tick__one_run_never_hides_the_rest(error: ServiceError) -> None:
    """What fails for one run is left for the next tick, and the others are told now."""
    it = Watching()
    await it.begin()
    first, second = it.starts(1), it.starts(2)
    for run in (first, second):
        it.service.finish(run, some_results(run, passing=("a",)))
    it.service.fail("results", error)
    await it.tick()
    await it.tick()

    assert [d.context and d.context.run for d in it.told] == [second.ref, first.ref]
    assert it.poller.health.problem == ""


async def test_tick__one_run_that_breaks_our_own_code_never_hides_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fault of ours over one run is logged whole, and the others are told."""
    it = Watching()
    await it.begin()
    first, second = it.starts(1), it.starts(2)
    for run in (first, second):
        it.service.finish(run, some_results(run, passing=("a",)))
    it.service.fail("results", ValueError("no such digit"))  # type: ignore[arg-type]  # a fault of ours
    await it.tick()

    assert [d.context and d.context.run for d in it.told] == [second.ref]
    assert "ValueError" in caplog.text


async def test_tick__stops_when_the_platform_is_at_fault(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes bad, one when it is well again, and nothing is lost."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    it.service.fail("runs", Unreachable("There is no answer."), times=3)
    for _ in range(3):
        await it.tick(HOUR)
    bad = it.poller.health
    await it.tick(HOUR)

    assert (bad.problem, bad.failures) == ("There is no answer.", 3)
    assert len(it.told) == 1
    assert [r.getMessage() for r in caplog.records] == [
        "demo cannot be watched: There is no answer.",
        "demo is watched again, after 3 failures",
    ]


async def test_tick__takes_three_unreachable_runs_for_an_unreachable_platform() -> None:
    """It does not wait for a deadline once per run."""
    it = Watching()
    await it.begin()
    for number in range(1, 10):
        run = it.starts(number)
        it.service.finish(run, some_results(run, passing=("a",)))
    it.service.fail("results", Unreachable("There is no answer."), times=9)
    await it.tick()

    assert it.service.count("results") == 3
    assert it.poller.health.problem == "There is no answer."


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (AccessRefused("no"), [60, 120, 240]),
        (RateLimited("slowly", retry_after=90), [90, 90, 90]),
        (RateLimited("slowly", retry_after=-5), [0, 0, 0]),
        (RateLimited("slowly"), [60, 60, 60]),
        (RateLimited("come back tomorrow", retry_after=86_400), [900, 900, 900]),
        (ServiceFailed("broken"), [1, 2, 4]),
    ],
)
async def test_tick__asks_nothing_while_it_has_to_wait(error: ServiceError, waits: list[int]) -> None:
    """A wrong key, a limit and an outage each have their own patience."""
    it = Watching()
    await it.begin()
    asked = it.service.count("runs")
    it.service.fail("runs", error, times=3)
    for number, wait in enumerate(waits, start=1):
        await it.tick(0)
        if wait:
            await it.tick(wait - 1)
            await it.tick(0.5)
        assert it.service.count("runs") == asked + number
        it.clock.pass_time(0.5)
    await it.tick(0)

    assert it.poller.health.problem == ""


async def test_tick__says_that_a_day_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """One answer that asks for a day is told to the operator, with what is done instead."""
    it = Watching()
    await it.begin()
    it.service.fail("runs", RateLimited("Try again in 86400 s.", retry_after=86_400))
    await it.tick(0)

    assert "it polls once every 15 min until then" in caplog.text


async def test_tick__refused_in_the_middle_stops_the_tick() -> None:
    """A key that was withdrawn is not tried for every run."""
    it = Watching()
    await it.begin()
    for number in (1, 2):
        run = it.starts(number)
        it.service.finish(run, some_results(run, passing=("a",)))
    it.service.fail("results", AccessRefused("The key was not accepted."))
    await it.tick()

    assert it.service.count("results") == 1
    assert it.poller.health.problem == "The key was not accepted."


async def test_tick__survives_a_database_that_is_gone() -> None:
    """Nothing is half recorded; the next tick finds everything again."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, passing=("a",)))
    it.store.failing = "the disk is full"
    await it.tick()
    it.store.failing = None
    await it.tick()

    assert len(it.told) == 1


async def test_tick__a_crash_between_its_writes_loses_nothing() -> None:
    """The watermark moves last: a tick that was cut off is done again."""

    class Cut(MemoryStore):
        cut_after = 0

        async def record(self, step: object) -> int:
            rows = await super().record(step)  # type: ignore[arg-type]  # passed on as it came
            self.cut_after -= 1
            if self.cut_after == 0:
                raise Crash
            return rows

    for cut in (1, 2, 3):
        it = Watching(store=Cut())
        await it.begin()
        for number in (1, 2):
            run = it.starts(number)
            it.service.finish(run, some_results(run, passing=("a",)))
        it.store.cut_after = cut  # type: ignore[attr-defined]  # the one above
        with pytest.raises(Crash):
            await it.tick()
        it.restart()
        await it.tick()

        assert len(it.told) == 2


async def test_tick__says_once_which_channel_it_cannot_post_to(caplog: pytest.LogCaptureFixture) -> None:
    """A channel of a chat that does not exist is left out; the others are told."""
    it = Watching()
    await it.begin(a_subscription("pager:1"), a_subscription())
    for number in (1, 2):
        run = it.starts(number)
        it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert [d.channel for d in it.told] == [CHANNEL, CHANNEL]
    assert caplog.text.count("no chat posts to pager:1") == 1


@pytest.mark.parametrize(
    ("connection", "own", "expected"),
    [
        (ReportLinks.POST, None, ReportLinks.POST),
        (ReportLinks.PRIVATE, None, ReportLinks.PRIVATE),
        (ReportLinks.POST, ReportLinks.PRIVATE, ReportLinks.PRIVATE),
        (ReportLinks.PRIVATE, ReportLinks.POST, ReportLinks.POST),
    ],
)
async def test_tick__says_where_the_report_link_may_go(
    connection: ReportLinks, own: ReportLinks | None, expected: ReportLinks
) -> None:
    """The subscription's setting wins over the connection's; the link itself is never stored."""
    it = Watching(report_links=connection)
    await it.begin(a_subscription(report_links=own))
    run = it.starts()
    it.service.set_report(run, "https://demo.antithesis.com/report/1?auth=v2.public.CANARY")
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert [(d.report, d.report_links) for d in it.told] == [(run.ref, expected)]
    assert "CANARY" not in it.told[0].payload


async def test_tick__keeps_links_private_where_the_run_was_launched() -> None:
    """A channel that hears of failures only, with private links, gets no signed link for its own launch."""
    it = Watching()
    failures = frozenset({Outcome.FAILURES})
    await it.begin(a_subscription(outcomes=failures, report_links=ReportLinks.PRIVATE))
    run = it.starts()
    await it.launched(run)
    it.service.set_report(run, "https://demo.antithesis.com/report/1?auth=v2.public.CANARY")
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert [(d.thread, d.report_links) for d in it.told] == [("m7", ReportLinks.PRIVATE)]


async def test_tick__does_without_properties_where_there_are_none() -> None:
    """A platform without properties is announced by its status alone."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, Results(ref=run.ref, availability=Availability.ABSENT))
    await it.tick()

    assert len(it.told) == 1
    assert await it.store.tracked("demo") == ()


async def test_tick__stops_at_a_list_that_never_ends() -> None:
    """A platform that goes round in circles costs a bounded number of requests."""
    it = Watching()
    await it.begin()
    pages = 0

    async def endless(query: RunQuery) -> object:
        nonlocal pages
        while True:
            pages += 1
            yield (replace(a_run(1), created_at=None, status=IN_PROGRESS),)

    it.service.runs = endless  # type: ignore[method-assign, assignment]  # it never ends
    await it.tick()

    assert pages == 2  # down to a page with nothing new; what goes on is on record already
    assert it.poller.health.problem == ""


async def test_tick__costs_what_changed_and_not_what_there_is() -> None:
    """With 10,000 runs of history and 1,000 open ones: new pages, open pages, and one per run in neither."""
    it = Watching(service=FakeRunService(page_size=100))
    for number in range(1, 10_001):
        it.service.add_run(a_run(number, created_at=it.clock.now() - timedelta(minutes=20_000 - number)))
    for number in range(20_001, 21_001):
        status = RunStatus.STARTING if number % 10 == 0 else IN_PROGRESS
        it.service.add_run(
            a_run(number, status=status, created_at=it.clock.now() - timedelta(minutes=30_000 - number))
        )
    await it.begin()
    before = list(it.service.calls)
    await it.tick()
    quiet = it.service.calls[len(before) :]
    ended = [a_run(number) for number in range(20_001, 20_006)]
    for run in ended:
        it.service.finish(run, some_results(run, passing=("a",)))
    it.service.calls.clear()
    await it.tick()

    # One page down to the watermark, one of starting, nine of in progress.
    assert [call.method for call in quiet] == ["runs"] * (1 + 1 + 9)
    # And a page for each one's earlier runs: others of the series still go on, so the record does not settle it.
    assert it.service.count("runs") == 11 + 5
    assert it.service.count("run") == 5
    assert [d.context and d.context.run for d in it.told] == [run.ref for run in ended]


def test_act__is_told_apart_for_every_status() -> None:
    """Every status before meets every status after: only an end that was not told is news."""
    for before in RunStatus:
        for after in RunStatus:
            for announced in (None, *(s for s in RunStatus if s.terminal)):
                known = TrackedRun(ref=RunRef("demo", "r"), status=before, announced=announced)
                run = a_run(1, status=after)
                what = act(run, known, followed=True, watermark=run.created_at or Watching().clock.now())
                told_now = after.terminal and announced is not after

                assert (what is Act.FINISH) == told_now
                assert (what.value == "keep its state") == (not after.terminal and before is not after)


async def test_tick__brings_late_failures_to_who_asked_for_failures_only() -> None:
    """A channel that was not told of missing results is told of the failures at last, at its top level."""
    it = Watching()
    await it.begin(a_subscription(outcomes=frozenset({Outcome.FAILURES})))
    run = it.starts()
    it.service.finish(run)
    for _ in range(12):
        await it.tick()
    silent = list(it.told)
    it.service.set_results(some_results(run, failing=("a",)))
    await it.tick(HOUR)

    assert silent == []
    assert titles(it) == ["Results available: Payments Nightly on main: 1 failure"]


async def test_tick__brings_late_results_although_somebody_read_them_first() -> None:
    """A person who lists runs before the next look must not swallow the message to the channel."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run)
    for _ in range(12):
        await it.tick()
    it.service.set_results(some_results(run, failing=("a",)))
    read = await kept_results(it.service.platform, it.store, await it.service.run(run.ref.run_id))
    await it.tick(HOUR)

    assert frozenset({"a"}) == (read.failing if read else None)
    assert titles(it)[1:] == ["Results available: Payments Nightly on main: 1 failure"]


async def test_tick__tells_recovery_after_a_run_that_did_not_get_through() -> None:
    """Passed, incomplete, passed: a channel that hears of changes only learns that all is well again."""
    it = Watching()
    await it.begin(a_subscription(outcomes=CHANGES))
    for number, status in enumerate((COMPLETED, INCOMPLETE, COMPLETED, COMPLETED), start=1):
        run = it.starts(number)
        if status is COMPLETED:
            it.service.finish(run, some_results(run, passing=("a",)))
        else:
            it.service.set_results(Results(ref=run.ref, availability=Availability.ABSENT))
            it.service.change(run, status=status, completed_at=it.clock.now())
        await it.tick()

    assert titles(it) == ["Payments Nightly on main did not complete", "Payments Nightly on main passed"]
    assert [2, 3] == [int(row.key.split(":")[1][:32], 16) for row in it.told]


@pytest.mark.parametrize(("before", "told"), [(INCOMPLETE, 1), (COMPLETED, 0)])
async def test_tick__tells_recovery_after_a_run_that_is_not_on_record(before: RunStatus, told: int) -> None:
    """How the last run ended is asked of the platform where it ended long before the first look."""
    it = Watching(service=FakeRunService(page_size=1))
    for number, status in ((1, COMPLETED), (2, before)):
        run = it.service.add_run(a_run(number, status=status))
        it.service.set_results(some_results(run, passing=("a",)))
    for number in range(3, 3 + BASELINE_PAGES):
        it.service.add_run(a_run(number, launcher="Other"))
    await it.begin(a_subscription(outcomes=CHANGES))
    run = it.starts(99)
    it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main passed"] * told


class BadRunService(FakeRunService):
    """A platform that fails over one run's properties, or without an error never comes to their end."""

    bad: RunRef | None = None
    error: ServiceError | None = None

    async def results(self, run: Run) -> Results:
        if run.ref != self.bad:
            return await super().results(run)
        if self.error is not None:
            raise self.error
        return await asyncio.Future()


async def test_tick__a_run_without_an_end_never_holds_up_the_others() -> None:
    """What is read of one run has a deadline of its own; the others are told, and it is tried again."""
    service = BadRunService()
    it = Watching(service=service, run_deadline=1.0)
    await it.begin()
    first, second = it.starts(1), it.starts(2, launcher="Another")
    service.bad = first.ref
    for run in (first, second):
        it.service.finish(run, some_results(run, passing=("a",)))
    await it.tick()
    meanwhile = [row.key for row in it.told]
    service.bad = None
    await it.tick(HOUR)

    assert [second.ref.run_id] == [key.split(":")[1] for key in meanwhile]
    assert {first.ref.run_id, second.ref.run_id} == {row.key.split(":")[1] for row in it.told}
    assert it.poller.health.problem == ""


async def test_tick__says_that_the_earlier_run_could_not_be_read() -> None:
    """Once is enough: nothing is called new then, and who asked for new failures hears of it all the same."""
    it = Watching()
    await it.begin(a_subscription(outcomes=frozenset({Outcome.NEW_FAILURES})))
    it.service.add_run(a_run(1, created_at=it.clock.now()), some_results(a_run(1), passing=("a",)))
    run = it.starts(2)
    it.service.finish(run, some_results(run, failing=("a",)))
    own = it.service.results

    async def once(of: Run) -> Results:
        if of.ref == a_run(1).ref and not it.told:
            raise ServiceFailed("broken")
        return await own(of)

    it.service.results = once  # type: ignore[method-assign, assignment]  # it fails once
    await it.tick()

    (told,) = (json.loads(row.payload) for row in it.told)
    assert "new" not in "".join(map(_text, told["title"]))
    said = "".join(map(_text, told["text"]))
    assert said.endswith(
        "FAILED with 1 failure: “a”. The earlier run could not be read, so it is not known what is new."
    )


async def test_tick__says_the_same_whatever_was_asked_before() -> None:
    """Eight series of seven runs each end once more: all eight compare with the whole series."""
    it = Watching()
    for series in range(8):
        for number in range(7):
            run = a_run(100 * number + series, source=f"branch {series}")
            failing = ("always",) if number < 5 else ("always", "lately")
            it.service.add_run(run, some_results(run, failing=failing, passing=("new",)))
    await it.begin()
    for series in range(8):
        for number in range(series):  # of each another number of runs was asked about
            asked = await it.service.run(a_run(100 * number + series).ref.run_id)
            await kept_results(it.service.platform, it.store, asked)
    for series in range(8):
        run = it.starts(1_000 + series, source=f"branch {series}")
        it.service.finish(run, some_results(run, failing=("always", "lately", "new")))
    await it.tick()

    said = [
        [f"{item['mark']}: {''.join(map(_text, item['title']))}" for item in json.loads(row.payload)["items"]]
        for row in it.told
    ]
    assert [
        [
            "new 1: new",
            "still failing 2: always (8 runs in a row)",
            "still failing 3: lately (3 runs in a row)",
        ]
    ] * 8 == said


async def test_tick__tells_what_is_known_of_a_list_that_cannot_be_read_whole() -> None:
    """The failures in it are told at once and none is called new; when the list can be read, its results come."""
    it = Watching()
    it.service.add_run(a_run(1), some_results(a_run(1), passing=("a", "b")))
    await it.begin()
    run = it.starts(2)
    whole = some_results(run, failing=("a",), passing=("b",))
    it.service.finish(run, replace(whole, checks=whole.checks[:1], whole=False))
    await it.tick()
    (first,) = titles(it)
    kept = await it.store.stored_results(run.ref)
    it.service.set_results(whole)
    await it.tick(HOUR)

    assert first == "Payments Nightly on main: at least 1 failure"
    assert kept is None
    assert titles(it)[1:] == ["Results available: Payments Nightly on main: 1 new failure"]


async def test_tick__results_that_were_only_asked_for_are_not_taken_for_told() -> None:
    """Somebody asks before the watcher has seen the end, and then the platform fails: the failure is told later."""
    it = Watching()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, failing=("a",)))
    await kept_results(it.service.platform, it.store, await it.service.run(run.ref.run_id))
    it.service.fail("results", ServiceFailed("broken"), times=11)
    for _ in range(14):
        await it.tick()
    await it.tick(HOUR)

    assert titles(it) == [
        "Payments Nightly on main finished, results unavailable",
        "Results available: Payments Nightly on main: 1 failure",
    ]


async def test_tick__tells_a_run_whose_baseline_cannot_be_read() -> None:
    """An old run that the platform fails over does not take the results of the new one along."""
    old = a_run(1)
    service = BadRunService()
    service.bad, service.error = old.ref, ServiceFailed("500")
    service.add_run(old)
    it = Watching(service=service)
    await it.begin()
    run = it.starts(2)
    it.service.finish(run, some_results(run, failing=("a",)))
    await it.tick()

    assert titles(it) == ["Payments Nightly on main: 1 failure"]


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_tick__announces_once_although_the_clock_was_set(jump: float) -> None:
    """An hour more or less on the wall, as where summer time is set by hand, neither repeats nor loses an end."""
    it = Watching()
    await it.begin()
    first, second = it.starts(1), it.starts(2)
    await it.tick()
    it.service.finish(first, some_results(first, passing=("a",)), minutes=1)
    await it.tick()
    it.clock.jump(jump)
    for _ in range(3):
        await it.tick()
    it.service.finish(second, some_results(second, passing=("a",)), minutes=2)
    for _ in range(3):
        await it.tick()
    it.clock.jump(-jump)
    it.restart()
    await it.tick()

    assert len(it.told) == 2
    assert len({row.key for row in it.told}) == 2
