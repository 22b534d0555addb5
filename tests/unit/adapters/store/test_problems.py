"""Database errors as sentences."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.store.problems import sentence


def _sqlite(name: str) -> OperationalError:
    cause = sqlite3.OperationalError("CANARY")
    cause.sqlite_errorname = name
    return OperationalError("INSERT CANARY", {"a": "CANARY"}, cause)


class _Refusal(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("CANARY")
        self.sqlstate = sqlstate


def _postgresql(sqlstate: str) -> DBAPIError:
    return DBAPIError("INSERT CANARY", {"a": "CANARY"}, _Refusal(sqlstate))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_sqlite("SQLITE_READONLY_DIRECTORY"), "cannot be written. Check the permissions"),
        (_sqlite("SQLITE_CANTOPEN"), "cannot be opened"),
        (_sqlite("SQLITE_BUSY_SNAPSHOT"), "is locked by another program"),
        (_sqlite("SQLITE_NOTADB"), "is not a database"),
        (_sqlite("SQLITE_CORRUPT_VTAB"), "is damaged"),
        (_sqlite("SQLITE_FULL"), "has no space left"),
        (_sqlite("SQLITE_IOERR_WRITE"), "could not be read or written"),
        (_sqlite("SQLITE_ERROR"), "refused the request (SQLITE_ERROR)"),
        (_postgresql("28P01"), "refused the user or the password"),
        (_postgresql("3D000"), "does not exist"),
        (_postgresql("40001"), "was too busy"),
        (_postgresql("53100"), "has no space left. Free space"),
        (_postgresql("53200"), "has no space or no free connection left"),
        (_postgresql("53300"), "has no free connection left"),
        (_postgresql("57014"), "stopped the request, which took longer"),
        (_postgresql("57P01"), "is shutting down"),
        (_postgresql("57P03"), "is starting up or shutting down"),
        (_postgresql("42501"), "does not permit this user to do that"),
        (_postgresql("42P01"), "refused the request (42P01)"),
        (ConnectionRefusedError(111, "CANARY"), "cannot be reached"),
        (PoolTimeout("CANARY"), "gave no connection in time"),
        (ValueError("CANARY"), "refused the request (ValueError)"),
        (DBAPIError("CANARY", None, None), "refused the request (DBAPIError)"),  # type: ignore[arg-type]  # hostile
    ],
)
def test_sentence__cases(error: Exception, words: str) -> None:
    """Each error says what is wrong and how to fix it, in one sentence without values."""
    found = sentence(error, "clew.db")

    assert found.startswith(f"The database clew.db {words}")
    assert found.endswith(".")
    assert "CANARY" not in found
