"""The connection to Discord: discord.py's client, whose events go to a listener of ours, and a supervisor over it.

The library ends its receiving loop when one event has an odd shape, sleeps up to 1,024 seconds between
tries, and stays up while nothing arrives. So every event is read behind a guard, interactions and messages go
to the receiver as they came, and whoever stays down too long is built anew.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from adapters.chat.discord import metrics, outcomes
from adapters.chat.discord.budget import Budget, TooManySessions
from adapters.chat.discord.receive import Receiver
from adapters.chat.running import ChatRefused
from bot.ports import Clock
from bot.waiting import Backoff, first_of

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
STEADY = 300.0  # seconds; who was up that long begins with short pauses again

REFUSED = outcomes.TOKEN_REFUSED
INTENTS = (
    "Discord refuses the bot's intents. In the developer portal, look at Bot, Privileged Gateway Intents."
)
CLOSED = {
    4004: REFUSED,
    4010: "Discord refuses the connection: invalid shard. Only one Clew may use this token.",
    4011: "The bot is in so many servers that Discord wants it sharded. Serve fewer servers with this token.",
    4012: "Discord no longer speaks this version of its gateway. Install a newer Clew.",
    4013: INTENTS,
    4014: INTENTS,
}

WELCOMING = ("GUILD_CREATE", "CHANNEL_CREATE", "CHANNEL_UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that only tests change."""

    heartbeat: float = 60.0  # without an answer the link is dead; never below Discord's interval of 41 s
    ready: float = 2.0  # that the library waits for servers
    down: float = 120.0  # neither ready nor resumed: built anew
    poll: float = 1.0  # between two looks at whether it is up
    first_pause: float = 1.0
    again: float = 5.0  # before another session of the same client; Discord allows one in so long


