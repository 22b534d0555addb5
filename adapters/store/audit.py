"""The append-only trail; every line holds the hash of the line before, so a change or a gap shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.database import Database
from adapters.store.part import Part, whole
from adapters.store.tables import GENESIS, audit_head, names
from adapters.store.tables import audit as trail
from adapters.store.text import SEPARATORS, clean, spaced
from bot.errors import StoreError
from bot.state import ALLOWED, DONE, AuditEntry, AuditLine, AuditQuery

BATCH = 1000  # lines read at a time
MOST_BREAKS = 20  # named by a check


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedLine:
    """A line as it is kept: with the hash of the line before, and its own."""

    seq: int
    entry: AuditEntry
    prev_hash: str
    hash: str

    @property
    def hashed_at(self) -> str:
        """Its time as it goes into the hash: ISO 8601 in UTC, with microseconds."""
        return _hashed_at(self.entry)


def line_hash(prev_hash: str, seq: int, entry: AuditEntry) -> str:
    """Return the hash of a line: SHA-256, in hex, over the line before it and every field."""
    words = [clean(w) for w in (entry.actor, entry.channel, entry.action, entry.decision, entry.detail)]
    return hashlib.sha256(json.dumps([prev_hash, seq, _hashed_at(entry), *words]).encode()).hexdigest()


def _hashed_at(entry: AuditEntry) -> str:
    return entry.at.astimezone(UTC).isoformat(timespec="microseconds")


async def append(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Add a line inside a transaction. Writers queue on the head's row, so the chain never forks."""
    take = update(audit_head).values(seq=audit_head.c.seq + 1)
    head = (await connection.execute(take.returning(audit_head.c.seq, audit_head.c.hash))).one()
    digest = line_hash(head.hash, head.seq, entry)
    line = to_row(trail, entry, seq=head.seq, prev_hash=head.hash, hash=digest)
    await connection.execute(insert(trail), line)
    await connection.execute(update(audit_head).values(hash=digest))


class SqlAudit(Part):
    """Fills `bot.ports.Audit`, and can prove that nothing was changed."""

    @whole
    async def audit(self, entry: AuditEntry) -> None:
        """Add a line."""
        async with self._db.writing() as connection:
            await append(connection, entry)

    async def audit_lines(
        self, query: AuditQuery, *, skip: int, limit: int
    ) -> tuple[tuple[AuditLine, ...], int]:
        """Return lines that fit, newest first, without the first `skip` of them, and how many fit in all."""
        fits = list(_conditions(query, self._db))
        page = select(trail).where(*fits).order_by(trail.c.seq.desc()).offset(skip).limit(limit)
        async with self._db.reading() as connection:
            rows = (await connection.execute(page)).all()
            total = await connection.scalar(select(func.count()).select_from(trail).where(*fits))
        return tuple(AuditLine(row.seq, from_row(row, AuditEntry)) for row in rows), int(total or 0)

    async def audit_actors(self) -> Mapping[str, str]:
        """Return everybody who stands in the trail, with the name that is kept of them, "" where none is."""
        actors = select(trail.c.actor).distinct().subquery()
        named = actors.outerjoin(names, names.c.actor == actors.c.actor)
        rows = await self._rows(select(actors.c.actor, names.c.name).select_from(named))
        return {row.actor: row.name or "" for row in rows}

    async def chained_lines(self) -> AsyncIterator[ChainedLine]:
        """Yield every line that is there now, oldest first. Raises `StoreError`."""
        async with self._db.reading() as connection:
            last = await connection.scalar(select(func.max(trail.c.seq)))
        async for row in self._up_to(last or 0):
            yield ChainedLine(
                seq=row.seq, entry=from_row(row, AuditEntry), prev_hash=row.prev_hash, hash=row.hash
            )

    async def verify_audit(self) -> int:
        """Check every line against the one before; return how many there are.

        Raises `TrailBroken` naming what was changed, `StoreError` where it cannot be read. Whoever can write the whole
        database can also write a new chain: that shows only beside an earlier export.
        """
        async with self._db.reading() as connection:
            # The head first: lines added while we read stand after it and are not asked about.
            head = (await connection.execute(select(audit_head))).one()
            beyond = trail.c.seq > select(audit_head.c.seq).scalar_subquery()
            stray = await connection.scalar(select(func.min(trail.c.seq)).where(beyond))
        check = _Check()
        async for row in self._up_to(int(head.seq)):
            check.take(row)
        check.end(int(head.seq), head.hash, stray)
        if check.breaks:
            raise TrailBroken(check.breaks, check.count)
        return int(head.seq)

    async def _up_to(self, last: int) -> AsyncIterator[Row[Any]]:
        """Yield the rows up to a number, a batch at a time, so that no writer waits for whoever reads them."""
        done: int | None = None
        while done is None or done < last:
            fits = trail.c.seq <= last if done is None else trail.c.seq.between(done + 1, last)
            rows = await self._rows(select(trail).where(fits).order_by(trail.c.seq).limit(BATCH))
            for row in rows:
                yield row
            done = rows[-1].seq if len(rows) == BATCH else last


