"""Runs that end in one look are one message of a channel; what is alone is posted as promptly as ever."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.cards import Context
from bot.delivery.held import TOGETHER
from bot.model import Run, RunRef
from bot.state import ChannelSettings, DeliveryState, MessageRef, Outcome, PollStep
from tests.fakes.crash import Crash
from tests.fakes.delivering import Delivering, a_delivery
from tests.fakes.runs import some_results
from tests.fakes.store import MemoryStore
from tests.fakes.watching import CHANNEL, Watching, a_subscription

HELD, PENDING = DeliveryState.HELD, DeliveryState.PENDING
OTHER = "fake:channel:C2"


def delivering(it: Watching) -> Delivering:
    """Return the deliverer beside a poller."""
    return Delivering(clock=it.clock, store=it.store)


async def end(it: Watching, *runs: Run, failing: tuple[str, ...] = ()) -> None:
    """Let runs end, and look."""
    for run in runs:
        it.service.finish(run, some_results(run, failing=failing, passing=("ok",)))
    await it.tick()


def title(payload: str) -> str:
    return "".join(span if isinstance(span, str) else span["text"] for span in json.loads(payload)["title"])


async def test_tick__two_ends_are_one_message() -> None:
    """Each with its verdict, its new failures by name and its own buttons; at once, when both are recorded."""
    it = Watching()
    await it.begin()
    runs = [it.starts(number, launcher=f"launcher {number}") for number in (1, 2)]
    await end(it, *runs, failing=("lost write",))
    deliver = delivering(it)
    began = it.clock.monotonic()
    await deliver.run_until_idle()
    (sent,) = deliver.sent
    card = json.loads(sent)

    assert title(sent) == "2 runs ended: 2 FAILED"
    assert [[b["command"]["values"]["run"] for b in item["buttons"]] for item in card["items"]] == [
        [run.ref.text] * 2 for run in reversed(runs)
    ]
    assert json.dumps(card["items"]).count("lost write") == 2
    assert it.clock.monotonic() == began
    assert it.rows == 3, "once for each run, and once for both"


async def test_tick__one_end_of_two_that_is_for_a_channel_is_its_post() -> None:
    """Others heard of the other one: nobody waits longer than the look takes, and nothing is a list of one."""
    it = Watching()
    await it.begin(a_subscription(launcher="launcher 1"), a_subscription(OTHER, launcher="launcher 2"))
    await end(it, *(it.starts(number, launcher=f"launcher {number}") for number in (1, 2)))
    deliver = delivering(it)
    await deliver.run_until_idle()

    assert [title(payload) for payload in deliver.sent] == [
        "launcher 1 on main passed",
        "launcher 2 on main passed",
    ]


async def test_tick__a_single_end_is_never_held() -> None:
    """The usual case: it is on its way with the write that records it."""
    it = Watching()
    await it.begin()
    await end(it, it.starts(1))

    assert [row.delivery.state for row in it.store.outbox.values()] == [PENDING]


async def test_tick__what_somebody_launched_stays_below_their_card() -> None:
    """Who waits for a run in its thread gets it there."""
    it = Watching()
    await it.begin()
    first, second = it.starts(1), it.starts(2)
    await it.launched(first, shown=MessageRef(channel=CHANNEL, message_id="m1"))
    await end(it, first, second)
    deliver = delivering(it)
    await deliver.run_until_idle()

    assert sorted(message.thread or "" for message in deliver.chat.messages) == ["", "m1"]


async def test_tick__a_kill_before_the_look_is_over_loses_nothing() -> None:
    """The second is found by the next process; the first does not wait for it longer than it may."""

    class Dying(MemoryStore):
        ends = 0

        async def record(self, step: PollStep) -> int:
            if step.announced:
                self.ends += 1
                if self.ends == 2:
                    raise Crash
            return await super().record(step)

    it = Watching(store=Dying())
    await it.begin()
    runs = [it.starts(number, launcher=f"launcher {number}") for number in (1, 2)]
    with pytest.raises(Crash):
        await end(it, *runs)
    states = [row.delivery.state for row in it.store.outbox.values()]
    deliver = delivering(it)
    it.restart()
    await it.tick()
    await deliver.run_until_idle()

    assert states == [HELD]
    assert sum(f"launcher {n}" in "".join(deliver.sent) for n in (1, 2)) == 2


async def test_tick__the_next_process_lets_out_what_a_killed_look_held() -> None:
    """At once, together with what its own look finds: nobody else is in a look of this connection."""

    class Dying(MemoryStore):
        dies = True

        async def record(self, step: PollStep) -> int:
            found = await super().record(step)
            if step.announced and self.dies:
                raise Crash
            return found

    it = Watching(store=(store := Dying()))
    await it.begin()
    first, second, later = (it.starts(number, launcher=f"launcher {number}") for number in (1, 2, 3))
    with pytest.raises(Crash):
        await end(it, first, second)
    held = [row.delivery.state for row in it.store.outbox.values()]
    store.dies = False
    it.restart()
    it.service.finish(later, some_results(later, passing=("ok",)))
    began = it.clock.now()
    await it.poller.tick()
    deliver = delivering(it)
    await deliver.run_until_idle()

    assert held == [HELD]
    assert [title(payload) for payload in deliver.sent] == ["3 runs ended: 3 passed"]
    assert it.clock.now() - began < TOGETHER


async def test_tick__the_next_process_lets_out_nothing_else() -> None:
    """What another connection's look holds, and what is quiet until the morning, stays."""
    it = Watching()
    await it.begin()
    soon, night = it.clock.now() + TOGETHER, it.clock.now() + timedelta(hours=8)
    other = a_delivery(1, held_until=soon, context=Context(run=RunRef("another", "run 1")))
    quiet = a_delivery(2, held_until=night, context=Context(run=RunRef(it.service.connection, "run 2")))
    for delivery in (other, quiet):
        await it.store.enqueue(delivery, it.clock.now())
    it.restart()
    await it.tick()

    assert [each.due for each in await it.store.held(CHANNEL)] == [soon, night]


async def test_finish__of_what_was_launched_where_nothing_is_watched_is_not_held() -> None:
    """Whoever launched it waits for it, also where no message of theirs is there to answer."""
    it, other = Watching(), "fake:channel:C2"
    await it.begin()
    now = it.clock.now()
    quiet = ChannelSettings(channel=other, quiet_from=now.time(), quiet_to=(now + timedelta(hours=3)).time())
    await it.store.set_channel(quiet, now)
    run = it.starts(1)
    await it.launched(run, channel=other, thread=None)
    await end(it, run)

    states = {row.delivery.channel: row.delivery.state for row in it.store.outbox.values()}
    assert states == {CHANNEL: PENDING, other: PENDING}


async def test_finish__is_held_while_the_channel_is_quiet() -> None:
    """In the same write; what was launched there is no message of the channel and is not held."""
    it = Watching()
    await it.begin()
    now = it.clock.now()
    later = now + timedelta(hours=3)
    quiet = ChannelSettings(channel=CHANNEL, quiet_from=now.time(), quiet_to=later.time())
    await it.store.set_channel(quiet, now)
    first, second = it.starts(1), it.starts(2)
    await it.launched(second, shown=MessageRef(channel=CHANNEL, message_id="m1"))
    await end(it, first)
    await end(it, second)

    assert [row.delivery.state for row in it.store.outbox.values()] == [HELD, PENDING]
    (ending, _) = [row.delivery.ending for row in it.store.outbox.values()]
    assert ending is not None
    assert (ending.run, ending.launcher, ending.outcome) == (first.ref, first.launcher, " passed")
    assert Outcome.ALL in ending.outcomes