class Client(discord.Client):
    """discord.py's client, without caches of messages and members, and with our listener."""

    def __init__(
        self,
        listener: Receiver,
        begin: Callable[[discord.Client], Awaitable[None]],
        *,
        budget: Budget,
        timing: Timing,
        proxy: str | None = None,
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = True
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            heartbeat_timeout=timing.heartbeat,
            guild_ready_timeout=timing.ready,
            max_ratelimit_timeout=30.0,
            proxy=proxy,
        )
        self._begin = begin
        self._budget = budget
        self._timing = timing
        self.up = False
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._connect_socket = self.http.ws_connect
        self.http.ws_connect = self._opened  # type: ignore[method-assign]  # the library has no hook for it
        self._listen(listener)

    async def close_leftovers(self) -> None:
        """Close what the library lost hold of when it was cut off: a socket just being opened, its heartbeat."""
        for thread in threading.enumerate():
            if isinstance(thread, KeepAliveHandler) and thread.ws.socket in self._sockets:
                thread.stop()
        for socket in self._sockets:
            with suppress(Exception):
                await socket.close()

    async def setup_hook(self) -> None:
        """Tell who we are, before anything arrives."""
        await self._begin(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count every session that begins, also those that the library begins by itself."""
        del shard_id
        if not initial:
            await asyncio.sleep(self._timing.again)
        await self._budget.spend(str(self.application_id))

    async def on_connect(self) -> None:
        """Know that events arrive: a session began, or goes on after those that were missed came too."""
        self.up = True

    on_resumed = on_connect

    async def on_disconnect(self) -> None:
        """Know that nothing arrives."""
        self.up = False

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Call the hooks of an event; after closing the library would fall over its own late ones."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def _opened(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Open a socket, and remember it until it is closed."""
        socket = await self._connect_socket(url, compress=compress)
        self._sockets = [known for known in self._sockets if not known.closed] + [socket]
        return socket

    def _listen(self, listener: Receiver) -> None:
        parsers: dict[str, Callable[[Any], Any]] = self._connection.parsers
        parsers["INTERACTION_CREATE"] = listener.interaction
        parsers["MESSAGE_CREATE"] = listener.message
        for event in WELCOMING:
            parsers[event] = _both(listener.access_restored, parsers[event])
        for event, parse in list(parsers.items()):
            parsers[event] = _guarded(event, parse)


class Supervisor:
    """Keeps one client logged in until closed, building it anew where nothing else helps; connected while `receiving`.

    Logged in it sends; only connected it receives.
    """

    def __init__(
        self,
        new_client: Callable[[], Client],
        token: str,
        clock: Clock,
        *,
        timing: Timing,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._new_client = new_client
        self._token = token
        self._clock = clock
        self._timing = timing
        self._chance = chance
        self._closing = asyncio.Event()
        self._turn, self._over, self._silent = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._over.set()
        self._silent.set()
        self._backoff = Backoff(first=2 * timing.first_pause, longest=LONGEST_PAUSE)
        self.client: Client | None = None

    @property
    def connected(self) -> bool:
        """Whether events arrive."""
        return self.client is not None and self.client.up

    @property
    def has_turn(self) -> bool:
        """Whether it should be connected."""
        return self._turn.is_set()

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[None]:
        """Be connected inside the block; it ends when the connection has."""
        self._over.clear()
        self._turn.set()
        try:
            yield
        finally:
            self._turn.clear()
            self._over.set()
            await self._silent.wait()

    async def run(self) -> None:
        """Be logged in, and receive in our turns, until closed. Raises `ChatRefused` where Discord will never let us in."""
        while not self._closing.is_set():
            began = self._clock.monotonic()
            wait = await self._one()
            if self._closing.is_set():
                return
            if self._clock.monotonic() - began > STEADY:
                self._backoff.reset()
            metrics.STARTS.inc()
            pause = self._backoff.next() * (0.5 + self._chance() / 2) if wait is None else wait
            await first_of(self._clock.sleep(pause), self._closing.wait())

    async def close(self) -> None:
        """Stop receiving; sending goes on until `release`."""
        self._closing.set()
        if self.client is not None:
            self.client.up = False

    async def release(self) -> None:
        """Give the connection back."""
        if self.client is not None:
            await self.client.close()

    async def _one(self) -> float | None:
        """Let one client receive to its end; return how long to rest, None for as long as usual."""
        client = self.client = self._new_client()
        try:
            await self._receive(client)
        except discord.LoginFailure:
            raise ChatRefused(REFUSED) from None
        except discord.PrivilegedIntentsRequired:
            raise ChatRefused(INTENTS) from None
        except discord.ConnectionClosed as closed:
            if closed.code in CLOSED:
                raise ChatRefused(CLOSED[closed.code]) from None
            log.warning("Discord closed the connection with code %s", closed.code)
        except TooManySessions as many:
            log.error("%s", many)  # noqa: TRY400 - a sentence; the stack says nothing more
            return many.wait
        except Exception as error:  # noqa: BLE001 - whatever it was, a new client is the way on
            log.warning("the connection to Discord ended: %s", type(error).__name__)
        finally:
            client.up = False
            if not self._closing.is_set():
                with suppress(Exception):
                    await client.close()
            await client.close_leftovers()
        return None

    async def _receive(self, client: Client) -> None:
        """Log in, and receive in our turns until one ends by itself, with an eye on whether anything arrives."""
        entered = await first_of(_entered(client, self._token), self._closing.wait(), self._watch(client))
        while entered:
            await first_of(self._turn.wait(), self._closing.wait())
            entered = self._turn.is_set() and not self._closing.is_set() and await self._one_turn(client)

    async def _one_turn(self, client: Client) -> bool:
        """Receive; return whether that ended because another program does so now."""
        self._silent.clear()
        try:
            await first_of(client.connect(), self._over.wait(), self._closing.wait(), self._watch(client))
        finally:
            client.up = False
            if self._closing.is_set() or self._over.is_set():
                if client.ws is not None:
                    with suppress(Exception):
                        await client.ws.close(1000)
                await client.close_leftovers()
            self._silent.set()
        if not self._over.is_set() or self._closing.is_set():
            return False
        client.clear()  # what the gateway told grows old now; it is asked for instead
        return True

    async def _watch(self, client: Client) -> None:
        """Return when nothing arrived for too long."""
        since = self._clock.monotonic()
        while True:
            await asyncio.sleep(self._timing.poll)
            if client.up:
                since = self._clock.monotonic()
            elif self._clock.monotonic() - since > self._timing.down:
                log.warning("nothing came from Discord for %g s; connecting anew", self._timing.down)
                return


def redirect(*, api_url: str | None, gateway_url: str | None) -> None:
    """Point discord.py elsewhere; it knows one address for the whole process and no setting for it."""
    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


async def _entered(client: Client, token: str) -> bool:
    await client.login(token)
    return True


def _both(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Hand an event to us and to the library."""

    def parse(payload: Any) -> None:
        first(payload)
        second(payload)

    return parse


def _guarded(event: str, parse: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Read an event so that one of an odd shape is skipped, instead of ending the connection."""

    def read(payload: Any) -> None:
        try:
            parse(payload)
        except Exception:
            metrics.MALFORMED.inc()
            log.exception("an event from Discord could not be read: %s", event)

    return read
