"""Any mix of crashes and faults: nothing lost, nothing doubled, the order kept.

Hypothesis looks for a sequence that breaks the promise. To know that it would find one, the same machine is run
over deliverers that are wrong in the ways in which such code usually is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

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
from adapters.store.text import provider_key
from bot.delivery import digest
from bot.delivery.deliver import Deliverer, DeliveryStore, Pace
from bot.delivery.unconfirmed import Reconciler
from bot.ports import Lookup, Missing, Unreadable
from bot.state import Delivery, MessageRef, Mute, NewDelivery
from tests.fakes.chat import FakeChat, Posting, Seeing
from tests.fakes.clock import ManualClock
from tests.fakes.crash import Crash, FragileStore
from tests.fakes.delivering import a_delivery
from tests.fakes.loop_runner import LoopRunner
from tests.fakes.store import MemoryStore
from tests.faults.conftest import NewDatabase

CHANNELS = ("fake:channel:C1", "fake:channel:C2")
FAULTS = tuple(how for how in Posting if how not in {Posting.HANGING, Posting.GONE, Posting.REVOKED})
BLINDNESS = tuple(how for how in Seeing if how not in {Seeing.HANGING, Seeing.FORBIDDEN})
CRASH_POINTS = (
    "claim",
    "unconfirmed",
    "mark_sent",
    "mark_retry",
    "mark_unconfirmed",
    "mark_dead",
    "count_fault",
    "rate_limit_channel",
)
SETTLE = 30.0
A_DAY = 86_400.0
STEPS_TO_THE_END = 1_000


class OutboxMachine(RuleBasedStateMachine):
    """Deliveries, faults and crashes in any order, over the store in memory."""

    kind: ClassVar[type[Deliverer]] = Deliverer
    settle: ClassVar[float] = SETTLE
    crash_points: ClassVar[tuple[str, ...]] = CRASH_POINTS

    def __init__(self) -> None:
        super().__init__()
        self.runner = LoopRunner()
        self.leaving = contextlib.AsyncExitStack()
        self.clock = ManualClock()
        self.chat = FakeChat(clock=self.clock, reconcile_after=self.settle, late=SETTLE / 3)
        self.store = FragileStore(self.runner.run(self.open()))
        self.recorded: list[NewDelivery] = []
        self.told: list[str] = []
        self.jumps = False
        self.start_process()

    async def open(self) -> DeliveryStore:
        return MemoryStore()

    def start_process(self) -> None:
        self.deliverer = self.kind(
            self.chat,
            self.store.typed,
            platforms={},
            clock=self.clock,
            notify_operator=self.tell,
            pace=Pace(per_channel=1.0),
            chance=lambda: 0.5,
        )

    async def tell(self, sentence: str) -> None:
        self.told.append(sentence)

    @rule(channel=st.sampled_from(CHANNELS), reply=st.booleans())
    def record(self, channel: str, reply: bool) -> None:
        tops = [d.key for d in self.recorded if d.channel == channel and d.after is None]
        after = tops[-1] if reply and tops else None
        delivery = a_delivery(len(self.recorded) + 1, channel=channel, after=after)
        self.recorded.append(delivery)
        self.runner.run(self.store.typed.enqueue(delivery, self.clock.now()))
        self.deliverer.wake()

    @rule(how=st.sampled_from(FAULTS))
    def program_post(self, how: Posting) -> None:
        self.chat.next_posts(how)

    @rule(how=st.sampled_from(BLINDNESS))
    def program_look(self, how: Seeing) -> None:
        self.chat.next_lookups(how)

    @rule(point=st.integers(0, 100), committed=st.booleans())
    def doom(self, point: int, committed: bool) -> None:
        self.store.doomed = (self.crash_points[point % len(self.crash_points)], committed)

    @rule(steps=st.integers(1, 6), down=st.sampled_from((0.0, 1.0, 12.0, 100.0)))
    def work(self, steps: int, down: float) -> None:
        for _ in range(steps):
            self.step(down)

    @rule(seconds=st.sampled_from((0.5, 5.0, 31.0)))
    def wait(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    @initialize(jumps=st.booleans())
    def choose_clock(self, jumps: bool) -> None:
        self.jumps = jumps

    @precondition(lambda self: self.jumps)
    @rule()
    def set_clock_back(self) -> None:
        self.clock.jump(-3600)

    def step(self, down: float = 0.0, *, at_least: float = 0.0) -> None:
        try:
            wait = self.runner.run(self.deliverer.step())
        except Crash:
            self.clock.pass_time(down)
            self.start_process()
        else:
            self.clock.pass_time(max(wait, at_least) if wait else 0)

    @invariant()
    def nothing_is_doubled(self) -> None:
        assert self.chat.doubled == ()
        assert self.chat.violations == []

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.runner.run(self.leaving.aclose())
            self.runner.close()

    def finish(self) -> None:
        """Let everything calm down, then compare what people see with what was recorded."""
        self.chat.behave()
        self.store.doomed = None
        for _ in range(STEPS_TO_THE_END):
            if not self.runner.run(self.store.typed.depth()).waiting:
                break
            self.step(at_least=300)
        self.clock.pass_time(A_DAY)
        self.nothing_is_doubled()
        self.compare()

    def compare(self) -> None:
        dead = {d.key for d in self.recorded if any(d.key in sentence for sentence in self.told)}
        alive = {provider_key(d.key) for d in self.recorded if d.key not in dead}
        assert alive - set(self.chat.keys) == set()
        if not self.jumps:  # rows that wait for a time of day wait longer then, and younger ones pass
            self.check_order(alive)

    def check_order(self, alive: set[str]) -> None:
        """Within a thread the order is that of recording, but for rows over which the sender broke."""
        for channel in CHANNELS:
            for replies in (False, True):
                seen = [m for m in self.chat.messages if m.channel == channel and bool(m.thread) == replies]
                keys = [m.key for m in seen if m.key in alive - self.chat.raised]
                order = [provider_key(d.key) for d in self.recorded]
                by_thread = {m.key: m.thread for m in seen}
                assert keys == sorted(keys, key=order.index) or replies
                for thread in set(by_thread.values()):
                    inside = [key for key in keys if by_thread[key] == thread]
                    assert inside == sorted(inside, key=order.index)


class CrowdedOutboxMachine(OutboxMachine):
    """The same where three messages are many already: each is told once, by itself or by one summary."""

    crash_points: ClassVar[tuple[str, ...]] = (*CRASH_POINTS, "crowded", "waiting", "fold")

    async def open(self) -> DeliveryStore:
        self.rows = MemoryStore()
        return self.rows

    def compare(self) -> None:
        posted = set(self.chat.keys)
        for delivery in self.recorded:
            key = delivery.key
            while key in self.rows.folded:
                assert provider_key(key) not in posted, "it was told twice"
                key = self.rows.folded[key]
            dead = any(key in sentence for sentence in self.told)
            assert dead or provider_key(key) in posted


def budget(examples: int, steps: int, *, seeking: bool = False) -> settings:
    """Return how long to look; when `seeking` a fault that is there, stop at the first and do not shrink it."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        derandomize=seeking,
        phases=(Phase.generate,) if seeking else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def test_outbox__keeps_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sequence of faults and crashes loses, doubles or reorders a message."""
    monkeypatch.setattr(digest, "MANY", 1_000)  # no summaries: they have a machine of their own
    run_state_machine_as_test(OutboxMachine, settings=budget(100, 30))


def test_outbox__keeps_its_promise_in_a_database(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor over the real stores."""

    class InDatabase(OutboxMachine):
        async def open(self) -> DeliveryStore:
            url = await self.leaving.enter_async_context(new_database())
            return await self.leaving.enter_async_context(open_store(url))

    monkeypatch.setattr(digest, "MANY", 1_000)
    run_state_machine_as_test(InDatabase, settings=budget(6, 20))


