"""Which channels are notified of what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, about, whole
from adapters.store.tables import subscriptions as table
from adapters.store.text import clean
from bot.state import Subscription


class SqlSubscriptions(Part):
    """Fills `bot.ports.Subscriptions`."""

    async def subscriptions(self, *channels: str, of: str | None = None) -> tuple[Subscription, ...]:
        """Return all subscriptions, or those of some channels, in the order they were made.

        `of`: only those that may be about runs of this connection.
        """
        statement = about(select(table).order_by(table.c.id), table, of)
        return tuple(map(read_subscription, await self._of_channels(statement, table, channels)))

    @whole
    async def subscribe(self, subscription: Subscription, now: datetime) -> bool:
        """Add it, or replace the one that wants the same and keep its place; True if new."""
        values = _values(subscription)
        add = self._db.add(table)
        replace = update(table).where(table.c.wants == values["wants"]).values(values)
        async with self._db.writing() as connection:
            new = (await connection.execute(add, {**values, "created_at": now})).first() is not None
            if not new:
                await connection.execute(replace)
        return new

    @whole
    async def configure(self, configured: Sequence[Subscription], now: datetime) -> None:
        """Make the subscriptions of the settings file exactly these; those made in chat stay."""
        wanted = {values["wants"]: values for values in map(_values, configured)}
        gone = delete(table).where(table.c.from_settings, table.c.wants.not_in(wanted))
        put = self._db.put(table, "outcomes", "report_links", "from_settings", by=("wants",))
        async with self._db.writing() as connection:
            await connection.execute(gone)
            for values in wanted.values():
                await connection.execute(put, {**values, "created_at": now})

    async def unsubscribe(
        self, channel: str, connection: str | None, launcher: str | None, source: str | None
    ) -> bool:
        """Remove one made in chat; False where there was none."""
        wanted = table.c.wants == joined(channel, connection, launcher, source)
        return await self._write(delete(table).where(wanted, ~table.c.from_settings)) > 0

    async def mark_channel(self, channel: str, problem: str) -> bool:
        """Say why a channel cannot be reached, "" when it can; True where that is news."""
        statement = update(table).where(table.c.channel == channel, table.c.problem != problem)
        return await self._write(statement.values(problem=problem)) > 0


def joined(*parts: str | None) -> str:
    """Join what makes a row unique; None stays apart from every text."""
    return json.dumps([None if part is None else clean(part) for part in parts])


def _values(subscription: Subscription) -> dict[str, Any]:
    s = subscription
    wants = joined(s.channel, s.connection, s.launcher, s.source)
    return to_row(table, s, wants=wants, outcomes=",".join(sorted(s.outcomes)))


def read_subscription(row: Row[Any]) -> Subscription:
    """Read a row."""
    return from_row(row, Subscription, outcomes=[word for word in row.outcomes.split(",") if word])
