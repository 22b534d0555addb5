"""One engine, its transactions, and every failure as `StoreError`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Any, NoReturn
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Table, event, func, select, text, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import ReturningInsert

from adapters.configuration.database import DatabaseAddress, PostgresServer, SqliteFile
from adapters.store.fence import Fence, TakenOver, fence
from adapters.store.problems import sentence
from adapters.store.sqlite_driver import Driver
from adapters.store.tables import leases
from bot.errors import StoreError

# The same syntax in both; the core's plain insert has no "on conflict".
Insert = sqlite.Insert | postgresql.Insert

CONNECT_SECONDS = 10.0  # for a connection to PostgreSQL, unless DATABASE_URL says otherwise

# Seconds without a word, after which PostgreSQL ends a transaction: a program that is frozen in the middle of one would keep its
# locks, and nobody could take over what it did.
LONGEST_PAUSE = 8.0
PAUSE = "idle_in_transaction_session_timeout"

# The driver sends a statement in two steps, and PostgreSQL does not call that idle which waits for the second one: nothing of
# its own ends a program that is frozen there. Who copies a table in waits likewise, but is no program of ours.
END_FROZEN = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    AND state = 'active' AND wait_event = 'ClientRead' AND query !~* '^\\s*copy'
    AND state_change < clock_timestamp() - make_interval(secs => :seconds)
""")

WORDS = "clew"  # what PostgreSQL calls the channel of our words
# There is something to deliver; a lease became free; a webhook told something.
ROWS, FREE, HINTS = "rows", "free", "hints"

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


