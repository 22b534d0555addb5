"""What every part of the store has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Executable, Row, Select, Table, func, or_

from adapters.store.database import Database
from adapters.store.text import clean

P = ParamSpec("P")
T = TypeVar("T")
CHUNK = 500  # values in one statement; every database takes that many parameters


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut what a statement asks for into pieces that it may ask for at once."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def whole(write: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a write come to its end although its caller is cancelled, and only then pass the cancelling on.

    A connection cut off inside a transaction would keep SQLite's write lock until it is collected.
    """

    @wraps(write)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(write(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    return run


def has_in_it(column: ColumnElement[str], text: str, *, lite: bool) -> ColumnElement[bool]:
    """Whether a text is in a column, in capitals or not; of letters beyond ASCII SQLite tells capitals apart."""
    position, wanted = func.instr if lite else func.strpos, clean(text)
    return or_(position(column, wanted) > 0, position(func.lower(column), wanted.lower()) > 0)


def about(statement: Select[Any], table: Table, connection: str | None) -> Select[Any]:
    """Leave of what channels asked for only what may be about runs of a connection; None: all of it."""
    if connection is None:
        return statement
    return statement.where(table.c.connection.is_(None) | (table.c.connection == connection))


class Part:
    """One part of the store over the shared database.

    `unconfirmed_after`: seconds from a claim until its outcome is looked for. `now`: the wall clock's time, to note when something was kept.
    """

    def __init__(self, database: Database, *, unconfirmed_after: float, now: Callable[[], datetime]) -> None:
        self._db = database
        self._now = now
        self._unconfirmed_after = unconfirmed_after

    async def _rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Read every row of a statement."""
        async with self._db.reading() as connection:
            return (await connection.execute(statement)).all()

    async def _of_channels(
        self, statement: Select[Any], table: Table, channels: Sequence[str]
    ) -> Sequence[Row[Any]]:
        """Read a statement's rows of these channels, or of all where none are named."""
        if not channels:
            return await self._rows(statement)
        rows: list[Row[Any]] = []
        for some in chunks(channels):
            rows += await self._rows(statement.where(table.c.channel.in_(some)))
        return rows

    async def _first(self, statement: Executable) -> Row[Any] | None:
        """Read the first row of a statement; None where it has none."""
        async with self._db.reading() as connection:
            return (await connection.execute(statement)).first()

    @whole
    async def _write(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Do one statement in a transaction of its own; return how many rows it changed."""
        async with self._db.writing() as connection:
            return (await connection.execute(statement, values)).rowcount
