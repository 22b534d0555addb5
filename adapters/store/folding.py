"""Messages that wait for a channel that cannot be reached, and the one summary that takes their place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.channels import scope_of
from adapters.store.database import ROWS, Database
from adapters.store.outbox import insert_deliveries, read_delivery
from adapters.store.part import Part, chunks, whole
from adapters.store.tables import folded, mutes, outbox
from adapters.store.text import chat_of
from bot.state import Delivery, DeliveryState, Held, Mute, NewDelivery

HELD, PENDING, FOLDED = DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.FOLDED


class Moved(Exception):
    """A row that was to be changed is not as it was seen any more; the transaction is undone."""


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
    async def fold(
        self, digest: NewDelivery, covered: Sequence[Delivery], now: datetime, *, over: Sequence[Mute] = ()
    ) -> bool:
        """Put a summary in the place of rows that wait or are held, in one transaction; False where one is so no more."""
        try:
            async with self._db.writing() as connection:
                for mute in over:
                    await _end(connection, mute)
                await put_in_place(self._db, connection, digest, covered, now)
        except Moved:
            return False
        return True

    async def held_channels(self, chats: frozenset[str], now: datetime) -> tuple[str, ...]:
        """Return the channels of these chats with a held message that is due, or a mute that is over."""
        due = select(outbox.c.channel).where(outbox.c.state == HELD, outbox.c.next_at <= now)
        over = select(mutes.c.channel).where(mutes.c.until <= now)
        found = {row.channel for row in await self._rows(due.union(over))}
        return tuple(sorted(channel for channel in found if chat_of(channel) in chats))

    async def held(self, channel: str) -> tuple[Held, ...]:
        """Return what is held of a channel, oldest first."""
        here = (outbox.c.channel == channel) & (outbox.c.state == HELD)
        rows = await self._rows(select(outbox).where(here).order_by(outbox.c.id))
        return tuple(
            Held(delivery=read_delivery(row), since=row.recorded_at, due=row.next_at, after=row.after_key)
            for row in rows
        )

    @whole
    async def hold(self, keys: Sequence[str], until: datetime) -> None:
        """Look at held messages then; those that are not held stay."""
        async with self._db.writing() as connection:
            for some in chunks(keys):
                here = outbox.c.key.in_(some) & (outbox.c.state == HELD)
                await connection.execute(update(outbox).where(here).values(next_at=until))
            await self._db.tell(connection, ROWS)

    @whole
    async def release(self, deliveries: Sequence[Delivery], now: datetime) -> bool:
        """Let held messages be posted as they are, in one transaction; False where one is held no more."""
        try:
            async with self._db.writing() as connection:
                for some in chunks([d.key for d in deliveries]):
                    let_go = update(outbox).where(outbox.c.key.in_(some), outbox.c.state == HELD)
                    await every_row(connection, let_go.values(state=PENDING, next_at=now), len(some))
        except Moved:
            return False
        return True


async def put_in_place(
    db: Database,
    connection: AsyncConnection,
    summary: NewDelivery,
    covered: Sequence[Delivery],
    now: datetime,
) -> None:
    """Put a summary in the place of rows that wait or are held.

    Raises `Moved` where one is so no more, or the summary is there already: nobody would read in it of these.
    """
    await _take_away(connection, covered, now)
    if not await insert_deliveries(db, connection, (summary,), now):
        raise Moved
    if covered:
        rows = [{"key": d.key, "digest": summary.key} for d in covered]
        await connection.execute(db.put(folded), rows)


async def every_row(connection: AsyncConnection, statement: Update, number: int) -> None:
    """Change rows, every one of them. Raises `Moved`."""
    if (await connection.execute(statement)).rowcount != number:
        raise Moved


async def _end(connection: AsyncConnection, mute: Mute) -> None:
    """Forget a mute that is as it was seen. Raises `Moved`."""
    gone = delete(mutes).where(mutes.c.scope == scope_of(mute), mutes.c.until == mute.until)
    if (await connection.execute(gone)).rowcount != 1:
        raise Moved


async def _take_away(connection: AsyncConnection, covered: Sequence[Delivery], now: datetime) -> None:
    """Mark the rows, and the summaries that contained some of them before. Raises `Moved`."""
    old: set[str] = set()
    for some in chunks([d.key for d in covered if d.state is FOLDED]):
        old |= set(await connection.scalars(select(folded.c.digest).where(folded.c.key.in_(some)).distinct()))
    for some in chunks([*(d.key for d in covered if d.state is not FOLDED), *sorted(old)]):
        mark = update(outbox).where(outbox.c.key.in_(some), outbox.c.state.in_((HELD, PENDING)))
        await every_row(connection, mark.values(state=FOLDED, payload="", settled_at=now), len(some))
