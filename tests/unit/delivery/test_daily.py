"""One digest for each channel and day, at its local time; what it tells of is told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.calendar import WEEKDAYS, Daily
from bot.cards import Context, Mention, Tone
from bot.delivery.daily import due
from bot.model import Run, VerdictKind
from bot.state import (
    CHANGES,
    EVERYTHING,
    ChannelSettings,
    DeliveryState,
    Ending,
    Mute,
    NewDelivery,
    Outcome,
    PollStep,
    Subscription,
    Word,
)
from tests.fakes.clock import ManualClock
from tests.fakes.delivering import CHANNEL, Delivering
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService

BERLIN = "Europe/Berlin"
AT_EIGHT = ChannelSettings(channel=CHANNEL, zone=BERLIN, digest=time(8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "now", "expected"),
    [
        ("2026-11-30T06:00", "2026-11-30T06:59", None),
        ("2026-11-30T06:00", "2026-11-30T07:00", "2026-11-30T07:00"),
        ("2026-11-30T07:00", "2026-11-30T12:00", None),  # it was made
        ("2026-11-30T06:00", "2026-11-30T22:00", "2026-11-30T07:00"),  # late, the same day
        ("2026-11-30T06:00", "2026-12-01T06:50", None),  # today's will tell of both
        ("2026-11-27T06:00", "2026-12-01T07:00", "2026-12-01T07:00"),  # one for all that was missed
        ("2027-03-27T07:00", "2027-03-28T06:00", "2027-03-28T06:00"),  # 23 hours later
        ("2027-10-30T06:00", "2027-10-31T06:30", None),  # 25 hours
        ("2027-10-30T06:00", "2027-10-31T07:00", "2027-10-31T07:00"),
    ],
)
def test_due__is_the_last_time_of_today(after: str, now: str, expected: str | None) -> None:
    """At 08:00 in Berlin."""
    assert (at(expected) if expected else None) == due(Daily(time(8), BERLIN), at(after), at(now))


def test_due__makes_what_was_missed_on_a_day_without_one() -> None:
    """Friday's comes on Saturday, where the next one would come on Monday."""
    friday, saturday = at("2026-11-27T07:00"), at("2026-11-28T10:00")

    assert friday == due(Daily(time(8), BERLIN, WEEKDAYS), friday - timedelta(hours=1), saturday)


@dataclass(kw_only=True)
class Channel:
    """A channel with a digest, at 07:30 in Berlin at first; `parts`: what delivers to it."""

    settings: ChannelSettings = AT_EIGHT
    outcomes: frozenset[Outcome] = EVERYTHING
    begin: str = "2026-11-30T06:30"
    service: FakeRunService = field(default_factory=FakeRunService)
    number: int = 0
    kind: Callable[..., Delivering] = Delivering

    def __post_init__(self) -> None:
        self.parts = self.kind(clock=ManualClock(at(self.begin)), platforms={"demo": self.service.platform})

    async def open(self) -> Channel:
        """Watch, and set the digest."""
        now = self.parts.clock.now()
        await self.parts.store.subscribe(Subscription(channel=CHANNEL, outcomes=self.outcomes), now)
        await self.parts.store.set_channel(self.settings, now)
        await self.look()
        return self

    async def look(self, when: str | None = None) -> None:
        """Deliver what there is to deliver, at a time."""
        if when is not None:
            self.parts.clock.pass_time((at(when) - self.parts.clock.now()).total_seconds())
        for _ in range(50):
            if await self.parts.deliverer.step():
                return

    async def end(self, *new: str, held: bool = True, run: Run | None = None, source: str = "main") -> None:
        """Let a run end; its announcement is held as the poller holds it, unless it is not."""
        self.number += 1
        now = self.parts.clock.now()
        run = a_run(self.number, created_at=now, source=source)
        ending = Ending(
            run=run.ref,
            verdict=VerdictKind.FAILED if new else VerdictKind.PASSED,
            tone=Tone.BAD if new else Tone.GOOD,
            outcome=" FAILED" if new else " passed",
            launcher=run.launcher,
            outcomes=frozenset({Outcome.ALL, *([Outcome.NEW_FAILURES] if new else [])}),
            new=new,
            new_count=len(new),
        )
        await self.parts.store.record(PollStep(connection="demo", now=now, runs=(run,)))
        await self.parts.store.enqueue(
            NewDelivery(
                key=f"demo:{run.ref.run_id}:completed:{CHANNEL}",
                channel=CHANNEL,
                payload=json.dumps({"title": [f"run {self.number}"]}),
                context=Context(run=run.ref),
                ending=ending,
                held_until=now + timedelta(days=1) if held else None,
            ),
            now,
        )

    @property
    def posted(self) -> list[dict[str, Any]]:
        """What people see."""
        return [json.loads(payload) for payload in self.parts.sent]

    @property
    def digests(self) -> list[str]:
        """The digests, as a screen reader says them."""
        cards = (card for card in self.posted if str(card["title"][0]).startswith("Digest"))
        return ["".join(s if isinstance(s, str) else s["text"] for s in card["text"]) for card in cards]


