"""A loopback Discord for a real bot process: real sockets, faults on demand, and SimCord's Discord behind them.

Messages, permissions, deadlines and error codes are SimCord's; here are the sockets, the nonces, the rate
limits, and everything that can go wrong on the way. What is sent is judged as it comes (`discord_judge`).
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from aiohttp import BodyPartReader, web
from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.errors import BackendError
from simcord.http import router, routes  # noqa: F401 - importing the routes registers them
from simcord.interactions import base_payload

from tests.fakes import discord_judge as judge
from tests.fakes.discord_gate import Gate
from tests.fakes.dripping import drip
from tests.fakes.loopback import listening

TOKEN = "MTE0MDAwMDAwMDAwMDAwMDAw.loopback.fake-token-that-opens-nothing"
PREFIX = "/api/v10"
REQUIRE_TAG = 1 << 4  # of a forum's flags


class WallClock(Clock):
    """Real time, and what was skipped."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one request. `store`: Discord did what was asked before it went wrong; `late`: so many seconds after."""

    status: int = 0
    store: bool = False
    late: float = 0.0
    reset: bool = False
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None  # the answer waits for it
    drips: bool = False  # the answer comes byte by byte and never ends


LOST_REPLY = Fault(store=True, reset=True)
DROPPED = Fault(reset=True)
DRIPPING = Fault(store=True, drips=True)
STORED_502 = Fault(status=502, store=True, body="bad gateway")


def limited(seconds: float, *, via: bool = True) -> Fault:
    """Return the answer to too many requests: Discord's own, or that of what stands before it."""
    if not via:
        return Fault(status=429, body="<html>error 1015</html>", headers={"Retry-After": str(int(seconds))})
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
    return Fault(status=429, body=body, headers={"Via": "1.1 google", "X-RateLimit-Scope": "user"})


