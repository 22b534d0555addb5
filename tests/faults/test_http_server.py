"""Strangers who open connections and say nothing, half of it, or too much: everybody else is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from adapters.http_server import listening

PATIENCE = 30.0  # seconds: far more than is needed, so that only a hanging test meets it
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """A page that reads bodies, and one that answers when it is told to."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.waiting = asyncio.Event()
        self.port = 0
        self.stack = AsyncExitStack()

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def slow(self, _: web.Request) -> web.Response:
        self.waiting.set()
        await self.gate.wait()
        return web.Response(text="slow")

    async def open(self, start: str = "") -> Stream:
        """Open a connection and send this much."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.stack.callback(writer.close)
        writer.write(start.replace("\n", "\r\n").encode())
        await writer.drain()
        return reader, writer

    async def get(self, path: str = "/") -> bytes:
        """Return everything that a whole request is answered with."""
        return await until_closed(await self.open(f"GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n"))


async def until_closed(stream: Stream) -> bytes:
    async with asyncio.timeout(PATIENCE):
        try:
            return await stream[0].read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def serving(
    *, most: int = 8, headers: float = PATIENCE, request: float = PATIENCE
) -> AsyncIterator[Server]:
    server = Server()
    app = web.Application(client_max_size=1_000)
    app.add_routes([web.route("*", "/", server.page), web.get("/slow", server.slow)])
    bounds = {"headers_seconds": headers, "request_seconds": request}
    async with server.stack, listening(app, ("127.0.0.1", 0), most=most, **bounds) as (_, server.port):
        yield server
        server.gate.set()


async def test_headers__that_never_end() -> None:
    """A connection that says nothing, or half of its headers, is closed at the deadline."""
    async with serving(headers=0.05) as server:
        silent, half = await server.open(), await server.open("GET / HTTP/1.1\nHost: x\n")

        assert await until_closed(silent) == b""
        assert await until_closed(half) == b""
        assert b"200 OK" in await server.get()


async def test_body__that_never_comes() -> None:
    """A request whose body does not come is answered with 408 at its deadline."""
    async with serving(request=0.05) as server:
        half = await server.open("POST / HTTP/1.1\nHost: x\nContent-Length: 10\nConnection: close\n\nx")

        assert (await until_closed(half)).startswith(b"HTTP/1.1 408")


async def test_connections__many_that_say_nothing() -> None:
    """Two hundred connections that are held open keep nobody out; the oldest of them go."""
    async with serving(most=8) as server:
        held = [await server.open("GET / HTTP/1.1\n") for _ in range(200)]

        assert b"200 OK" in await server.get()
        assert await until_closed(held[0]) == b""


async def test_connections__what_is_being_answered_is_not_closed() -> None:
    """Where every connection has a request under way, a new one is refused, and those are answered."""
    async with serving(most=1) as server:
        busy = await server.open("GET /slow HTTP/1.1\nHost: x\nConnection: close\n\n")
        await server.waiting.wait()

        assert await server.get() == b""

        server.gate.set()
        assert (await until_closed(busy)).endswith(b"slow")


async def test_body__that_is_too_long() -> None:
    """More than a page takes is refused, whether its length is said or not."""
    async with serving() as server:
        chunk = f"{2_000:x}\n{'x' * 2_000}\n0\n\n"
        unsaid = await server.open(
            f"POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nConnection: close\n\n{chunk}"
        )

        assert (await until_closed(unsaid)).startswith(b"HTTP/1.1 413")
