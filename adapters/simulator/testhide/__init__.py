"""A simulated Testhide: a real HTTP server on loopback, with jobs, builds, nodes and time of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.clock import SystemClock
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.serving import listening
from adapters.simulator.testhide.server import SimulatedTesthide
from adapters.simulator.testhide.world import World
from adapters.simulator.testhide.worlds import bulk_world, empty_world, living_world
from bot.ports import Clock

__all__ = ["SimulatedTesthide", "bulk_world", "empty_world", "living_world", "simulated_testhide"]


@asynccontextmanager
async def simulated_testhide(
    *,
    seed: int = 1,
    speed: float = 60.0,
    clock: Clock | None = None,
    port: int = 0,
    world: Callable[[SimulatedClock, int], World] = living_world,
    hex_ids: bool = False,
) -> AsyncIterator[SimulatedTesthide]:
    """Run a Testhide on loopback; `port` 0 takes a free one, `speed` is server seconds per second of the clock.

    `clock` is any `bot.ports.Clock`; `hex_ids`: 24 hexadecimal digits in the place of numbers. Raises `UserError` where
    the port is taken.
    """
    built = world(SimulatedClock(clock or SystemClock(), speed), seed)
    async with listening(SimulatedTesthide(built, hex_ids=hex_ids), port) as server:
        yield server