def test_outbox__keeps_its_promise_with_summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that a summary stands for is told by that alone, whatever happens around it."""
    monkeypatch.setattr(digest, "MANY", 2)
    run_state_machine_as_test(CrowdedOutboxMachine, settings=budget(100, 30))


def test_machine__finds_a_summary_beside_what_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The crowded machine would find the usual mistake."""

    class Doubling(CrowdedOutboxMachine):
        async def open(self) -> DeliveryStore:
            self.rows = BadStore()
            return self.rows

    monkeypatch.setattr(digest, "MANY", 2)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Doubling, settings=budget(400, 30, seeking=True))


class BadStore(MemoryStore):
    """Makes the summary and leaves the rows as they are."""

    async def fold(
        self, digest: NewDelivery, covered: Sequence[Delivery], now: datetime, *, over: Sequence[Mute] = ()
    ) -> bool:
        made = self._insert(digest, now)
        self.folded |= {d.key: digest.key for d in covered if made}
        return made


class Blind(Reconciler):
    """Takes for missing whatever is in doubt."""

    async def find(self, delivery: Delivery) -> Lookup:
        return Missing()


class Rash(Reconciler):
    """Takes a failed look for an empty history."""

    async def find(self, delivery: Delivery) -> Lookup:
        answer = await super().find(delivery)
        return Missing() if isinstance(answer, Unreadable) else answer