def _conditions(query: AuditQuery, db: Database) -> Iterator[ColumnElement[bool]]:
    if query.actors:
        yield trail.c.actor.in_([clean(actor) for actor in query.actors])
    if query.actions:
        yield trail.c.action.in_([clean(action) for action in query.actions])
    if query.since is not None:
        yield trail.c.at >= query.since
    if query.until is not None:
        yield trail.c.at < query.until
    if query.newest is not None:
        yield trail.c.seq <= query.newest
    if query.acts:
        yield ~_only_allows()
    if query.naming:
        position = func.instr if db.lite else func.strpos
        detail = literal(" ") + _parted(trail.c.detail) + literal(" ")
        yield or_(*(position(detail, f" {spaced(clean(name))} ") > 0 for name in query.naming))


def _only_allows() -> ColumnElement[bool]:
    """Whether a line says that something was allowed that the next one says was done."""
    after = trail.alias()
    same = (after.c[name] == trail.c[name] for name in ("actor", "channel", "action"))
    done = select(after.c.seq).where(
        after.c.seq == trail.c.seq + 1, after.c.decision.in_(sorted(DONE)), *same
    )
    return (trail.c.decision == ALLOWED) & done.exists()


def _parted(text: ColumnElement[str]) -> ColumnElement[str]:
    """Do to a column what `spaced` does to a text."""
    for separator in SEPARATORS:
        text = func.replace(text, separator, " ")
    return text


class _Check:
    """Follows the chain and says what does not hold; after a break it goes on with what stands there."""

    def __init__(self) -> None:
        self.breaks: list[str] = []  # the first of them
        self.count = 0
        self._seq, self._digest = 0, GENESIS  # of the line before

    def take(self, row: Row[Any]) -> None:
        """Check the next line."""
        if row.seq <= 0:
            self._broken(f"Line {row.seq} was added: lines are counted from 1.")
            return
        if row.seq > self._seq + 1:
            self._broken(_missing(self._seq + 1, row.seq - 1))
        elif row.prev_hash != self._digest:
            before = f"line {self._seq}" if self._seq else "the beginning"
            self._broken(f"Line {row.seq} does not follow {before}: one of them was changed.")
        if row.hash != line_hash(row.prev_hash, row.seq, from_row(row, AuditEntry)):
            self._broken(f"Line {row.seq} was changed.")
        self._seq, self._digest = row.seq, row.hash

    def end(self, last: int, digest: str, stray: int | None) -> None:
        """Check what is kept of the end; `stray`: the first line behind it."""
        if self._seq < last:
            self._broken(_missing(self._seq + 1, last))
        elif digest != self._digest:
            self._broken(f"Line {last} is not the end that was kept: the line or the end was changed.")
        if stray is not None:
            self._broken(f"Line {stray} stands behind the end that was kept.")

    def _broken(self, how: str) -> None:
        self.count += 1
        if self.count <= MOST_BREAKS:
            self.breaks.append(how)


def _missing(first: int, last: int) -> str:
    return f"Line {first} was removed." if first == last else f"Lines {first} to {last} were removed."


class TrailBroken(StoreError):
    """Lines were changed, added or taken out; `breaks` says which, `count` how many breaks there are."""

    def __init__(self, breaks: list[str], count: int) -> None:
        more = f" And {count - len(breaks):,} more." if count > len(breaks) else ""
        super().__init__(
            f"The audit trail was changed. {' '.join(breaks)}{more} Compare the database with a backup."
        )
        self.breaks, self.count = breaks, count
