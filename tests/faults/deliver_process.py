"""Real deliverers over a real database, to be killed: `python -m tests.faults.deliver_process URL PORT SETTLE`.

This process imports everything once. For each line that it reads it forks one deliverer, writes its process id,
and at its end its exit code. A deliverer ends by itself when nothing waits any more.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from datetime import datetime
from typing import Any

from adapters.clock import SystemClock
from adapters.store.store import open_store
from bot.cards import Card
from bot.ports import (
    Delivered,
    Found,
    Lookup,
    Missing,
    NotDelivered,
    Perhaps,
    Post,
    PostOutcome,
    Undeliverable,
    Unreadable,
)
from bot.state import MessageRef
from bot.watch.deliver import Deliverer, Pace


class LoopbackChat:
    """Fills `bot.ports.Chat` over the chat of tests/fakes/chat_server.py."""

    name = "fake"

    def __init__(self, port: int, settle_seconds: float) -> None:
        self.settle_seconds = settle_seconds
        self._port = port

    def render(self, card: Card) -> str:
        return repr(card)

    async def post(self, post: Post) -> PostOutcome:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return NotDelivered("no connection")
        try:
            request = {"do": "post", "channel": post.channel, "thread": post.thread, "key": post.key}
            answer = await _ask(reader, writer, request)
        except (OSError, ValueError):
            return Perhaps("no answer")
        if answer["outcome"] == "later":
            return NotDelivered("too many messages", retry_after=answer["after"], parks_channel=True)
        return Delivered(answer["id"])

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        return Undeliverable("This chat does not edit.", channel_lost=False)

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            answer = await _ask(
                reader, writer, {"do": "find", "channel": channel, "thread": thread, "key": key}
            )
        except (OSError, ValueError):
            return Unreadable("no answer")
        return Found(answer["found"]) if answer["found"] else Missing()

    async def is_shared(self, channel: str) -> bool:
        return False


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, Any]
) -> dict[str, Any]:
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


async def main(url: str, port: int, settle: float) -> None:
    """Deliver until nothing waits."""
    clock = SystemClock()
    pace = Pace(post=settle / 3, look=5.0, idle=0.05, per_channel=0)

    async def tell(sentence: str) -> None:
        print(sentence, file=sys.stderr)  # noqa: T201 - the parent reads it when the proof fails

    async with open_store(url, doubt_after=settle) as store:
        deliverer = Deliverer(
            LoopbackChat(port, settle),
            store,
            services={},
            clock=clock,
            tell_operator=tell,
            pace=pace,
            chance=lambda: 0.0,
        )
        running = asyncio.create_task(deliverer.run())
        while (await store.depth()).waiting:
            await clock.sleep(0.05)
        deliverer.stop()
        await running


def work(url: str, port: int, settle: float) -> int:
    """Run one deliverer to its end; return the exit code of its process."""
    try:
        asyncio.run(main(url, port, settle))
    except Exception:  # noqa: BLE001 - a forked process must not go on in its parent's code
        traceback.print_exc()
        return 1
    return 0


def nursery(url: str, port: int, settle: float) -> None:
    """Fork deliverers, one after the other, as long as lines come."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(work(url, port, settle))
        print(child, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    nursery(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
