"""The process dies around any call to the database while a digest is made: one digest, and every run told once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

import pytest

from adapters.store.store import open_store
from bot.delivery.deliver import Deliverer, DeliveryStore, Pace
from bot.state import Subscription
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.crash import Crash, FragileStore
from tests.fakes.delivering import CHANNEL, Delivering
from tests.fakes.service import FakeRunService
from tests.faults.conftest import NewDatabase, NewStore
from tests.unit.delivery.test_daily import AT_EIGHT, Channel, at

CALLS = (
    "digested", "channel_settings", "held", "announced", "recorded", "mutes", "subscriptions", "notices", "newest",
    "make_digest", "held_channels", "claim", "mark_sent",
)  # fmt: skip
EIGHT = "2026-11-30T07:00"


@dataclass(kw_only=True)
class Fragile(Delivering):
    """A deliverer that dies at a call of its store, and is started again."""

    def __post_init__(self) -> None:
        self.fragile = FragileStore(self.store)
        self.pace = Pace(post=0.02, lookup=0.02)
        super().__post_init__()

    @property
    def reached(self) -> DeliveryStore:
        """The store that breaks."""
        return self.fragile.typed


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
async def test_kill__around_every_call(call: str, committed: bool, new_store: NewStore) -> None:
    """Whichever call it was, the next process goes on; nothing is lost and nothing doubled."""
    async with new_store() as store:
        channel = Channel(kind=partial(Fragile, store=store))
        parts = channel.parts
        assert isinstance(parts, Fragile)
        await channel.open()
        await channel.end("a")
        await channel.end("b")
        parts.fragile.doomed = (call, committed)

        parts.clock.pass_time((at(EIGHT) - parts.clock.now()).total_seconds() - 61)

        with pytest.raises(Crash):
            await minutes(channel, 5)
        parts.restart()
        await minutes(channel, 5)

    (said,) = channel.digests
    assert "2 ended since 30 Nov 07:30" in said
    assert len(channel.posted) == 1
    assert not parts.chat.doubled


async def minutes(channel: Channel, number: int) -> None:
    """Look once a minute."""
    for _ in range(number):
        channel.parts.clock.pass_time(61)
        await channel.look()


async def test_two_programs__make_one(new_database: NewDatabase) -> None:
    """At the same moment, over one database."""
    clock = ManualClock(at("2026-11-30T06:30"))
    chat, service = FakeChat(clock=clock), FakeRunService()
    settings = replace(AT_EIGHT, digest_empty=True)
    async with new_database() as url, open_store(url) as one, open_store(url) as two:
        await one.subscribe(Subscription(channel=CHANNEL), clock.now())
        await one.set_channel(settings, clock.now())
        both = [
            Deliverer(
                chat, store, platforms={"demo": service.platform}, clock=clock, notify_operator=_nobody,
                pace=Pace(per_channel=0),
            )
            for store in (one, two)
        ]  # fmt: skip
        for deliverer in both:
            await deliverer.step()
        for day in range(1, 6):
            clock.pass_time((at(f"2026-12-0{day}T07:00") - clock.now()).total_seconds())
            for _ in range(4):
                await asyncio.gather(*(deliverer.step() for deliverer in both))

    assert [f"{message.at:%d %H:%M}" for message in chat.messages] == [f"0{day} 07:00" for day in range(1, 6)]


async def _nobody(_: str) -> None:
    pass
