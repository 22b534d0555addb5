"""How far the digests of channels are, and what they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from adapters.store.codec import from_row, to_row
from adapters.store.folding import Moved, every_row, put_in_place
from adapters.store.outbox import read_delivery
from adapters.store.part import Part, whole
from adapters.store.tables import digests, outbox
from adapters.store.text import chat_of
from bot.state import Delivery, Digested, NewDelivery


class SqlDigests(Part):
    """Fills `bot.ports.Digests`."""

    async def digested(self, chat: str) -> tuple[Digested, ...]:
        """Return how far the digests of a chat's channels are."""
        rows = await self._rows(select(digests).order_by(digests.c.channel))
        return tuple(from_row(row, Digested) for row in rows if chat_of(row.channel) == chat)

    @whole
    async def begin_digests(self, channel: str, schedule: str, now: datetime) -> None:
        """Let the digests of a channel come by a schedule from now on; "" for none.

        After a time without any they begin anew; else the next one tells of all since the last.
        """
        newest = select(func.coalesce(func.max(outbox.c.id), 0))
        later = update(digests).where(digests.c.channel == channel, digests.c.schedule != schedule)
        anew = later.where(digests.c.schedule == "")
        async with self._db.writing() as connection:
            upto = await connection.scalar(newest)
            row = {"channel": channel, "schedule": schedule, "after": now, "since": now, "upto": upto}
            if (await connection.execute(self._db.add(digests), row)).first() is None:
                await connection.execute(anew.values(since=now, upto=upto))
                await connection.execute(later.values(schedule=schedule, after=now))

    async def announced(self, channel: str, beyond: int) -> tuple[Delivery, ...]:
        """Return the messages to a channel that tell of ends, behind a number of the outbox, oldest first."""
        here = (outbox.c.channel == channel) & (outbox.c.id > beyond) & outbox.c.ending.is_not(None)
        return tuple(
            read_delivery(row) for row in await self._rows(select(outbox).where(here).order_by(outbox.c.id))
        )

    @whole
    async def make_digest(
        self,
        message: NewDelivery | None,
        covered: Sequence[Delivery],
        *,
        seen: Digested,
        made: Digested,
        now: datetime,
    ) -> bool:
        """Record a digest, with the message that takes the place of what was held, in one transaction.

        False where another program made one, or one of the rows is held no more.
        """
        unchanged = update(digests).where(
            digests.c.channel == seen.channel,
            digests.c.schedule == seen.schedule,
            digests.c.after == seen.after,
        )
        try:
            async with self._db.writing() as connection:
                await every_row(connection, unchanged.values(to_row(digests, made)), 1)
                if message is not None:
                    await put_in_place(self._db, connection, message, covered, now)
        except Moved:
            return False
        return True
