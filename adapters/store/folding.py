"""Messages that wait for a channel that cannot be reached, and the one summary that takes their place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.outbox import insert_deliveries, read_delivery
from adapters.store.part import Part, chunks, whole
from adapters.store.tables import folded, outbox
from bot.state import Delivery, DeliveryState, NewDelivery

PENDING, FOLDED = DeliveryState.PENDING, DeliveryState.FOLDED


class _Moved(Exception):
    """A row that was to be folded does not wait any more; the transaction is undone."""


class SqlFolding(Part):
    """Fills the part of `bot.ports.Outbox` that sums up."""

    async def crowded(self, chats: frozenset[str], more_than: int) -> tuple[str, ...]:
        """Return the channels for which more messages wait than that, those in threads not counted."""
        here = (outbox.c.state == PENDING) & outbox.c.chat.in_(sorted(chats)) & outbox.c.thread.is_(None)
        statement = (
            select(outbox.c.channel)
            .where(here)
            .group_by(outbox.c.channel)
            .having(func.count() > more_than)
            .order_by(outbox.c.channel)
        )
        return tuple(row.channel for row in await self._rows(statement))

    async def waiting(self, channel: str) -> tuple[Delivery, ...]:
        """Return what waits for a channel, oldest first; for a summary that waits, also what it stands for."""
        here = (outbox.c.channel == channel) & (outbox.c.state == PENDING)
        summarised = select(folded.c.key).where(folded.c.digest.in_(select(outbox.c.key).where(here)))
        statement = select(outbox).where(here | outbox.c.key.in_(summarised)).order_by(outbox.c.id)
        return tuple(read_delivery(row) for row in await self._rows(statement))

    @whole
    async def fold(self, digest: NewDelivery, covered: Sequence[Delivery], now: datetime) -> bool:
        """Put a summary in the place of rows that wait, in one transaction; False where one waits no more."""
        try:
            async with self._db.writing() as connection:
                await _take_away(connection, covered, now)
                await insert_deliveries(self._db, connection, (digest,), now)
                rows = [{"key": d.key, "digest": digest.key} for d in covered]
                await connection.execute(self._db.put(folded), rows)
        except _Moved:
            return False
        return True


async def _take_away(connection: AsyncConnection, covered: Sequence[Delivery], now: datetime) -> None:
    """Mark the rows, and the summaries that contained some of them before. Raises `_Moved`."""
    old: set[str] = set()
    for some in chunks([d.key for d in covered if d.state is FOLDED]):
        old |= set(await connection.scalars(select(folded.c.digest).where(folded.c.key.in_(some)).distinct()))
    for some in chunks([*(d.key for d in covered if d.state is PENDING), *sorted(old)]):
        mark = update(outbox).where(outbox.c.key.in_(some), outbox.c.state == PENDING)
        marked = await connection.execute(mark.values(state=FOLDED, payload="", settled_at=now))
        if marked.rowcount != len(some):
            raise _Moved
