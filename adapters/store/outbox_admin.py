"""What an operator sees and does with messages that are not delivered; safe beside a program that delivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.audit import append
from adapters.store.codec import from_row
from adapters.store.outbox import read_delivery
from adapters.store.part import Part, whole
from adapters.store.tables import outbox, rate_limits, repeats, subscriptions
from bot.state import AuditEntry, Delivery, DeliveryState

HELD, PENDING = DeliveryState.HELD, DeliveryState.PENDING
SENDING, UNKNOWN = DeliveryState.SENDING, DeliveryState.UNKNOWN
DEAD, DROPPED = DeliveryState.DEAD, DeliveryState.DROPPED
OPEN = (DEAD, UNKNOWN, SENDING, PENDING, HELD)  # those that need a person first
MOVABLE = frozenset({DEAD, UNKNOWN, PENDING, HELD})  # in `sending` it is nobody's before its outcome is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message, and what the store alone knows of it. `held_until`: its channel gets nothing before then."""

    delivery: Delivery
    recorded_at: datetime
    next_at: datetime
    held_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What of one state is not delivered to a channel: how many messages, since when the oldest, and when the first is next."""

    state: DeliveryState
    messages: int
    oldest: datetime
    next: datetime


class SqlOutboxAdmin(Part):
    """Shows the outbox and changes single rows of it, each in one transaction that looks first."""

    async def entries(self, limit: int, *, skip: int = 0) -> tuple[tuple[Entry, ...], int]:
        """Return messages that are not delivered without the first `skip`, dead and unknown ones first, and how many there are."""
        rank = case({state: place for place, state in enumerate(OPEN)}, value=outbox.c.state)
        open_rows = outbox.c.state.in_(OPEN)
        statement = _entries().where(open_rows).order_by(rank, outbox.c.id).offset(skip).limit(limit)
        async with self._db.reading() as connection:
            rows = (await connection.execute(statement)).all()
            total = await connection.scalar(select(func.count()).select_from(outbox).where(open_rows))
        return tuple(_entry(row) for row in rows), int(total or 0)

    async def entry(self, row_id: int) -> Entry | None:
        """Return one message in whatever state; None where there is none of that number."""
        row = await self._first(_entries().where(outbox.c.id == row_id))
        return None if row is None else _entry(row)

    async def holds(self, now: datetime) -> dict[str, datetime]:
        """Return the channels that get nothing for now, and until when."""
        statement = select(rate_limits).where(rate_limits.c.until > now).order_by(rate_limits.c.channel)
        return {row.channel: row.until for row in await self._rows(statement)}

    @whole
    async def retry(self, row_id: int, now: datetime, *, by: str) -> DeliveryState | None:
        """Let a message be sent again; return the state it was in, None where there is none of that number.

        One that may be there already is marked as a possible repeat. One in another state than `MOVABLE` stays. `by`: who
        does it; that is noted with the change or not at all.
        """
        values = {"state": PENDING, "next_at": now, "faults": 0}
        async with self._db.writing() as connection:
            row = await _locked(connection, row_id)
            if row is None or row.state not in MOVABLE:
                return None if row is None else DeliveryState(row.state)
            await connection.execute(update(outbox).where(outbox.c.id == row_id).values(values))
            if row.state == UNKNOWN:
                await connection.execute(self._db.add(repeats), {"key": row.key})
            await _try_lost(connection, row.channel)
            await append(connection, _noted("retry", row, now, by))
        return DeliveryState(row.state)

    @whole
    async def drop(self, row_id: int, now: datetime, *, by: str) -> DeliveryState | None:
        """Give a message up for good, its key stays; the rest is as with `retry`."""
        values = {"state": DROPPED, "payload": "", "context": None, "settled_at": now}
        async with self._db.writing() as connection:
            row = await _locked(connection, row_id)
            if row is None or row.state not in MOVABLE:
                return None if row is None else DeliveryState(row.state)
            await connection.execute(update(outbox).where(outbox.c.id == row_id).values(values))
            await append(connection, _noted("drop", row, now, by))
        return DeliveryState(row.state)


def _noted(what: str, row: Row[Any], now: datetime, by: str) -> AuditEntry:
    return AuditEntry(
        at=now, actor=by, channel=row.channel, action=f"outbox {what}", decision="done", detail=str(row.id)
    )


def waiting_for(channels: Sequence[str]) -> Select[Any]:
    """Ask what is not delivered to some channels, counted by state."""
    return (
        select(
            outbox.c.channel,
            outbox.c.state,
            func.count().label("messages"),
            func.min(outbox.c.recorded_at).label("oldest"),
            func.min(outbox.c.next_at).label("next"),
        )
        .where(outbox.c.state.in_(OPEN), outbox.c.channel.in_(channels))
        .group_by(outbox.c.channel, outbox.c.state)
    )


def read_waiting(rows: Sequence[Row[Any]]) -> dict[str, list[Waiting]]:
    """Return what waits by channel; what needs a person stands first."""
    found: dict[str, list[Waiting]] = {}
    for row in sorted(rows, key=lambda row: OPEN.index(row.state)):
        found.setdefault(row.channel, []).append(from_row(row, Waiting, state=DeliveryState(row.state)))
    return found


async def _locked(connection: AsyncConnection, row_id: int) -> Row[Any] | None:
    """Return a row that nobody else changes before the transaction ends."""
    statement = select(outbox).where(outbox.c.id == row_id).with_for_update()
    return (await connection.execute(statement)).first()


async def _try_lost(connection: AsyncConnection, channel: str) -> None:
    """Let a lost channel be tried at once; a wait that the chat asked for is kept."""
    lost = select(subscriptions.c.id).where(subscriptions.c.channel == channel, subscriptions.c.problem != "")
    await connection.execute(delete(rate_limits).where(rate_limits.c.channel == channel, lost.exists()))


def _entries() -> Select[Any]:
    held = outbox.outerjoin(rate_limits, rate_limits.c.channel == outbox.c.channel)
    return select(outbox, rate_limits.c.until.label("held_until")).select_from(held)


def _entry(row: Row[Any]) -> Entry:
    return from_row(row, Entry, delivery=read_delivery(row))