class Database:
    """Opens transactions; nothing of SQLAlchemy's errors leaves it. `busy_seconds`: how long to wait for a lock."""

    def __init__(self, address: DatabaseAddress, *, busy_seconds: float = 5.0) -> None:
        self.address = address
        self.name = address.name
        self.engine = make_engine(address, busy_seconds=busy_seconds)
        self.lite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer. Queueing for it here is fair and wakes at once; its busy handler polls.
        self._turn: AbstractAsyncContextManager[None] = asyncio.Lock() if self.lite else nullcontext()
        self._file = _identity(address)
        self._pooled = isinstance(address, PostgresServer) and address.pooled

    async def end_frozen(self) -> None:
        """End what is silent in the middle of a statement for as long as a transaction may be. Raises `StoreError`."""
        if not self.lite:
            async with self.reading() as connection:
                await connection.execute(END_FROZEN, {"seconds": LONGEST_PAUSE})

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading."""
        with self.speaking():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, *, guarded: bool = True, waits: float = 0.0) -> AsyncIterator[AsyncConnection]:
        """Give a transaction: committed at the end, gone whole on any error.

        `waits`: for how many seconds PostgreSQL lets it wait for what another one has locked, 0 for as long as it takes.

        Where a lease guards what is written (`fence.py`), it does so unless this is not `guarded`: what an outside
        effect came to is true whoever holds the lease by now. Raises `TakenOver`.
        """
        with self.speaking():
            async with self._turn, self.engine.execution_options(writes=True).begin() as connection:
                if self._pooled:  # what a session was told at its start is for other clients too there
                    await connection.execute(
                        select(func.set_config(PAUSE, _milliseconds(LONGEST_PAUSE), true()))
                    )
                if waits and not self.lite:
                    await connection.execute(
                        select(func.set_config("lock_timeout", _milliseconds(waits), true()))
                    )
                if guarded and (mine := fence()) is not None:
                    await _hold(mine, connection)
                yield connection

    async def tell(self, connection: AsyncConnection, word: str) -> None:
        """Let the other programs hear a word when this transaction is committed; see `wakeups.py`."""
        if not self.lite:
            await connection.execute(select(func.pg_notify(WORDS, word)))

    def insert(self, table: Table) -> Insert:
        """Return an insert that knows "on conflict" in this database's dialect."""
        return sqlite.insert(table) if self.lite else postgresql.insert(table)

    def add(self, table: Table) -> ReturningInsert[Any]:
        """Return an insert that leaves a row of the same key as it is, and returns the key of a new one."""
        return self.insert(table).on_conflict_do_nothing().returning(*table.primary_key)

    def put(
        self,
        table: Table,
        *replaced: str,
        by: Sequence[str] = (),
        where: Callable[[Any], ColumnElement[bool]] = lambda _new: true(),
    ) -> Insert:
        """Return an insert that replaces the row with the same key, or these columns of one with the same `by`.

        `where` is given the new row, and says whether it takes the place of the old one.
        """
        add = self.insert(table)
        names = replaced or [column.name for column in table.columns if not column.primary_key]
        return add.on_conflict_do_update(
            index_elements=by or list(table.primary_key),
            set_={name: add.excluded[name] for name in names},
            where=where(add.excluded),
        )

    def moved(self) -> str:
        """Say that another file stands where the database was opened, "" while it does not."""
        if _identity(self.address) == self._file:
            return ""
        return (
            f"The file of the database {self.name} was replaced or taken away while Clew runs, and what is written "
            "goes to the old one. Stop Clew, put the right file there, and start it again."
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn every failure of the database inside into `StoreError`."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            refuse(error, self.name)


async def _hold(mine: Fence, connection: AsyncConnection) -> None:
    """Keep a lease as it is until the end of this transaction. Raises `TakenOver`."""
    held = (leases.c.name == mine.lease) & (leases.c.epoch == mine.epoch)
    locked = select(leases.c.name).where(held).with_for_update(read=True)  # SQLite has one writer anyway
    if (await connection.execute(locked)).first() is None:
        raise TakenOver(mine)


def _identity(address: DatabaseAddress) -> tuple[int, int] | None:
    """Return which file an SQLite database is now; None where there is none."""
    if not isinstance(address, SqliteFile):
        return None
    try:
        found = address.path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse(error: Exception, name: str) -> NoReturn:
    """Raise the `StoreError` for an error of the database; the original stays as its cause."""
    raise StoreError(sentence(error, name)) from error


def make_engine(address: DatabaseAddress, *, busy_seconds: float, **options: Any) -> AsyncEngine:
    """Build an engine that shows no values in its errors; for SQLite also durable and with our transactions."""
    if isinstance(address, SqliteFile):
        url = URL.create("sqlite+aiosqlite", database=str(address.path))
        engine = create_async_engine(url, module=Driver(), hide_parameters=True, **options)
        _own_transactions(engine, busy_seconds)
        return engine
    try:
        from adapters.store.keepalive import Watched

        return create_async_engine(
            "postgresql+asyncpg://",
            connect_args={"connection_class": Watched, **connecting(address)},
            hide_parameters=True,
            pool_pre_ping=True,  # a server may have dropped a connection that lay idle
            **options,
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs its driver. Install it: pip install 'clew[postgresql]'."
        ) from error


def connecting(server: PostgresServer) -> dict[str, Any]:
    """Return what the driver connects with; behind a pooler nothing is prepared under a name that stays."""
    arguments = {"timeout": CONNECT_SECONDS, "dsn": server.dsn, **server.options}
    if server.pooled:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"clew_{uuid4().hex}",
        }
    else:
        arguments["server_settings"] = {
            PAUSE: _milliseconds(LONGEST_PAUSE),
            **server.options.get("server_settings", {}),
        }
    return arguments


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def _own_transactions(engine: AsyncEngine, busy_seconds: float) -> None:
    """Take BEGIN from the driver, which would start a writer too late; ours is IMMEDIATE for writers."""

    @event.listens_for(engine.sync_engine, "connect")
    def connect(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in (f"busy_timeout = {int(busy_seconds * 1000)}", *PRAGMAS):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            raw: Any = connection.connection.dbapi_connection
            raw.begin_immediate()
