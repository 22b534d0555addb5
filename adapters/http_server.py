"""A small HTTP server that strangers may talk to: everything they can hold open has a deadline or a number.

aiohttp waits for an hour for the headers of a request and without end for its body, and takes as many connections
as there are files; then nothing else in the process can open one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.ports import Clock

log = logging.getLogger(__name__)

HEADERS_SECONDS = (
    10.0  # from the connection, or from the last answer on it, to the end of a request's headers
)
REQUEST_SECONDS = 10.0  # for a request's body and its answer
LINGERING_SECONDS = 1.0  # for what a client still sends after its answer
MOST_CONNECTIONS = 64
CLOSING_SECONDS = 1.0
RETRY = 10.0  # seconds after which an address that is in use is tried again


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


@dataclass(slots=True, kw_only=True)
class Listener:
    """A server that may have to wait for its address. `what`: what is served there, "health".

    `make` returns its pages. `url`: where they are, without a slash at its end; None while the address is in use.
    """

    what: str
    listen: tuple[str, int]
    make: Callable[[], web.Application]
    clock: Clock
    url: str | None = None


@asynccontextmanager
async def listening_once_free(
    listener: Listener, notify: Callable[[str], None], hint: str
) -> AsyncIterator[None]:
    """Serve inside the block, at once or as soon as the address is free.

    Nothing else has to wait for that: `notify` is given the reason once, with the hint.
    """
    async with AsyncExitStack() as stack:
        problem = await _listen(stack, listener)
        if problem:
            notify(f"{problem} Everything else goes on; it is tried again every {RETRY:g} s. {hint}")
            retrying = asyncio.create_task(_again(stack, listener))
            stack.push_async_callback(_ended, retrying)
        yield


async def _listen(stack: AsyncExitStack, listener: Listener) -> str:
    """Listen; return why that is not possible now, else ""."""
    host, port = listener.listen
    try:
        host, port = await stack.enter_async_context(listening(listener.make(), listener.listen))
    except OSError as error:
        return f"{listener.what.capitalize()} cannot be served at {host}:{port} ({error.strerror or error})."
    listener.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return ""


async def _again(stack: AsyncExitStack, listener: Listener) -> None:
    while listener.url is None:
        await listener.clock.sleep(RETRY)
        await _listen(stack, listener)
    log.warning("%s: now served at %s", listener.what, listener.url)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
