"""Make the digest of each channel that asked for one, once at its local time.

    08:00            made, and takes the place of what was held for it
    from then on     made late, and it says so: whoever was down at 08:00 makes it when they are back
    another day      no more where one comes today: that one tells of both

What is recorded with a digest says how far it goes, so that no kill and no second program makes it twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.calendar import Daily, local
from bot.delivery.digest import Summing, SummingStore
from bot.delivery.keys import announces_end
from bot.each import one_by_one
from bot.errors import StoreError
from bot.model import Run, RunRef
from bot.platform import Platform, terms_of
from bot.ports import Chat, Clock, Digests, Expectations, Notices
from bot.quiet import Quiet, QuietStore, quiet_of, run_of, runs_of
from bot.replies import digest as replies
from bot.standings import Named, Standings, StandingsStore, standings_of
from bot.state import Cause, ChannelSettings, Delivery, Digested, Ending, NewDelivery

LOOK_EVERY = 10.0  # seconds
WRONG = timedelta(hours=1)  # by which the last digest is still to come, where the clock was ahead
LATE = timedelta(minutes=10)  # after which a digest says that it comes late


class DigestStore(SummingStore, StandingsStore, QuietStore, Digests, Notices, Expectations, Protocol):
    """What is read and written for digests."""


def due(daily: Daily, after: datetime, now: datetime) -> datetime | None:
    """Return the time at which a digest should have come by now, behind `after`; None where there is none to make.

    One that was missed on an earlier day is none where another one comes today.
    """
    last = daily.last(now)
    today = local(now, daily.zone).date()
    if last <= after:
        return None
    coming = daily.on(today)
    if local(last, daily.zone).date() != today and coming is not None and coming > now:
        return None
    return last


def schedule_of(daily: Daily | None) -> str:
    """Return a text that is another one where digests are to come at other times; "" where none come."""
    return "" if daily is None else f"{daily.at:%H:%M} {daily.zone} {sorted(daily.days)}"


class Digesting:
    """Looks now and then for the channels of one chat whose digest is due."""

    def __init__(
        self,
        chat: Chat,
        store: DigestStore,
        *,
        clock: Clock,
        summing: Summing,
        platforms: Mapping[str, Platform],
    ) -> None:
        self._chat = chat
        self._store = store
        self._clock = clock
        self._summing = summing
        self._platforms = platforms
        self._look_at = 0.0

    async def look(self) -> None:
        """Make the digests that are due. Raises `StoreError`."""
        monotonic = self._clock.monotonic()
        if monotonic < self._look_at:
            return
        self._look_at = monotonic + LOOK_EVERY
        now = self._clock.now()
        seen = {digested.channel: digested for digested in await self._store.digested(self._chat.name)}
        every = {settings.channel: settings for settings in await self._store.channel_settings()}
        channels = [c for c in sorted({*every, *seen}) if c.partition(":")[0] == self._chat.name]

        async def look(channel: str) -> None:  # at one that is set no more too: it has digests no more
            settings = every.get(channel, ChannelSettings(channel=channel))
            await self._channel(settings, seen.get(channel), now)

        await one_by_one(channels, look, what="making a digest", but=StoreError)

    async def _channel(self, settings: ChannelSettings, seen: Digested | None, now: datetime) -> None:
        daily = settings.daily
        if seen is not None and seen.after - now > WRONG:
            daily = None  # the clock was set back: they begin anew, else none comes before it is then again
        schedule = schedule_of(daily)
        if schedule != (seen.schedule if seen else ""):
            await self._store.begin_digests(settings.channel, schedule, now)
        elif daily is not None and seen is not None and (at := due(daily, seen.after, now)) is not None:
            await self._make(settings, seen, at, now)

    async def _make(self, settings: ChannelSettings, seen: Digested, at: datetime, now: datetime) -> None:
        """Make a digest, unless everything is muted: then it comes when that is over."""
        channel = settings.channel
        quiet = await quiet_of(self._store, channel)
        if quiet.mute(None, now) is not None:
            return
        held = [each.delivery for each in await self._store.held(channel) if announces_end(each.delivery)]
        announced = await self._store.announced(channel, seen.upto)
        about = await runs_of(self._store, [*held, *announced])
        covered = [delivery for delivery in held if not _muted(quiet, delivery, about, now)]
        left = {delivery.key for delivery in held} - {delivery.key for delivery in covered}
        posted = (_notified(d) for d in announced if d.key not in left)
        told = {d.key: d for d in (*posted, *covered)}
        endings = await self._summing.endings(sorted(told.values(), key=lambda delivery: delivery.id))
        explained = await self._explained(about.values(), now)
        digest = replies.Digest(
            zone=settings.zone,
            since=seen.since,
            late=at if now - at > LATE else None,
            endings=[_as_of_now(each, about.get(each.run), explained) for each in endings],
        )
        here = [notice for notice in await self._store.notices() if notice.channel == channel]
        expected = {each.subject: each for each in await self._store.expectations(channel)}
        digest = replace(
            digest,
            standings=await self._standings(channel, _new(digest.endings, about), now),
            missing=[(n, expected.get(n.subject)) for n in here if n.cause is Cause.MISSING],
            alarms=[n for n in here if n.cause is not Cause.MISSING],
        )
        message = None
        if settings.digest_empty or not digest.empty:
            card = replies.card(digest, lambda name: terms_of(self._platforms.get(name)))
            message = NewDelivery(
                key=f"digest:{at:%Y%m%dT%H%M}:{channel}", channel=channel, payload=self._chat.render(card)
            )
        made = replace(seen, after=now, since=now, upto=max([seen.upto, *(d.id for d in announced)]))
        await self._store.make_digest(message, covered, seen=seen, made=made, now=now)

    async def _explained(self, runs: Iterable[Run], now: datetime) -> frozenset[Named]:
        """Return the checks of the launchers of some runs of which people said by now what they are: they are no news."""
        launchers = {(run.ref.connection, run.series[0]) for run in runs}
        states = [state for each in sorted(launchers) for state in await self._store.property_states(*each)]
        return frozenset(
            (state.connection, state.launcher_key, state.name)
            for state in states
            if state.silent and not state.is_over(now)
        )

    async def _standings(self, channel: str, told: Collection[Named], now: datetime) -> Standings:
        by_default = {name: platform.notified_by_default for name, platform in self._platforms.items()}
        wishes = await self._store.subscriptions(channel)
        return await standings_of(self._store, wishes, by_default, now, told=told)


def _muted(quiet: Quiet, delivery: Delivery, about: Mapping[RunRef, Run], now: datetime) -> bool:
    return quiet.mute(run_of(delivery, about), now) is not None


def _notified(delivery: Delivery) -> Delivery:
    """Return a message that was posted by itself, and notified then whom it mentions: a digest does not again."""
    ending = delivery.ending
    return delivery if ending is None else replace(delivery, ending=replace(ending, mentions=()))


def _as_of_now(ending: Ending, run: Run | None, explained: Collection[Named]) -> Ending:
    """Take out of what was new when a run ended what people have explained since."""
    if run is None:
        return ending

    def left(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(n for n in names if (run.ref.connection, run.series[0], n) not in explained)

    new, unsure = left(ending.new), left(ending.unsure)
    return replace(
        ending,
        new=new,
        new_count=ending.new_count - len(ending.new) + len(new),
        unsure=unsure,
        unsure_count=ending.unsure_count - len(ending.unsure) + len(unsure),
    )


def _new(endings: Sequence[Ending], about: Mapping[RunRef, Run]) -> frozenset[Named]:
    """Return what the digest names as new."""
    return frozenset(
        (each.run.connection, about[each.run].series[0], name)
        for each in endings
        if each.run in about
        for name in each.new
    )
