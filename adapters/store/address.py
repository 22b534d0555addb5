"""Reading DATABASE_URL: which database, under which driver, by which name it may be spoken of; pure."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import StoreError

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
FORMS = "Write sqlite:///clew.db or postgresql://USER:PASSWORD@HOST/DATABASE."


def read_url(text: str) -> URL:
    """Return the URL with our driver. Raises `StoreError` that never repeats the text: it may hold a password."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise StoreError(f"DATABASE_URL is not a database address. {FORMS}") from None
    kind = url.drivername.partition("+")[0]
    if kind not in DRIVERS:
        raise StoreError(f"DATABASE_URL names a kind of database that Clew does not know. {FORMS}")
    if kind == "sqlite" and url.database in {None, "", ":memory:"}:
        raise StoreError(f"DATABASE_URL names no file, and without one nothing survives a restart. {FORMS}")
    return url.set(drivername=DRIVERS[kind])


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite database, None for any other."""
    return Path(url.database or "") if url.drivername.startswith("sqlite") else None


def spoken(url: URL) -> str:
    """Return the name to use in sentences: a path, or host and database; never user, password or options."""
    if url.drivername.startswith("sqlite"):
        return str(url.database)
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
