"""`/healthz`, `/readyz` and `/metrics`: for probes and dashboards, on loopback unless the settings say otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from adapters.http_server import listening
from adapters.web.health import Health
from adapters.web.metrics import Metrics
from bot.errors import StoreError
from bot.state import OutboxDepth

log = logging.getLogger(__name__)

TICK = 1.0  # seconds
RETRY = 10.0  # seconds
HINT = 'Another Clew may be running; else set listen = "HOST:PORT" or "off" under [web] in clew.toml.'


def application(health: Health) -> web.Application:
    """Return the pages."""
    metrics = Metrics(health)
    registry = CollectorRegistry()
    registry.register(metrics)

    async def healthz(_: web.Request) -> web.Response:
        body = {"alive": health.alive, "seconds_since_tick": round(health.tick_age, 1)}
        return web.json_response(body, status=200 if health.alive else 503)

    async def readyz(_: web.Request) -> web.Response:
        ready, figures = await health.ready()
        return web.json_response(figures, status=200 if ready else 503)

    async def page(_: web.Request) -> web.Response:
        metrics.depth = await _depth(health)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", page)])
    return app


@asynccontextmanager
async def serving(
    health: Health, listen: tuple[str, int], notify: Callable[[str], None]
) -> AsyncIterator[str | None]:
    """Serve the pages and yield their address; None where it is in use.

    Nothing else has to wait for these pages: `notify` is given the reason once, and it is tried again until it works.
    """
    ticking = asyncio.create_task(_tick(health))
    async with AsyncExitStack() as stack:
        stack.callback(ticking.cancel)
        address, problem = await _listen(stack, health, listen)
        if address is None:
            notify(f"{problem} Everything else goes on; it is tried again every {RETRY:g} s. {HINT}")
            retrying = asyncio.create_task(_again(stack, health, listen))
            stack.push_async_callback(_ended, retrying)
        yield address


async def _listen(stack: AsyncExitStack, health: Health, listen: tuple[str, int]) -> tuple[str | None, str]:
    """Return the address, or why there is none."""
    host, port = listen
    try:
        address = await stack.enter_async_context(listening(application(health), listen))
    except OSError as error:
        return None, f"Health cannot be served at {host}:{port} ({error.strerror or error})."
    return f"http://{address[0]}:{address[1]}", ""


async def _again(stack: AsyncExitStack, health: Health, listen: tuple[str, int]) -> None:
    address = None
    while address is None:
        await health.clock.sleep(RETRY)
        address, _ = await _listen(stack, health, listen)
    log.warning("health is served at %s now", address)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _tick(health: Health) -> None:
    while True:
        health.tick()
        await health.clock.sleep(TICK)


async def _depth(health: Health) -> OutboxDepth | None:
    try:
        return await health.store.depth()
    except StoreError:
        return None
