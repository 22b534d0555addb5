"""Clew's Discord adapter, whole and running, against a loopback Discord: discord.py over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import count

from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.chat.discord import gateway
from adapters.chat.discord.app import DiscordChat, Timing, open_chat
from adapters.chat.discord.settings import Discord
from adapters.clock import SystemClock
from bot.access import Policy, Role
from bot.command import Services
from bot.model import Secret
from bot.ports import Store
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.service import FakeRunService
from tests.fakes.slack_bot import CountingHandler
from tests.fakes.store import MemoryStore

QUICK = gateway.Timing(heartbeat=1.0, ready=0.1, down=5.0, poll=0.1, first_pause=0.05, again=0.05)
TIMING = Timing(progress=0.3, reconcile_after=0.5, drain=3.0, gateway=replace(QUICK, heartbeat=60.0))


class QuickClock(SystemClock):
    """Real time, but long waits are cut short, so that retries come at once."""

    async def sleep(self, seconds: float) -> None:
        """Wait a hundredth of it."""
        await asyncio.sleep(min(seconds, seconds / 100))


@dataclass(kw_only=True)
class Bot:
    """A running bot and all that is around it."""

    discord: FakeDiscord
    chat: DiscordChat
    handler: CountingHandler
    store: Store
    service: FakeRunService
    clock: QuickClock
    running: asyncio.Task[None]

    async def up(self) -> None:
        """Wait until events arrive."""
        async with asyncio.timeout(30):
            while not self.chat.connected:  # noqa: ASYNC110 - the library says it to the bot alone
                await asyncio.sleep(0.01)

    async def answered(self, count: int) -> None:
        """Wait until so many commands were answered to the end."""
        async with asyncio.timeout(30), self.handler.changed:
            await self.handler.changed.wait_for(lambda: self.handler.count >= count)


@asynccontextmanager
async def running_bot(
    discord: FakeDiscord,
    *,
    store: Store | None = None,
    service: FakeRunService | None = None,
    timing: Timing = TIMING,
    token: str = TOKEN,
    proxy: str | None = None,
    policy: Policy | None = None,
    guilds: frozenset[str] = frozenset(),
    connect: bool = True,
    turn: bool = True,
) -> AsyncIterator[Bot]:
    """Run the adapter with everything real but the platform and the database. `turn`: it has the right to receive."""
    clock = QuickClock()
    store = store or MemoryStore()
    service = service or FakeRunService()
    keys = count(0xA11CE)
    services = Services(
        platforms={service.connection: service.platform},
        store=store,
        clock=clock,
        policy=policy
        or Policy(
            roles={
                Role.LAUNCH: frozenset({f"discord:user:{discord.alice}"}),
                Role.READ: frozenset({f"discord:guild:{discord.guild}"}),
            }
        ),
        launchers={service.connection: ("basic_test", "Payments Nightly")},
        new_key=lambda: f"{next(keys):032x}",
    )
    handler = CountingHandler(services)
    base, default = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    settings = Discord.model_construct(  # the settings refuse a plain address that is not this machine
        token=Secret(token),
        api_url=discord.api_url,
        gateway_url=discord.gateway_url,
        proxy=proxy,
        guilds=guilds,
    )
    chat = await open_chat(settings, handler, store, clock)
    await chat.release()
    chat = DiscordChat(settings, handler, store, clock, timing)
    running = asyncio.create_task(chat.run())
    bot = Bot(
        discord=discord,
        chat=chat,
        handler=handler,
        store=store,
        service=service,
        clock=clock,
        running=running,
    )
    try:
        async with chat.receiving() if turn else nullcontext():
            if connect and turn:
                await bot.up()
            yield bot
    finally:
        await chat.close()
        await asyncio.gather(running, return_exceptions=True)
        await chat.release()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, default
