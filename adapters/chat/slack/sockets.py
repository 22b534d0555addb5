"""Socket Mode: two connections on one app, watched from outside, so that none of Slack's faults makes us deaf.

slack_sdk's aiohttp client answers a refresh by closing its socket before the next one is open, and whatever
Slack sends in between is lost. Here a successor is opened first; the old one goes on reading until then. The
same client asks again and again with a used-up address (python-slack-sdk#1110): the watchdog takes the address
away. Protocol: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.running import ChatRefused
from adapters.chat.slack import metrics, outcomes
from bot.waiting import Backoff, doubled, first_of

log = logging.getLogger(__name__)

CONNECTIONS = 2
PING_SECONDS = 4.0  # a silent link is found after twice this time
STAGGER_SECONDS = 20.0  # between the first connection and the second
LOOK_SECONDS = 0.5
GRACE_SECONDS = 3.0  # without a socket before the address is taken away; grows in a long outage
LONGEST_GRACE = 60.0
RENEW_SECONDS = 60.0  # without a socket before the connection is built anew
LONGEST_WAIT = 60.0
HANDOVER_SECONDS = 8.0  # Slack warns about ten seconds before it closes a socket
LINGER_SECONDS = 1.0
BRIEF_SECONDS = 10.0

REFUSALS = outcomes.HALT
_TICKET = re.compile(r"ticket=[^&\s'\"]+")


class Sockets:
    """Receives over Socket Mode until closed."""

    def __init__(
        self,
        bolt: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        *,
        stagger: float = STAGGER_SECONDS,
        ping: float = PING_SECONDS,
        hello: Callable[[int, int], None] = lambda _counted, _own: None,
    ) -> None:
        self._bolt = bolt
        self._client = client
        self._app_token = app_token
        self._stagger = stagger
        self._ping = ping
        self._hello = hello
        self._most = 0  # that were open at once lately
        self._connections: list[_Connection] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self._refused: asyncio.Future[str] | None = None
        self._closed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether a socket is open."""
        return self.open > 0

    @property
    def open(self) -> int:
        """How many sockets are open."""
        return sum(connection.up for connection in self._connections)

    def most_open(self) -> int:
        """Return how many sockets were open at once since this was asked before."""
        most, self._most = max(self._most, self.open), self.open
        return most

    async def run(self) -> None:
        """Receive until closed. Raises `ChatRefused` where Slack does not take the app token."""
        refused = self._refused = asyncio.get_running_loop().create_future()
        try:
            code = await first_of(refused, self._closed.wait(), *map(self._keep, range(CONNECTIONS)))
        finally:
            for task in self._retiring:
                task.cancel()
            await asyncio.gather(*self._retiring, return_exceptions=True)
            await asyncio.gather(*(c.close() for c in self._connections), return_exceptions=True)
            self._connections = []
            metrics.SOCKETS.set(0)
        if code is not None:
            raise ChatRefused(_refusal(code))

    async def close(self) -> None:
        """Stop receiving; what was not acknowledged comes again to whoever connects next."""
        self._closed.set()

    async def _keep(self, number: int) -> None:
        """Keep one connection up: a new one takes over when Slack asks for it, or when nothing else helped."""
        await asyncio.sleep(number * self._stagger)
        old: _Connection | None = None
        brief = 0
        while True:
            if brief > 1:  # Slack sends us away again and again: ask less and less often
                await asyncio.sleep(doubled(1.0, brief - 2, LONGEST_WAIT))
            start = time.monotonic()
            new = _Connection(
                self._bolt, self._client, self._app_token, self._ping, self._refuse, self._greeted
            )
            self._connections.append(new)
            if old is not None:
                task = asyncio.create_task(self._replaced(old, new))
                self._retiring.add(task)
                task.add_done_callback(self._retiring.discard)
            await new.watch(self._measure)
            brief = brief + 1 if time.monotonic() - start < BRIEF_SECONDS else 0
            old = new

    async def _replaced(self, old: _Connection, new: _Connection) -> None:
        """Let a connection read on until its successor is open and what was on the way has arrived."""
        with suppress(TimeoutError):
            await asyncio.wait_for(new.opened.wait(), HANDOVER_SECONDS)
        await asyncio.sleep(LINGER_SECONDS)
        self._connections.remove(old)
        await old.close()

    def _refuse(self, code: str) -> None:
        if self._refused is not None and not self._refused.done():
            self._refused.set_result(code)

    def _greeted(self, new: _Connection, counted: int) -> None:
        """Take how many sockets Slack counts for the app: it has just opened one of ours."""
        new.up = True
        self._most = max(self._most, self.open)
        self._hello(counted, self.open)

    def _measure(self) -> None:
        self._most = max(self._most, self.open)
        metrics.SOCKETS.set(self.open)
        metrics.SILENCE.set(min((c.silence for c in self._connections), default=0.0))


