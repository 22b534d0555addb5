"""Clew's Slack adapter, whole and running, against a loopback Slack: the real bolt over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from types import MappingProxyType

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.conversation import Conversation
from adapters.chat.slack.addresses import Addresses
from adapters.chat.slack.app import SlackChat, Timing, open_chat
from adapters.chat.slack.events import Interaction
from adapters.chat.slack.files import Files
from adapters.chat.slack.requests import Requests
from adapters.chat.slack.sender import Sender
from adapters.chat.slack.settings import Slack
from adapters.clock import SystemClock
from bot.access import Policy, Role
from bot.cards import Reply
from bot.command import Services
from bot.handler import Handler
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Clock, Store
from bot.state import Invocation, MessageRef
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_world import APP_TOKEN, BOB, BOT, BOT_TOKEN, GUEST, SECRET, TEAM
from tests.fakes.store import MemoryStore

POLICY = Policy(
    roles={
        Role.READ: frozenset({f"slack:user:{TEAM}:{BOB}", f"slack:user:{TEAM}:{GUEST}"}),
        Role.LAUNCH: frozenset({f"slack:usergroup:{TEAM}:S01"}),  # Alice is in it
    }
)


class QuickClock(SystemClock):
    """Real time, but nobody waits for it: what is slept is noted, and has passed at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = timedelta()
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the time, and what was skipped."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return real time and all that was slept."""
        return super().monotonic() + self._passed

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        self.slept.append(seconds)
        self._passed += seconds
        await asyncio.sleep(0)


class CountingHandler(Handler):
    """The door, which says how many commands were answered to the end."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.count = 0
        self.changed = asyncio.Condition()

    async def answered(self, invocation: Invocation, reply: Reply, message: MessageRef | None) -> None:
        """Note it, and wake whoever waits."""
        await super().answered(invocation, reply, message)
        async with self.changed:
            self.count += 1
            self.changed.notify_all()


@dataclass(kw_only=True)
class Bot:
    """A running bot and all that is around it."""

    slack: FakeSlack
    chat: SlackChat
    handler: CountingHandler
    store: Store
    service: FakeRunService
    clock: QuickClock
    running: asyncio.Task[None]

    async def answered(self, count: int) -> None:
        """Wait until so many commands were answered, and their threads know what they speak of."""
        async with asyncio.timeout(20), self.handler.changed:
            await self.handler.changed.wait_for(lambda: self.handler.count >= count)

    @property
    def conversation(self) -> Conversation[Interaction]:
        """What answers, once Slack has said who the bot is."""
        assert self.chat._receiver is not None
        return self.chat._receiver.conversation

    @property
    def requests(self) -> Requests:
        """The HTTP door, in HTTP mode."""
        assert isinstance(self.chat._transport, Requests)
        return self.chat._transport


TIMING = Timing(progress=0.2, stagger=0.0, ping=1.0, reconcile_after=1.0, drain=3.0)


@asynccontextmanager
async def running_bot(
    slack: FakeSlack,
    *,
    http: bool = False,
    store: Store | None = None,
    service: FakeRunService | None = None,
    beside: Mapping[str, Platform] = MappingProxyType({}),
    policy: Policy = POLICY,
    workspaces: frozenset[str] = frozenset(),
    unfurl: bool = False,
    timing: Timing = TIMING,
    connect: bool = True,
    bot_token: str = BOT_TOKEN,
    app_token: str = APP_TOKEN,
    thread_status: bool = False,
    thread_replies: bool = False,
) -> AsyncIterator[Bot]:
    """Run the adapter with everything real but the platform and the database."""
    clock = QuickClock()
    slack.world.seconds = clock.monotonic
    store = store or MemoryStore()
    service = service or FakeRunService()
    service.now = clock.now()
    keys = count(0xA11CE)
    services = Services(
        platforms={service.connection: service.platform, **beside},
        store=store,
        clock=clock,
        policy=policy,
        launchers={service.connection: ("basic_test", "Payments Nightly")},
        new_key=lambda: f"{next(keys):032x}",
    )
    handler = CountingHandler(services)
    settings = Slack.model_construct(  # the settings refuse a plain address that is not this machine
        bot_token=Secret(bot_token),
        app_token=None if http else Secret(app_token),
        signing_secret=Secret(SECRET) if http else None,
        api_url=slack.api_url,
        workspaces=workspaces,
        unfurl=unfurl,
        listen=("127.0.0.1", 0),
        thread_status=thread_status,
        thread_replies=thread_replies,
    )
    chat = await open_chat(settings, handler, store, clock)
    chat._timing = timing
    chat.chat.reconcile_after = timing.reconcile_after
    others = len(slack.gate.live)
    running = asyncio.create_task(chat.run())
    bot = Bot(
        slack=slack, chat=chat, handler=handler, store=store, service=service, clock=clock, running=running
    )
    try:
        if connect:
            await _connected(bot, others, http=http)
        yield bot
    finally:
        await chat.close()
        await asyncio.gather(running, return_exceptions=True)
        await chat.release()


@asynccontextmanager
async def bare_client(slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    """Open the way to the Web API alone."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield AsyncWebClient(BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[])


@asynccontextmanager
async def bare_sender(slack: FakeSlack, clock: Clock) -> AsyncIterator[Sender]:
    """Open the sending half alone, as after the first answer of Slack."""
    async with bare_client(slack) as client:
        assert client.session is not None
        files = Files(client, client.session, Addresses(slack.api_url))
        sender = Sender(client, clock, files=files, reconcile_after=30.0)
        sender.bot_id = BOT
        yield sender
        await sender.uploads.drain(5)


async def _connected(bot: Bot, others: int, *, http: bool) -> None:
    """Wait until it receives; `others`: sockets of other bots on the same Slack."""
    if not http:
        await bot.slack.gate.connected(others + 2)
        return
    async with asyncio.timeout(10):
        while not bot.chat.connected:  # noqa: ASYNC110 - the port is opened by a task of the bot
            await asyncio.sleep(0)
    bot.slack.gate.http = f"http://127.0.0.1:{bot.requests.port}/slack/events"
