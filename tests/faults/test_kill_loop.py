"""kill -9 on the real deliverer, again and again: nothing lost, nothing doubled, the order kept."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.store.store import open_store
from adapters.store.text import provider_key
from tests.fakes.chat_server import ChatServer
from tests.fakes.delivering import a_delivery

ANNOUNCEMENTS = 50
KILLS = 10
CHANNELS = 5
SETTLE = 1.5  # seconds: well above the time in which the chat stores what it has read
PATIENCE = 120.0  # seconds until a run that hangs is given up; nothing is measured by it
ROOT = Path(__file__).parents[2]


class Striker:
    """Wakes the test at the next so-and-so-many things that happen in the chat."""

    def __init__(self) -> None:
        self.left = 0
        self.now = asyncio.Event()

    def after(self, things: int) -> None:
        self.left = things
        self.now.clear()

    def happened(self, _what: str) -> None:
        self.left -= 1
        if self.left <= 0:
            self.now.set()


class Nursery:
    """Starts deliverers, one after the other, and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.orders = process.stdin
        self.news = process.stdout

    @classmethod
    async def open(cls, url: str, port: int) -> Nursery:
        """Start the process that has everything imported."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.faults.deliver_process", url, str(port), str(SETTLE)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def deliver(self, strike: asyncio.Event | None = None) -> int:
        """Let one deliverer work until it is done, or killed at the strike; return its exit code."""
        async with asyncio.timeout(PATIENCE):
            self.orders.write(b"go\n")
            pid = int(await self.news.readline())
            ended = asyncio.create_task(self.news.readline())
            if strike is not None:
                struck = asyncio.create_task(strike.wait())
                await asyncio.wait({struck, ended}, return_when=asyncio.FIRST_COMPLETED)
                struck.cancel()
                if not ended.done():
                    os.kill(pid, signal.SIGKILL)
            return int(await ended)

    async def close(self) -> bytes:
        """End it, and return what the deliverers complained about."""
        self.orders.close()
        async with asyncio.timeout(PATIENCE):
            _, errors = await self.process.communicate()
        return errors


async def test_kill_loop__loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Fifty announcements through ten kills at random steps, in a chat that drops, delays and forgets to answer."""
    chance = random.Random(20260514)
    striker = Striker()
    server = ChatServer(chance=chance, happened=striker.happened)
    port = await server.start()
    url = f"sqlite:///{tmp_path / 'clew.db'}"
    deliveries = [
        a_delivery(number, channel=f"fake:channel:C{number % CHANNELS}") for number in range(ANNOUNCEMENTS)
    ]
    async with open_store(url) as store:
        for delivery in deliveries:
            await store.enqueue(delivery, datetime.now(UTC))

    nursery = await Nursery.open(url, port)
    codes = []
    for _ in range(KILLS):
        striker.after(chance.randint(1, 9))
        codes.append(await nursery.deliver(striker.now))
    codes.append(await nursery.deliver())
    errors = await nursery.close()
    await server.stop()

    assert errors == b""
    assert codes == [-signal.SIGKILL] * KILLS + [0]
    assert server.doubled == []
    for number in range(CHANNELS):
        channel = f"fake:channel:C{number}"
        recorded = [provider_key(d.key) for d in deliveries if d.channel == channel]
        assert recorded == [key for where, key in server.keys if where == channel]
