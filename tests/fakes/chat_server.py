"""A chat on the loopback, for deliverers that are really killed.

It speaks one line of JSON per connection and answers with one. What it has read it will store, whether or not
its client lives on; like real chats it has no idempotency. By chance it drops requests, loses answers, stores
late and limits rates, and channels that are `gone` refuse every message; `happened` is called at each step, so that a test can strike exactly there.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LATEST = 0.3  # seconds until a message that was read is stored at the latest


@dataclass(kw_only=True)
class ChatServer:
    """Keeps messages as (channel, thread, key, visible from). `chance` decides what goes wrong."""

    chance: random.Random
    happened: Callable[[str], None] = lambda _: None
    dropped: float = 0.05
    lost: float = 0.10
    limited: float = 0.05
    late: float = 0.10
    gone: set[str] = field(default_factory=set)
    _messages: list[tuple[str, str | None, str, float]] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of the loopback and return it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Every message as (channel, key), in the order in which they became visible."""
        return [(channel, key) for channel, _, key, _ in sorted(self._messages, key=lambda m: m[3])]

    @property
    def doubled(self) -> list[str]:
        """Keys that are there more than once."""
        return [key for key, times in Counter(key for _, _, key, _ in self._messages).items() if times > 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            answer = await (self._post(request) if request["do"] == "post" else self._find(request))
            if answer is not None:
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
                self.happened("answered")
        except (ValueError, ConnectionError):
            pass  # the client died on the way
        finally:
            writer.close()

    async def _post(self, request: dict[str, Any]) -> dict[str, Any] | None:
        self.happened("asked to post")
        if request["channel"] in self.gone:
            return {"outcome": "gone"}
        fate = self.chance.random()
        if fate < self.limited:
            return {"outcome": "later", "after": 0.05}
        fate -= self.limited
        if fate < self.dropped:
            return None
        fate -= self.dropped
        late = LATEST * self.chance.random() if fate < self.late else 0.0
        now = asyncio.get_running_loop().time()
        self._messages.append((request["channel"], request["thread"], request["key"], now + late))
        self.happened("stored")
        if late or fate < self.late + self.lost:
            return None
        await asyncio.sleep(0.02 * self.chance.random())
        return {"outcome": "delivered", "id": f"m{len(self._messages)}"}

    async def _find(self, request: dict[str, Any]) -> dict[str, Any]:
        self.happened("asked to look")
        now = asyncio.get_running_loop().time()
        wanted = (request["channel"], request["thread"], request["key"])
        seen = [m for m in self._messages if m[:3] == wanted and m[3] <= now]
        return {"found": "m0" if seen else None}
