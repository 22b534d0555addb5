"""Connection strings as managed databases hand them out, against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from adapters.store.store import open_store
from bot.errors import StoreError
from tests.contract.store.kit import NOW, a_delivery
from tests.fakes.database_door import a_door


@pytest.fixture
async def base(postgresql: str) -> AsyncIterator[str]:
    """Return the address of a database over TCP, in the form that managed ones have."""
    async with a_door(postgresql) as door:
        yield make_url(door.url).set(drivername="postgres").render_as_string(hide_password=False)


async def _asked(address: str, question: str) -> Any:
    """Return what a connection of the store answers, after the store has worked."""
    async with open_store(address) as store:
        await store.enqueue(a_delivery(), NOW)
        assert (await store.depth()).waiting == 1
        async with store._db.reading() as connection:
            return await connection.scalar(text(question))


@pytest.mark.parametrize(
    ("query", "question", "answer"),
    [
        ("sslmode=prefer&connect_timeout=10&channel_binding=prefer", "SELECT 1", 1),
        ("sslmode=disable", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", False),
        ("application_name=clew%20prod", "SELECT current_setting('application_name')", "clew prod"),
        ("options=-cstatement_timeout%3D7s", "SELECT current_setting('statement_timeout')", "7s"),
        ("target_session_attrs=read-write", "SELECT pg_is_in_recovery()", False),
        ("pgbouncer=true", "SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'clew_%'", 0),
    ],
)
async def test_open_store__parameters(base: str, query: str, question: str, answer: object) -> None:
    """Each parameter does what it says."""
    assert answer == await _asked(f"{base}?{query}", question)


async def test_open_store__several_hosts(base: str) -> None:
    """Where the first host is down, the next one is used."""
    url = make_url(base)
    here = f"{url.host}:{url.port or 5432}"
    login, _, _ = base.partition("@")

    assert await _asked(f"{login}@127.0.0.1:1,{here}/{url.database}", "SELECT 1") == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("target_session_attrs=standby", "no host that is what target_session_attrs"),
        ("options=-cno_such_setting%3D1", "refused the request"),
    ],
)
async def test_open_store__what_the_server_refuses(base: str, query: str, said: str) -> None:
    """What only the server can judge is a sentence too."""
    with pytest.raises(StoreError, match=said):
        async with open_store(f"{base}?{query}"):
            pass


async def test_open_store__a_server_without_tls(base: str) -> None:
    """A server that is there is not called out of reach: the parameter that it cannot meet is named."""
    async with open_store(f"{base}?sslmode=prefer") as store, store._db.reading() as connection:
        if await connection.scalar(text("SHOW ssl")) == "on":
            pytest.skip("this server has TLS")

    with pytest.raises(StoreError, match=r"does not encrypt connections, and sslmode in DATABASE_URL asks"):
        async with open_store(f"{base}?sslmode=require"):
            pass