async def test_digest__comes_once_and_takes_the_place_of_what_was_held() -> None:
    """At 08:00, not before, and not again; each run is counted once."""
    channel = await Channel().open()
    await channel.end("a")
    await channel.end()

    await channel.look("2026-11-30T06:59:50")
    assert not channel.posted
    for when in ("2026-11-30T07:00", "2026-11-30T07:00:20", "2026-11-30T12:00"):
        await channel.look(when)

    (said,) = channel.digests
    assert "2 ended since 30 Nov 07:30 Europe/Berlin: 1 FAILED and 1 passed" in said
    assert "“a”" in said
    assert len(channel.posted) == 1
    assert channel.parts.states() == [DeliveryState.FOLDED, DeliveryState.FOLDED, DeliveryState.SENT]


async def test_digest__tells_each_run_in_one_of_them() -> None:
    """What ended after one is told in the next."""
    channel = await Channel().open()
    await channel.end("a")
    await channel.look("2026-11-30T07:00")
    await channel.end("b")
    await channel.look("2026-12-01T07:00")

    first, second = channel.digests
    assert ("“a”" in first, "“b”" in first) == (True, False)
    assert ("“a”" in second, "“b”" in second) == (False, True)
    assert "1 ended since 30 Nov 08:00 Europe/Berlin" in second


async def test_digest__tells_of_what_was_posted_at_once_too() -> None:
    """What a channel asked to hear of at once is posted, and in the digest again."""
    channel = await Channel(outcomes=CHANGES).open()
    await channel.end("a", held=False)
    await channel.look()
    assert ["run 1"] == [card["title"][0] for card in channel.posted]

    await channel.look("2026-11-30T07:00")

    assert len(channel.posted) == 2
    assert "“a”" in channel.digests[0]


async def test_digest__calls_nothing_new_that_people_explained_since() -> None:
    """Whether it was posted at once or held; what is left of a run is told."""
    channel = await Channel(outcomes=EVERYTHING).open()
    await channel.end("a", held=False)
    await channel.end("a", "b")
    store, launcher = channel.parts.store, a_run(1).series[0]
    state = await store.property_state("demo", launcher, "a")
    assert await store.save_property_state(replace(state, word=Word.NOT_A_BUG))

    await channel.look("2026-11-30T07:00")

    (said,) = channel.digests
    assert said.startswith("Digest: 1 new failure.")
    assert "“b”" in said
    assert "“a”" not in said


async def test_digest__mentions_nobody_again() -> None:
    """Whoever a post notified is not notified by the digest too; of what was held they hear first there."""
    channel = await Channel(outcomes=EVERYTHING).open()
    for held, who in ((False, "fake:user:U1"), (True, "fake:user:U2")):
        await channel.end("a", held=held)
        row = list(channel.parts.store.outbox.values())[-1]
        assert row.delivery.ending is not None
        mentions = (Mention(who, "For"),)
        row.delivery = replace(row.delivery, ending=replace(row.delivery.ending, mentions=mentions))

    await channel.look("2026-11-30T07:00")

    (digest,) = [card for card in channel.posted if str(card["title"][0]).startswith("Digest")]
    assert ["fake:user:U2"] == [mention["who"] for mention in digest["mentions"]]


@pytest.mark.parametrize(
    ("outcomes", "new", "posted"),
    [(EVERYTHING, True, False), (EVERYTHING, False, False), (CHANGES, True, True)],
)
async def test_held__is_what_nobody_named(outcomes: frozenset[Outcome], new: bool, posted: bool) -> None:
    """A watch of everything waits for the digest; outcomes that a watch names come at once, also if they were held."""
    channel = await Channel(outcomes=outcomes).open()
    await channel.end(*(["a"] if new else []))

    await channel.look("2026-11-30T06:45")

    assert posted is bool(channel.posted)


async def test_digest__is_not_sent_with_nothing_to_tell() -> None:
    """Nor later on the same day, when there is something; unless that is asked for."""
    quiet = await Channel().open()
    await quiet.look("2026-11-30T07:00")
    await quiet.end("a")
    await quiet.look("2026-11-30T07:30")
    assert not quiet.posted

    chatty = await Channel(
        settings=ChannelSettings(channel=CHANNEL, digest=time(7), digest_empty=True)
    ).open()
    await chatty.look("2026-11-30T07:00")
    assert [
        "Digest: nothing new. No run that this channel is notified of has ended since 30 Nov 06:30 UTC."
    ] == chatty.digests


async def test_digest__comes_late_after_a_time_in_which_nothing_ran() -> None:
    """It says so; what was missed on another day is told with today's."""
    channel = await Channel().open()
    await channel.end("a")
    channel.parts.restart()
    await channel.look("2026-11-30T11:00")
    assert "was due at 30 Nov 08:00 Europe/Berlin and comes late" in channel.digests[0]

    await channel.end("b")
    channel.parts.restart()
    await channel.look("2026-12-02T06:00")
    assert len(channel.digests) == 1
    await channel.look("2026-12-02T07:00:05")

    assert len(channel.digests) == 2
    assert "late" not in channel.digests[1]


