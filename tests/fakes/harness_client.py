"""The AI Test Harness client over a simulated server that judges it.

async with a_harness_client() as (server, service): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.platforms.ai_test_harness.settings import Account
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import open_http
from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from bot.model import Secret
from bot.ports import Clock
from tests.fakes.clock import ManualClock
from tests.fakes.judged import judged

QUICK = Limits(wait=0.001, longest_wait=1.0, read=20.0)


def account_of(server: SimulatedHarness, **changes: object) -> Account:
    """Return the settings of a connection to a simulated server; `changes` are their fields."""
    values: dict[str, object] = {
        "name": "demo",
        "base_url": server.base_url,
        "api_key": Secret(server.api_key),
        **changes,
    }
    return Account(**values)  # type: ignore[arg-type]  # the caller's fields


@asynccontextmanager
async def a_harness_client(
    *, clock: Clock | None = None, limits: Limits = QUICK, **changes: object
) -> AsyncIterator[tuple[SimulatedHarness, ExecutionService]]:
    """Open a server without history, whose time stands still, and the client over it; `changes`: of its settings.

    A request that breaks the contract fails the test.
    """
    opened = simulated_harness(seed=3, speed=0.0, living=False, clock=clock or ManualClock())
    async with judged(opened) as server, open_http(limits=limits) as http:
        server.limit(per_minute=100_000)
        yield server, ExecutionService(http, account_of(server, **changes), limits=limits)
