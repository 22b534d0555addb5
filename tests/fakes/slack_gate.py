"""How a loopback Slack reaches the bot: sockets with single-use tickets, or signed HTTP; and what people do.

Each envelope goes to one open socket and counts as taken only when it is acknowledged within three seconds.
Frames: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.fakes.slack_world import APP, SECRET, World

Json = dict[str, Any]

MOST_SOCKETS = 10
ACK_SECONDS = 3.0


@dataclass(eq=False)
class Socket:
    """One connection of the bot."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None = None
    frozen: bool = False
    taken: int = 0


@dataclass(kw_only=True)
class Ack:
    """What the bot answered to one delivery; `taken` is False where it did not in time."""

    taken: bool
    payload: Json = field(default_factory=dict)
    seconds: float = 0.0
    status: int = 200


class Gate:
    """Delivers to the bot. With `http` set, signed requests go there instead of over sockets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = ""
        self.http: str | None = None
        self.sockets: list[Socket] = []
        self.refuse_upgrades = 0
        self.handshake_delay = 0.0
        self.upgrades = 0
        self.sent = 0
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._arrived = asyncio.Event()
        self._next = 0

    def ticket(self) -> str:
        """Return an address that opens one socket, once."""
        ticket = f"t{self.world.number()}"
        self._tickets.add(ticket)
        return f"{self.base.replace('http', 'ws')}/link/?ticket={ticket}&app_id={APP}"

    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""
        return [web.get("/link/", self._upgrade)]

    async def connected(self, count: int = 1, seconds: float = 20.0) -> None:
        """Wait until the bot has opened so many sockets."""
        await self.world.until(lambda: len(self.live) >= count, seconds)

    @property
    def live(self) -> list[Socket]:
        """The open sockets."""
        return [s for s in self.sockets if not s.ws.closed and not s.frozen]

    # Delivering ---------------------------------------------------------------------------------

    async def deliver(
        self, kind: str, payload: Json, *, retry: int | None = None, reason: str = "http_timeout"
    ) -> Ack:
        """Send one payload and wait for its acknowledgement."""
        self.sent += 1
        if self.http is not None:
            return await self.post(kind, payload)
        start = time.perf_counter()
        socket = await self._pick()
        envelope = f"e{self.world.number()}"
        frame: Json = {
            "envelope_id": envelope,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": True,
        }
        if retry is not None:
            frame |= {"retry_attempt": retry, "retry_reason": reason}
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = future
        try:
            await socket.ws.send_str(json.dumps(frame))
            async with asyncio.timeout(ACK_SECONDS):
                answer = await future
        except (TimeoutError, ConnectionError):
            return Ack(taken=False, seconds=time.perf_counter() - start)
        finally:
            self._waiting.pop(envelope, None)
        socket.taken += 1
        return Ack(taken=True, payload=answer.get("payload") or {}, seconds=time.perf_counter() - start)

    async def post(
        self,
        kind: str,
        payload: Json,
        *,
        secret: str = SECRET,
        stamp: str | None = None,
        body: str | None = None,
    ) -> Ack:
        """Send one signed request, or one that is not as it should be."""
        assert self.http is not None
        body = body if body is not None else _http_body(kind, payload)
        stamp = stamp if stamp is not None else str(int(time.time()))
        signature = (
            "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        )
        content = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
            "Content-Type": content,
        }
        start = time.perf_counter()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.http, data=io.BytesIO(body.encode()), headers=headers) as answer,
        ):
            text = await answer.text()
        shown = json.loads(text) if text.startswith("{") else {}
        return Ack(
            taken=answer.status == 200,
            payload=shown,
            seconds=time.perf_counter() - start,
            status=answer.status,
        )

    async def _pick(self) -> Socket:
        """Choose one of the open sockets, each in turn; wait for one where there is none."""
        await self.connected()
        self._next += 1
        return self.live[self._next % len(self.live)]

    # Being hostile ------------------------------------------------------------------------------

    async def refresh(self, socket: Socket, reason: str = "refresh_requested") -> None:
        """Ask for a new connection, as Slack does every few hours."""
        await socket.ws.send_str(json.dumps({"type": "disconnect", "reason": reason}))

    def abort(self, socket: Socket) -> None:
        """Break a connection without a word."""
        assert socket.transport is not None
        socket.transport.abort()

    def freeze(self, socket: Socket) -> None:
        """Keep a connection open and never read or answer again: a half-open link."""
        socket.frozen = True
        assert socket.transport is not None
        socket.transport.pause_reading()

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        self.upgrades += 1
        if self.refuse_upgrades > 0:
            self.refuse_upgrades -= 1
            self._tickets.discard(request.query.get("ticket", ""))
            self.world.touch()
            return web.Response(status=408)
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or len(self.live) >= MOST_SOCKETS:
            self.world.touch()
            return web.Response(status=408)
        self._tickets.discard(ticket)
        await asyncio.sleep(self.handshake_delay)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        transport = request.transport
        socket = Socket(ws, transport if isinstance(transport, asyncio.Transport) else None)
        await ws.send_str(json.dumps(self._hello()))
        self.sockets.append(socket)
        self.world.touch()
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(frame.data))
        finally:
            self.sockets.remove(socket)
            self.world.touch()
        return ws

    def _hello(self) -> Json:
        info = {"host": "loopback", "approximate_connection_time": 3600}
        return {
            "type": "hello",
            "num_connections": len(self.live) + 1,
            "connection_info": {"app_id": APP},
            "debug_info": info,
        }

    def _acknowledged(self, frame: Json) -> None:
        future = self._waiting.get(frame.get("envelope_id", ""))
        if future is not None and not future.done():
            future.set_result(frame)


def _http_body(kind: str, payload: Json) -> str:
    """Write a payload as Slack posts it: events as JSON, commands as a form, the rest as JSON in a form."""
    if kind == "events_api":
        return json.dumps(payload)
    if kind == "slash_commands":
        return urlencode(payload)
    return urlencode({"payload": json.dumps(payload)})
