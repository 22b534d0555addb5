"""Builds of a simulated Testhide watched by the core: what is announced, and what it costs in requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.platforms.testhide.client import BuildService
from adapters.simulator.testhide import SimulatedTesthide
from bot.analysis import analysis_of
from bot.cards import Card, plain
from bot.state import CHANGES, EVERYTHING, Outcome, Subscription
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.fakes.testhide_client import a_testhide

CHANNEL = "fake:channel:C1"
AUTH = "tests/test_auth.py::test_token_refresh"
REFUND = "tests/test_payment.py::TestRefund::test_refund_twice[eur]"
TESTS = (AUTH, REFUND, *(f"tests/test_shop.py::test_{n}" for n in range(10)))


class Watched:
    """A server, the client over it, and a poller that keeps the cards of what it announces."""

    def __init__(self, server: SimulatedTesthide, service: BuildService, clock: ManualClock) -> None:
        self.server, self.service, self.clock = server, service, clock
        self.store = MemoryStore()
        self.cards: list[Card] = []
        self.notices: list[str] = []
        self.poller = Poller(
            service.platform, self.store, clock=clock, renderers={"fake": self._render},
            on_rows=lambda: None, notify_operator=self._hear,
        )  # fmt: skip

    async def begin(self, outcomes: frozenset[Outcome] = EVERYTHING) -> None:
        """Let a channel be notified of this connection's builds, and look for the first time."""
        wanted = Subscription(channel=CHANNEL, connection="demo", outcomes=outcomes)
        await self.store.subscribe(wanted, self.clock.now())
        await self.tick(0)

    async def tick(self, seconds: float = 60.0) -> Counter[str]:
        """Look once, after so many seconds; return the requests that it took."""
        self.clock.pass_time(seconds)
        self.server.advance(seconds)
        before = Counter(self.server.counts)
        await self.poller.tick()
        assert self.poller.health.problem == ""
        return Counter(self.server.counts) - before

    async def _hear(self, sentence: str) -> None:
        self.notices.append(sentence)

    def _render(self, card: Card) -> str:
        self.cards.append(card)
        return plain(card.text)


LIST, DETAIL = "GET /builds", "GET /builds/{build_id}"


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    """Open everything; the server's clock and ours stand still but for `tick`."""
    clock = ManualClock()
    async with a_testhide(tmp_path, clock=clock) as (server, service):
        yield Watched(server, service, clock)


async def test_first_look__announces_nothing_of_a_thousand_builds(watched: Watched) -> None:
    """They were there before; a quiet tick is one request for the list, and a restart costs no flood either."""
    jobs = [watched.server.add_job(f"Suite {n}", tests=TESTS) for n in range(5)]
    for n in range(1_000):
        watched.server.add_build(jobs[n % 5], age=2_000_000.0 - n * 60.0)
    first = await watched.tick(0)
    quiet = await watched.tick()

    assert not watched.cards
    assert first.total() < 40
    assert quiet == {LIST: 1}
    assert not watched.notices


async def test_projects__others_are_left_out_and_not_read_again(tmp_path: Path) -> None:
    """Builds of other projects are no runs here, and however many come, a quiet tick stays small."""
    clock = ManualClock()
    async with a_testhide(tmp_path, clock=clock, of=lambda _: {"projects": (2,)}) as (server, service):
        other, own = server.add_project("Other"), server.add_project("Own")
        foreign, job = (
            server.add_job("Noise", project=other, tests=TESTS),
            server.add_job("Suite", project=own, tests=TESTS),
        )
        server.add_build(job, age=2_000_000.0)
        for n in range(350):
            server.add_build(foreign, age=1_900_000.0 - n * 60.0)
        watched = Watched(server, service, clock)
        await watched.begin()
        first = await watched.tick()
        for n in range(5):
            server.add_build(foreign, age=900.0 - n)
        noisy = await watched.tick()
        quiet = await watched.tick()
        running = server.add_build(job, status="running", age=30.0)
        await watched.tick(5)
        server.finish_build(running, failing=[AUTH])
        await watched.tick()

        assert first[LIST] == 1
        assert noisy[LIST] == 3  # of which jobs five builds are, two lists say
        assert quiet == {LIST: 1, DETAIL: 1}
        assert [plain(card.title) for card in watched.cards] == ["Suite on main: 1 new failure"]
        assert [row.name for row in await service.launchers()] == ["Suite"]


