"""Simulated platforms that judge: a test fails where what it ran broke the platform's contract.

async with judged(simulated_harness(clock=clock, speed=0)) as harness: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from adapters.simulator.common.server import SimulatedServer

AnyServer = TypeVar("AnyServer", bound=SimulatedServer)


@asynccontextmanager
async def judged(opened: AbstractAsyncContextManager[AnyServer]) -> AsyncIterator[AnyServer]:
    """Run a simulated server; fail at the end of the block where a request broke its contract."""
    async with opened as server:
        yield server
        assert server.violations() == []
