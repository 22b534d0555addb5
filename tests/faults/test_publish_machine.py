"""Lost answers, refusals and deaths in any order while a run is published: nothing lost, no record doubled.

A result may be there twice, where its answer was lost; one that is there not at all is said to be unconfirmed. To know
that the machine would find a fault, it is also run over stores that forget what was kept.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.model import CheckStatus, RunRef
from bot.ports import Store
from bot.publication import OVER, PublicationState, PublishedResult
from bot.publishing import wanted
from bot.replies.publishing import UNCONFIRMED
from bot.state import IntentState, PollStep
from bot.watch import publish
from bot.watch.launches import LaunchWatch
from bot.watch.publish import Publisher
from tests.fakes.clock import ManualClock
from tests.fakes.crash import Crash
from tests.fakes.loop_runner import LoopRunner
from tests.fakes.mortal import MortalStore
from tests.fakes.records import Answer, FakeRecords
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.store_database import a_database_store
from tests.faults.conftest import NewDatabase

RUN = a_run(1)
FAILING, PASSING = ("f1", "f2"), ("p1", "p2", "p3")
DYING = (Answer.DIES_BEFORE, Answer.DIES_AFTER)
GOOD = st.sampled_from([Answer.NORMAL, Answer.LOST_REPLY, Answer.LOST_REQUEST, Answer.LATER])


class Publishing(RuleBasedStateMachine):
    """One run, one target, one process that may die."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = LoopRunner()
        self.clock = ManualClock(eager=True)
        self.leaving = contextlib.AsyncExitStack()
        self.memory = self.runner.run(self.open())
        self.service = FakeRunService()
        self.service.add_run(RUN, some_results(RUN, failing=FAILING, passing=PASSING))
        self.service.set_log(RUN, MOMENT, a_line("the end", "398.0"))
        self.records = FakeRecords(self.clock)
        self.keys = count()
        self.key = wanted(RUN, "af", self.clock.now()).key
        self.deaths = 0
        step = PollStep(
            connection="demo", now=self.clock.now(), publications=(wanted(RUN, "af", self.clock.now()),)
        )
        self.runner.run(self.memory.record(step))
        self.begin(self.memory)

    async def open(self) -> MemoryStore:
        """Return an empty store."""
        return MemoryStore()

    def begin(self, store: Store) -> None:
        """Start the process, which takes a moment."""
        self.clock.pass_time(1)
        platforms = {"demo": self.service.platform, "af": self.records.platform}
        self.publisher = Publisher(
            platforms=platforms, store=store, clock=self.clock, new_key=lambda: f"key{next(self.keys)}"
        )
        self.watch = LaunchWatch(platforms=platforms, store=store, clock=self.clock, chats={})

    def teardown(self) -> None:
        """Let all be well for a long time: then everything is there, or it is said what is not."""
        self.records.next.clear()
        self.begin(self.memory)
        self.runner.run(self._ticks(3_000, seconds=30))
        publication = self.memory.publications[self.key]
        try:
            assert publication.state in OVER
            if publication.state is PublicationState.DONE:
                self._is_there()
            else:
                assert publication.reason == "It is not known whether the record was opened."
        finally:
            self.runner.run(self.leaving.aclose())
            self.runner.close()

    def _is_there(self) -> None:
        assert len(self.records.records) == 1
        [(run_id, record)] = self.records.records.items()
        assert record.status == "Completed"
        assert record.counts == self.records.written(run_id)
        known = {
            result.result_id for result in self.runner.run(self.memory.written_results(RunRef("af", run_id)))
        }
        results = self.runner.run(self.memory.published(self.key))
        assert [result.check.name for result in results] == [*FAILING, *PASSING]
        for result in results:
            self._as_kept(result, run_id)
        assert {result.result_id for result in results if result.result_id} == known

    def _as_kept(self, result: PublishedResult, run_id: str) -> None:
        """Hold what is kept of a check against what is there."""
        if result.result_id is None:
            assert result.trouble == UNCONFIRMED
            return
        there = self.records.results[result.result_id]
        assert there.run_id == run_id
        assert there.check.name == result.check.name
        assert bool(there.message) is (result.check.status is CheckStatus.FAILING)
        assert len(there.files) == int(result.check.log)

    async def _ticks(self, times: int, *, seconds: float = 2.0) -> None:
        for _ in range(times):
            await self.publisher.tick()
            await self.watch.tick()
            if self.memory.publications[self.key].state in OVER:
                return
            self.clock.pass_time(seconds)

    @rule(
        how=st.lists(GOOD, max_size=8), ticks=st.integers(1, 6), seconds=st.sampled_from([2.0, 40.0, 1000.0])
    )
    def work(self, how: list[Answer], ticks: int, seconds: float) -> None:
        """Let it work while requests go well or not."""
        self.records.next.extend(how)
        self.runner.run(self._ticks(ticks, seconds=seconds))
        self.records.next.clear()

    @rule(times=st.integers(1, 4))
    def lose(self, times: int) -> None:
        """Let the answers to the next results be lost, while the platform answers everything else."""
        self.records.losing = times
        self.runner.run(self._ticks(2 * times, seconds=1000.0))
        self.records.losing = 0

    @rule(well=st.integers(0, 6), how=st.sampled_from(DYING))
    def die_at_a_request(self, well: int, how: Answer) -> None:
        """Let the process die right before or right after a request was done, and start a new one."""
        self.records.next.extend([*[Answer.NORMAL] * well, how])
        with contextlib.suppress(Crash):
            self.runner.run(self._ticks(4))
        self.records.next.clear()
        self.begin(self.memory)

    @rule(dies_at=st.integers(1, 25), committed=st.booleans())
    def die_at_a_write(self, dies_at: int, committed: bool) -> None:
        """Let the process die at a call of the database, and start a new one."""
        self.begin(MortalStore(self.memory, dies_at=dies_at, committed=committed).typed)
        with contextlib.suppress(Crash):
            self.runner.run(self._ticks(4))
        self.begin(self.memory)

    @invariant()
    def never_doubled(self) -> None:
        """One record at most, each result at most twice, nothing after the end, never too fast."""
        assert self.records.violations == []
        assert len(self.records.records) <= 1
        assert all(
            times <= 2 for run_id in self.records.records for times in self.records.written(run_id).values()
        )


