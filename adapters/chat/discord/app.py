"""Discord as a running chat: log in, keep the commands known, receive, answer, and stop without losing work."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import discord

from adapters.chat.conversation import Conversation
from adapters.chat.discord import commands, gateway
from adapters.chat.discord.addressees import Addressees
from adapters.chat.discord.budget import Budget
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.events import Self
from adapters.chat.discord.gateway import Client, Supervisor
from adapters.chat.discord.opening import HOST, AttachedFiles
from adapters.chat.discord.people import People
from adapters.chat.discord.places import Places
from adapters.chat.discord.receive import Receiver
from adapters.chat.discord.sender import CALL_SECONDS, Sender
from adapters.chat.discord.settings import Discord
from adapters.chat.discord.strangers import Strangers
from adapters.chat.discord.surface import DiscordSurface
from adapters.chat.surface import PROGRESS_SECONDS
from bot.access import Denied
from bot.errors import StoreError
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import Actor, Invocation

log = logging.getLogger(__name__)

RECONCILE_AFTER = CALL_SECONDS + 10.0
DRAIN_SECONDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that only tests change."""

    progress: float = PROGRESS_SECONDS
    reconcile_after: float = RECONCILE_AFTER
    drain: float = DRAIN_SECONDS
    gateway: gateway.Timing = field(default_factory=gateway.Timing)


class DiscordChat:
    """Fills `adapters.chat.running.RunningChat`."""

    def __init__(
        self, settings: Discord, handler: Handler, store: Store, clock: Clock, timing: Timing | None = None
    ) -> None:
        self._timing = timing or Timing()
        self._settings = settings
        self._handler = handler
        self._store = store
        self._clock = clock
        self._calls = Calls(proxy=settings.proxy)
        self._places = Places(self._calls, clock)
        self.chat = Sender(
            self._calls,
            clock,
            conversations=store,
            places=self._places,
            reconcile_after=self._timing.reconcile_after,
        )
        people = People(self._calls, clock, guilds=settings.guilds)
        self._surface = DiscordSurface(
            self._calls,
            clock,
            sender=self.chat,
            people=people,
            attached=AttachedFiles(self._calls, host=settings.api_url or HOST),
            addressees=Addressees(self._calls, clock),
            progress=self._timing.progress,
        )
        self._conversation = Conversation(handler, self._surface, clock)
        self._strangers = Strangers(self._calls, clock, lambda: self._budget.begun(self._calls.application))
        self._surface.answered_elsewhere = lambda: self._conversation.start(self._strangers.count())
        self._receiver = Receiver(
            conversation=self._conversation,
            surface=self._surface,
            store=store,
            clock=clock,
            places=self._places,
        )
        self._budget = Budget(store, clock)
        self.lease: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._supervisor = Supervisor(
            self.new_client, settings.token.reveal(), clock, timing=self._timing.gateway
        )

    @property
    def connected(self) -> bool:
        """Whether events arrive."""
        return self._supervisor.connected

    @property
    def stands_by(self) -> bool:
        """Whether Discord let us in, and another program receives."""
        return self.lease.done() and not self._supervisor.has_turn

    def connections(self) -> int:
        """Return how many sessions this program has."""
        return int(self.connected)

    def strangers(self, elsewhere: int) -> str | None:
        """Return who else begins sessions with this token, as far as Discord tells; it counts those of a day."""
        del elsewhere
        if self._strangers.is_old:
            self._conversation.start(self._strangers.count())
        return self._strangers.sentence

    def receiving(self) -> AbstractAsyncContextManager[None]:
        """Receive inside the block: every session of a token gets all events, so one program has one at a time."""
        return self._supervisor.receiving()

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return a member as Discord tells of them now."""
        return await self._surface.afresh(invocation, actor)

    async def run(self) -> None:
        """Be logged in until closed, and receive while it is our turn. Raises `ChatRefused` where Discord does not take the token."""
        await self._supervisor.run()

    async def close(self) -> None:
        """Stop receiving, finish what is being answered, say of the rest that it will be taken up again."""
        self._receiver.closed = True
        await self._supervisor.close()
        await self._receiver.receiving.drain(self._timing.drain / 2)
        late = await self._conversation.drain(self._timing.drain)
        if late:
            log.warning("%s answers to Discord were cut off; they are resumed at the next start", late)

    async def release(self) -> None:
        """Give back the connections to Discord; nothing can be sent after it."""
        await self._receiver.receiving.end(0)
        await self._conversation.end()  # `close` may have been given up before its work ended
        await self._surface.edits.end(0)
        await self._supervisor.release()
        await self._calls.close()

    def new_client(self) -> Client:
        """Build a client that listens for us."""
        return Client(
            self._receiver,
            self._begin,
            budget=self._budget,
            timing=self._timing.gateway,
            proxy=self._settings.proxy,
        )

    async def _begin(self, client: discord.Client) -> None:
        """Note who we are: Discord has let us in, and sends nothing before this returns."""
        me = Self(
            application=str(client.application_id),
            user=str(client.user.id) if client.user else "",
            guilds=self._settings.guilds,
            verbs=self._handler.verbs,
        )
        self._receiver.me = me
        self.chat.history.me = me.user
        self.chat.resume()
        self._places.client = client
        self._calls.use(client, me.application)
        self._conversation.begin()
        self._conversation.start(self._keep_commands(me.application))
        if not self.lease.done():
            self.lease.set_result(f"gateway discord {me.application}")
        log.info("serving Discord as application %s", me.application)

    async def _keep_commands(self, application: str) -> None:
        """Send Discord our commands where they changed since it got them last."""
        wanted = commands.payload(self._handler.verbs.values())
        name, now = f"discord:commands:{application}", commands.fingerprint(wanted)
        try:
            if await self._store.kept_text(name) == now:
                return
        except StoreError:
            log.warning("whether Discord knows the commands could not be read; they are sent again")
        await self._calls.put_commands(wanted)
        await self._store.keep_text(name, now)
        log.info("Discord knows the commands now")


async def open_chat(settings: Discord, handler: Handler, store: Store, clock: Clock) -> DiscordChat:
    """Open Discord; nothing waits for the network here."""
    gateway.redirect(api_url=settings.api_url, gateway_url=settings.gateway_url)
    return DiscordChat(settings, handler, store, clock)
