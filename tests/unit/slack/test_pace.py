"""Slack's pace, held with a clock that the test moves."""

from __future__ import annotations

import asyncio

from adapters.chat.edits import INTERVAL, Slot
from adapters.chat.pace import Bucket, ChannelPace
from adapters.chat.slack import metrics
from adapters.chat.slack.markup import Json
from adapters.chat.slack.sender import POST_BURST, POST_INTERVAL
from bot.cards import Card
from bot.ports import Delivered, NotDelivered, PostOutcome
from bot.state import MessageRef
from tests.fakes.clock import ManualClock
from tests.fakes.slack import serve
from tests.fakes.slack_api import limited
from tests.fakes.slack_bot import bare_sender
from tests.fakes.slack_world import BOT_USER, MAIN


def pace_of_posts(clock: ManualClock) -> ChannelPace:
    """Return the pace that Slack's sender holds posts to."""
    return ChannelPace(clock, "Slack", metrics.WAITED, interval=POST_INTERVAL, burst=POST_BURST)


async def test_bucket__lets_a_burst_through_and_then_one_per_interval() -> None:
    """Turns are given in the order of asking, and the waiting is told."""
    clock = ManualClock()
    bucket = Bucket(clock, interval=1.0, burst=3)
    waits: list[float] = []

    async def ask() -> None:
        waits.append(await bucket.turn())

    tasks = [asyncio.create_task(ask()) for _ in range(5)]
    await clock.advance(0.5)
    at_once = len(waits)
    await clock.advance(2)
    await asyncio.gather(*tasks)

    assert at_once == 3
    assert waits == [0.0, 0.0, 0.0, 1.0, 2.0]


async def test_bucket__lets_nobody_overtake_those_who_wait() -> None:
    """A turn that came while nobody could run belongs to whoever asked first, not to whoever asks right then."""
    clock = ManualClock()
    bucket = Bucket(clock, interval=1.0, burst=1)
    order: list[str] = []

    async def ask(name: str) -> None:
        await bucket.turn()
        order.append(name)

    await bucket.turn()
    tasks = [asyncio.create_task(ask(name)) for name in ("first", "second")]
    await clock.advance(0)
    clock.pass_time(1.5)
    tasks.append(asyncio.create_task(ask("late")))
    await clock.advance(5)
    await asyncio.gather(*tasks)

    assert order == ["first", "second", "late"]


async def test_bucket__earns_its_burst_back() -> None:
    """After a pause a burst is allowed again, never more than one."""
    clock = ManualClock()
    bucket = Bucket(clock, interval=1.0, burst=2)
    await bucket.turn()
    await bucket.turn()
    clock.pass_time(100)

    waits = [await bucket.turn(), await bucket.turn()]

    assert waits == [0.0, 0.0]


async def test_pace__channels_do_not_wait_for_each_other() -> None:
    """A busy channel leaves the others alone."""
    clock = ManualClock()
    pace = pace_of_posts(clock)
    for _ in range(POST_BURST):
        await pace.post_turn("busy")

    waited = await pace.post_turn("other")

    assert waited == 0.0


async def test_pace__limits_a_channel_for_as_long_as_slack_says() -> None:
    """Until then it says how long; afterwards nothing is left of it."""
    clock = ManualClock()
    pace = pace_of_posts(clock)
    pace.rate_limit("c", 30)
    clock.pass_time(10)

    left = (pace.rate_limited("c"), pace.rate_limited("other"), pace.rate_limited_channels)
    clock.pass_time(21)

    assert left == (20.0, 0.0, 1)
    assert (pace.rate_limited("c"), pace.rate_limited_channels) == (0.0, 0)


async def test_slot__sends_the_newest_of_many() -> None:
    """The first edit goes at once; of those that wait only the newest is sent, and all hear how it went."""
    clock = ManualClock()
    slot = Slot[Json](clock)
    sent: list[Json] = []

    async def send(shown: Json) -> PostOutcome:
        sent.append(shown)
        return Delivered(str(len(sent)))

    tasks = [asyncio.create_task(slot.show({"n": number}, send)) for number in range(5)]
    await clock.advance(INTERVAL - 0.1)
    early = list(sent)
    await clock.advance(0.2)
    outcomes = await asyncio.gather(*tasks)

    assert len(early) == 1
    assert sent[-1] == {"n": 4}
    assert outcomes[-1] == Delivered(str(len(sent)))


async def test_slot__waits_between_edits() -> None:
    """Two edits of one message are three seconds apart."""
    clock = ManualClock()
    slot = Slot[Json](clock)
    times: list[float] = []

    async def send(shown: Json) -> PostOutcome:
        times.append(clock.monotonic())
        return Delivered("1")

    await slot.show({}, send)
    second = asyncio.create_task(slot.show({}, send))
    await clock.advance(INTERVAL)
    await second

    assert times == [0.0, INTERVAL]


async def test_edits__wait_as_long_as_slack_says() -> None:
    """Slack counts edits per workspace: none is sent, of any message, before its pause is over."""
    clock = ManualClock()
    card = Card(title=("Run",), text=("A run.",))
    async with serve() as slack, bare_sender(slack, clock) as sender:
        first, second = [slack.world.say(BOT_USER, MAIN, "ours") for _ in range(2)]
        refs = [MessageRef(channel=f"slack:channel:T01:{MAIN}", message_id=m.ts) for m in (first, second)]
        slack.api.fault("chat.update", limited("7"))
        outcomes = [await sender.edit(ref, card) for ref in refs]
        clock.pass_time(7)
        later = await sender.edit(refs[1], card)

        assert [7.0, 7.0] == [o.retry_after for o in outcomes if isinstance(o, NotDelivered)]
        assert isinstance(later, Delivered)
        assert len(slack.world.called("chat.update")) == 2
