"""An answer that comes byte by byte and never ends, as from a server that is nearly dead."""

from __future__ import annotations

import asyncio

from aiohttp import web

PAUSE = 0.01  # seconds between two bytes, so that no wait for a single one is ever long


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer so until whoever asked has left."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    try:
        while True:
            await answer.write(b" ")
            await asyncio.sleep(PAUSE)
    except ConnectionError:
        return answer
