"""A simulated Antithesis tenant: a real HTTP server on loopback with a living world behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.clock import SystemClock
from adapters.simulator.antithesis.gate import Credentials
from adapters.simulator.antithesis.tenant import SimulatedTenant
from adapters.simulator.antithesis.world import Builder
from adapters.simulator.antithesis.worlds import bulk_world, empty_world, living_world
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.serving import listening
from bot.ports import Clock

__all__ = ["SimulatedTenant", "bulk_world", "empty_world", "living_world", "simulated_tenant"]


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
    built = world(SimulatedClock(clock or SystemClock(), speed), seed)
    async with listening(SimulatedTenant(built, Credentials()), port) as tenant:
        yield tenant
