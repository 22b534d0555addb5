"""A raw HTTP server for one test: it writes exactly the bytes it is told and remembers what it was sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it came: the first line's parts, headers by lower-case name, and the body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class RawServer:
    """Answers the first request with the first reply and so on; the last reply is repeated."""

    replies: list[Reply]
    base_url: str = ""
    requests: list[Sent] = field(default_factory=list)
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        assert self.replies, "a server has something to say"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until either side closes it."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while not writer.is_closing() and (sent := await _request(reader)):
                self.requests.append(sent)
                number = min(len(self.requests), len(self.replies)) - 1
                await self.replies[number](writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, which is its right, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def stop(self) -> None:
        """End replies that are still going on."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Sent | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Sent(method, target, headers, body)


@asynccontextmanager
async def raw_server(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Run a server on loopback for as long as the block; with `tls` it speaks nothing else."""
    state = RawServer(list(replies))
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    state.base_url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        await state.stop()
        await server.wait_closed()


def says(status: str, body: bytes = b"", **headers: str) -> Reply:
    """Return a reply with a length; underscores in the names of headers are hyphens."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        named = {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()

    return reply


def json_says(body: str | bytes, status: str = "200 OK", **headers: str) -> Reply:
    """Return a JSON reply."""
    raw = body.encode() if isinstance(body, str) else body
    return says(status, raw, Content_Type="application/json", **headers)


def streams(
    *chunks: bytes, cut: bool = False, chunked: bool = True, hold: asyncio.Event | None = None
) -> Reply:
    """Return a reply in chunks. `cut`: the connection is dropped after them; `hold`: kept open until then."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Connection: close\r\n\r\n")
        for chunk in chunks:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            await writer.drain()
        if hold is not None:
            await hold.wait()
        if cut or not chunked:
            writer.close()
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    return reply


def drops() -> Reply:
    """Return a reply that is none: the connection is closed after the request was read."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    return reply


def never() -> Reply:
    """Return a reply that never comes."""

    async def reply(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return reply
