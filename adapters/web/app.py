"""`/healthz`, `/readyz` and `/metrics` for probes and dashboards, and the operator's page, on loopback unless the settings say otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from adapters.http_server import Listener, listening_once_free
from adapters.web.health import Health
from adapters.web.metrics import Metrics
from adapters.web.page.entrance import PATH
from bot.errors import StoreError
from bot.state import IntentState

TICK = 1.0  # seconds
HINT = 'Another Clew may be running; else set listen = "HOST:PORT" or "off" under [web] in clew.toml.'


MOST_BYTES = 64 * 1024  # of a body


def application(health: Health, page: Callable[[], web.Application] | None = None) -> web.Application:
    """Return what is served: health, metrics and, where it is wanted, the operator's page."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each: when it was first seen
    metrics = Metrics(health)
    registry = CollectorRegistry()
    registry.register(metrics)

    async def healthz(_: web.Request) -> web.Response:
        body = {"alive": health.alive, "seconds_since_tick": round(health.tick_age, 1)}
        return web.json_response(body, status=200 if health.alive else 503)

    async def readyz(_: web.Request) -> web.Response:
        ready, figures = await health.ready()
        return web.json_response(figures, status=200 if ready else 503)

    async def figures(_: web.Request) -> web.Response:
        metrics.depth = await health.depth()
        metrics.unknown_launches = await _unknown_launches(health) if metrics.depth else None
        # The chats count in the registry of the process, which also has what the system says of it.
        body = generate_latest(registry) + generate_latest(REGISTRY)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", figures)])
    if page is not None:
        app.add_subapp(PATH, page())
    return app


@asynccontextmanager
async def serving(
    health: Health,
    listen: tuple[str, int],
    notify: Callable[[str], None],
    page: Callable[[], web.Application] | None = None,
) -> AsyncIterator[str | None]:
    """Serve the pages and yield their address; None where it is in use, and they come as soon as it is free."""
    listener = Listener(
        what="health", listen=listen, make=lambda: application(health, page), clock=health.clock
    )
    ticking = asyncio.create_task(_tick(health))
    try:
        async with listening_once_free(listener, notify, HINT):
            yield listener.url
    finally:
        ticking.cancel()


async def _tick(health: Health) -> None:
    while True:
        health.tick()
        await health.clock.sleep(TICK)


async def _unknown_launches(health: Health) -> int | None:
    try:
        return sum(intent.state is IntentState.UNKNOWN for intent in await health.store.open_intents())
    except StoreError:
        return None
