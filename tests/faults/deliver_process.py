"""All that Clew does by itself, to be killed: `python -m tests.faults.deliver_process PORT SETTLE`.

Settings come from the environment; the database, the platform's client, the clocks, polling and delivering are
those of `clew run`, only the chat is the one of tests/fakes/chat_server.py. This process imports everything
once. For each line that it reads it forks one that works, writes its process id, and at its end its exit code.
After "go" it works until it is killed, after "settle" until it has looked and nothing waits any more.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from adapters import logs, settings
from adapters.cli.background import Background, working
from adapters.cli.parts import Parts
from adapters.cli.work import Intervals
from adapters.main import assemble
from bot.cards import Card
from bot.ports import (
    Delivered,
    Found,
    Lookup,
    Missing,
    NotDelivered,
    Post,
    PostOutcome,
    Unconfirmed,
    Undeliverable,
    Unreadable,
)
from bot.state import MessageRef

INTERVALS = Intervals(poll=0.3, live=1.0, launches=1.0, expected=1.0, idle=0.1, per_channel=0.0)

# What `assemble` would import in each fork.
IMPORTED_LATE = (
    "adapters.chat.discord.render",
    "adapters.chat.slack.render",
    "adapters.platforms.antithesis.client",
    "adapters.platforms.http.transport",
    "adapters.store.store",
)


class LoopbackChat:
    """Fills `bot.ports.Chat` over the chat of tests/fakes/chat_server.py."""

    name = "fake"

    def __init__(self, port: int, reconcile_after: float) -> None:
        self.reconcile_after = reconcile_after
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
            return Unconfirmed("no answer")
        if answer["outcome"] == "later":
            return NotDelivered("too many messages", retry_after=answer["after"], limits_channel=True)
        if answer["outcome"] == "gone":
            return Undeliverable("not in the channel")
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


async def tell(sentence: str) -> None:
    """Say it where the parent reads it when the proof fails."""
    print(sentence, file=sys.stderr)  # noqa: T201 - see above


async def main(port: int, settle: float, *, forever: bool) -> None:
    """Work for the chat at that port of the loopback."""
    loaded = settings.load()
    logs.set_up("error", loaded.secrets)
    chat = LoopbackChat(port, settle)
    async with (
        assemble(loaded) as parts,
        working(parts, {chat.name: chat}, intervals=INTERVALS, notify=tell) as work,
    ):
        while forever or not await settled(parts, work):
            await parts.clock.sleep(0.1)


async def settled(parts: Parts, work: Background) -> bool:
    """Whether every platform was looked at since the start, and nothing waits to be delivered or is held."""
    held = await parts.store.held_channels(frozenset({LoopbackChat.name}), datetime.max.replace(tzinfo=UTC))
    looked = all(polled.looked for polled in work.work.polls().values())
    return looked and not held and not (await parts.store.depth()).waiting


def run(port: int, settle: float, order: str) -> int:
    """Work to the end; return the exit code of the process."""
    try:
        asyncio.run(main(port, settle, forever=order != "settle"))
    except Exception:  # noqa: BLE001 - a forked process must not go on in its parent's code
        traceback.print_exc()
        return 1
    return 0


def nursery(port: int, settle: float) -> None:
    """Fork processes, one after the other, as long as lines come."""
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(port, settle, line.strip()))
        print(child, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    nursery(int(sys.argv[1]), float(sys.argv[2]))
