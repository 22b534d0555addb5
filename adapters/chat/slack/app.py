"""Slack as a running chat: who are we, receive over a socket or HTTP, answer, and stop without losing work."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from adapters.chat.conversation import Conversation
from adapters.chat.running import ChatRefused
from adapters.chat.slack import ids, outcomes
from adapters.chat.slack.addressees import Addressees
from adapters.chat.slack.addresses import API_URL, Addresses, new_client, open_session
from adapters.chat.slack.attached import AttachedFiles
from adapters.chat.slack.checkup import explained, lacking, reinstall
from adapters.chat.slack.events import Interaction, Self
from adapters.chat.slack.files import Files
from adapters.chat.slack.people import People
from adapters.chat.slack.receive import Receiver, bolt_app
from adapters.chat.slack.requests import Requests
from adapters.chat.slack.responses import Responses
from adapters.chat.slack.sender import Sender
from adapters.chat.slack.settings import Slack
from adapters.chat.slack.sockets import PING_SECONDS, STAGGER_SECONDS, Sockets
from adapters.chat.slack.status import ThreadStatus
from adapters.chat.slack.strangers import Strangers
from adapters.chat.slack.surface import SlackSurface
from adapters.chat.surface import PROGRESS_SECONDS, Deadlines
from bot.access import Denied
from bot.handler import Handler
from bot.ports import Clock, Halted, NotDelivered, Store
from bot.replies import problems
from bot.state import Actor, Invocation
from bot.waiting import Backoff, first_of

log = logging.getLogger(__name__)

CALL_SECONDS = 10.0  # for one call in whole; the time until it is looked for is this and a reserve
RECONCILE_AFTER = CALL_SECONDS + 20.0
DRAIN_SECONDS = 6.0
LONGEST_PAUSE = 60.0
ACCEPT_SECONDS = 2.5  # Slack waits three for an acknowledgement
NO_BOT = "The token in SLACK_BOT_TOKEN is a person's, not the bot's. Set the one that begins with “xoxb-”."


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that only tests change."""

    progress: float = PROGRESS_SECONDS
    stagger: float = STAGGER_SECONDS
    ping: float = PING_SECONDS
    reconcile_after: float = RECONCILE_AFTER
    drain: float = DRAIN_SECONDS


