"""Costly actions, each decided once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.audit import append
from adapters.store.codec import encode, to_row
from adapters.store.part import Part, whole
from adapters.store.requests import decode_request
from adapters.store.tables import intents, reservations
from bot.errors import StoreError
from bot.model import RunRef
from bot.state import (
    AuditEntry,
    Full,
    Intent,
    IntentKind,
    IntentState,
    Overtaken,
    Per,
    Reservation,
    Seen,
    Share,
    Used,
)

log = logging.getLogger(__name__)

OPEN = (IntentState.CONFIRMED, IntentState.POSTING, IntentState.UNKNOWN)
NEVER_SENT = (
    IntentState.DRAFT,
    IntentState.ASKED,
    IntentState.DECLINED,
    IntentState.EXPIRED,
    IntentState.REJECTED,
)
MOST_SENT = 100
# "QUOT": on PostgreSQL confirmations take turns, so that two do not take the same last share or miss each other.
LOCK = 0x51554F54


class SqlIntents(Part):
    """Fills `bot.ports.Intents`."""

    async def draft(self, intent: Intent) -> None:
        """Keep a new intent; an id that is there already is an error, or one request could run as another."""
        values = to_row(intents, intent, changed_at=intent.created_at, request=encode(intent.request))
        await self._write(insert(intents), values)

    async def intent(self, intent_id: str) -> Intent | None:
        """Return an intent."""
        return await self._one(select(intents).where(intents.c.id == intent_id))

    async def intent_beginning(self, start: str, channel: str) -> Intent | None:
        """Return the one intent of a channel whose id begins so; None where there is none, or several."""
        fits = intents.c.id.startswith(start, autoescape=True) & (intents.c.channel == channel)
        found = await self._rows(select(intents).where(fits).limit(2))
        return _intent(found[0]) if len(found) == 1 else None

    @whole
    async def advance(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        state: IntentState,
        now: datetime,
        *,
        run_id: str | None = None,
        reason: str = "",
        by: str = "",
        approve_by: datetime | None = None,
        noted: AuditEntry | None = None,
    ) -> bool:
        """Change the state if it is one of those expected, in one conditional update; False otherwise.

        `by`: who decided it; `approve_by`: until when a second person can. `noted` is added to the trail with it.
        """
        posted_at = now if state is IntentState.POSTING else None
        told = {"run_id": run_id, "posted_at": posted_at, "decided_by": by or None, "approve_by": approve_by}
        values = {name: value for name, value in told.items() if value is not None}
        statement = update(intents).where(intents.c.id == intent_id, intents.c.state.in_(sorted(expected)))
        statement = statement.values(values | {"state": state, "changed_at": now, "reason": reason})
        async with self._db.writing() as connection:
            changed = (await connection.execute(statement)).rowcount > 0
            if changed and noted is not None:
                await append(connection, noted)
        return changed

    @whole
    async def confirm(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        now: datetime,
        *,
        reservation: Reservation | None = None,
        shares: Sequence[Share] = (),
        seen: Seen | None = None,
        by: str = "",
        noted: AuditEntry | None = None,
    ) -> bool | Full | Overtaken:
        """Change the state to `confirmed` and reserve what the run takes, both or neither; one at a time.

        `by`: who approved it. `noted` is added to the trail with it. See `bot.ports.Intents` for `seen`.
        """
        due = (intents.c.id == intent_id) & intents.c.state.in_(sorted(expected))
        values = {"state": IntentState.CONFIRMED, "changed_at": now, "reason": "", "decided_by": by}
        async with self._db.writing() as connection:
            if (shares or seen) and not self._db.lite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            mine = (await connection.execute(select(intents).where(due))).first()
            if mine is None:
                return False
            if seen is not None and (await connection.execute(_unseen(mine, seen).limit(1))).first():
                return Overtaken()
            used = [await _used(connection, share) for share in shares]
            minutes = reservation.minutes if reservation else None
            if not all(share.has_room(held, minutes) for share, held in zip(shares, used, strict=True)):
                return Full(tuple(used))
            if (await connection.execute(update(intents).where(due).values(values))).rowcount == 0:
                return False
            if reservation is not None:
                row = to_row(reservations, reservation, intent_id=intent_id)
                await connection.execute(insert(reservations), row)
            if noted is not None:
                await append(connection, noted)
        return True

    async def used(self, shares: Sequence[Share]) -> tuple[Used, ...]:
        """Return how much of each share is reserved."""
        async with self._db.reading() as connection:
            return tuple([await _used(connection, share) for share in shares])

    async def most_reserved(self, per: Per, since: datetime, until: datetime, limit: int) -> tuple[str, ...]:
        """Return by which names quotas of a kind count runs from one time on and before another, the most runs first."""
        name = _counted_by(per)
        statement = (
            _held(name, since=since, until=until)
            .group_by(name)
            .order_by(func.count().desc(), name)
            .limit(limit)
        )
        return tuple(row[0] for row in await self._rows(statement))

    async def open_intents(self) -> tuple[Intent, ...]:
        """Return intents whose outcome is still to be found out, oldest first."""
        return await self._oldest_first(OPEN)

    async def asked_intents(self) -> tuple[Intent, ...]:
        """Return intents that wait for a second person, oldest first."""
        return await self._oldest_first((IntentState.ASKED,))

    async def sent(
        self, kind: IntentKind, connection: str, subject: str, since: datetime
    ) -> tuple[Intent, ...]:
        """Return what was confirmed for a subject by anyone and asked for since then, newest first."""
        like = _like(kind, connection, subject, since)
        return _readable(await self._rows(_newest().where(like).limit(MOST_SENT)))

    async def intent_of_run(self, ref: RunRef) -> Intent | None:
        """Return the intent that a run came from."""
        return await self._one(
            _newest().where(intents.c.connection == ref.connection, intents.c.run_id == ref.run_id)
        )

    async def _oldest_first(self, states: Collection[IntentState]) -> tuple[Intent, ...]:
        statement = select(intents).where(intents.c.state.in_(states))
        return _readable(await self._rows(statement.order_by(intents.c.created_at, intents.c.id)))

    async def _one(self, statement: Select[Any]) -> Intent | None:
        row = await self._first(statement.limit(1))
        return None if row is None else _intent(row)


def _like(kind: str, connection: str, subject: str, since: datetime) -> ColumnElement[bool]:
    """Whether an intent was confirmed for a subject by anyone, and asked for since then."""
    return (
        (intents.c.kind == kind)
        & (intents.c.connection == connection)
        & (intents.c.subject == subject)
        & (intents.c.created_at >= since)
        & intents.c.state.not_in(NEVER_SENT)
    )


def _unseen(mine: Row[Any], seen: Seen) -> Select[Any]:
    like = _like(mine.kind, mine.connection, mine.subject, seen.since)
    return select(intents.c.id).where(like, intents.c.id.not_in(sorted(seen.ids | {mine.id})))


async def _used(connection: AsyncConnection, share: Share) -> Used:
    """Count what is reserved of a share by runs that were, or may have been, started."""
    minutes = reservations.c.minutes
    counts = (func.count(), func.coalesce(func.sum(minutes), 0), func.count().filter(minutes.is_(None)))
    of_share = _held(*counts, since=share.since, until=share.until)
    of_share = of_share.where(_counted_by(share.per).in_(sorted(share.names)))
    runs, known, untimed = (await connection.execute(of_share)).one()
    return Used(runs=runs, minutes=int(known), untimed=untimed)


def _held(*columns: ColumnElement[Any], since: datetime, until: datetime) -> Select[Any]:
    """Ask of what is reserved in a time by runs that were, or may have been, started."""
    of_runs = select(*columns).join(intents, intents.c.id == reservations.c.intent_id)
    in_time = (reservations.c.at >= since) & (reservations.c.at < until)
    return of_runs.where(in_time, intents.c.state.not_in(NEVER_SENT))


def _counted_by(per: Per) -> Column[str]:
    return reservations.c.actor if per is Per.PERSON else reservations.c[per.value]


def _newest() -> Select[Any]:
    return select(intents).order_by(intents.c.created_at.desc(), intents.c.id.desc())


def _readable(rows: Iterable[Row[Any]]) -> tuple[Intent, ...]:
    """Return all but damaged ones, so that one of them does not keep the others from going on."""
    found: list[Intent] = []
    for row in rows:
        try:
            found.append(_intent(row))
        except StoreError:
            log.exception("the request %s is damaged and left out", row.id)
    return tuple(found)


def _intent(row: Row[Any]) -> Intent:
    values = {name: getattr(row, name) for name in Intent.__dataclass_fields__}
    request = decode_request(row.kind, row.request)
    return Intent(**values | {"request": request, "state": IntentState(row.state)})
