"""Quotas hold wherever the process dies and whatever is lost: never more than was agreed, and nothing kept for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from bot.quotas import Quota
from bot.state import (
    Actor,
    AuditEntry,
    Full,
    Intent,
    IntentState,
    Overtaken,
    Per,
    Reservation,
    Seen,
    Share,
    Used,
)
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.service import Launching
from tests.fakes.stage import ANN, BO, POLICY, Stage
from tests.fakes.store import MemoryStore
from tests.faults import test_approving
from tests.faults.test_launching import LAUNCH, STARTED, a_stage, confirm, live_on, the_intent
from tests.faults.test_launching_machine import HOWS, NIGHTLY, Launches

CALLS = 18  # more store calls than one confirmation makes
ONE = replace(POLICY, quotas=(Quota(per=Per.CHANNEL, runs=1), Quota(per=Per.PERSON, minutes=30)))
RUNS, MINUTES = 2, 60
MAY_RUN = frozenset({IntentState.CONFIRMED, IntentState.POSTING, IntentState.ACCEPTED, IntentState.UNKNOWN})
DAY = timedelta(days=1)
LAUNCHERS = st.lists(st.sampled_from(["test_a", "test_b", "test_c"]), min_size=1, unique=True)


async def a_limited_stage(how: Launching) -> Stage:
    """Return a stage with one draft, and room for it alone."""
    stage = await a_stage(LAUNCH)
    stage.service.next_launch(how)
    return stage.restarted(policy=ONE)


async def has_room(stage: Stage) -> bool:
    """Whether one like it may be started now."""
    return not (await stage.restarted().say("launch other_test duration=30")).failed


@pytest.mark.parametrize("how", [Launching.NORMAL, Launching.REFUSED, Launching.LOST_REQUEST])
@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
async def test_confirm__process_dies_at_a_store_call(dies_at: int, committed: bool, how: Launching) -> None:
    """At each call, before or after its commit: the one run that was left is free again where nothing can have started."""
    stage = await a_limited_stage(how)
    store = MortalStore(stage.memory, dies_at=dies_at, committed=committed)
    await confirm(stage.restarted(store=store.typed))
    await live_on(stage)
    held = the_intent(stage).state in {IntentState.ACCEPTED, IntentState.UNKNOWN}
    started = len(stage.service.launches) == 1 and how in STARTED

    assert dies_at < CALLS or not store.dead, "there are more calls to die at"
    assert held or not started
    assert await has_room(stage) is not held


@pytest.mark.parametrize("how", [Launching.NORMAL, Launching.REFUSED])
@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
async def test_approve__process_dies_at_a_store_call(dies_at: int, committed: bool, how: Launching) -> None:
    """Where a second person says yes it is reserved with that, and only then."""
    asked = (await test_approving.a_stage("confirm")).restarted(policy=ONE)
    before = await has_room(asked)
    asked.service.next_launch(how)
    store = MortalStore(asked.memory, dies_at=dies_at, committed=committed)
    await test_approving.say(asked.restarted(store=store.typed), "approve", BO)
    later = asked.restarted()
    await later.pass_time(20)
    await test_approving.say(later, "approve", BO, times=3)
    await later.pass_time(900, step=15)

    assert dies_at < CALLS or not store.dead, "there are more calls to die at"
    assert before
    assert await has_room(asked) is (the_intent(asked).state not in MAY_RUN)


@pytest.mark.parametrize("doomed", ["before", "after"])
async def test_confirm__process_dies_while_sending(doomed: str) -> None:
    """Around the request nobody can prove that nothing started, so it keeps what it took."""
    stage = await a_limited_stage(Launching.NORMAL)
    assert isinstance(stage.service, MortalService)
    stage.service.doomed = doomed
    with suppress(Crash):
        await confirm(stage)
    await live_on(stage)

    assert not await has_room(stage)


class Limited(Launches):
    """The machine of launches with rules over each person, the channel and the connection."""

    store: ClassVar[type[MemoryStore]] = MemoryStore
    people: ClassVar[tuple[frozenset[str], ...]] = ()
    quotas = (
        Quota(per=Per.PERSON, runs=RUNS),
        Quota(per=Per.CHANNEL, minutes=MINUTES),
        Quota(per=Per.CONNECTION, runs=RUNS + 1),
    )

    async def open(self) -> MemoryStore:
        """Return an empty store of the kind under test."""
        return self.store()

    def a_stage(self, memory: MemoryStore) -> Stage:
        """Return the process with its rules."""
        return Stage(
            service=MortalService(), memory=memory, presets={"nightly": NIGHTLY}, people=self.people,
            policy=replace(POLICY, quotas=self.quotas),
        )  # fmt: skip

    def teardown(self) -> None:
        """Once everything is settled there is room exactly where what may have started leaves some."""
        if not hasattr(self, "runner"):
            return
        self.runner.run(self.stage.restarted().pass_time(1200, step=20))
        try:
            self.knock()
        finally:
            super().teardown()

    @rule()
    def knock(self) -> None:
        """Whoever asks for one minute more is refused exactly where what may have started leaves none."""
        memory, day = self.stage.memory, self.stage.clock.now().date()
        held = [
            run
            for key, run in memory.reservations.items()
            if memory.intents[key].state in MAY_RUN and run.at.date() == day
        ]
        full = (
            len([run for run in held if run.actor in self._same(ANN.id)]) >= RUNS
            or sum(run.minutes or 0 for run in held) >= MINUTES
            or len(held) >= RUNS + 1
        )
        reply = self.runner.run(self.stage.restarted().say("launch last_test duration=1"))
        assert reply.failed is full, held

    def _same(self, actor: str) -> frozenset[str]:
        """Return the accounts of a person."""
        return next((ids for ids in self.people if actor in ids), frozenset({actor}))

    @rule(by=st.sampled_from([ANN, BO]), launchers=LAUNCHERS, minutes=st.sampled_from([1, 30, 61]))
    def ask_for(self, by: Actor, launchers: list[str], minutes: int) -> None:
        """Somebody asks for launches of some length."""
        for launcher in launchers:
            self.runner.run(self.stage.say(f"launch {launcher} duration={minutes}", by=by))

    @rule(how=HOWS)
    def press_all(self, how: Launching) -> None:
        """All buttons that are there are pressed at one moment, each by its own person; one is answered as it may be."""
        self.stage.service.next_launch(how)
        drafts = [intent for intent in self.intents if intent.state is IntentState.DRAFT]
        pressed = (self._say(self.stage, f"confirm {intent.id}", 1, intent.actor) for intent in drafts)
        self.runner.run(_all(pressed))

    @rule()
    def day_passes(self) -> None:
        """Let the next day come."""
        self.runner.run(self.stage.pass_time(DAY.total_seconds(), step=DAY.total_seconds()))

    @invariant()
    def never_more_than_agreed(self) -> None:
        """Day by day the platform runs no more than was agreed."""
        if not hasattr(self, "stage"):
            return
        memory = self.stage.memory
        started = [intent for intent in self.intents if self._runs(intent)]
        assert all(intent.id in memory.reservations for intent in started)
        taken = [memory.reservations[intent.id] for intent in started]
        for day in {run.at.date() for run in taken}:
            runs = [run for run in taken if run.at.date() == day]
            assert len(runs) <= RUNS + 1, runs
            assert sum(run.minutes or 0 for run in runs) <= MINUTES, runs
            for one in runs:
                assert len([run for run in runs if run.actor in self._same(one.actor)]) <= RUNS, runs

    def _runs(self, intent: Intent) -> bool:
        """Whether the platform has a run of a launch, as its own books say."""
        return intent.id in self.stage.service._keys


async def _all(those: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*those)


class Hasty(MemoryStore):
    """A store that looks first and writes later, as code without a transaction would."""

    async def confirm(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        now: datetime,
        *,
        reservation: Reservation | None = None,
        shares: Sequence[Share] = (),
        seen: Seen | None = None,
        by: str = "",
        noted: AuditEntry | None = None,
    ) -> bool | Full | Overtaken:
        """Look, let others go, and write."""
        used, minutes = await self.used(shares), reservation.minutes if reservation else None
        if not all(share.has_room(held, minutes) for share, held in zip(shares, used, strict=True)):
            return Full(used)
        return await super().confirm(
            intent_id, expected, now, reservation=reservation, seen=seen, by=by, noted=noted
        )


class Stingy(MemoryStore):
    """A store that gives nothing back."""

    def _used(self, share: Share) -> Used:
        """Count what is reserved, whatever became of it."""
        held = [run for run in self.reservations.values() if share.since <= run.at < share.until]
        return Used(runs=len(held), minutes=sum(run.minutes or 0 for run in held))


class OverHasty(Limited):
    """The same over a store that may give the last run away twice."""

    store = Hasty


class OverStingy(Limited):
    """The same over a store that keeps what was never started."""

    store = Stingy


class Linked(Limited):
    """The same where both accounts are one person's: they share a quota, and cannot approve for each other."""

    people = (frozenset({ANN.id, BO.id}),)


TestLimited = Limited.TestCase
TestLimited.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestLinked = Linked.TestCase
TestLinked.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("machine", [Limited, OverHasty])
def test_machine__finds_a_run_too_many(machine: type[Limited]) -> None:
    """The machine is worth its time: a store that looks before it writes does not get past it."""
    tried = machine()
    tried.begin()
    tried.ask_for(by=ANN, launchers=["test_a", "test_b", "test_c"], minutes=1)
    tried.press_all(how=Launching.NORMAL)
    with pytest.raises(AssertionError) if machine is OverHasty else nullcontext():
        tried.never_more_than_agreed()
    tried.runner.close()


@pytest.mark.parametrize("machine", [Limited, OverStingy])
def test_machine__finds_what_is_not_given_back(machine: type[Limited]) -> None:
    """Neither does one that keeps what a refused launch took."""
    tried = machine()
    tried.begin()
    for how in (Launching.REFUSED, Launching.NORMAL):
        tried.ask_for(by=ANN, launchers=[f"test_{how.name.lower()}"], minutes=30)
        tried.press_all(how=how)
    with pytest.raises(AssertionError) if machine is OverStingy else nullcontext():
        tried.knock()
    tried.runner.close()
