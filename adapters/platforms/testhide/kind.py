"""Testhide, as the registry knows it; its HTTP client is loaded when a server is opened."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.configuration.tokens import Shape
from adapters.platforms.kind import Checked, PlatformKind
from adapters.platforms.testhide.settings import KIND_OF_KEY, MAKE_A_KEY, Server
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger


@asynccontextmanager
async def _open(own: Server, clock: Clock, _ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one server; nothing is sent yet."""
    from adapters.platforms.http.spool import folder
    from adapters.platforms.http.transport import open_http
    from adapters.platforms.testhide.client import BuildService

    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        with folder() as spool:
            yield BuildService(http, own, spool=spool, now=clock.now).platform


def _check(own: Server, clock: Clock) -> AsyncIterator[Checked]:
    from adapters.platforms.testhide.checkup import check

    return check(own, clock)


async def _register_hook(own: Server, url: str, clock: Clock) -> str:
    from adapters.platforms.testhide.hooks import register

    return await register(own, url, clock)


def _check_hook(own: Server, url: str, clock: Clock) -> AsyncIterator[Checked]:
    from adapters.platforms.testhide.hooks import check

    return check(own, url, clock)


def _clock(own: Server) -> str:
    return f"{own.address}/healthz"


KIND = PlatformKind(
    name="testhide",
    title="Testhide",
    connection=Server,
    open=_open,
    default="testhide",
    least=("TESTHIDE_BASE_URL", "TESTHIDE_API_TOKEN"),
    clock=_clock,
    check=_check,
    hook_ids=("build_id",),
    register_hook=_register_hook,
    check_hook=_check_hook,
    hints={AccessRefused: MAKE_A_KEY, Unreachable: "Look at the base URL of this connection first."},
    shapes={
        KIND_OF_KEY: Shape(re.compile(r"th_live_[A-Za-z0-9_-]{8,}")),
        "a webhook secret of Testhide": Shape(re.compile(r"wh_sec_[A-Za-z0-9_-]{8,}")),
    },
)
