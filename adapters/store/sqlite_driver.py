"""aiosqlite for SQLAlchemy, with one trip to the connection's thread for each statement.

SQLAlchemy's own adapter makes four of a statement (cursor, execute, fetch, close), three of a BEGIN and one of a rollback
of what never began. Each wakes a thread and the loop again, which costs more than SQLite's own work. Here a statement
brings its rows along, a writer's BEGIN goes with its first statement, and what began nothing has nothing to end.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

BEGIN = "BEGIN IMMEDIATE"  # a writer that began as a reader could not wait for another one


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """One statement; the rows are there when it was executed. SQLite's own cursor is made and closed without a trip."""

    __slots__ = ()
    _awaitable_cursor_close = False
    _adapt_connection: Connection

    def _make_new_cursor(self, connection: Any) -> Any:
        return connection._conn.cursor()  # noqa: SLF001 - SQLite's own connection

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        self._rows = await self._run(_execute, operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(_execute_many, operation, seq_of_parameters)

    async def _run(
        self, work: Callable[..., deque[Any]], operation: str, parameters: Sequence[Any]
    ) -> deque[Any]:
        begin = self._adapt_connection.takes_begin()
        connection: Any = self._connection
        rows: deque[Any] = await connection._execute(  # noqa: SLF001 - aiosqlite's way to its thread
            work, self._cursor, begin, operation, parameters
        )
        return rows


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose transactions are begun by `begin_immediate` alone; outside of one each statement is its own."""

    __slots__ = ("_begun", "_wanted")
    _cursor_cls = Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._wanted = self._begun = False

    def begin_immediate(self) -> None:
        """Begin a transaction with the next statement."""
        self._wanted = True

    def takes_begin(self) -> bool:
        """Whether the statement that is executed now has to begin it. From here on there may be something to end."""
        begin, self._wanted = self._wanted, False
        self._begun = self._begun or begin
        return begin

    def commit(self) -> None:
        """Commit what was begun; where that fails it is still to be rolled back."""
        if self._begun:
            super().commit()
        self._wanted = self._begun = False

    def rollback(self) -> None:
        """Take back what was begun."""
        if self._begun:
            super().rollback()
        self._wanted = self._begun = False


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite as SQLAlchemy wants it (`create_async_engine(module=...)`)."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *args: Any, **options: Any) -> Connection:
        """Open a connection."""
        return Connection(self, super().connect(*args, **options)._connection)  # noqa: SLF001 - SQLAlchemy's name


def _execute(cursor: sqlite3.Cursor, begin: bool, operation: str, parameters: Sequence[Any]) -> deque[Any]:
    if begin:
        cursor.execute(BEGIN)
    cursor.execute(operation, parameters)
    return deque(cursor.fetchall() if cursor.description else ())


def _execute_many(
    cursor: sqlite3.Cursor, begin: bool, operation: str, parameters: Sequence[Any]
) -> deque[Any]:
    if begin:
        cursor.execute(BEGIN)
    cursor.executemany(operation, parameters)
    return deque()
