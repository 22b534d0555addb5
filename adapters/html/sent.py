"""Forms that are sent: what a stranger may send instead of one is answered, and is no failure of ours."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.replies import pages

Sent = Mapping[str, str | bytes | bytearray | web.FileField]


async def sent(request: web.Request) -> Sent:
    """Read the form in a body. Answers 400 where there is none in it, and 413 where it is too large.

    The library raises an error of its own for each way of being none: parts without a boundary, no UTF-8, an encoding that
    it does not know, one that was compressed and cannot be taken apart.
    """
    try:
        return await request.post()
    except (ValueError, LookupError, RuntimeError, web.RequestPayloadError) as error:
        raise web.HTTPBadRequest(text=pages.NOT_READ) from error
