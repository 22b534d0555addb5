"""A simulated AI Test Harness: plans, executions that move, agents, analytics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.clock import SystemClock
from adapters.simulator.ai_test_harness.harness import SimulatedHarness
from adapters.simulator.ai_test_harness.world import World
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.serving import listening
from bot.ports import Clock

__all__ = ["SimulatedHarness", "simulated_harness"]


@asynccontextmanager
async def simulated_harness(
    *, seed: int = 1, speed: float = 60.0, clock: Clock | None = None, port: int = 0, living: bool = True
) -> AsyncIterator[SimulatedHarness]:
    """Run a server on loopback; `port` 0 takes a free one, `speed` is simulated seconds per second of the clock.

    `living`: with a day of history, and executions that other people start. Raises `UserError` where the port is taken.
    """
    world = World(SimulatedClock(clock or SystemClock(), speed), seed, living=living)
    async with listening(SimulatedHarness(world), port) as harness:
        yield harness
