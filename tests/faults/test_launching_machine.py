"""Launches, presses, deaths, lags and lost answers in any order: never two requests for one intent."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

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

from bot.access import Role
from bot.command import Preset
from bot.state import Actor, Intent, IntentState
from tests.fakes.loop_runner import LoopRunner
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.service import Launching
from tests.fakes.stage import ANN, BO, Stage, an_invocation, silent
from tests.fakes.store import MemoryStore
from tests.fakes.store_database import a_database_store
from tests.faults.conftest import NewDatabase

HOWS = st.sampled_from(list(Launching))
GOING_ON = frozenset({IntentState.ASKED, IntentState.CONFIRMED, IntentState.POSTING})
NEVER_SENT = frozenset({
    IntentState.DRAFT, IntentState.ASKED, IntentState.CONFIRMED, IntentState.DECLINED, IntentState.EXPIRED
})  # fmt: skip
NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
LAUNCH, DEBUG, PRESET = (
    "launch basic_test duration=30",
    f"debug {run_id(1)} moment={MOMENT.text}",
    "launch nightly",
)


class Launches(RuleBasedStateMachine):
    """One channel, two people, one platform, one process that may die."""

    @initialize()
    def begin(self) -> None:
        """Start the process."""
        self.runner = LoopRunner()
        self.leaving = contextlib.AsyncExitStack()
        memory = self.runner.run(self.open())
        self.stage = self.a_stage(memory)
        self.stage.service.add_run(a_run(1))

    def a_stage(self, memory: MemoryStore) -> Stage:
        """Return the process with its platform."""
        return Stage(service=MortalService(), memory=memory, presets={"nightly": NIGHTLY})

    async def open(self) -> MemoryStore:
        """Return an empty store."""
        return MemoryStore()

    def teardown(self) -> None:
        """Let a day pass: everything is settled, and what was settled is true."""
        if not hasattr(self, "runner"):
            return
        try:
            self.finish()
        finally:
            self.runner.run(self.leaving.aclose())
            self.runner.close()

    def finish(self) -> None:
        """Let everything calm down."""
        self.runner.run(self.stage.restarted().pass_time(1200, step=20))
        self.runner.run(self.stage.restarted().pass_time(3600, step=200))
        for intent in self.intents:
            assert intent.state not in GOING_ON, intent
            if intent.run_id is not None:
                assert intent.run_id in self.stage.service._runs

    @property
    def intents(self) -> list[Intent]:
        """All intents, oldest first."""
        return list(self.stage.memory.intents.values())

    @rule(by=st.sampled_from([ANN, BO]), words=st.sampled_from([LAUNCH, DEBUG, PRESET, PRESET]))
    def ask(self, by: Actor, words: str) -> None:
        """Somebody asks for a launch, with or without a second person, or a session."""
        self.runner.run(self.stage.say(words, by=by))

    @precondition(lambda self: self.intents)
    @rule(
        data=st.data(),
        times=st.integers(1, 5),
        how=HOWS,
        verb=st.sampled_from(["confirm", "decline", "again"]),
    )
    def press(self, data: st.DataObject, times: int, how: Launching, verb: str) -> None:
        """Somebody presses a button several times at once; the next answer is as it may be."""
        intent = data.draw(st.sampled_from(self.intents))
        self.stage.service.next_launch(how)
        self.runner.run(self._say(self.stage, f"{verb} {intent.id}", times, intent.actor))

    @precondition(lambda self: self.intents)
    @rule(
        data=st.data(),
        by=st.sampled_from([ANN, BO]),
        verb=st.sampled_from(["approve", "approve", "refuse", "decline"]),
        times=st.integers(1, 3),
        how=HOWS,
    )
    def decide(self, data: st.DataObject, by: Actor, verb: str, times: int, how: Launching) -> None:
        """Either of the two approves, refuses or withdraws something, whoever asked for it."""
        intent = data.draw(st.sampled_from(self.intents))
        self.stage.service.next_launch(how)
        self.runner.run(self._say(self.stage, f"{verb} {intent.id}", times, by.id))

    @precondition(lambda self: self.intents)
    @rule(
        data=st.data(),
        dies_at=st.integers(1, 10),
        committed=st.booleans(),
        verb=st.sampled_from(["confirm", "approve", "refuse"]),
    )
    def press_and_die(self, data: st.DataObject, dies_at: int, committed: bool, verb: str) -> None:
        """Let the process die while it works on a press, and start a new one."""
        intent = data.draw(st.sampled_from(self.intents))
        by = intent.actor if verb == "confirm" else next(a.id for a in (ANN, BO) if a.id != intent.actor)
        store = MortalStore(self.stage.memory, dies_at=dies_at, committed=committed)
        dying = self.stage.restarted(store=store.typed)
        self.runner.run(self._say(dying, f"{verb} {intent.id}", 2, by))
        self.stage = self.stage.restarted()

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), doomed=st.sampled_from(["before", "after"]))
    def press_and_die_while_sending(self, data: st.DataObject, doomed: str) -> None:
        """Let the process die right before or right after the platform took the request."""
        intent = data.draw(st.sampled_from(self.intents))
        assert isinstance(self.stage.service, MortalService)
        self.stage.service.doomed = doomed
        self.runner.run(self._say(self.stage, f"confirm {intent.id}", 1, intent.actor))
        self.stage.service.doomed = ""
        self.stage = self.stage.restarted()

    @rule(seconds=st.sampled_from([5, 20, 100, 400]))
    def time_passes(self, seconds: int) -> None:
        """Let time pass, with the watchers looking."""
        self.runner.run(self.stage.pass_time(seconds, step=10))

    @rule(listings=st.integers(0, 6))
    def list_lags(self, listings: int) -> None:
        """Let new runs be listed late from now on."""
        self.stage.service.lag(listings)

    @invariant()
    def never_twice(self) -> None:
        """One intent is one request at most, and only if it was confirmed."""
        if not hasattr(self, "stage"):
            return
        launched = [request.key for request in self.stage.service.launches]
        opened = [request.description[6:14] for request in self.stage.service.debugs]

        assert self.stage.service.violations == []
        assert len(launched) == len(set(launched))
        assert len(opened) == len(set(opened))
        unsent = {intent.id for intent in self.intents if intent.state in NEVER_SENT}
        assert unsent.isdisjoint(launched)
        assert {intent_id[:8] for intent_id in unsent}.isdisjoint(opened)
        self._never_alone(frozenset(launched))

    def _never_alone(self, launched: frozenset[str]) -> None:
        """Hold that what needs a second person was approved by somebody else, who stands in the trail for it once."""
        approved = [entry for entry in self.stage.memory.trail if entry.decision == "approved"]
        for intent in self.intents:
            noted = [entry.actor for entry in approved if entry.detail.startswith(intent.id)]
            if intent.second and intent.id in launched:
                assert noted == [intent.decided_by]
                assert intent.decided_by not in {"", intent.actor}
            if not intent.second:
                assert noted == []

    async def _say(self, stage: Stage, words: str, times: int, actor: str) -> None:
        by = ANN if actor == ANN.id else BO
        said = [replace(an_invocation(stage, words), actor=by) for _ in range(times)]
        await asyncio.gather(*(stage.handler.handle(one, silent) for one in said), return_exceptions=True)


class Forgetful(MemoryStore):
    """A store whose updates do not look at the state they replace, as code without a condition would."""

    def _expected(self, intent_id: str, expected: frozenset[IntentState]) -> Intent | None:
        """Take any state for an expected one."""
        return super()._expected(intent_id, frozenset(IntentState))


class Careless(Launches):
    """The same over a store that forgets to look."""

    async def open(self) -> MemoryStore:
        """Return one that forgets."""
        return Forgetful()


TestLaunches = Launches.TestCase
TestLaunches.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_launches__in_a_database(new_database: NewDatabase) -> None:
    """The same over the real stores."""

    class InDatabase(Launches):
        async def open(self) -> MemoryStore:
            url = await self.leaving.enter_async_context(new_database())
            return await self.leaving.enter_async_context(a_database_store(url))

    budget = settings(
        max_examples=3, stateful_step_count=12, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(InDatabase, settings=budget)


def test_machine__finds_a_second_launch() -> None:
    """The machine is worth its time: a store without conditional updates does not get past it."""
    budget = settings(
        max_examples=200,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Careless, settings=budget)
