"""How things stand for one person: what nobody takes care of, what they own, what their channels expect, and what is muted.

All of it is on record, so that it costs no call of a platform or a chat.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from bot.command import Services
from bot.expecting import daily
from bot.people import people_of
from bot.platform import Platform
from bot.quiet import Quiet
from bot.standings import Owned, Standings, owned_standings, standings_of
from bot.state import Cause, Expectation, Mute, Notice, Subscription

ALL = (Subscription(channel=""),)  # what is looked at where nothing is watched

Here = Callable[[str], bool]
"""Whether a channel, by its id, is one of those that an overview is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a channel expects: `alarm`: it did not happen, `next`: the coming deadline, where there is one."""

    expectation: Expectation
    alarm: Notice | None = None
    next: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What a channel is not notified of, and its time zone."""

    mute: Mute
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How things stand. `everything`: the channels watch nothing, so that `standings` are of all runs.

    `owned`: of the person, what fails first; `more_owned`: how many they own beside. `owner`: how they were called last.
    `expected`: what did not happen first; `alarms`: others that are open in the channels.
    """

    standings: Standings
    everything: bool
    owner: str = ""
    owned: tuple[Owned, ...] = ()
    more_owned: int = 0
    expected: tuple[Expected, ...] = ()
    alarms: tuple[Notice, ...] = ()
    muted: tuple[Muted, ...] = ()


async def overview_of(
    services: Services, who: str, here: Here, platforms: Collection[Platform], most: int
) -> Overview:
    """Look how `most` checks of a kind stand for a person and some channels, on some connections. Raises `StoreError`."""
    store, now = services.store, services.clock.now()
    wishes = [wish for wish in await store.subscriptions() if here(wish.channel)]
    by_default = {p.connection: p.notified_by_default or not wishes for p in platforms}
    standings = await standings_of(store, wishes or ALL, by_default, now, quiet=False, most=most)
    people = await people_of(services)
    states = [state for p in platforms for state in await store.property_states(p.connection)]
    mine = [state for state in states if people.same(state.owner, who)]
    mine.sort(key=lambda state: (state.reopened is None, -(state.owned_at or now).timestamp()))
    alarms = [n for n in await store.notices() if n.channel and here(n.channel) and n.about[1] in by_default]
    missing = {n.subject: n for n in alarms if n.cause is Cause.MISSING}
    expected = [
        _expected(e, missing.get(e.subject), now)
        for e in await store.expectations() if here(e.channel) and e.connection in by_default
    ]  # fmt: skip
    return Overview(
        standings=standings,
        everything=not wishes,
        owner=await store.name(mine[0].owner) if mine else "",
        owned=await owned_standings(store, mine, now, most),
        more_owned=len(mine[most:]),
        expected=tuple(sorted(expected, key=lambda each: each.alarm is None)),
        alarms=tuple(n for n in alarms if n.cause is not Cause.MISSING),
        muted=await _muted(services, here),
    )


def _expected(expectation: Expectation, alarm: Notice | None, now: datetime) -> Expected:
    deadline = daily(expectation)
    return Expected(
        expectation=expectation, alarm=alarm, next=deadline.next(now) if deadline is not None else None
    )


async def _muted(services: Services, here: Here) -> tuple[Muted, ...]:
    """Return the mutes that go on, what ends first first."""
    mutes = tuple(mute for mute in await services.store.mutes() if here(mute.channel))
    going_on = sorted(Quiet(mutes=mutes).muted(services.clock.now()), key=lambda mute: mute.until)
    zones = {s.channel: s.zone for s in await services.store.channel_settings()} if going_on else {}
    return tuple(Muted(mute=mute, zone=zones.get(mute.channel, "UTC")) for mute in going_on)