async def test_end__costs_four_requests(watched: Watched) -> None:
    """A build that ended is read by itself, its counts, what failed, and the quarantine; the list comes on top."""
    job = watched.server.add_job("Regression Suite", tests=TESTS, max_parallel=2)
    before = watched.server.add_build(job, status="running", age=90.0)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(before)
    await watched.tick()
    watched.cards.clear()
    watched.server.quarantine(job, TESTS[5])
    watched.server.finish_build(
        running, failing={AUTH: "AssertionError: Expected 200, got 401", TESTS[5]: "flaky"}
    )
    spent = await watched.tick()

    assert spent == {
        LIST: 1, DETAIL: 1, "GET /report/{build_id}": 1, "GET /tests": 1, "GET /quarantine": 1,
    }  # fmt: skip
    (card,) = watched.cards
    assert plain(card.title) == "Regression Suite on main: 1 new failure"
    assert [plain(line) for line in card.items[0].lines] == [
        "tests/test_auth.py",
        "AssertionError: Expected 200, got 401",
    ]
    assert plain(card.items[-1].title) == "1 test, not counted"
    assert plain(card.subtitle).startswith("10 of 12 pass, 1 quarantined")


async def test_end__several_builds_of_a_job_share_the_quarantine(watched: Watched) -> None:
    """It is read once for a job in one tick."""
    job = watched.server.add_job("Regression Suite", tests=TESTS, max_parallel=4)
    builds = [watched.server.add_build(job, status="running", age=30.0 + n) for n in range(4)]
    await watched.begin()
    for build in builds:
        watched.server.finish_build(build, failing=[AUTH])
    spent = await watched.tick()

    assert spent["GET /quarantine"] == 1
    assert len(watched.cards) == 4


async def test_end__ten_thousand_tests_are_not_read(watched: Watched) -> None:
    """Only what failed is named, however many there are."""
    job = watched.server.add_job("Everything", tests=10_000)
    running = watched.server.add_build(job, status="running", age=30.0)
    names = watched.server.build(running).job.tests
    await watched.begin()
    watched.server.finish_build(running, failing=list(names[:140]))
    spent = await watched.tick()

    assert spent["GET /tests"] == 2
    assert plain(watched.cards[0].subtitle).startswith("9,860 of 10,000 pass")


async def test_end__failed_without_a_failing_test_shows_how_the_log_ends(watched: Watched) -> None:
    """It did not get through: red, in Testhide's word, with the end of the pipeline's log."""
    job = watched.server.add_job("Smoke Tests", tests=TESTS)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(
        running, exit_code=2, ending=("coverage gate: 71 % < 80 %", "command exited with 2")
    )
    await watched.tick()
    (card,) = watched.cards

    assert plain(card.title) == "Smoke Tests on main: failed without a known failure"
    assert "Testhide calls this build failed, and no test of it failed." in plain(card.body[0])
    assert card.excerpt is not None
    assert card.excerpt.lines[-1].endswith("command exited with 2")


@pytest.mark.parametrize("seen", ["before the first look", "while it ran"])
async def test_end__recovery_after_a_build_that_failed_without_a_failing_test(
    watched: Watched, seen: str
) -> None:
    """Testhide's word for the build before is known of the record too, whatever a program that ended had read."""
    job = watched.server.add_job("Smoke Tests", tests=TESTS, max_parallel=2)
    bad = watched.server.add_build(job, status="running", age=90.0)
    running = watched.server.add_build(job, status="running", age=30.0)
    if seen == "while it ran":
        await watched.begin(frozenset({Outcome.RECOVERY}))
        watched.server.finish_build(bad, exit_code=2)
        await watched.tick()
    else:
        watched.server.finish_build(bad, exit_code=2)
        await watched.begin(frozenset({Outcome.RECOVERY}))
    watched.store.results.clear()
    watched.server.finish_build(running)
    await watched.tick()

    assert [plain(card.title) for card in watched.cards] == ["Smoke Tests on main passed"]
    assert [card.context.run.run_id for card in watched.cards if card.context and card.context.run] == [
        running
    ]


async def test_end__a_lost_node_has_to_be_looked_at(watched: Watched) -> None:
    """Whoever asked for incomplete builds is notified, in Testhide's word, and of the recovery that follows."""
    job = watched.server.add_job("Smoke Tests", tests=TESTS)
    watched.server.add_build(job, age=7_000.0)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin(CHANGES)
    node = watched.server.build(running).node or 1
    assert watched.server.lose_node(node) == [running]
    await watched.tick()

    assert [plain(card.title) for card in watched.cards] == ["Smoke Tests on main was aborted"]

    passing = watched.server.add_build(job, status="running", age=1.0)
    await watched.tick()
    watched.server.finish_build(passing)
    await watched.tick()
    assert [plain(card.title) for card in watched.cards[1:]] == ["Smoke Tests on main passed"]


