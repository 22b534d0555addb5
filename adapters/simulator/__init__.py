"""A simulated Antithesis tenant: a real HTTP server on loopback with a living world behind it.

`simulated_tenant` runs one for as long as its block; `serve` runs one until cancelled. See README.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from adapters.clock import SystemClock
from adapters.simulator.clock import TenantClock
from adapters.simulator.control import Control
from adapters.simulator.gate import Credentials
from adapters.simulator.misbehave import FAULTS, Rule
from adapters.simulator.server import Server
from adapters.simulator.tenant import SimulatedTenant
from adapters.simulator.world import Builder
from adapters.simulator.worlds import bulk_world, empty_world, living_world
from bot.errors import UserError
from bot.ports import Clock

__all__ = [
    "FAULTS",
    "Rule",
    "SimulatedTenant",
    "bulk_world",
    "empty_world",
    "living_world",
    "serve",
    "simulated_tenant",
]

LOOPBACK = "127.0.0.1"
PATIENCE = 1.0  # seconds that open streams get at the end


@asynccontextmanager
async def simulated_tenant(
    *,
    seed: int = 1,
    speed: float = 60.0,
    clock: Clock | None = None,
    port: int = 0,
    world: Builder = living_world,
) -> AsyncIterator[SimulatedTenant]:
    """Run a tenant on loopback; `port` 0 takes a free one, `speed` is tenant seconds per second of the clock.

    `clock` is any `bot.ports.Clock`. Raises `UserError` where the port is taken.
    """
    built = world(TenantClock(clock or SystemClock(), speed), seed)
    server = Server(built, Credentials())
    app = server.app()
    tenant = SimulatedTenant(server, "")
    Control(tenant).add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE, handle_signals=False)
    await runner.setup()
    try:
        tenant.base_url = await _listen(runner, port)
        yield tenant
    finally:
        await runner.cleanup()


async def serve(
    *, seed: int = 1, speed: float = 60.0, port: int = 0, ready: Callable[[SimulatedTenant], None]
) -> None:
    """Run a living tenant until cancelled; `ready` is called once it listens. Raises `UserError`."""
    async with simulated_tenant(seed=seed, speed=speed, port=port) as tenant:
        ready(tenant)
        await asyncio.Event().wait()


async def _listen(runner: web.AppRunner, port: int) -> str:
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"Port {port} on {LOOPBACK} cannot be used.", "Give another --port, or 0 for a free one."
        ) from error
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"
