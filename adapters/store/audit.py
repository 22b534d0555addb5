"""The append-only trail; every line holds the hash of the line before, so a change or a gap shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import GENESIS, audit_head
from adapters.store.tables import audit as trail
from adapters.store.text import clean
from bot.errors import StoreError
from bot.state import AuditEntry

BATCH = 1000  # lines checked per read


def line_hash(prev_hash: str, seq: int, entry: AuditEntry) -> str:
    """Return the hash of a line: SHA-256, in hex, over the line before it and every field."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    words = [clean(w) for w in (entry.actor, entry.channel, entry.action, entry.decision, entry.detail)]
    return hashlib.sha256(json.dumps([prev_hash, seq, at, *words]).encode()).hexdigest()


class SqlAudit(Part):
    """Fills `bot.ports.Audit`, and can prove that nothing was changed."""

    @whole
    async def audit(self, entry: AuditEntry) -> None:
        """Add a line. Writers queue on the head's row, so the chain never forks."""
        take = update(audit_head).values(seq=audit_head.c.seq + 1)
        async with self._db.writing() as connection:
            head = (await connection.execute(take.returning(audit_head.c.seq, audit_head.c.hash))).one()
            digest = line_hash(head.hash, head.seq, entry)
            line = to_row(trail, entry, seq=head.seq, prev_hash=head.hash, hash=digest)
            await connection.execute(insert(trail), line)
            await connection.execute(update(audit_head).values(hash=digest))

    async def audit_trail(self, limit: int) -> tuple[AuditEntry, ...]:
        """Return the last lines, newest first."""
        rows = await self._rows(select(trail).order_by(trail.c.seq.desc()).limit(limit))
        return tuple(from_row(row, AuditEntry) for row in rows)

    async def verify_audit(self) -> int:
        """Check every line against the one before; return how many there are.

        Raises `TrailBroken` at a break, `StoreError` where it cannot be read.
        """
        async with self._db.reading() as connection:
            # The head first: lines added while we read stand after it and are not asked about.
            head = (await connection.execute(select(audit_head))).one()
            digest = await _walk(connection, int(head.seq))
        if digest != head.hash:
            raise broken(head.seq)
        return int(head.seq)


async def _walk(connection: AsyncConnection, last: int) -> str:
    digest = GENESIS
    for start in range(0, last, BATCH):
        wanted = trail.c.seq.between(start + 1, min(start + BATCH, last))
        rows = (await connection.execute(select(trail).where(wanted).order_by(trail.c.seq))).all()
        digest = _check(rows, start, digest)
    return digest


def _check(rows: Sequence[Row[Any]], start: int, digest: str) -> str:
    for seq, row in enumerate(rows, start + 1):
        if (
            row.seq != seq
            or row.prev_hash != digest
            or row.hash != line_hash(digest, seq, from_row(row, AuditEntry))
        ):
            raise broken(seq)
        digest = row.hash
    return digest


class TrailBroken(StoreError):
    """A line was changed, added or taken out."""


def broken(seq: int) -> TrailBroken:
    """Say where the trail does not hold."""
    return TrailBroken(
        f"The audit trail was changed: line {seq} does not fit the lines before it, or is missing."
        " Compare the database with a backup."
    )
