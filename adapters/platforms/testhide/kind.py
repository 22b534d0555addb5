"""Testhide, as the registry knows it; its HTTP client is loaded when a server is opened."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.configuration.tokens import Shape
from adapters.platforms.kind import PlatformKind
from adapters.platforms.testhide.settings import KIND_OF_KEY, MAKE_A_KEY, Server
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger

log = logging.getLogger(__name__)


@asynccontextmanager
async def _open(own: Server, clock: Clock, _ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one server; nothing is sent yet."""
    from adapters.platforms.http.transport import open_http
    from adapters.platforms.testhide.client import BuildService

    async with AsyncExitStack() as stack:
        try:
            spool = Path(stack.enter_context(TemporaryDirectory(prefix="clew-")))
        except OSError as error:
            spool = Path("clew-files")  # the next best; where it cannot be made, logs come without files
            log.warning("log files cannot be stored: %s", error)
        http = await stack.enter_async_context(open_http(proxy=own.proxy, ca_file=own.ca_file))
        yield BuildService(http, own, spool=spool, now=clock.now).platform


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
    hints={AccessRefused: MAKE_A_KEY, Unreachable: "Look at TESTHIDE_BASE_URL first."},
    shapes={
        KIND_OF_KEY: Shape(re.compile(r"th_live_[A-Za-z0-9_-]{8,}")),
        "a webhook secret of Testhide": Shape(re.compile(r"wh_sec_[A-Za-z0-9_-]{8,}")),
    },
)
