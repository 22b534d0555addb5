"""A receiver of webhooks on a real socket: takes whatever comes, and remembers it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.loopback import listening

MOST = 4 * 1024 * 1024  # bytes of a delivery


@dataclass
class Receiver:
    """`got`: body and headers of each delivery, in order. `status`: what it answers."""

    url: str = ""
    status: int = 202
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        """What the deliveries say."""
        return [json.loads(content) for content, _ in self.got]

    async def take(self, request: web.Request) -> web.Response:
        """Remember a delivery."""
        self.got.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.status)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listen on loopback for as long as the block."""
    receiver = Receiver()
    app = web.Application(client_max_size=MOST)
    app.router.add_post("/hooks/qa", receiver.take)
    async with listening(app) as port:
        receiver.url = f"http://127.0.0.1:{port}/hooks/qa"
        yield receiver
