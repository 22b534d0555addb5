"""Which channels want to hear of what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from adapters.store.part import Part, whole
from adapters.store.tables import subscriptions as table
from adapters.store.text import clean
from bot.cards import ReportLinks
from bot.state import Outcome, Subscription


class SqlSubscriptions(Part):
    """Fills `bot.ports.Subscriptions`."""

    async def subscriptions(self, channel: str | None = None) -> tuple[Subscription, ...]:
        """Return all subscriptions, or those of one channel, in the order they were made."""
        statement = select(table).order_by(table.c.id)
        if channel is not None:
            statement = statement.where(table.c.channel == channel)
        async with self._db.reading() as connection:
            return tuple(_subscription(row) for row in await connection.execute(statement))

    @whole
    async def subscribe(self, subscription: Subscription, now: datetime) -> bool:
        """Add it, or replace the one that wants the same and keep its place; True if new."""
        values = _values(subscription)
        add = self._db.insert(table).on_conflict_do_nothing().returning(table.c.id)
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
        add = self._db.insert(table)
        changed = {name: add.excluded[name] for name in ("outcomes", "report_links", "from_settings")}
        put = add.on_conflict_do_update(index_elements=["wants"], set_=changed)
        async with self._db.writing() as connection:
            await connection.execute(gone)
            for values in wanted.values():
                await connection.execute(put, {**values, "created_at": now})

    @whole
    async def unsubscribe(
        self, channel: str, connection: str | None, launcher: str | None, source: str | None
    ) -> bool:
        """Remove one made in chat; False where there was none."""
        wanted = table.c.wants == _wants(channel, connection, launcher, source)
        async with self._db.writing() as session:
            gone = await session.execute(delete(table).where(wanted, ~table.c.from_settings))
        return gone.rowcount > 0

    @whole
    async def mark_channel(self, channel: str, problem: str) -> bool:
        """Say why a channel cannot be reached, "" when it can; True where that is news."""
        statement = update(table).where(table.c.channel == channel, table.c.problem != problem)
        async with self._db.writing() as connection:
            changed = await connection.execute(statement.values(problem=problem))
        return changed.rowcount > 0


def _wants(*parts: str | None) -> str:
    """Join what makes a subscription unique; None stays apart from every text."""
    return json.dumps([None if part is None else clean(part) for part in parts])


def _values(subscription: Subscription) -> dict[str, Any]:
    s = subscription
    return {
        "wants": _wants(s.channel, s.connection, s.launcher, s.source),
        "channel": s.channel,
        "connection": s.connection,
        "launcher": s.launcher,
        "source": s.source,
        "outcomes": ",".join(sorted(s.outcomes)),
        "report_links": s.report_links,
        "from_settings": s.from_settings,
        "problem": s.problem,
    }


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        channel=row.channel,
        connection=row.connection,
        launcher=row.launcher,
        source=row.source,
        outcomes=frozenset(Outcome(word) for word in row.outcomes.split(",") if word),
        report_links=None if row.report_links is None else ReportLinks(row.report_links),
        from_settings=row.from_settings,
        problem=row.problem,
    )
