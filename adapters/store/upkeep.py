"""Forgetting what is no longer needed, so that the database stays small for years.

Kept for good: runs and results (a few hundred bytes each; forgetting a run could announce it again), outbox
keys (a message is never made twice), intents, threads, button words and the audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from adapters.store.part import Part, whole
from adapters.store.tables import inbox, outbox, parked
from bot.state import DeliveryState

ANSWERED = timedelta(days=7)  # chats deliver again within minutes, so a week of ids is plenty
ABANDONED = timedelta(days=30)  # nobody waits for an answer that long
PAYLOADS = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were let go or emptied."""

    commands: int
    payloads: int
    parked: int


class SqlUpkeep(Part):
    """Keeps the database small."""

    @whole
    async def prune(self, now: datetime) -> Pruned:
        """Drop commands long answered or abandoned, payloads long sent, and waits that are over."""
        old = (inbox.c.finished & (inbox.c.received_at < now - ANSWERED)) | (
            inbox.c.received_at < now - ABANDONED
        )
        sent = (
            outbox.c.state.in_((DeliveryState.SENT, DeliveryState.FOLDED))
            & (outbox.c.settled_at < now - PAYLOADS)
            & (outbox.c.payload != "")
        )
        async with self._db.writing() as connection:
            commands = await connection.execute(delete(inbox).where(old))
            payloads = await connection.execute(update(outbox).where(sent).values(payload="", context=None))
            waits = await connection.execute(delete(parked).where(parked.c.until <= now))
        return Pruned(commands=commands.rowcount, payloads=payloads.rowcount, parked=waits.rowcount)