class ForgetsTries(MemoryStore):
    """A store that keeps a result only once it has an id, as code without a row beforehand would."""

    async def save_published(self, key: str, result: PublishedResult, into: RunRef, now: datetime) -> None:
        if result.result_id is not None or result.trouble:
            await super().save_published(key, result, into, now)


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)


class ForgetsPlans(Publishing):
    """Over a store that keeps too little."""

    async def open(self) -> MemoryStore:
        """Return one that forgets."""
        return ForgetsTries()


def test_publishing__in_a_database(new_database: NewDatabase) -> None:
    """The same over the real stores."""

    class InDatabase(Publishing):
        async def open(self) -> MemoryStore:
            url = await self.leaving.enter_async_context(new_database())
            return await self.leaving.enter_async_context(a_database_store(url))

    budget = settings(
        max_examples=4, stateful_step_count=10, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(InDatabase, settings=budget)


@pytest.mark.parametrize(
    "fault", ["tries that are not kept", "a third try", "an unknown record opened again"]
)
def test_machine__finds_faults(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is worth its time: a worker that is wrong in one of these ways does not get past it."""
    if fault == "a third try":
        monkeypatch.setattr(publish, "TRIES", 3)
    if fault == "an unknown record opened again":
        monkeypatch.setattr(publish, "NOT_OPENED", publish.NOT_OPENED | {IntentState.UNKNOWN})
    budget = settings(
        max_examples=100, stateful_step_count=15, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    machine = ForgetsPlans if fault == "tries that are not kept" else Publishing
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=budget)
