"""All that is kept about channels, a page of them at a time: what an operator looks through, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, Select, Subquery, Table, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.channels import read_mute, read_settings
from adapters.store.expectations import read_expectation
from adapters.store.mentions import read_rule
from adapters.store.outbox_admin import OPEN, Waiting, read_waiting, waiting_for
from adapters.store.part import Part, has_in_it
from adapters.store.schedules import read_schedule
from adapters.store.subscriptions import read_subscription
from adapters.store.tables import (
    channels,
    expectations,
    mentions,
    mutes,
    outbox,
    rate_limits,
    schedules,
    subscriptions,
)
from adapters.store.tables import names as people
from bot.state import ChannelSettings, Expectation, MentionRule, Mute, Schedule, Subscription

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfChannel:
    """What is kept about a channel: what it asked for, in the order it was made, and what is not delivered to it.

    `mutes` are those that are not over; `makers`: what those are called who made its schedules; `held_until`: it gets nothing before then.
    """

    channel: str
    subscriptions: Sequence[Subscription] = ()
    expectations: Sequence[Expectation] = ()
    mentions: Sequence[MentionRule] = ()
    mutes: Sequence[Mute] = ()
    schedules: Sequence[Schedule] = ()
    makers: Mapping[str, str] = field(default_factory=dict)
    settings: ChannelSettings | None = None
    waiting: Sequence[Waiting] = ()
    held_until: datetime | None = None


class SqlByChannel(Part):
    """Joins what the other parts keep, for whoever looks at a channel as a whole."""

    async def of_channels(
        self, now: datetime, *, naming: str = "", skip: int = 0, limit: int
    ) -> tuple[tuple[OfChannel, ...], int]:
        """Return channels by their ids without the first `skip` of them, and how many there are in all.

        `naming`: only those whose id has this text in it, in capitals or not.
        """
        known = _known(now)
        fits = has_in_it(known.c.channel, naming, lite=self._db.lite)
        page = select(known.c.channel).where(fits).order_by(known.c.channel).offset(skip).limit(limit)
        async with self._db.reading() as connection:
            names = (await connection.scalars(page)).all()
            total = await connection.scalar(select(func.count()).select_from(known).where(fits))
            found = await _of(connection, names, now)
        return found, int(total or 0)


def _known(now: datetime) -> Subquery:
    """Every channel that asked for something, or that something waits for."""
    asked = (
        select(table.c.channel) for table in (subscriptions, expectations, mentions, channels, schedules)
    )
    return union(
        *asked,
        select(mutes.c.channel).where(mutes.c.until > now),
        select(outbox.c.channel).where(outbox.c.state.in_(OPEN)),
        select(rate_limits.c.channel).where(rate_limits.c.until > now),
    ).subquery()


async def _of(connection: AsyncConnection, names: Sequence[str], now: datetime) -> tuple[OfChannel, ...]:
    async def rows(statement: Select[Any]) -> Sequence[Row[Any]]:
        found: Sequence[Row[Any]] = (await connection.execute(statement)).all()
        return found

    async def each(table: Table, read: Callable[[Row[Any]], T]) -> dict[str, list[T]]:
        of: defaultdict[str, list[T]] = defaultdict(list)
        for row in await rows(select(table).where(table.c.channel.in_(names)).order_by(table.c.id)):
            of[row.channel].append(read(row))
        return of

    watches, expects = (
        await each(subscriptions, read_subscription),
        await each(expectations, read_expectation),
    )
    rules, muted = await each(mentions, read_rule), await each(mutes, read_mute)
    planned = await each(schedules, read_schedule)
    actors = {schedule.actor for of in planned.values() for schedule in of}
    called = {r.actor: r.name for r in await rows(select(people).where(people.c.actor.in_(actors)))}
    quiet = {
        r.channel: read_settings(r) for r in await rows(select(channels).where(channels.c.channel.in_(names)))
    }
    waiting = read_waiting(await rows(waiting_for(names)))
    holds = select(rate_limits).where(rate_limits.c.until > now, rate_limits.c.channel.in_(names))
    held = {row.channel: row.until for row in await rows(holds)}
    return tuple(
        OfChannel(
            channel=name,
            subscriptions=watches.get(name, ()),
            expectations=expects.get(name, ()),
            mentions=rules.get(name, ()),
            mutes=[mute for mute in muted.get(name, ()) if mute.until > now],
            schedules=sorted(planned.get(name, ()), key=lambda schedule: schedule.made_at),
            makers=called,
            settings=quiet.get(name),
            waiting=waiting.get(name, ()),
            held_until=held.get(name),
        )
        for name in names
    )
