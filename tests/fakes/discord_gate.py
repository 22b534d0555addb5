"""The gateway of the loopback Discord: sessions that can be resumed, compression, and what can go wrong."""

from __future__ import annotations

import asyncio
import copy
import json
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import discord
from aiohttp import WSMsgType, web
from simcord import intents as gating
from simcord.backend import Backend, serializers

INTERVAL = 41_250  # milliseconds between heartbeats, as Discord asks for
FRAME = 4096  # bytes that a client may send at once


@dataclass(kw_only=True)
class Session:
    """What one IDENTIFY began: its events, so that they can be replayed."""

    id: str
    intents: discord.Intents
    events: list[tuple[str, Any]] = field(default_factory=list)
    socket: _Socket | None = None


class _Socket:
    """One connection; one compression stream for its whole life."""

    def __init__(self, ws: web.WebSocketResponse, *, compressed: bool) -> None:
        self.ws = ws
        self.gone = asyncio.Event()
        self._compress = zlib.compressobj() if compressed else None

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Send a frame; a client that is gone misses it."""
        text = json.dumps(frame)
        if self.ws.closed:
            return
        try:
            if self._compress is None:
                await self.ws.send_str(text)
            else:
                data = self._compress.compress(text.encode()) + self._compress.flush(zlib.Z_SYNC_FLUSH)
                await self.ws.send_bytes(data)
        except (ConnectionError, RuntimeError):
            return


@dataclass(kw_only=True)
class Gate:
    """Serves the gateway. `mute`: heartbeats get no answer; `refuse`: so many connections are turned away."""

    backend: Backend
    token: str
    port: int = 0
    mute: bool = False
    refuse: int = 0
    interval: int = INTERVAL
    close_code: int = 0  # every session is refused with it
    identified: int = 0
    resumed: int = 0
    violations: list[str] = field(default_factory=list)
    changed: Callable[[], Awaitable[None]] | None = None
    sessions: dict[str, Session] = field(default_factory=dict)
    _names: count[int] = field(default_factory=lambda: count(1))
    _sends: set[asyncio.Task[None]] = field(default_factory=set)
    _sockets: set[_Socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.backend.subscribers.append(self.event)

    @property
    def open(self) -> int:
        """How many sessions have a connection."""
        return sum(s.socket is not None and not s.socket.ws.closed for s in self.sessions.values())

    def event(self, name: str, payload: Mapping[str, Any]) -> None:
        """Give an event to every session that asked for its kind."""
        for session in self.sessions.values():
            wanted = gating.required_intent(name, payload)
            if wanted is None or getattr(session.intents, wanted):
                shaped = copy.deepcopy(dict(payload))
                if name in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
                    gating.censor_message(shaped, self.backend.bot_user.id, backend=self.backend)
                self._dispatch(session, name, shaped)

    def malformed(self, name: str, payload: Any) -> None:
        """Send an event of an odd shape to everybody."""
        for session in self.sessions.values():
            self._dispatch(session, name, payload)

    async def tell(self, opcode: int, data: Any = None) -> None:
        """Send something that is no event: 7 asks to reconnect, 9 says that the session is gone."""
        if opcode == 9 and not data:
            gone, self.sessions = self.sessions, {}
        else:
            gone = dict(self.sessions)
        for session in gone.values():
            if session.socket is not None:
                await session.socket.send({"op": opcode, "d": data})

    async def drop(self, code: int = 0) -> None:
        """Close every connection with a code, or cut it without one and wait until it is: what comes then is not for it."""
        for socket in list(self._sockets):
            if code:
                await socket.ws.close(code=code)
            elif socket.ws._req is not None and socket.ws._req.transport is not None:
                socket.ws._req.transport.abort()
                await socket.gone.wait()

    async def stop(self) -> None:
        """Close everything."""
        await self.drop(1001)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection."""
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        ws = web.WebSocketResponse(max_msg_size=FRAME, autoping=True)
        await ws.prepare(request)
        socket = _Socket(ws, compressed=request.query.get("compress") == "zlib-stream")
        self._sockets.add(socket)
        try:
            await socket.send({"op": 10, "d": {"heartbeat_interval": self.interval}})
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    await self._frame(socket, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
            socket.gone.set()
            await self._tell_changed()
        return ws

    async def _frame(self, socket: _Socket, frame: Any) -> None:
        match frame["op"]:
            case 1 if not self.mute:
                await socket.send({"op": 11})
            case 2:
                await self._identify(socket, frame["d"])
            case 6:
                await self._resume(socket, frame["d"])
        await self._tell_changed()

    async def _identify(self, socket: _Socket, data: Any) -> None:
        self.identified += 1
        if self.close_code or data["token"] != self.token:
            await socket.ws.close(code=self.close_code or 4004)
            return
        session = Session(
            id=f"session-{next(self._names)}", intents=discord.Intents._from_value(data["intents"])
        )
        session.socket = socket
        self.sessions[session.id] = session
        guilds = list(self.backend.guilds.values())
        ready = {
            "v": 10,
            "user": dict(serializers.user_payload(self.backend.bot_user)),
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway/",
            "application": {"id": str(self.backend.application_id), "flags": 0},
        }
        self._dispatch(session, "READY", ready)
        for guild in guilds:
            payload: dict[str, Any] = dict(serializers.guild_create_payload(self.backend, guild))
            gating.prune_guild_create(payload, session.intents, self.backend.bot_user.id)
            self._dispatch(session, "GUILD_CREATE", payload)

    async def _resume(self, socket: _Socket, data: Any) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None:
            await socket.send({"op": 9, "d": False})
            return
        self.resumed += 1
        session.socket = socket
        missed = range(int(data["seq"]) + 1, len(session.events) + 1)
        for sequence in missed:
            name, payload = session.events[sequence - 1]
            await socket.send({"op": 0, "t": name, "s": sequence, "d": payload})
        self._dispatch(session, "RESUMED", {})

    def _dispatch(self, session: Session, name: str, payload: Any) -> None:
        session.events.append((name, payload))
        if session.socket is not None:
            frame = {"op": 0, "t": name, "s": len(session.events), "d": payload}
            task = asyncio.ensure_future(session.socket.send(frame))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    async def _tell_changed(self) -> None:
        if self.changed is not None:
            await self.changed()
