"""An HTTP proxy on loopback: the only way to a server whose name nobody else can resolve."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

NOWHERE = "chat.invalid"  # RFC 2606: no resolver knows it


@dataclass(kw_only=True)
class Proxy:
    """Passes on what names the server behind it; `asked`: the first line of each connection."""

    port: int  # of the server behind it
    url: str = ""
    asked: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, where it asks for the server in the way that one asks a proxy."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            first = await reader.readline()
            self.asked.append(first.decode("latin-1").strip())
            if f"://{NOWHERE}:{self.port}/".encode() not in first:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
            theirs, ours = await asyncio.open_connection("127.0.0.1", self.port)
            ours.write(first)
            await asyncio.gather(_pass_on(reader, ours), _pass_on(theirs, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass  # either side may leave at any time
        finally:
            self._tasks.discard(task)
            writer.close()

    async def stop(self) -> None:
        """End the connections that are left."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """Run a proxy that leads to a loopback server and nowhere else."""
    proxy = Proxy(port=port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.stop()
        await server.wait_closed()
