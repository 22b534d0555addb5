"""An aiohttp application on a free port of loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

BACKLOG = 1024  # connections that wait to be taken; who opens more than that at once tries again after a whole second


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[int]:
    """Serve it for as long as the block; gives the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
