"""Every store there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.store.store import SqlStore, open_store
from bot.ports import Store
from tests.fakes.store import MemoryStore
from tests.postgresql import Server

DATABASES = ["sqlite", "postgresql"]
M = TypeVar("M")


@asynccontextmanager
async def url_of(request: pytest.FixtureRequest, folder: Path, *, laid: bool = True) -> AsyncIterator[str]:
    """Give the URL of a new database of the kind that is asked for. `laid`: whether PostgreSQL's has Clew's tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/clew.db"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    async with server.database(laid=laid) as url:
        yield url


@asynccontextmanager
async def of_every_kind(
    request: pytest.FixtureRequest, folder: Path, memory: M
) -> AsyncIterator[SqlStore | M]:
    """Give what is in memory, or an empty store in a database of the kind that is asked for."""
    if request.param == "memory":
        yield memory
        return
    async with url_of(request, folder) as address, open_store(address, unconfirmed_after=30) as opened:
        yield opened


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
    async with of_every_kind(request, tmp_path, MemoryStore(unconfirmed_after=30)) as opened:
        yield opened
