"""Antithesis, as the registry knows it; its HTTP client is loaded when a tenant is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.kind import PlatformKind
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger


@asynccontextmanager
async def _open(tenant: Tenant, clock: Clock, _ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one tenant; nothing is sent yet."""
    from adapters.platforms.antithesis.client import AntithesisService
    from adapters.platforms.http.spool import folder
    from adapters.platforms.http.transport import open_http

    async with open_http(proxy=tenant.proxy) as http:
        with folder() as spool:
            yield AntithesisService(http, tenant, spool=spool, now=clock.now).platform


def _clock(tenant: Tenant) -> str:
    return f"{tenant.address}/api/version"


KIND = PlatformKind(
    name="antithesis",
    title="Antithesis",
    connection=Tenant,
    open=_open,
    default="default",
    least=("ANTITHESIS_TENANT", "ANTITHESIS_API_KEY"),
    clock=_clock,
    unread=dict.fromkeys(
        ("ANTITHESIS_USERNAME", "ANTITHESIS_PASSWORD"), "Set ANTITHESIS_API_KEY; it is the only way in."
    ),
    hints={
        AccessRefused: "Make a new API key on the tenant's settings page.",
        Unreachable: "Look at the tenant and the base URL of this connection first.",
    },
)
