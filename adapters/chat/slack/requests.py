"""Signed HTTP instead of a socket: Slack posts here; what is not signed, old or a replay is refused.

bolt checks the signature. It takes an identical replay within five minutes again and fails on a timestamp that
is no number, so both are checked before. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from adapters.http_server import listening
from bot.cache import Bounded
from bot.ports import Clock

log = logging.getLogger(__name__)

PATH = "/slack/events"
BODY = 1 << 20  # bytes
WINDOW = 300.0  # seconds that Slack's signatures are good for
MOST = 50_000  # signatures remembered: more than Slack sends in the window


class Requests:
    """Receives over HTTP until closed."""

    def __init__(self, bolt: AsyncApp, clock: Clock, *, listen: tuple[str, int]) -> None:
        self._bolt = bolt
        self._replays = Replays(clock)
        self._listen = listen
        self._closed = asyncio.Event()
        self.connected = False
        self.port = 0

    async def run(self) -> None:
        """Listen until closed. Raises `OSError` where the address is taken."""
        app = web.Application(client_max_size=BODY)
        app.router.add_post(PATH, self._receive)
        async with listening(app, self._listen) as (host, port):
            self.port = port
            self.connected = True
            try:
                log.info("listening for Slack on http://%s:%s%s", host, port, PATH)
                await self._closed.wait()
            finally:
                self.connected = False

    async def close(self) -> None:
        """Stop listening."""
        self._closed.set()

    async def _receive(self, request: web.Request) -> web.Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (signature and stamp.isascii() and stamp.isdigit()) or self._replays.seen(signature):
            return web.Response(status=401)
        if (request.content_length or 0) > BODY:
            return web.Response(status=413)  # before any of it is read
        try:
            asked = await to_bolt_request(request)
        except web.HTTPException:  # too long
            raise
        except Exception:  # noqa: BLE001 - bolt reads the body before it checks who sent it
            return web.Response(status=400)
        answer = await self._bolt.async_dispatch(asked)
        if answer.status == 200:  # noqa: PLR2004 - what was refused may be sent again
            self._replays.remember(signature)
        return await to_aiohttp_response(answer)


class Replays:
    """Signatures of requests that were taken; each is good once."""

    def __init__(self, clock: Clock) -> None:
        self._taken: Bounded[str, bool] = Bounded(MOST, seconds=2 * WINDOW, clock=clock)

    def seen(self, signature: str) -> bool:
        """Whether a request with this signature was taken."""
        return self._taken.get(signature) is not None

    def remember(self, signature: str) -> None:
        """Refuse this signature from now on, for longer than Slack's window on both sides of now."""
        self._taken.put(signature, True)
