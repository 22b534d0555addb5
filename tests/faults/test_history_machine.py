"""What a card says of a run is a function of the platform's runs alone: whatever was asked, kept or missed.

Hypothesis looks for runs, ends, questions, ticks and restarts after which a used database says something else
than a fresh one, or either something that is not so. To know that it would find that, the same machine is run
against the usual mistakes.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.store.store import open_store
from bot import analysis, earlier
from bot.analysis import analysis_of
from bot.cards import Card, plain
from bot.chain import DEPTH, Chain, Gap, Past
from bot.command import Services
from bot.commands.registry import VERBS
from bot.errors import ServiceFailed
from bot.handler import Handler
from bot.model import Availability, Results, Run, RunRef, RunStatus
from bot.platform import Platform
from bot.ports import Store, WatchStore
from bot.replies import announcements
from bot.state import BEGINNING, Coverage, Invocation, Place, Subscription
from bot.verdict import judge
from bot.watch import listing
from bot.watch.fill import Filler
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.loop_runner import LoopRunner
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import ANN, POLICY
from tests.fakes.store import MemoryStore
from tests.faults.conftest import NewDatabase

CHANNEL = "fake:channel:C1"
SERIES = (
    ("nightly", "main", "ledger"),
    ("nightly", "main", "raft"),
    ("nightly", "dev", "ledger"),
    ("weekly", "main", "ledger"),
)
PROPERTIES = ("a", "b", "c")
PAGE = 4  # runs of a page, and one page is the first look: older runs are not on record
MINUTE = 60.0
NEWEST = 3  # runs that are asked about beside the one that is drawn
FAILING = st.sets(st.sampled_from(PROPERTIES))
ASKED = {name: VERBS[name] for name in ("status", "failing", "logs", "find")}
HOW = st.sampled_from(("ready",) * 5 + ("aged out", "broken"))


class Breaking(FakeRunService):
    """A platform some of whose runs fail whenever their properties are read."""

    broken: frozenset[RunRef] = frozenset()

    async def results(self, run: Run) -> Results:
        if run.ref in self.broken:
            raise ServiceFailed("broken")
        return await super().results(run)


class HistoryMachine(RuleBasedStateMachine):
    """One platform, a process over a used database, and a fresh database to compare with."""

    wrong: ClassVar[Callable[[], AbstractContextManager[object]]] = contextlib.nullcontext

    def __init__(self) -> None:
        super().__init__()
        self.runner = LoopRunner()
        self.leaving = contextlib.AsyncExitStack()
        self.leaving.enter_context(patch.object(listing, "BASELINE_PAGES", 1))
        # Pages are small here; as many runs are found in them as in a real platform's large ones.
        self.leaving.enter_context(patch.object(earlier, "LIST_PAGES", earlier.LIST_PAGES * 25 // PAGE))
        self.leaving.enter_context(type(self).wrong())
        self.clock = ManualClock()
        self.service = Breaking(page_size=PAGE)
        self.chat = FakeChat(clock=self.clock)
        self.store = self.runner.run(self.open())
        self.runs: list[Run] = []
        self.told: set[str] = set()
        self.said = 0
        self.start_process()

    async def open(self) -> Store:
        return MemoryStore()

    def start_process(self) -> None:
        self.poller = self.poller_over(self.store)
        self.filler = Filler(self.service.platform, self.store, clock=self.clock)

    def poller_over(self, store: Store) -> Poller:
        chats = {self.chat.name: self.chat.render}

        async def notify(_sentence: str) -> None:
            return

        return Poller(
            self.service.platform,
            store,
            clock=self.clock,
            renderers=chats,
            on_rows=lambda: None,
            notify_operator=notify,
        )

    # The platform -------------------------------------------------------------------------------

    @initialize(ends=st.lists(st.tuples(FAILING, HOW), max_size=12))
    def begin(self, ends: list[tuple[set[str], str]]) -> None:
        """There was a history before the first look."""
        for number, (failing, how) in enumerate(ends):
            self.start(SERIES[number % 2], ephemeral=False)
            self.end(self.runs[-1], RunStatus.COMPLETED, failing, how)
        self.runner.run(self.store.subscribe(Subscription(channel=CHANNEL), self.clock.now()))

    @rule(
        series=st.sampled_from((SERIES[0], *SERIES)), ephemeral=st.sampled_from((False, False, False, True))
    )
    def start(self, series: tuple[str, str, str], ephemeral: bool) -> None:
        self.pass_time(MINUTE)
        launcher, source, test_name = series
        now = self.clock.now()
        run = a_run(
            len(self.runs) + 1,
            status=RunStatus.IN_PROGRESS,
            created_at=now,
            started_at=now,
            launcher=launcher,
            source=source,
            test_name=test_name,
            ephemeral=ephemeral,
        )
        self.runs.append(self.service.add_run(run))

    @precondition(lambda self: self.going)
    @rule(
        data=st.data(),
        status=st.sampled_from((RunStatus.COMPLETED,) * 5 + (RunStatus.INCOMPLETE, RunStatus.CANCELLED)),
        failing=FAILING,
        how=HOW,
    )
    def one_ends(self, data: st.DataObject, status: RunStatus, failing: set[str], how: str) -> None:
        self.end(data.draw(st.sampled_from(self.going)), status, failing, how)

    @rule(series=st.sampled_from(SERIES[:2]), failing=FAILING, swapped=st.booleans())
    def two_overlap(self, series: tuple[str, str, str], failing: set[str], swapped: bool) -> None:
        """Both go on at the last look, and end before the next one, in this order or the other."""
        self.start(series, ephemeral=False)
        self.start(series, ephemeral=False)
        self.tick(1)
        first, second = self.runs[-2:]
        ends = [(first, set(PROPERTIES) - failing), (second, failing)]
        for run, failed in reversed(ends) if swapped else ends:
            self.end(run, RunStatus.COMPLETED, failed, "ready")

    def end(self, run: Run, status: RunStatus, failing: set[str], how: str) -> None:
        self.pass_time(MINUTE)
        passing = tuple(name for name in PROPERTIES if name not in failing)
        self.service.set_results(some_results(run, failing=tuple(sorted(failing)), passing=passing))
        if how == "aged out":
            self.service.set_results(Results(ref=run.ref, availability=Availability.AGED_OUT))
        if how == "broken":
            self.service.broken |= {run.ref}
        ended = self.service.change(run, status=status, completed_at=self.clock.now())
        self.runs[self.runs.index(run)] = ended

    @property
    def going(self) -> list[Run]:
        return [run for run in self.runs if not run.status.terminal]

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)
        self.service.now = self.clock.now()

    # The process --------------------------------------------------------------------------------

    @rule(ticks=st.integers(1, 3))
    def tick(self, ticks: int) -> None:
        for _ in range(ticks):
            self.pass_time(MINUTE)
            self.runner.run(self.poller.tick())
            assert self.poller.health.problem == ""
            self.check_announced()

    @rule()
    def fill(self) -> None:
        self.runner.run(self.filler.tick())

    @rule()
    def restart(self) -> None:
        self.start_process()

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), words=st.sampled_from(("status", "status", "failing", "logs", "find")))
    def ask(self, data: st.DataObject, words: str) -> None:
        """Ask about some runs; both databases give the same answers, and they are so."""
        for run in (data.draw(st.sampled_from(self.runs)), *self.runs[-NEWEST:]):
            said = f"{words} {run.ref.run_id}"
            used, fresh = (self.answer(store, said) for store in (self.store, MemoryStore()))
            assert used == fresh
            if words == "status":
                self.check_truth(used, run)

    @rule()
    def ask_for_all(self) -> None:
        """List the recent runs."""
        used, fresh = (self.answer(store, "status count=12") for store in (self.store, MemoryStore()))
        assert used == fresh

    def answer(self, store: Store, words: str) -> Card:
        self.said += 1
        services = Services(
            platforms={self.service.connection: self.service.platform},
            store=store,
            clock=self.clock,
            policy=POLICY,
            new_key=lambda: "0" * 32,
        )
        act = Invocation(
            actor=ANN, place=Place(channel=CHANNEL), text=words, key=f"act-{self.said}", at=self.clock.now()
        )
        return self.runner.run(Handler(services, ASKED).handle(act, _silent)).card

    # What has to hold ---------------------------------------------------------------------------

    def check_announced(self) -> None:
        """Compare what was just announced with what a fresh database would announce."""
        for row in self.rows():
            key, payload = row
            if key in self.told:
                continue
            self.told.add(key)
            run = next(run for run in self.runs if run.ref.run_id in key)
            if not key.endswith(":results"):
                found = self.runner.run(analysis.explained(self.runner.run(self.found(MemoryStore(), run))))
                fresh = announcements.ended(found, self.clock.now())
                told = json.loads(payload)
                expected = json.loads(self.chat.render(fresh))
                for part in ("title", "subtitle", "text", "items", "body", "facts", "footer"):
                    assert told[part] == expected[part], part
                self.check_truth(fresh, run)

    async def found(self, store: Store, run: Run) -> analysis.RunAnalysis:
        try:
            return await analysis_of(self.service.platform, store, await self.service.run(run.ref.run_id))
        except ServiceFailed:
            missing = Results(ref=run.ref, availability=Availability.NOT_YET)
            return analysis.RunAnalysis(
                platform=self.service.platform, run=run, verdict=judge(run, missing), results=missing
            )

    def rows(self) -> Iterator[tuple[str, str]]:
        assert isinstance(self.store, MemoryStore)
        return ((row.delivery.key, row.delivery.payload) for row in list(self.store.outbox.values()))

    def check_truth(self, card: Card, run: Run) -> None:
        """Every claim of a card is so on the platform; one that is not made exactly says "at least"."""
        now = self.failing_of(run)
        if now is None:
            return
        before = [self.failing_of(other) for other in self.chain(run)]
        said = [
            (item.mark.rstrip(" 0123456789"), title)
            for item in card.items
            for title in plain(item.title).split(", ")  # of those that pass again a line names several
        ]
        for mark, title in said:
            name = title[:1]
            streak = _length(before, name)
            if mark in {"newly failing", "new"}:
                assert before, "nothing is new without an earlier run"
                assert before[0] is not None
                assert name not in before[0]
            elif mark == "still failing":
                assert f"({_words(streak, 1)} runs in a row)" in title
            elif mark == "passing again":
                runs = "run" if streak[0] == 1 else "runs"
                assert f"(after {_words(streak)} failing {runs})" in title
            else:
                assert mark == "failing"
                assert not before or before[0] is None
        failing = {
            title[:1] for mark, title in said if mark == "new" or ("failing" in mark and "pass" not in mark)
        }
        assert failing == now

    def chain(self, run: Run) -> list[Run]:
        return [
            other
            for other in sorted(self.runs, key=_created, reverse=True)
            if other.series == run.series
            and other.status is RunStatus.COMPLETED
            and not other.ephemeral
            and _created(other) < _created(run)
        ]

    def failing_of(self, run: Run) -> set[str] | None:
        current = next(other for other in self.runs if other.ref == run.ref)
        results = self.runner.run(self._results(current))
        return None if results is None else {p.name for p in results.failing}

    async def _results(self, run: Run) -> Results | None:
        if not run.status.terminal or run.ref in self.service.broken:
            return None
        results = await self.service.results(run)
        return results if results.availability is Availability.READY else None

    @invariant()
    def nothing_is_asked_that_should_not_be(self) -> None:
        assert self.service.violations == []

    def teardown(self) -> None:
        self.runner.run(self.leaving.aclose())
        self.runner.close()


def _created(run: Run) -> datetime:
    return run.created_at or BEGINNING


def _length(before: list[set[str] | None], name: str) -> tuple[int, bool]:
    """Return in how many runs in a row a property failed, and whether that is the least that it can be."""
    for length, failing in enumerate(before[:DEPTH]):
        if failing is None:
            return length, True
        if name not in failing:
            return length, False
    return min(len(before), DEPTH), len(before) >= DEPTH


def _words(streak: tuple[int, bool], more: int = 0) -> str:
    return f"{'at least ' if streak[1] else ''}{streak[0] + more}"


async def _silent(_: str) -> None:
    """Take a report of progress and show it to nobody."""


class DatabaseHistoryMachine(HistoryMachine):
    """The same over a database."""

    async def open(self) -> Store:
        url = await self.leaving.enter_async_context(self.new_database())
        return await self.leaving.enter_async_context(open_store(url))

    def new_database(self) -> AbstractAsyncContextManager[str]:
        """Give the URL of an empty one."""
        raise NotImplementedError

    def rows(self) -> Iterator[tuple[str, str]]:
        async def claimed() -> list[tuple[str, str]]:
            found = []
            while (row := await self.store.claim(frozenset({"fake"}), self.clock.now())) is not None:
                found.append((row.key, row.payload))
                await self.store.mark_dead(row, "seen")
            return found

        return iter(self.runner.run(claimed()))


def budget(examples: int, steps: int, *, seeking: bool = False) -> settings:
    """Return how long to look; when `seeking` a fault that is there, stop at the first.

    What is found is made smaller only where the environment has SHRINK: that takes minutes, and the steps stand there anyway.
    """
    shrinks = not seeking and "SHRINK" in os.environ
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        derandomize=seeking,
        phases=(Phase.generate, *((Phase.shrink,) if shrinks else ())),
        suppress_health_check=list(HealthCheck),
    )


def test_history__says_the_same_whatever_was_asked() -> None:
    """No order of ends, questions, ticks and restarts changes a word of what is said of a run."""
    run_state_machine_as_test(HistoryMachine, settings=budget(40, 30))


def test_history__says_the_same_in_a_database(new_database: NewDatabase) -> None:
    """Nor over the real stores."""

    class InDatabase(DatabaseHistoryMachine):
        def new_database(self) -> AbstractAsyncContextManager[str]:
            return new_database()

    run_state_machine_as_test(InDatabase, settings=budget(6, 20))


def takes_what_is_kept_for_all() -> AbstractContextManager[object]:
    """Compare with whatever happens to be kept, and ask the platform only where that is nothing."""
    right = earlier.chain_of

    async def chain_of(platform: Platform, store: WatchStore, run: Run, *, depth: int = DEPTH) -> Chain:
        chain = await right(platform, MemoryStore(), run, depth=depth)
        ids = tuple(past.run.ref.run_id for past in chain.past)
        kept = await store.results_kept(platform.connection, ids)
        past = tuple(Past(p.run, kept[p.run.ref.run_id]) for p in chain.past if p.run.ref.run_id in kept)
        return Chain(past=past) if past else await right(platform, store, run, depth=1)

    return patch.object(analysis, "chain_of", chain_of)


def takes_the_record_for_whole() -> AbstractContextManager[object]:
    """Rely on the record further back than it goes."""

    async def coverage(_self: MemoryStore, _connection: str) -> Coverage:
        return Coverage(since=BEGINNING, until=datetime.max.replace(tzinfo=BEGINNING.tzinfo))

    return patch.object(MemoryStore, "coverage", coverage)


def forgets_that_open_runs_end() -> AbstractContextManager[object]:
    """Take a run that went on at the last look for one that still does."""
    right = MemoryStore.earlier

    async def only_completed(
        self: MemoryStore,
        connection: str,
        series: tuple[str, str, str],
        before: datetime,
        after: datetime,
        limit: int,
    ) -> tuple[Run, ...]:
        found = await right(self, connection, series, before, after, limit)
        return tuple(run for run in found if run.status is RunStatus.COMPLETED)

    return patch.object(MemoryStore, "earlier", only_completed)


def skips_what_it_cannot_read() -> AbstractContextManager[object]:
    """Leave a run out whose results are not known, and go on with the one before it."""
    right = earlier.chain_of

    async def chain_of(platform: Platform, store: WatchStore, run: Run, *, depth: int = DEPTH) -> Chain:
        chain = await right(platform, store, run, depth=depth)
        return replace(chain, past=tuple(p for p in chain.past if not isinstance(p.results, Gap)))

    return patch.object(analysis, "chain_of", chain_of)


@pytest.mark.parametrize(
    "mistake",
    [
        takes_what_is_kept_for_all,
        takes_the_record_for_whole,
        forgets_that_open_runs_end,
        skips_what_it_cannot_read,
    ],
)
def test_machine__finds_the_usual_mistakes(mistake: Callable[[], AbstractContextManager[object]]) -> None:
    """A proof that cannot fail proves nothing."""

    class Mistaken(HistoryMachine):
        wrong = staticmethod(mistake)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Mistaken, settings=budget(300, 30, seeking=True))
