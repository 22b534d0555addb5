"""Antithesis, as the registry knows it; its HTTP client is loaded when a tenant is opened."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.kind import PlatformKind
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger

log = logging.getLogger(__name__)


@asynccontextmanager
async def _open(tenant: Tenant, clock: Clock, _ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one tenant; nothing is sent yet."""
    from adapters.platforms.antithesis.client import AntithesisService
    from adapters.platforms.http.transport import open_http

    async with AsyncExitStack() as stack:
        try:
            spool = Path(stack.enter_context(TemporaryDirectory(prefix="clew-")))
        except OSError as error:
            spool = Path("clew-files")  # the next best; where it cannot be made, logs come without files
            log.warning("log files cannot be stored: %s", error)
        http = await stack.enter_async_context(open_http(proxy=tenant.proxy))
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
        Unreachable: "Look at ANTITHESIS_TENANT or ANTITHESIS_BASE_URL first.",
    },
)