class _Connection:
    """One socket, its reconnecting client and the watch over both."""

    def __init__(
        self,
        bolt: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        ping: float,
        refuse: Callable[[str], None],
        greeted: Callable[[_Connection, int], None],
    ) -> None:
        self._bolt = bolt
        self._client = _Client(client, app_token, ping, refuse, partial(greeted, self))
        self._client.socket_mode_request_listeners.append(self._handle)
        self._connecting: asyncio.Task[None] | None = None
        self.up = False
        self.opened = asyncio.Event()

    @property
    def silence(self) -> float:
        """How many seconds ago the socket last showed life."""
        last = self._client.last_ping_pong_time
        return max(0.0, time.time() - last) if last else 0.0

    async def watch(self, measure: Callable[[], None]) -> None:
        """Connect and look after it; return when another one should take over."""
        self._connecting = asyncio.create_task(self._client.connect())  # type: ignore[no-untyped-call]  # slack_sdk
        down_since = taken_since = time.monotonic()
        graces = Backoff(first=GRACE_SECONDS, longest=LONGEST_GRACE)
        grace = graces.next()
        while not self._client.retiring.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._client.retiring.wait(), LOOK_SECONDS)
            self.up = await self._client.is_connected()
            measure()
            now = time.monotonic()
            if self.up:
                self.opened.set()
                down_since = taken_since = now
                graces.reset()
                grace = graces.next()
            elif now - down_since > RENEW_SECONDS:
                self._client.retiring.set()
            elif now - taken_since > grace:
                self._client.wss_uri = None
                taken_since, grace = now, graces.next()
                metrics.RENEWED.inc()

    async def close(self) -> None:
        """Close the socket and end what belongs to it."""
        self.up = False
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._connecting
        with suppress(Exception):
            await self._client.close()  # type: ignore[no-untyped-call]  # slack_sdk

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        start = time.time()
        answer = await run_async_bolt_app(self._bolt, request)
        try:
            await send_async_response(client, request, answer, start)
        except (ConnectionError, AttributeError) as error:
            # Slack sends it again; the inbox knows it by then.
            log.info("an acknowledgement did not go out: %s", type(error).__name__)


class _Client(SocketModeClient):
    """slack_sdk's client, which asks for addresses at a bearable pace and says when Slack refuses us."""

    def __init__(
        self,
        client: AsyncWebClient,
        app_token: str,
        ping: float,
        refuse: Callable[[str], None],
        hello: Callable[[int], None],
    ) -> None:
        super().__init__(app_token, logger=_quiet_logger(), web_client=client, ping_interval=ping)
        self.proxy = client.proxy
        self.retiring = asyncio.Event()
        self._refuse, self._hello = refuse, hello
        self._failures = 0

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """Hand over to a successor where Slack asks for a new connection; read everything else."""
        if message.get("type") == "disconnect":
            self.retiring.set()
            return
        if message.get("type") == "hello" and isinstance(number := message.get("num_connections"), int):
            self._hello(number)
        await super().run_message_listeners(message, raw_message)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Connect again where the socket is lost; a connection that retires stays as it is."""
        if not self.retiring.is_set():
            await super().connect_to_new_endpoint(force)

    async def issue_new_wss_url(self) -> str:
        """Ask for an address; wait longer each time that Slack has none."""
        if self._failures:
            await asyncio.sleep(doubled(1.0, self._failures - 1, LONGEST_WAIT))
        try:
            address = await super().issue_new_wss_url()
        except SlackApiError as error:
            self._failures += 1
            code = outcomes.code(error)
            if code in REFUSALS:
                self.closed = True
                self._refuse(code)
            raise
        except Exception:
            self._failures += 1
            raise
        self._failures = 0
        return address


def _refusal(code: str) -> str:
    if code in {"invalid_auth", "not_authed", "not_allowed_token_type"}:
        return "Slack does not accept the app token. Check SLACK_APP_TOKEN; it begins with “xapp-”."
    if code == "missing_scope":
        return "The app token lacks the scope connections:write. Make a new one and set SLACK_APP_TOKEN."
    return f"Slack closed the door to Socket Mode: {outcomes.sentence(code)}"


def _quiet_logger() -> logging.Logger:
    """Return slack_sdk's logger without stack traces and without the tickets in addresses."""
    logger = logging.getLogger("adapters.chat.slack.sdk")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_tidy)
    return logger


def _tidy(record: logging.LogRecord) -> bool:
    record.msg, record.args = _TICKET.sub("ticket=***", record.getMessage()), ()
    record.exc_info = None
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
