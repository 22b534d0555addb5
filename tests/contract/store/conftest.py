"""Every store there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.store.store import SqlStore, open_store
from bot.ports import Store
from tests.fakes.store import MemoryStore
from tests.postgresql import Server

DATABASES = ["sqlite", "postgresql"]


@asynccontextmanager
async def url_of(request: pytest.FixtureRequest, folder: Path, *, laid: bool = True) -> AsyncIterator[str]:
    """Give the URL of a new database of the kind that is asked for. `laid`: whether PostgreSQL's has Clew's tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/clew.db"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    async with server.database(laid=laid) as url:
        yield url


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Return the URL of an empty database."""
    async with url_of(request, tmp_path, laid=False) as address:
        yield address


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return a store in a database that nothing was written to."""
    async with url_of(request, tmp_path) as address, open_store(address, unconfirmed_after=30) as opened:
        yield opened


@pytest.fixture(params=["memory", *DATABASES])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Return an empty store of every kind."""
    if request.param == "memory":
        yield MemoryStore(unconfirmed_after=30)
        return
    async with url_of(request, tmp_path) as address, open_store(address, unconfirmed_after=30) as opened:
        yield opened
