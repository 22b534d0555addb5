"""What somebody was notified of, and the figures that tell whether every message has a next step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from adapters.store.codec import from_row, to_row
from adapters.store.outbox import insert_deliveries
from adapters.store.part import Part, whole
from adapters.store.tables import notices, outbox
from bot.state import Cause, DeliveryState, NewDelivery, Notice
from bot.watch.auditor import Queue

PENDING, SENDING = DeliveryState.PENDING, DeliveryState.SENDING
UNKNOWN, DEAD = DeliveryState.UNKNOWN, DeliveryState.DEAD
OPEN = (PENDING, SENDING, UNKNOWN, DEAD)


class SqlNotices(Part):
    """Fills `bot.ports.Notices`, and `bot.watch.auditor.Queues`."""

    async def notices(self) -> tuple[Notice, ...]:
        """Return what is not over, oldest first."""
        statement = select(notices).order_by(notices.c.since, notices.c.cause, notices.c.subject)
        rows = await self._rows(statement)
        known = frozenset(Cause)  # a newer program may have given others
        return tuple(from_row(row, Notice) for row in rows if row.cause in known)

    @whole
    async def open_notice(self, notice: Notice, delivery: NewDelivery | None, now: datetime) -> bool:
        """Remember it and enqueue its message, in one transaction; False where it is remembered already."""
        async with self._db.writing() as connection:
            if (await connection.execute(self._db.add(notices), to_row(notices, notice))).first() is None:
                return False
            await insert_deliveries(self._db, connection, (delivery,) if delivery else (), now)
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
        oldest = select(grouped, outbox.c.recorded_at, outbox.c.error.label("reason"))
        statement = oldest.join(outbox, outbox.c.id == grouped.c.first).order_by(grouped.c.first)
        return tuple(from_row(row, Queue) for row in await self._rows(statement))
