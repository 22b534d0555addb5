"""A simulated server listens on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web

from adapters.simulator.common.control import Control
from adapters.simulator.common.server import SimulatedServer
from bot.errors import UserError

LOOPBACK = "127.0.0.1"
PATIENCE = 1.0  # seconds that open streams get at the end

AnyServer = TypeVar("AnyServer", bound=SimulatedServer)


@asynccontextmanager
async def listening(server: AnyServer, port: int) -> AsyncIterator[AnyServer]:
    """Serve on loopback for as long as the block; `port` 0 takes a free one. Raises `UserError` where it is taken."""
    app = server.app()
    Control(server).add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE, handle_signals=False)
    await runner.setup()
    try:
        server.base_url = await _listen(runner, port) + server.mount
        await server.start()
        yield server
    finally:
        await server.stop()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> str:
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"Port {port} on {LOOPBACK} cannot be used.", "Give another --port, or 0 for a free one."
        ) from error
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"