@dataclass(kw_only=True)
class FakeDiscord:
    """A server, a channel, two people and a bot that may connect."""

    backend: Backend
    gate: Gate
    guild: int
    main: int
    alice: int
    bob: int
    port: int = 0
    host: str = "127.0.0.1"
    public: bool = True  # everyone may add the bot to their server
    tag_required: set[int] = field(default_factory=set)  # forums that take no post without a tag
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    faults: list[tuple[str, re.Pattern[str], deque[Fault]]] = field(default_factory=list)
    whim: Callable[[str, str], Fault | None] = lambda _method, _path: (
        None
    )  # a fault for any request, by chance
    arrivals: list[tuple[str, float]] = field(default_factory=list)  # path and time, for measuring
    judging: bool = True
    unauthorised: bool = False
    _nonces: dict[str, Any] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    # Addresses ----------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://{self.host}:{self.port}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"ws://{self.host}:{self.port}/gateway/"

    @property
    def place(self) -> str:
        """The main channel's name in the core."""
        return f"discord:channel:{self.guild}:{self.main}"

    @property
    def known(self) -> bool:
        """Whether the bot has told its commands."""
        return self.called("PUT", "/applications/[0-9]+/commands") > 0

    # People -------------------------------------------------------------------------------------

    def slash(
        self,
        verb: str,
        /,
        *,
        by: int | None = None,
        channel: int | None = None,
        changed: dict[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """Let somebody use a subcommand; return the interaction's id. `changed`: what is otherwise in the payload."""
        kinds = {bool: 5, int: 4, float: 10, str: 3}
        listed = [{"name": n, "type": kinds[type(v)], "value": v} for n, v in options.items()]
        data = {
            "id": "1",
            "name": "clew",
            "type": 1,
            "options": [{"name": verb, "type": 1, "options": listed}],
        }
        return self.interact(2, data, by=by, channel=channel, **(changed or {}))

    def click(self, message: Any, custom_id: str, *, by: int | None = None) -> str:
        """Let somebody press a button."""
        data = {"custom_id": custom_id, "component_type": 2}
        shown = dict(serializers.message_payload(self.backend, message))
        return self.interact(3, data, by=by, channel=message.channel_id, message=shown)

    def interact(
        self, kind: int, data: Any, *, by: int | None = None, channel: int | None = None, **more: Any
    ) -> str:
        """Let somebody do something; return the interaction's id."""
        _, payload = base_payload(
            self.backend,
            type=kind,
            channel_id=channel or self.main,
            guild_id=self.guild,
            user_id=by or self.alice,
            data=data,
        )
        # Who installed the bot for this use: "0" a server. SimCord leaves it out.
        payload["authorizing_integration_owners"] = {"0": str(self.guild)}
        changed = {name: value for name, value in (payload | more).items() if value is not None}
        self.backend.emit("INTERACTION_CREATE", changed)
        return str(payload["id"])

    def mention(self, words: str, *, by: int | None = None, channel: int | None = None) -> Any:
        """Let somebody speak to the bot."""
        text = f"<@{self.backend.bot_user.id}> {words}"
        return self.backend.create_message(channel or self.main, by or self.alice, text)

    # What happened --------------------------------------------------------------------------------

    def ours(self, channel: int | None = None) -> list[Any]:
        """Return the bot's messages in a channel, oldest first; what still says "thinking…" is none."""
        kept = self.backend.messages.get(channel or self.main, {}).values()
        mine = [m for m in kept if m.author_id == self.backend.bot_user.id and (m.content or m.embeds)]
        return sorted(mine, key=lambda m: int(m.id))

    def words(self, message: Any) -> str:
        """Return all that a message says."""
        return json.dumps([message.content, message.embeds], ensure_ascii=False)

    def called(self, method: str, pattern: str) -> int:
        """Return how often something was called."""
        return sum(m == method and bool(re.fullmatch(pattern, path)) for m, path, _ in self.requests)

    async def until(self, there: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Wait until something is true; it is looked at after every request and every frame."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(there)

    async def answer(self, words: str, channel: int | None = None) -> Any:
        """Wait for a message of the bot that says these words, and return it."""

        def found() -> list[Any]:
            return [m for m in self.ours(channel) if words in self.words(m)]

        await self.until(lambda: bool(found()))
        return found()[-1]

    def fault(self, method: str, pattern: str, *faults: Fault) -> None:
        """Let the next requests to a path go wrong, one after the other."""
        self.faults.append((method, re.compile(pattern), deque(faults)))

    async def changed(self) -> None:
        """Wake whoever waits."""
        async with self._changed:
            self._changed.notify_all()

    # The API ----------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or let it go wrong."""
        path = request.path.removeprefix(PREFIX)
        self.arrivals.append((path, time.perf_counter()))
        body, files = await _read(request)
        self.requests.append((request.method, path, body))
        if self.judging:
            self.violations += judge.request(request.method, path, body)
        await self.changed()
        try:
            fault = self._next_fault(request.method, path)
            if fault is None:
                return self._answer(request, path, body, files)
            return await self._wrong(fault, request, path, body, files)
        finally:
            await self.changed()

    def _answer(self, request: web.Request, path: str, body: Any, files: list[Any]) -> web.Response:
        own = path.startswith(("/webhooks/", "/interactions/"))
        if not own and (self.unauthorised or request.headers.get("Authorization") != f"Bot {TOKEN}"):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        if own and "Authorization" in request.headers:
            self.violations.append("the bot's token was sent where it is not needed")
        status, answer = self._dispatch(request.method, path, body, dict(request.query), files)
        return _json(answer, status) if answer is not None else web.Response(status=204)

    def _dispatch(
        self, method: str, path: str, body: Any, query: dict[str, str], files: list[Any]
    ) -> tuple[int, Any]:
        if path in {"/users/@me", "/gateway/bot"}:
            return 200, self._itself(path)
        nonce = body.get("nonce") if isinstance(body, dict) and body.get("enforce_nonce") else None
        if nonce in self._nonces:
            return self._known(self._nonces[nonce])
        try:
            answer = router.dispatch(self.backend, method, path, json=body, params=query, files=files)
        except router.RouteNotImplemented as error:
            self.violations.append(f"nobody knows the route {method} {path}")
            return 501, error.to_json()
        except BackendError as error:
            return error.status, error.to_json()
        if path == "/oauth2/applications/@me":
            answer = {**answer, "bot_public": self.public}
        if path.removeprefix("/channels/") in map(str, self.tag_required):
            answer = {**answer, "flags": REQUIRE_TAG}
        if nonce is not None:
            self._nonces[nonce] = answer
        return 200, answer

    def _itself(self, path: str) -> dict[str, Any]:
        if path == "/users/@me":
            return dict(serializers.user_payload(self.backend.bot_user))
        left = {
            "total": 1000,
            "remaining": 1000 - self.gate.identified,
            "reset_after": 0,
            "max_concurrency": 1,
        }
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": left}

    def forget(self) -> None:
        """Know no nonce any more, as Discord does after some minutes."""
        self._nonces.clear()

    def _known(self, message: Any) -> tuple[int, Any]:
        """Answer a nonce that was used: with its message or, where that was deleted, that there is none."""
        if int(message["id"]) in self.backend.messages.get(int(message["channel_id"]), {}):
            return 200, message
        return 404, {"message": "Unknown Message", "code": 10008}

    async def _wrong(
        self, fault: Fault, request: web.Request, path: str, body: Any, files: list[Any]
    ) -> web.StreamResponse:
        if fault.late:
            later = asyncio.get_running_loop().call_later
            later(fault.late, self._answer, request, path, body, files)
        elif fault.store:
            self._answer(request, path, body, files)
        if fault.gate is not None:
            await fault.gate.wait()
        if fault.reset:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.drips:
            return await drip(request)
        if not fault.status:
            return self._answer(request, path, body, files)
        if isinstance(fault.body, str):
            return web.Response(
                status=fault.status, text=fault.body, content_type="text/html", headers=fault.headers
            )
        return _json(fault.body or {"message": "wrong", "code": 0}, fault.status, fault.headers)

    def _next_fault(self, method: str, path: str) -> Fault | None:
        for wanted, pattern, queue in self.faults:
            if wanted == method and pattern.fullmatch(path) and queue:
                return queue.popleft()
        return self.whim(method, path)

    def doubled(self) -> list[str]:
        """Return what the bot said more than once in one channel."""
        said = Counter(self.words(m) for m in self.ours())
        return [words for words, times in said.items() if times > 1]


@asynccontextmanager
async def serve() -> AsyncIterator[FakeDiscord]:
    """Run a Discord on the loopback."""
    backend = Backend(clock=WallClock())
    guild = backend.create_guild("Guild", owner_id=backend.make_user("owner").id)
    alice, bob = backend.make_user("alice"), backend.make_user("bob")
    for user in (backend.bot_user, alice, bob):
        if user.id not in guild.members:
            backend.add_member(guild.id, user.id)
    main = backend.create_channel(guild.id, "general")
    gate = Gate(backend=backend, token=TOKEN)
    fake = FakeDiscord(backend=backend, gate=gate, guild=guild.id, main=main.id, alice=alice.id, bob=bob.id)
    gate.changed = fake.changed
    app = web.Application(client_max_size=64 << 20)
    app.router.add_get("/gateway/", gate.handle)
    app.router.add_route("*", PREFIX + "/{tail:.*}", fake.handle)
    async with listening(app) as port:
        fake.port = gate.port = port
        try:
            yield fake
        finally:
            await gate.stop()


async def _read(request: web.Request) -> tuple[Any, list[Any]]:
    """Return the body and its files, sent as JSON or as a form."""
    if request.content_type == "application/json":
        return await request.json(), []
    if not request.content_type.startswith("multipart/"):
        return None, []
    body: Any = None
    files: list[Any] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        content = await part.read(decode=True)
        if part.name == "payload_json":
            body = json.loads(content)
        else:
            files.append(discord.File(io.BytesIO(bytes(content)), filename=part.filename))
    return body, files


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with exactly the content type that discord.py compares with."""
    text = json.dumps(body).encode()
    return web.Response(
        body=text, status=status, headers={**(headers or {}), "Content-Type": "application/json"}
    )
