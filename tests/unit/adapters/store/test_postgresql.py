"""What can be said of PostgreSQL without one."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import Dialect

from adapters.configuration.database import read_address
from adapters.store.database import Database
from adapters.store.outbox import claim_statement
from adapters.store.store import open_store
from adapters.store.tables import outbox
from bot.errors import StoreError

NOBODY = "postgresql://clew:hunter2@127.0.0.1:1/clew"  # no server may listen on port 1


async def test_open_store__no_server() -> None:
    """A server that does not answer is a sentence with its place, without user and password."""
    with pytest.raises(StoreError) as caught:
        async with open_store(NOBODY):
            pass

    assert str(caught.value).startswith("The database 127.0.0.1:1/clew cannot be reached.")
    assert "hunter2" not in repr(caught.value)


def test_database__driver_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the command that installs it is named."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(StoreError, match=r"pip install 'clew\[postgresql\]'"):
        Database(read_address(NOBODY))


def test_claim_statement__skips_locked_rows() -> None:
    """On PostgreSQL the row is locked and rows of others are skipped; SQLite has no such words."""
    statement = claim_statement()

    assert "FOR UPDATE OF due SKIP LOCKED" in str(statement.compile(dialect=_dialect(NOBODY)))
    assert "FOR UPDATE" not in str(statement.compile(dialect=_dialect("sqlite:///unused.db")))


@pytest.mark.parametrize("url", [NOBODY, "sqlite:///unused.db"])
def test_insert__if_absent(url: str) -> None:
    """Both dialects say "insert if absent" in the same words."""
    database = Database(read_address(url))
    statement = database.insert(outbox).on_conflict_do_nothing()

    assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=database.engine.dialect))


def _dialect(url: str) -> Dialect:
    return Database(read_address(url)).engine.dialect
