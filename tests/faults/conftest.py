"""Databases of both kinds, as many as a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.postgresql import Server

NewDatabase = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """Return what makes one more database and gives its URL."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        return server.database
    numbers = count()

    @asynccontextmanager
    async def file() -> AsyncIterator[str]:
        yield f"sqlite:///{tmp_path / f'clew{next(numbers)}.db'}"

    return file
