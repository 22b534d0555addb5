"""A store in a database, to stand where a test has a `MemoryStore`: what that shows of its rows is read from the database.

So the machines and the kill loops that look behind the door run on both databases too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import Row, Select, select

from adapters.configuration.database import read_address
from adapters.store import tables
from adapters.store.codec import from_row
from adapters.store.database import Database
from adapters.store.intents import _intent
from adapters.store.outbox import read_delivery
from adapters.store.publications import _publication
from adapters.store.store import SqlStore, open_store
from bot.publication import Publication
from bot.state import AuditEntry, Intent, MessageRef
from tests.fakes.store import MemoryStore
from tests.fakes.store_outbox import OutboxRow

Read = Callable[[Select[Any]], list[Row[Any]]]


class DatabaseStore:
    """Hands every call to the store; its rows are read beside it, also from code that cannot wait."""

    def __init__(self, store: SqlStore, read: Read) -> None:
        self._store = store
        self._read = read

    @property
    def typed(self) -> MemoryStore:
        """The same, as what it stands for."""
        return cast("MemoryStore", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def intents(self) -> Mapping[str, Intent]:
        """Every intent by its id, oldest first."""
        intents = tables.intents
        return {
            row.id: _intent(row)
            for row in self._read(select(intents).order_by(intents.c.created_at, intents.c.id))
        }

    @property
    def outbox(self) -> Mapping[str, OutboxRow]:
        """Every row by its key, oldest first."""
        rows = self._read(select(tables.outbox).order_by(tables.outbox.c.id))
        return {row.key: _outbox_row(row) for row in rows}

    @property
    def trail(self) -> list[AuditEntry]:
        """Every line, oldest first."""
        return [
            from_row(row, AuditEntry) for row in self._read(select(tables.audit).order_by(tables.audit.c.seq))
        ]

    @property
    def publications(self) -> Mapping[str, Publication]:
        """Every publication by its key."""
        return {row.key: _publication(row) for row in self._read(select(tables.publications))}


def _outbox_row(row: Row[Any]) -> OutboxRow:
    message = row.message_id and MessageRef(channel=row.channel, message_id=row.message_id, thread=row.thread)
    return OutboxRow(
        delivery=read_delivery(row), after=row.after_key, recorded_at=row.recorded_at, next_at=row.next_at,
        message=message or None,
    )  # fmt: skip


@asynccontextmanager
async def a_database_store(url: str) -> AsyncIterator[MemoryStore]:
    """Open the store of a database in the place of one in memory."""
    beside, database = asyncio.Runner(), Database(read_address(url))

    async def rows(what: Select[Any]) -> list[Row[Any]]:
        async with database.reading() as connection:
            return list((await connection.execute(what)).all())

    # While a test waits for what it reads, its own loop stands still: another one reads, in another thread.
    with ThreadPoolExecutor(max_workers=1) as thread:
        async with open_store(url) as store:
            yield DatabaseStore(store, lambda what: thread.submit(beside.run, rows(what)).result()).typed
        thread.submit(beside.run, database.close()).result()
        thread.submit(beside.close).result()
