"""Databases of both kinds and stores of all three, as many as a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from itertools import count
from pathlib import Path

import pytest

from tests.fakes.store import MemoryStore
from tests.fakes.store_database import a_database_store
from tests.postgresql import Server

NewDatabase = Callable[[], AbstractAsyncContextManager[str]]
NewStore = Callable[[], AbstractAsyncContextManager[MemoryStore]]
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(params=DATABASES)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """Return what makes one more database and gives its URL."""
    return _databases(request, tmp_path)


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[str]:
    """Return the URL of an empty one."""
    async with new_database() as url:
        yield url


@pytest.fixture(params=["memory", *DATABASES])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> NewStore:
    """Return what makes one more empty store."""
    if request.param == "memory":
        return lambda: nullcontext(MemoryStore())
    new_database = _databases(request, tmp_path)

    @asynccontextmanager
    async def opened() -> AsyncIterator[MemoryStore]:
        async with new_database() as url, a_database_store(url) as store:
            yield store

    return opened


def _databases(request: pytest.FixtureRequest, folder: Path) -> NewDatabase:
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        return server.database
    numbers = count()

    @asynccontextmanager
    async def file() -> AsyncIterator[str]:
        yield f"sqlite:///{folder / f'clew{next(numbers)}.db'}"

    return file
