"""Several channels are posted to at a time, each gets one message after the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.delivery.backoff import FAILURES_BEFORE_PAUSE
from bot.delivery.deliver import AFTER_TROUBLE, Pace
from bot.errors import StoreError
from bot.model import Secret
from bot.ports import NotDelivered, Post, PostOutcome
from bot.state import DeliveryState
from tests.fakes.chat import FakeChat
from tests.fakes.delivering import Delivering, a_delivery
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

AT_ONCE = 3
LINK = "https://demo.antithesis.com/report/1?auth=v2.public.CANARY"
MANY_FAIL = FAILURES_BEFORE_PAUSE + 1


@dataclass(kw_only=True)
class Gated(FakeChat):
    """A chat whose posts wait until the gate opens, and which knows how many are there at a time."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    there: Counter[str] = field(default_factory=Counter)
    most: int = 0
    most_of_one: int = 0
    refuse: bool = False

    async def post(self, post: Post) -> PostOutcome:
        """Wait at the gate."""
        self.there[post.channel] += 1
        self.most = max(self.most, self.there.total())
        self.most_of_one = max(self.most_of_one, *self.there.values())
        await self.gate.wait()
        self.there[post.channel] -= 1
        if self.refuse:
            return NotDelivered("no connection")
        return await super().post(post)


class Failing(MemoryStore):
    """A store that cannot record what was sent, for a while."""

    broken = True

    async def mark_sent(self, *args: object, **more: object) -> None:
        """Fail while it is broken."""
        if self.broken:
            raise StoreError("the disk is full")
        await super().mark_sent(*args, **more)  # type: ignore[arg-type]  # passed on


@dataclass(kw_only=True)
class AtOnce(Delivering):
    """A deliverer that runs by itself."""

    pace: Pace = field(default_factory=lambda: Pace(per_channel=0, at_once=AT_ONCE))

    def __post_init__(self) -> None:
        self.chat = self.gated = Gated(clock=self.clock)
        self.restart()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run, and let the time stand still."""
        task = asyncio.create_task(self.deliverer.run())
        await self.clock.advance(0)
        try:
            yield task
        finally:
            self.gated.gate.set()
            self.deliverer.stop()
            await asyncio.wait([task])


def channel(number: int) -> str:
    return f"fake:channel:C{number}"


async def test_run__posts_to_some_channels_at_once() -> None:
    """So many posts are under way and no more, never two to one channel; each arrives once, in its channel's order."""
    it = AtOnce()
    rows = [a_delivery(10 * row + at, channel=channel(at)) for row in range(3) for at in range(5)]
    await it.put(*rows)
    async with it.running():
        assert it.gated.there.total() == AT_ONCE
        it.gated.gate.set()
        await it.clock.advance(0)

    assert it.states() == [DeliveryState.SENT] * len(rows)
    assert (it.gated.most, it.gated.most_of_one, it.chat.doubled) == (AT_ONCE, 1, ())
    for number in range(5):
        payloads = [m.payload for m in it.chat.messages if m.channel == channel(number)]
        assert payloads == [f'{{"number": {10 * row + number}}}' for row in range(3)]


async def test_run__posts_one_at_a_time_to_a_channel() -> None:
    """Chats swallow bursts, so neither does a reply in a thread go out while the channel gets a message."""
    it = AtOnce()
    await it.put(a_delivery(1), a_delivery(2, thread="m1"))
    async with it.running():
        assert it.gated.there.total() == 1

    assert it.gated.most == 1


async def test_run__finds_out_alone_whether_the_chat_takes_anything() -> None:
    """Several that failed together are one failure, so the chat does not rest for them; then one is tried at a time."""
    it = AtOnce(pace=Pace(per_channel=0, at_once=MANY_FAIL))
    await it.put(*(a_delivery(n, channel=channel(n)) for n in range(2 * MANY_FAIL)))
    async with it.running():
        it.gated.refuse = True
        it.gated.gate.set()
        await asyncio.sleep(0)
        it.gated.gate.clear()
        await it.clock.advance(0)
        it.gated.refuse, it.gated.most = False, 0
        assert it.gated.there.total() == 1  # of those that wait for their first try
        it.gated.gate.set()
        await it.clock.advance(5)

    assert it.states() == [DeliveryState.SENT] * 2 * MANY_FAIL
    assert it.deliverer.counts["later"] == MANY_FAIL


async def test_run__does_not_look_for_what_is_under_way() -> None:
    """A chat without a settle time would be asked at once, and what is not there yet would be sent again."""
    it = AtOnce()
    it.chat.reconcile_after = 0.0
    await it.put(a_delivery(1), a_delivery(2, channel=channel(2)))
    async with it.running():
        await it.clock.advance(5)
        assert it.chat.looks == []
        it.gated.gate.set()
        await it.clock.advance(5)

    assert it.states() == [DeliveryState.SENT] * 2
    assert it.chat.doubled == ()


async def test_run__stopped_ends_what_is_under_way() -> None:
    """Whoever stops it waits for the posts that are on their way, and no other begins."""
    it = AtOnce()
    await it.put(*(a_delivery(n, channel=channel(n)) for n in range(5)))
    async with it.running() as task:
        it.deliverer.stop()
        await it.clock.advance(0)
        assert not task.done()

    assert Counter(it.states()) == {DeliveryState.SENT: AT_ONCE, DeliveryState.PENDING: 2}


async def test_run__cancelled_lets_go_of_what_is_under_way() -> None:
    """What was cut off stays unconfirmed: whoever delivers next looks for it. No task is left."""
    it = AtOnce()
    await it.put(*(a_delivery(n, channel=channel(n)) for n in range(2)))
    before = asyncio.all_tasks()
    async with it.running() as task:
        task.cancel()
        await asyncio.wait([task])
        assert asyncio.all_tasks() == before

    assert it.states() == [DeliveryState.SENDING] * 2
    assert it.chat.posts == []


async def test_run__asks_once_for_the_report_link_of_a_run() -> None:
    """A run that many channels hear of is no burst of requests for its platform."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_report(run, LINK)
    it = AtOnce(platforms={"demo": service.platform})
    await it.put(*(a_delivery(n, channel=channel(n), report=run.ref) for n in range(2 * AT_ONCE)))
    it.gated.gate.set()
    async with it.running():
        await it.clock.advance(1)

    assert [post.report_url for post in it.chat.posts] == [Secret(LINK)] * 2 * AT_ONCE
    assert service.count("report_link") == 1


async def test_run__rests_when_nothing_can_be_recorded() -> None:
    """A post whose end cannot be written is looked for, and the next one waits a little: nothing is doubled."""
    it = AtOnce(store=Failing(), pace=Pace(per_channel=0, at_once=1))
    await it.put(a_delivery(1), a_delivery(2, channel=channel(2)))
    it.gated.gate.set()
    async with it.running():
        await it.clock.advance(AFTER_TROUBLE - 1)
        assert len(it.chat.posts) == 1
        assert it.deliverer.counts["trouble"] == 1
        assert isinstance(it.store, Failing)
        it.store.broken = False
        await it.clock.advance(2 * it.chat.reconcile_after)

    assert it.states() == [DeliveryState.SENT] * 2
    assert it.chat.doubled == ()
