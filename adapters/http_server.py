"""A small HTTP server that strangers may talk to: everything they can hold open has a deadline or a number.

aiohttp waits for an hour for the headers of a request and without end for its body, and takes as many connections
as there are files; then nothing else in the process can open one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

HEADERS_SECONDS = (
    10.0  # from the connection, or from the last answer on it, to the end of a request's headers
)
REQUEST_SECONDS = 10.0  # for a request's body and its answer
LINGERING_SECONDS = 1.0  # for what a client still sends after its answer
MOST_CONNECTIONS = 64
CLOSING_SECONDS = 1.0


class Guard:
    """Lets in so many connections; for a new one above that, the oldest without a request is closed."""

    def __init__(self, app: web.Application, *, most: int, seconds: float) -> None:
        self._busy: set[asyncio.BaseProtocol | None] = set()
        self._most = most
        self._seconds = seconds

        @web.middleware
        async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._bounded(request, handler)

        app.middlewares.append(bounded)

    def admit(self, server: web.Server) -> asyncio.Protocol:
        """Return what speaks on a new connection."""
        idle = [c for c in server.connections if c not in self._busy]
        above = len(server.connections) - self._most + 1
        for connection in idle[: max(0, above)]:
            connection.force_close()
        return server() if above <= len(idle) else _Refusing()

    async def _bounded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer in time, or give up: a body that does not come holds a connection no longer than that."""
        self._busy.add(request.protocol)
        try:
            async with asyncio.timeout(self._seconds):
                return await handler(request)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        finally:
            self._busy.discard(request.protocol)


class _Refusing(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection go."""
        transport.close()


@asynccontextmanager
async def listening(
    app: web.Application,
    listen: tuple[str, int],
    *,
    most: int = MOST_CONNECTIONS,
    headers_seconds: float = HEADERS_SECONDS,
    request_seconds: float = REQUEST_SECONDS,
) -> AsyncIterator[tuple[str, int]]:
    """Serve an application and yield its host and port. Raises `OSError` where the address cannot be used."""
    guard = Guard(app, most=most, seconds=request_seconds)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=headers_seconds,  # also counts from the connection to its first request
        lingering_time=LINGERING_SECONDS,
        shutdown_timeout=CLOSING_SECONDS,
    )
    await runner.setup()
    server = cast("web.Server", runner.server)  # set up is done
    try:
        host, port = listen
        listener = await asyncio.get_running_loop().create_server(lambda: guard.admit(server), host, port)
        try:
            address = listener.sockets[0].getsockname()
            yield address[0], address[1]
        finally:
            listener.close()
    finally:
        await runner.cleanup()
