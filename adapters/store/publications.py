"""Runs that are written into other platforms, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.database import Database
from adapters.store.ledger import put_results
from adapters.store.part import Part, whole
from adapters.store.tables import intents, publication_results, publications
from adapters.store.text import clip
from bot.model import RunRef
from bot.publication import (
    Publication,
    PublicationState,
    PublishedCheck,
    PublishedResult,
    ledger_result,
)
from bot.state import IntentState


class SqlPublications(Part):
    """Fills `bot.ports.Publications`."""

    @whole
    async def plan_publication(
        self, publication: Publication, checks: Sequence[PublishedCheck], now: datetime
    ) -> None:
        """Keep what is to be written, whole or not at all."""
        rows = [
            _result_row(publication.key, PublishedResult(position=n, check=c)) for n, c in enumerate(checks)
        ]
        async with self._db.writing() as connection:
            await connection.execute(self._db.put(publications), _row(publication, now))
            await connection.execute(
                delete(publication_results).where(publication_results.c.key == publication.key)
            )
            if rows:
                await connection.execute(publication_results.insert(), rows)

    async def publication(self, key: str) -> Publication | None:
        """Return a publication."""
        row = await self._first(select(publications).where(publications.c.key == key))
        return None if row is None else _publication(row)

    async def open_publications(self) -> tuple[Publication, ...]:
        """Return those with something to do, oldest first."""
        statement = (
            select(publications)
            .outerjoin(intents, intents.c.id == publications.c.intent_id)
            .where(
                publications.c.state.in_((PublicationState.WANTED, PublicationState.PLANNED)),
                or_(publications.c.by_rule, intents.c.state == IntentState.ACCEPTED),
            )
            .order_by(publications.c.created_at, publications.c.key)
        )
        return tuple(_publication(row) for row in await self._rows(statement))

    async def published(self, key: str) -> tuple[PublishedResult, ...]:
        """Return how far each check is, in the order in which they are written."""
        statement = (
            select(publication_results)
            .where(publication_results.c.key == key)
            .order_by(publication_results.c.position)
        )
        return tuple(
            from_row(row, PublishedResult, check=decode(row.content, PublishedCheck))
            for row in await self._rows(statement)
        )

    @whole
    async def save_published(self, key: str, result: PublishedResult, into: RunRef, now: datetime) -> None:
        """Keep how far a check is, and what was written of it also in the ledger."""
        row = _result_row(key, result)
        here = publication_results.c.key == key, publication_results.c.position == result.position
        async with self._db.writing() as connection:
            await connection.execute(update(publication_results).where(*here).values(row))
            if (written := ledger_result(result, into, now)) is not None:
                await put_results(self._db, connection, (written,))

    async def end_publication(
        self, key: str, state: PublicationState, now: datetime, *, reason: str = ""
    ) -> None:
        """Say that nothing more is done for it."""
        values = {"state": state, "reason": clip(reason), "changed_at": now}
        await self._write(update(publications).where(publications.c.key == key).values(values))


async def add_publications(db: Database, connection: AsyncConnection, wanted: Sequence[Publication]) -> None:
    """Add what rules want, inside an open transaction; one that is known already stays as it is."""
    if wanted:
        rows = [_row(publication, publication.created_at) for publication in wanted]
        await connection.execute(db.insert(publications).on_conflict_do_nothing(), rows)


def _row(publication: Publication, now: datetime) -> dict[str, Any]:
    source = publication.source
    return to_row(
        publications,
        publication,
        source_connection=source.connection,
        source_run_id=source.run_id,
        changed_at=now,
    )


def _publication(row: Row[Any]) -> Publication:
    return from_row(row, Publication, source=RunRef(row.source_connection, row.source_run_id))


def _result_row(key: str, result: PublishedResult) -> dict[str, Any]:
    return to_row(publication_results, result, key=key, content=encode(result.check))
