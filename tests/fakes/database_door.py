"""A way over TCP to the PostgreSQL server of the tests: under addresses as managed ones have them, and one that can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url


class Door:
    """Passes connections on to the server of `behind`. `url`: the same database through this door.

    `lost`: how many answers to commits were.
    """

    def __init__(self, behind: str) -> None:
        self._behind = make_url(behind)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._losing = 0
        self._commits = 0
        self.lost = 0
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

    def hold(self) -> None:
        """Take everything and pass nothing on, as a server that hangs."""
        self._passing.clear()

    def let_go(self) -> None:
        """Pass on what was held, and all that comes."""
        self._passing.set()

    def lose_answer(self, commit: int) -> None:
        """Let the so manieth commit from now on count for the server, and break the connection before its answer."""
        self._commits, self._losing = 0, commit

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        await self._passing.wait()
        try:
            if writer.is_closing():  # it was cut while it waited: nothing of it arrives
                return
            theirs, ours = await self._connect()
        except OSError:  # there is no server just now
            writer.transport.abort()
            return
        finally:
            self._open.discard(writer)
        both = {writer, ours}
        self._open |= both
        try:
            losing = asyncio.Event()
            await asyncio.gather(
                self._pump(reader, ours, losing, asks=True), self._pump(theirs, writer, losing)
            )
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

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        losing: asyncio.Event,
        *,
        asks: bool = False,
    ) -> None:
        """Pass on until either side ends: the other one ends with it. `asks`: it is what the server is asked."""
        try:
            while data := await source.read(1 << 16):
                await self._passing.wait()
                if asks and b"COMMIT" in data:
                    self._commits += 1
                    if self._commits == self._losing:
                        losing.set()
                        self.lost += 1
                elif losing.is_set():  # the server has answered: it is done, and nobody hears of it
                    break
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
        door.let_go()
        await door.shut()
