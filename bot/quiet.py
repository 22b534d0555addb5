"""Until when a channel is not to be posted to: the one rule, by which messages are held and let out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from bot.calendar import Window
from bot.model import Run, RunRef
from bot.ports import Channels, Subscriptions, WatchStore
from bot.state import ChannelSettings, Delivery, Mute, Outcome, Subscription, concerns

A = TypeVar("A", Mute, Subscription)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What a channel asked for; `mutes` may hold some that are over and whose end is not announced yet."""

    settings: ChannelSettings | None = None
    mutes: tuple[Mute, ...] = ()
    wishes: tuple[Subscription, ...] = ()

    @property
    def zone(self) -> str:
        """The name of the zone of the channel's times."""
        return self.settings.zone if self.settings is not None else "UTC"

    def until(
        self,
        run: Run | None,
        now: datetime,
        outcomes: Collection[Outcome] = frozenset(),
        *,
        wakes: bool = False,
    ) -> datetime | None:
        """Return until when a message is held, None where it is posted now.

        `run`: what it is about; what is about no known run is held back by mutes of everything alone. `outcomes`: what the
        end counts as that it announces, if it does. `wakes`: it is for somebody who is to be woken in quiet hours.
        """
        waits = () if wakes else (self.hours(now), self._digest(run, now, outcomes))
        return max((end for end in (self.mute(run, now), *waits) if end is not None), default=None)

    def mute(self, run: Run | None, now: datetime) -> datetime | None:
        """Return until when what is about a run is muted, None where it is not."""
        return max((mute.until for mute in self.muted(now) if _means(mute, run)), default=None)

    def _digest(self, run: Run | None, now: datetime, outcomes: Collection[Outcome]) -> datetime | None:
        """Return when the next digest comes, for an end that waits for it: one with an outcome that nobody named does."""
        daily = self.settings.daily if self.settings is not None else None
        if daily is None or run is None or not outcomes:
            return None
        named = (s.outcomes for s in self.wishes if Outcome.ALL not in s.outcomes and concerns(s, run))
        return None if any(not wish.isdisjoint(outcomes) for wish in named) else daily.next(now)

    def without(self, mutes: Collection[Mute]) -> Quiet:
        """Return what is left once some mutes are over."""
        return replace(self, mutes=tuple(mute for mute in self.mutes if mute not in mutes))

    def hours(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that it is in, None outside of them."""
        hours = window(self.settings) if self.settings is not None else None
        return hours.ends(now) if hours is not None else None

    def muted(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes that go on."""
        return tuple(mute for mute in self.mutes if mute.until > now)

    def over(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes whose end is to be announced."""
        return tuple(mute for mute in self.mutes if mute.until <= now)


class QuietStore(Channels, Subscriptions, Protocol):
    """What is read of a channel."""


async def quiet_of(store: QuietStore, channel: str) -> Quiet:
    """Read what a channel asked for. Raises `StoreError`."""
    return (await quiets_of(store, [channel]))[channel]


async def quiets_of(store: QuietStore, channels: Collection[str]) -> Mapping[str, Quiet]:
    """Read what each of some channels asked for, with as few questions as for one. Raises `StoreError`."""
    if not channels:
        return {}
    settings = {each.channel: each for each in await store.channel_settings(*channels)}
    digests = [channel for channel, found in settings.items() if found.digest]
    wishes = _by_channel(await store.subscriptions(*digests)) if digests else {}
    mutes = _by_channel(await store.mutes(*channels))
    return {
        channel: Quiet(
            settings=settings.get(channel),
            mutes=tuple(mutes.get(channel, ())),
            wishes=tuple(wishes.get(channel, ())),
        )
        for channel in channels
    }


async def runs_of(store: WatchStore, deliveries: Iterable[Delivery]) -> Mapping[RunRef, Run]:
    """Read the runs that messages are about, as they are on record. Raises `StoreError`."""
    refs = {each.context.run for each in deliveries if each.context and each.context.run}
    found: dict[RunRef, Run] = {}
    for connection in {ref.connection for ref in refs}:
        ids = tuple(ref.run_id for ref in refs if ref.connection == connection)
        found |= {run.ref: run for run in (await store.recorded(connection, ids)).values()}
    return found


def run_of(delivery: Delivery, about: Mapping[RunRef, Run]) -> Run | None:
    """Return the run that a message is about, of those that were read; None where it is about none of them."""
    context = delivery.context
    return about.get(context.run) if context and context.run else None


def follows(mutes: Collection[Mute], held: Iterable[tuple[Run | None, datetime]]) -> datetime | None:
    """Return by when all is told that some mutes held back, of messages that are held on till then; None: none is."""
    return max((until for run, until in held if any(_means(mute, run) for mute in mutes)), default=None)


def window(settings: ChannelSettings) -> Window | None:
    """Return the quiet hours of a channel, None where it has none."""
    if settings.quiet_from is None or settings.quiet_to is None:
        return None
    return Window(settings.quiet_from, settings.quiet_to, settings.zone)


def _by_channel(asked: Iterable[A]) -> Mapping[str, list[A]]:
    found: dict[str, list[A]] = {}
    for each in asked:
        found.setdefault(each.channel, []).append(each)
    return found


def _means(mute: Mute, run: Run | None) -> bool:
    if run is None:
        return mute.runs == (None, None, None)
    return concerns(mute, run)