async def test_end__what_no_longer_fails_is_asked_by_name(watched: Watched) -> None:
    """It passes again, or was skipped: the build has too many tests for a list of those."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    watched.server.add_build(job, age=7_000.0, failing=[AUTH, REFUND])
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(running, skipped=[REFUND])
    await watched.tick()
    marks = {item.mark: plain(item.title) for item in watched.cards[0].items}

    assert marks["passing again"].startswith("test_token_refresh")
    assert marks["skipped this time"].startswith("test_refund_twice[eur]")


async def test_end__what_the_build_before_did_not_run_is_not_new(watched: Watched) -> None:
    """It was skipped there, or missing, and failed before that: it fails again. What passed there is new."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    watched.server.add_build(job, age=9_000.0, failing=[AUTH, REFUND, TESTS[2]])
    watched.server.add_build(job, age=7_000.0, skipped=[AUTH], lost=[TESTS[2]])
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin(CHANGES)
    watched.server.finish_build(running, failing=[AUTH, REFUND, TESTS[2]])
    await watched.tick()
    (card,) = watched.cards
    marks = {(item.mark, plain(item.title).partition(" ")[0]) for item in card.items}

    assert plain(card.title) == "Regression Suite on main: 1 new failure, 2 failing again"
    assert {(mark.rstrip(" 0123456789"), name) for mark, name in marks} == {
        ("new", "test_refund_twice[eur]"),
        ("failing again", "test_token_refresh"),
        ("failing again", "test_0"),
    }
    unsaid = [i.mark for i in card.items if "no result is known of the build before" in plain(i.lines[0])]
    assert [mark.rstrip(" 0123456789") for mark in unsaid] == ["failing again"] * 2


async def test_end__the_builds_own_word_wins_over_its_row(watched: Watched) -> None:
    """The three views of one build can disagree: the status is the build's, the counts are the report's."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    views = {"row": {"status": "failed", "failed_tests": 7}, "detail": {"status": "passed", "failed": 0}}
    watched.server.finish_build(running, views=views)
    await watched.tick()

    assert plain(watched.cards[0].title) == "Regression Suite on main passed"


async def test_end__is_no_history_by_a_time_that_only_the_build_has(watched: Watched) -> None:
    """Where the list has no times, its order tells what is new: an old time in a build by itself hides no failure."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    watched.server.add_build(job, age=9_000.0)
    await watched.begin()
    views = {"detail": {"created_at": "2020-01-01T00:00:00Z"}}
    watched.server.add_build(job, age=1.0, failing=[AUTH], views=views)
    await watched.tick()

    assert len(watched.cards) == 1


async def test_end__more_fail_than_are_listed(watched: Watched) -> None:
    """The larger number is told, with how many are listed, and nothing is called new."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    watched.server.add_build(job, age=9_000.0)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(running, failing=[AUTH], views={"report": {"failed": 5}})
    await watched.tick()
    (card,) = watched.cards

    assert plain(card.title) == "Regression Suite on main: 5 failures"
    assert "Testhide says that 5 tests fail, and 1 is listed." in [plain(line) for line in card.body]


async def test_quarantine__after_the_end_changes_nothing(watched: Watched) -> None:
    """A build keeps its verdict when a test is quarantined later, and what is new is told against that."""
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(running, failing=[AUTH])
    await watched.tick()
    watched.server.quarantine(job, AUTH)
    watched.service.quarantine.forget(job)  # as after a while
    run = await watched.service.run(running)
    found = await analysis_of(watched.service.platform, watched.store, run)

    assert [check.name for check in found.failing] == [AUTH]
    assert (found.verdict.failing, found.verdict.excused, found.verdict.total) == (1, 0, len(TESTS))


async def test_quarantine__between_the_end_and_the_look_excuses_nothing(watched: Watched) -> None:
    """What is quarantined after a build has ended counted in it, however late it is read, where its end has a time."""
    watched.server.set_manners(times=True)
    job = watched.server.add_job("Regression Suite", tests=TESTS)
    running = watched.server.add_build(job, status="running", age=30.0)
    await watched.begin()
    watched.server.finish_build(running, failing=[AUTH])
    watched.clock.pass_time(30.0)
    watched.server.advance(30.0)
    watched.server.quarantine(job, AUTH)
    await watched.tick()

    assert plain(watched.cards[0].subtitle).startswith("11 of 12 pass")