def with_reconciler(doubts: type[Reconciler]) -> type[Deliverer]:
    """Return a deliverer that finds out in another way."""

    class Wrong(Deliverer):
        def __init__(self, *args: object, **keywords: object) -> None:
            super().__init__(*args, **keywords)  # type: ignore[arg-type]  # passed on as they came
            self._reconciler = doubts(self.chat, self.store, clock=self.clock, deadline=self.pace.lookup)

    return Wrong


class MarksFirst(Deliverer):
    """Marks a row sent, then sends it."""

    async def step(self) -> float:
        delivery = await self.store.claim(self._chats, self.clock.now())
        if delivery is None:
            return 1.0
        nowhere = MessageRef(channel=delivery.channel, message_id="?")
        await self.store.mark_sent(delivery, nowhere, self.clock.now())
        await self._sending.send(delivery, self.clock.monotonic())
        return 0.0


class Overtaking(Deliverer):
    """Lets younger rows of a channel pass the one that has to wait."""

    async def _later(self, claim: object, outcome: object) -> None:
        park = self.store.rate_limit_channel

        async def nothing(channel: str, until: object) -> None:
            """Do not park it."""

        self.store.rate_limit_channel = nothing  # type: ignore[method-assign]  # that is its fault
        await super()._later(claim, outcome)  # type: ignore[arg-type]  # passed on as it came
        self.store.rate_limit_channel = park  # type: ignore[method-assign]  # for the others


def machine_with(kind: type[Deliverer], settle: float = SETTLE) -> type[OutboxMachine]:
    """Return the machine over a deliverer that is wrong somewhere."""

    class Faulty(OutboxMachine):
        pass

    Faulty.kind = kind
    Faulty.settle = settle
    return Faulty


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: machine_with(with_reconciler(Blind)), id="sends again without looking"),
        pytest.param(lambda: machine_with(with_reconciler(Rash)), id="takes a failed look for an answer"),
        pytest.param(lambda: machine_with(MarksFirst), id="marks before it sends"),
        pytest.param(lambda: machine_with(Deliverer, settle=0.0), id="does not let things settle"),
        pytest.param(lambda: machine_with(Overtaking), id="lets younger rows overtake"),
    ],
)
def test_machine__finds_the_usual_mistakes(make: Callable[[], type[OutboxMachine]]) -> None:
    """A proof that cannot fail proves nothing."""
    machine = make()
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=budget(400, 30, seeking=True))