class SlackChat:
    """Fills `adapters.chat.running.RunningChat`."""

    def __init__(self, settings: Slack, handler: Handler, clock: Clock, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._settings = settings
        self._handler = handler
        self._clock = clock
        self._addresses = Addresses(settings.api_url or API_URL)
        self._session = open_session(self._addresses.api_url, CALL_SECONDS)
        self._client = new_client(self._session, self._addresses.api_url, settings.bot_token.reveal())
        self._files = Files(self._client, self._session, self._addresses)
        self.chat = Sender(
            self._client, clock, files=self._files, reconcile_after=self._timing.reconcile_after
        )
        self._status = ThreadStatus(self._client, clock, on=settings.thread_status)
        self._receiver: Receiver | None = None
        self._closing = asyncio.Event()
        self._closed = asyncio.Event()
        self._transport: Sockets | Requests | None = None
        self._strangers = Strangers(clock)

    @property
    def connected(self) -> bool:
        """Whether a socket is open, or the HTTP port."""
        return self._transport is not None and self._transport.connected

    def connections(self) -> int:
        """Return how many sockets were open lately; over HTTP nobody counts."""
        return self._transport.most_open() if isinstance(self._transport, Sockets) else 0

    def strangers(self, elsewhere: int) -> str | None:
        """Return who else has sockets of this app, as far as Slack tells."""
        return self._strangers.look(elsewhere)

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return a person as Slack tells of them now; before Slack has let us in, nothing is known."""
        if self._receiver is None:
            return Denied(problems.rights_not_known("Slack"), "permissions-unknown")
        return await self._receiver.surface.afresh(invocation, actor)

    async def run(self) -> None:
        """Receive until closed. Raises `ChatRefused` where Slack does not take the tokens."""
        self._closed.clear()
        try:
            me = await first_of(self._introduce(), self._closing.wait())
            if me is not None:
                await self._receive(me)
        finally:
            self._closed.set()

    async def close(self) -> None:
        """Stop receiving, finish what is being answered, say of the rest that it will be resumed."""
        self._closing.set()
        if self._transport is not None:
            await self._transport.close()
            await self._closed.wait()
        late = await self._receiver.conversation.drain(self._timing.drain) if self._receiver else 0
        if late:
            log.warning("%s answers to Slack were cut off; they are resumed at the next start", late)
        await self.chat.uploads.drain(1.0)

    async def release(self) -> None:
        """Give back the connections to Slack; nothing can be sent after it.

        What still runs by then is cut off first: `close` may have been given up, and pictures of late messages
        are begun after it.
        """
        if self._receiver is not None:
            await self._receiver.conversation.end()
        await self._status.tasks.end(0)
        await self.chat.uploads.end(1.0)
        await self._session.close()

    async def _receive(self, me: Self) -> None:
        self.chat.bot_id = me.bot
        if self._receiver is None:
            self._receiver = self._new_receiver(me)
        self._receiver.conversation.begin()
        self._transport = self._open(self._receiver, me)
        log.info("serving Slack workspace %s", me.team)
        if not self._closing.is_set():
            await first_of(self._transport.run(), self.chat.stopped.wait())
            if self.chat.halted:  # Slack refuses what is sent: nobody could be answered
                raise ChatRefused(self.chat.halted)

    def _open(self, receiver: Receiver, me: Self) -> Sockets | Requests:
        settings = self._settings
        secret = settings.signing_secret.reveal() if settings.signing_secret else ""
        token = settings.bot_token.reveal()
        bolt = bolt_app(
            receiver, me=me, api_url=self._addresses.api_url, signing_secret=secret, bot_token=token
        )
        if settings.app_token:
            return Sockets(
                bolt, new_client(self._session, self._addresses.api_url), settings.app_token.reveal(),
                stagger=self._timing.stagger, ping=self._timing.ping, hello=self._strangers.hello,
            )  # fmt: skip
        return Requests(bolt, self._clock, listen=settings.listen)

    def _new_receiver(self, me: Self) -> Receiver:
        surface = SlackSurface(
            chat=self.chat,
            client=self._client,
            clock=self._clock,
            people=People(
                self._client,
                self._clock,
                self.chat,
                me=me,
                groups=lambda: sorted(self._handler.principals(f"{ids.CHAT}:usergroup:")),
            ),
            responses=Responses(self._session, self._addresses, self._clock),
            files=self._files,
            status=self._status,
            attached=AttachedFiles(client=self._client, session=self._session, addresses=self._addresses),
            addressees=Addressees(self._client, self._clock),
            reads_files=self._handler.reads_files,
            deadlines=Deadlines(accept=ACCEPT_SECONDS, progress=self._timing.progress),
        )
        conversation: Conversation[Interaction] = Conversation(self._handler, surface, self._clock)
        return Receiver(
            conversation=conversation,
            surface=surface,
            client=self._client,
            clock=self._clock,
            me=me,
            unfurls=self._settings.unfurl,
        )

    async def _introduce(self) -> Self:
        """Ask Slack who we are, again and again while it cannot be reached."""
        backoff = Backoff(first=1.0, longest=LONGEST_PAUSE)
        while True:
            try:
                identity = await self._client.auth_test()
            except Exception as error:  # noqa: BLE001 - the table decides what any error means
                outcome = outcomes.classify(error, self._clock.now())
                if isinstance(outcome, Halted):
                    self.chat.halt(outcome.reason)
                    raise ChatRefused(outcome.reason) from None
                log.warning("Slack does not answer yet: %s", outcomes.named(error))
                pause = backoff.next()
                asked = outcome.retry_after if isinstance(outcome, NotDelivered) else None
                await self._clock.sleep(asked or pause)
                continue
            if scopes := lacking(identity.headers.get("x-oauth-scopes"), unfurl=self._settings.unfurl):
                log.warning("Slack: %s. %s", explained(scopes), reinstall(self._settings))
            if not identity.get("bot_id"):
                raise ChatRefused(NO_BOT)
            team = str(identity["team_id"])
            served = self._settings.workspaces or frozenset({team})
            if team not in served:
                log.warning(
                    "Slack: the token belongs to workspace %s, which [slack] workspaces leaves out", team
                )
            return Self(
                team=team, user=str(identity["user_id"]), bot=str(identity["bot_id"]), workspaces=served,
                enterprise=str(identity.get("enterprise_id") or ""), replies=self._settings.thread_replies,
            )  # fmt: skip


async def open_chat(settings: Slack, handler: Handler, store: Store, clock: Clock) -> SlackChat:
    """Open Slack; nothing waits for the network here."""
    del store  # the handler's services holds the same
    return SlackChat(settings, handler, clock)
