"""The Testhide client over a simulated server that judges it.

async with a_testhide(tmp_path) as (server, service): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import open_http
from adapters.platforms.testhide.client import BuildService
from adapters.platforms.testhide.settings import Server
from adapters.simulator.testhide import SimulatedTesthide
from bot.model import Secret
from bot.ports import Clock
from tests.fakes.clock import ManualClock
from tests.fakes.testhide import judging_testhide

QUICK = Limits(wait=0.001, longest_wait=1.0, read=20.0)


def settings_of(server: SimulatedTesthide, **changes: object) -> Server:
    """Return the settings of a connection to a simulated server; `changes` are their fields."""
    values: dict[str, object] = {
        "name": "demo",
        "base_url": server.base_url,
        "api_key": Secret(server.api_token),
        **changes,
    }
    return Server(**values)  # type: ignore[arg-type]  # the caller's fields


@asynccontextmanager
async def a_testhide(
    spool: Path,
    *,
    clock: Clock | None = None,
    hex_ids: bool = False,
    of: Callable[[SimulatedTesthide], dict[str, Any]] = lambda _server: {},
) -> AsyncIterator[tuple[SimulatedTesthide, BuildService]]:
    """Open an empty server whose time stands still and the client over it; `of`: settings by the server.

    A request that breaks the contract fails the test.
    """
    opened = judging_testhide(seed=3, clock=clock or ManualClock(), hex_ids=hex_ids)
    async with opened as server, open_http(limits=QUICK) as http:
        own = settings_of(server, **of(server))
        yield server, BuildService(http, own, spool=spool, now=server.now, limits=QUICK)
