"""Reading DATABASE_URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.store.address import read_url, spoken, sqlite_file
from bot.errors import StoreError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "driver", "name"),
    [
        ("sqlite:///clew.db", "sqlite+aiosqlite", "clew.db"),
        (" sqlite:////var/lib/clew.db\n", "sqlite+aiosqlite", "/var/lib/clew.db"),
        ("sqlite+aiosqlite:///clew.db", "sqlite+aiosqlite", "clew.db"),
        (f"postgresql://u:{SECRET}@db.example/clew", "postgresql+asyncpg", "db.example:5432/clew"),
        (f"postgres://u:{SECRET}@db:6432/clew", "postgresql+asyncpg", "db:6432/clew"),
        (f"postgresql+psycopg://u:{SECRET}@/clew", "postgresql+asyncpg", "localhost:5432/clew"),
        (f"postgresql://db/?password={SECRET}", "postgresql+asyncpg", "db:5432/"),
    ],
)
def test_read_url__driver_and_name(text: str, driver: str, name: str) -> None:
    """The driver is ours, whatever was written; the name tells no user, password or option."""
    url = read_url(text)

    assert (driver, name) == (url.drivername, spoken(url))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clew.db",
        f"{SECRET}",
        f"mysql://u:{SECRET}@db/clew",
        f"postgresql://u:{SECRET}@db:port/clew",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
    ],
)
def test_read_url__refused(text: str) -> None:
    """A wrong address is refused with the two right forms, and is never repeated."""
    with pytest.raises(StoreError) as caught:
        read_url(text)

    assert "Write sqlite:///clew.db or postgresql://" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_sqlite_file__path_or_none() -> None:
    """Only SQLite has a file."""
    assert Path("clew.db") == sqlite_file(read_url("sqlite:///clew.db"))
    assert sqlite_file(read_url("postgresql://db/clew")) is None
