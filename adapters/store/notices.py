"""What an operator was told, and the figures that tell whether every message has a next step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from adapters.store.outbox import insert_deliveries
from adapters.store.part import Part, whole
from adapters.store.tables import notices, outbox
from bot.notices import Notice
from bot.replies.operating import Cause
from bot.state import DeliveryState, NewDelivery
from bot.watch.auditor import Queue

PENDING, SENDING = DeliveryState.PENDING, DeliveryState.SENDING
UNKNOWN, DEAD = DeliveryState.UNKNOWN, DeliveryState.DEAD
OPEN = (PENDING, SENDING, UNKNOWN, DEAD)


class SqlNotices(Part):
    """Fills `bot.notices.NoticeStore`, and `bot.watch.auditor.Queues`."""

    async def notices(self) -> tuple[Notice, ...]:
        """Return what is not over, oldest first."""
        statement = select(notices).order_by(notices.c.since, notices.c.cause, notices.c.subject)
        async with self._db.reading() as connection:
            rows = (await connection.execute(statement)).all()
        known = frozenset(Cause)  # a newer program may have told of others
        return tuple(_notice(row) for row in rows if row.cause in known)

    @whole
    async def open_notice(self, notice: Notice, delivery: NewDelivery | None) -> bool:
        """Remember it and enqueue its message, in one transaction; False where it is remembered already."""
        add = self._db.insert(notices).on_conflict_do_nothing().returning(notices.c.cause)
        values = {
            "cause": notice.cause,
            "subject": notice.subject,
            "problem": notice.problem,
            "since": notice.since,
        }
        async with self._db.writing() as connection:
            if (await connection.execute(add, values)).first() is None:
                return False
            await insert_deliveries(self._db, connection, (delivery,) if delivery else (), notice.since)
        return True

    @whole
    async def close_notice(
        self, cause: Cause, subject: str, delivery: NewDelivery | None, now: datetime
    ) -> bool:
        """Forget it and enqueue the message that it is over, in one transaction; False where it was not there."""
        gone = delete(notices).where(notices.c.cause == cause, notices.c.subject == subject)
        async with self._db.writing() as connection:
            if not (await connection.execute(gone)).rowcount:
                return False
            await insert_deliveries(self._db, connection, (delivery,) if delivery else (), now)
        return True

    async def queues(self) -> tuple[Queue, ...]:
        """Return how much is open for each channel, by state, with why the oldest of each is not delivered."""
        grouped = (
            select(
                outbox.c.channel,
                outbox.c.state,
                func.count().label("rows"),
                func.min(outbox.c.id).label("first"),
            )
            .where(outbox.c.state.in_(OPEN))
            .group_by(outbox.c.channel, outbox.c.state)
            .subquery()
        )
        statement = select(grouped, outbox.c.recorded_at, outbox.c.error).join(
            outbox, outbox.c.id == grouped.c.first
        )
        async with self._db.reading() as connection:
            rows = (await connection.execute(statement.order_by(grouped.c.first))).all()
        return tuple(
            Queue(
                channel=row.channel,
                state=DeliveryState(row.state),
                rows=row.rows,
                first=row.first,
                recorded_at=row.recorded_at,
                reason=row.error,
            )
            for row in rows
        )


def _notice(row: Row[Any]) -> Notice:
    return Notice(cause=Cause(row.cause), subject=row.subject, problem=row.problem, since=row.since)