@pytest.mark.parametrize(
    ("begin", "times"),
    [
        ("2027-03-27T06:00", ["2027-03-27T07:00", *(f"2027-03-{day}T06:00" for day in (28, 29, 30))]),
        ("2027-10-30T05:00", ["2027-10-30T06:00", "2027-10-31T07:00", "2027-11-01T07:00"]),
    ],
)
async def test_digest__comes_once_on_days_of_23_and_of_25_hours(begin: str, times: Sequence[str]) -> None:
    """Looked at each quarter of an hour, it comes by the clocks of the wall."""
    channel = await Channel(
        begin=begin, settings=ChannelSettings(channel=CHANNEL, zone=BERLIN, digest=time(8), digest_empty=True)
    ).open()
    for _ in range(3 * 96):
        channel.parts.clock.pass_time(900)
        await channel.look()

    assert [at(when) for when in times] == [message.at for message in channel.parts.chat.messages]


async def test_digest__is_made_by_one_of_two_programs() -> None:
    """Both look at the same moment."""
    channel = await Channel().open()
    await channel.end("a")
    other = Delivering(
        clock=channel.parts.clock, store=channel.parts.store, platforms=channel.parts.platforms
    )
    other.chat = channel.parts.chat
    other.restart()
    channel.parts.clock.pass_time(1800)

    for _ in range(10):
        await channel.parts.deliverer.step()
        await other.deliverer.step()

    assert len(channel.digests) == 1


async def test_digest__leaves_alone_what_is_muted() -> None:
    """A mute of some runs keeps these back; a mute of all keeps the digest back until it is over."""
    channel = await Channel().open()
    await channel.end("a", source="wild")
    await channel.end("b")
    now = channel.parts.clock.now()
    await channel.parts.store.mute(
        Mute(channel=CHANNEL, since=now, until=now + timedelta(days=2), source="wild"), now
    )

    await channel.look("2026-11-30T07:00")
    assert ("“a”" in channel.digests[0], "“b”" in channel.digests[0]) == (False, True)

    await channel.end("c")
    await channel.parts.store.mute(Mute(channel=CHANNEL, since=now, until=at("2026-12-01T10:00")), now)
    await channel.look("2026-12-01T07:00")
    assert len(channel.digests) == 1
    await channel.look("2026-12-01T10:00:05")
    await channel.look("2026-12-01T10:00:30")
    assert "“c”" in channel.digests[1]


async def test_digest__of_another_time_comes_at_its_next_one() -> None:
    """A change brings none at once, and loses nothing; without a digest what was held is posted."""
    channel = await Channel().open()
    await channel.end("a")
    now = channel.parts.clock.now()
    await channel.parts.store.set_channel(ChannelSettings(channel=CHANNEL, zone=BERLIN, digest=time(7)), now)
    await channel.look("2026-11-30T08:00")
    assert not channel.posted
    await channel.look("2026-12-01T06:00")
    assert "“a”" in channel.digests[0]

    await channel.end("b")
    await channel.parts.store.set_channel(ChannelSettings(channel=CHANNEL), channel.parts.clock.now())
    await channel.look("2026-12-01T06:05")
    assert ["run 2"] == [card["title"][0] for card in channel.posted[1:]]


@pytest.mark.parametrize("by", ["chat", "settings"])
async def test_digest__that_was_off_begins_anew(by: str) -> None:
    """What ended while there was none was posted by itself, or weeks ago: neither is told again, nor at once."""
    channel = await Channel(outcomes=CHANGES, settings=replace(AT_EIGHT, from_settings=True)).open()
    await channel.look("2026-11-30T07:00")
    if by == "chat":
        await channel.parts.store.set_channel(ChannelSettings(channel=CHANNEL), channel.parts.clock.now())
    else:
        await channel.parts.store.configure_channels((), channel.parts.clock.now())
    await channel.look("2026-11-30T08:00")
    await channel.end("old", held=False)
    await channel.look("2026-12-20T08:00")
    await channel.parts.store.set_channel(AT_EIGHT, channel.parts.clock.now())
    await channel.look("2026-12-20T08:01")
    assert not channel.digests

    await channel.end("fresh", held=False)
    await channel.look("2026-12-21T07:00")
    (said,) = channel.digests
    assert ("“old”" in said, "“fresh”" in said) == (False, True)
    assert "1 ended since 20 Dec 09:01 Europe/Berlin" in said


async def test_digest__comes_on_after_a_clock_was_ahead() -> None:
    """A year ahead by mistake it made one; set right, the next comes on the next day, with all that is held."""
    channel = await Channel().open()
    channel.parts.clock.jump(365 * 86400)
    await channel.end("a")
    await channel.look("2027-11-30T07:00:05")
    channel.parts.clock.jump(-365 * 86400)
    await channel.end("b")
    await channel.look("2026-11-30T07:01")
    await channel.look("2026-11-30T07:02")
    assert ["“a”" in said for said in channel.digests] == [True]

    await channel.look("2026-12-01T07:00")

    assert "“b”" in channel.digests[1]
