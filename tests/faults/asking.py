"""Read a database of either kind as it is, beside whoever works on it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import asyncpg  # type: ignore[import-untyped]

SQLITE = "sqlite:///"


async def asked(url: str, question: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that only reads; an SQLite file has to be whole."""
    if url.startswith(SQLITE):
        with closing(sqlite3.connect(url.removeprefix(SQLITE))) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return database.execute(question).fetchall()
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()
