"""Where a Discord in a process keeps its files: real HTTP on the loopback, addresses that are signed and end.

A token is nobody's business here: one that comes along is a violation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from simcord.backend.cdn import CdnStore

from tests.fakes.loopback import listening


class Cdn(CdnStore):
    """Fills SimCord's store. `serves`: what is answered in place of a file, by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.asked: list[str] = []
        self.violations: list[str] = []
        self.serves: dict[str, web.StreamResponse] = {}
        self._kept: dict[str, bytes] = {}

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Keep a file under an address of this host."""
        told = super().store_attachment(attachment_id, channel_id, filename, data, description)
        path = f"/attachments/{channel_id}/{attachment_id}/{filename}?ex=7fffffff&is=1&hm={attachment_id}"
        self._kept[path] = data
        return told | {"url": self.base + path}

    def expire(self) -> None:
        """Let no address be good any more."""
        self._kept.clear()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer for one file."""
        self.asked.append(request.match_info["name"])
        if "Authorization" in request.headers:
            self.violations.append("a token came along to the host of the files")
        if (instead := self.serves.get(request.match_info["name"])) is not None:
            return instead
        content = self._kept.get(request.path_qs)
        if content is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=content, content_type="application/xml")


@asynccontextmanager
async def serve() -> AsyncIterator[Cdn]:
    """Serve files on a free port."""
    cdn = Cdn()
    app = web.Application()
    app.router.add_get("/attachments/{channel}/{file}/{name}", cdn.serve)
    async with listening(app) as port:
        cdn.base = f"http://127.0.0.1:{port}"
        yield cdn
    assert cdn.violations == []
