"""A way over TCP to the PostgreSQL server of the tests: under addresses as managed ones have them, and one that can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url


class Door:
    """Passes connections on to the server of `behind`. `url`: the same database through this door."""

    def __init__(self, behind: str) -> None:
        self._behind = make_url(behind)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        address = self._behind.set(host="127.0.0.1", port=self.port).difference_update_query(["host"])
        return address.render_as_string(hide_password=False)

    async def open(self) -> None:
        """Let connections through; it keeps its port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse new connections, and cut those there are."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """End every connection in the middle of what it does."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await self._connect()
        both = {writer, ours}
        self._open |= both
        try:
            await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
        finally:
            self._open -= both
            for each in both:
                each.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self._behind.port or 5432
        folder = self._behind.query.get("host")
        if isinstance(folder, str):
            return await asyncio.open_unix_connection(Path(folder) / f".s.PGSQL.{port}")
        return await asyncio.open_connection(self._behind.host, port)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on until either side ends: the other one ends with it."""
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass  # it was cut
    finally:
        sink.close()


@asynccontextmanager
async def a_door(behind: str) -> AsyncIterator[Door]:
    """Give an open door to the database of that URL."""
    door = Door(behind)
    await door.open()
    try:
        yield door
    finally:
        await door.shut()
