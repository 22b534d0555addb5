"""Every store there is. CLEW_TEST_POSTGRESQL: URL of a server on which databases may be made and dropped."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.store.store import SqlStore, open_store
from bot.ports import Store
from tests.contract.store.kit import a_database
from tests.fakes.store import MemoryStore

POSTGRESQL = os.environ.get("CLEW_TEST_POSTGRESQL")
DATABASES = ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


async def url_of(kind: str, tmp_path: Path) -> AsyncIterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/clew.db"
        return
    async with a_database(POSTGRESQL or "") as url:
        yield url


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Return the URL of an empty database."""
    async for address in url_of(request.param, tmp_path):
        yield address


@pytest.fixture
async def database(url: str) -> AsyncIterator[SqlStore]:
    """Return a store in an empty database."""
    async with open_store(url, unconfirmed_after=30) as store:
        yield store


@pytest.fixture(params=["memory", *DATABASES])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Return an empty store of every kind."""
    if request.param == "memory":
        yield MemoryStore(unconfirmed_after=30)
        return
    async for address in url_of(request.param, tmp_path):
        async with open_store(address, unconfirmed_after=30) as opened:
            yield opened
