"""Whom posts mention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, about, whole
from adapters.store.subscriptions import joined
from adapters.store.tables import mentions as table
from bot.state import MentionRule


class SqlMentions(Part):
    """Fills `bot.ports.MentionRules`."""

    async def mention_rules(self, *channels: str, of: str | None = None) -> tuple[MentionRule, ...]:
        """Return all rules, or those of some channels, in the order they were made.

        `of`: only those that may be about runs of this connection.
        """
        statement = about(select(table).order_by(table.c.id), table, of)
        return tuple(map(read_rule, await self._of_channels(statement, table, channels)))

    @whole
    async def add_mention(self, rule: MentionRule, now: datetime) -> bool:
        """Add it, or change the outcomes and the name of the one that wants the same; True if new."""
        values = _values(rule, now)
        add = self._db.add(table)
        change = update(table).where(table.c.wants == values["wants"])
        async with self._db.writing() as connection:
            new = (await connection.execute(add, values)).first() is not None
            if not new:
                await connection.execute(change.values(outcomes=values["outcomes"], name=values["name"]))
        return new

    async def end_mention(self, rule: MentionRule) -> bool:
        """Remove the one made in chat that wants the same; False where there is none."""
        wanted = table.c.wants == joined(*rule.wants)
        return await self._write(delete(table).where(wanted, ~table.c.from_settings)) > 0

    @whole
    async def configure_mentions(self, configured: Sequence[MentionRule], now: datetime) -> None:
        """Make the rules of the settings file exactly these; those made in chat stay, and so do the times of those that stay."""
        wanted = {values["wants"]: values for values in (_values(rule, now) for rule in configured)}
        gone = delete(table).where(table.c.from_settings, table.c.wants.not_in(wanted))
        put = self._db.put(table, "outcomes", "from_settings", by=("wants",))
        async with self._db.writing() as connection:
            await connection.execute(gone)
            for values in wanted.values():
                await connection.execute(put, values)


async def mark_mentioned(session: AsyncConnection, rules: Sequence[MentionRule], now: datetime) -> None:
    """Say that rules fitted a run; what was ended meanwhile stays so."""
    if rules:
        statement = update(table).where(table.c.wants == bindparam("of")).values(matched_at=now)
        await session.execute(statement, [{"of": joined(*rule.wants)} for rule in rules])


def _values(rule: MentionRule, now: datetime) -> dict[str, Any]:
    """Return a rule's row as it is made; the number is the database's."""
    outcomes = ",".join(sorted(rule.outcomes))
    return to_row(table, rule, wants=joined(*rule.wants), outcomes=outcomes, since=now, matched_at=None)


def read_rule(row: Row[Any]) -> MentionRule:
    """Read a row."""
    return from_row(row, MentionRule, outcomes=[word for word in row.outcomes.split(",") if word])
