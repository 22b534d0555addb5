"""What comes in from Discord: read, and handed on before its three seconds are over.

Discord never sends a command again. What is not served or not known is answered here, with nothing accepted for it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace

from adapters.chat.conversation import Conversation
from adapters.chat.discord import events, ids, render
from adapters.chat.discord.calls import CHOICES, EPHEMERAL, MESSAGE
from adapters.chat.discord.events import (
    Autocomplete,
    Command,
    Incoming,
    Interaction,
    InteractionToken,
    Refused,
    Self,
)
from adapters.chat.discord.markup import Json
from adapters.chat.discord.places import Places
from adapters.chat.discord.surface import DiscordSurface
from adapters.chat.pressed import Pressed, parts
from adapters.chat.surface import Inbound, Kind
from adapters.chat.tasks import Tasks
from bot.cards import Card
from bot.errors import StoreError, UserError
from bot.ports import Clock, Conversations
from bot.replies import conversation as sentences
from bot.replies import problems
from bot.suggest import Limits

log = logging.getLogger(__name__)

STORED_SECONDS = 1.0  # for looking up what a button holds; the initial response comes after it
SUGGESTIONS = Limits(count=25, label=100, text=100, echo=True)


@dataclass(kw_only=True, eq=False)
class Receiver:
    """Takes in what Discord sends, at once and without raising."""

    conversation: Conversation[Interaction]
    surface: DiscordSurface
    store: Conversations
    clock: Clock
    places: Places
    me: Self | None = None
    closed: bool = False
    receiving: Tasks = field(default_factory=Tasks)

    def interaction(self, payload: Json) -> None:
        """Take an interaction as Discord sent it."""
        if self.me is not None and not self.closed:
            self.receiving.start(self._receive(events.read(payload, self.me, self.clock.now())))

    def message(self, payload: Json) -> None:
        """Take a message as Discord sent it; only those that mention us, or answer one of ours in so many words, are looked at."""
        if self.me is None or self.closed:
            return
        if events.mentions(payload, self.me) or events.replies(payload, self.me):
            self.receiving.start(self._mention(payload, self.me))

    def access_restored(self, payload: Json) -> None:
        """Take a server or channel that we see, maybe again; a whole server has no `guild_id`."""
        own, guild = str(payload.get("id") or ""), str(payload.get("guild_id") or "")
        under = ids.channel(guild, own) if guild else f"{ids.CHAT}:channel:{own}"
        if ids.is_snowflake(own) and not self.closed and not payload.get("unavailable"):
            self.conversation.start(self.conversation.handler.access_restored(under))

    async def _mention(self, payload: Json, me: Self) -> None:
        where = await self.places.where(str(payload.get("channel_id")))
        parent = where.parent if where is not None else None
        await self._receive(events.read_message(payload, me, self.clock.now(), parent=parent))

    async def _receive(self, incoming: Incoming) -> None:
        match incoming:
            case Inbound(kind=Kind.REPLY) as reply if not await self._is_ours(reply):
                pass
            case Inbound() as command:
                await self._command(command)
            case Autocomplete(token=token, typing=typing):
                found = await self.conversation.suggest(typing, SUGGESTIONS)
                choices = [{"name": s.label, "value": s.text} for s in found]
                await self.surface.initial_response(token, CHOICES, {"choices": choices})
            case Refused() as refused:
                await self._refuse(refused)

    async def _is_ours(self, reply: Command) -> bool:
        """Whether what is answered is about a run; to anything else nobody speaks in a way that we know."""
        invocation = reply.invocation
        try:
            return await self.conversation.handler.speaks_of_run(invocation.place, invocation.about)
        except StoreError:
            return True  # it is said where the person hears that nothing could be done

    async def _command(self, command: Command) -> None:
        """Look up the command of a long button, and receive it; without it a form is opened as it is."""
        interaction = command.interaction
        if interaction is None or interaction.token is None or interaction.stored is None:
            await self.conversation.receive(command)
            return
        try:
            kept = await self._stored(interaction.stored)
        except StoreError as error:
            log.warning("the command of a button could not be read")
            kept, refusal = None, problems.failure(error).card
        else:
            refusal = problems.mistake(UserError(sentences.UNKNOWN_BUTTON)).card
        if kept is not None:
            text, values = parts(kept)
            command = replace(command, invocation=replace(command.invocation, text=text, values=values))
        if kept is None and not command.opens_form:
            await self._say(interaction.token, refusal)
        else:
            await self.conversation.receive(command)

    async def _stored(self, key: str) -> Pressed | None:
        """Return what a button holds, None where nobody knows it any more. Raises `StoreError`, in Discord's time."""
        try:
            async with asyncio.timeout(STORED_SECONDS):
                return await self.store.button(key)
        except TimeoutError:
            raise StoreError(sentences.button_slow()) from None

    async def _refuse(self, refused: Refused) -> None:
        """Say why nothing is done; who is not served stands in the audit trail, but not for every letter typed."""
        if refused.token is not None and refused.autocomplete:
            await self.surface.initial_response(refused.token, CHOICES, {"choices": []})
            return
        if refused.token is not None:
            await self._say(refused.token, problems.mistake(UserError(refused.sentence)).card)
        if refused.actor is not None and refused.place is not None:
            await self.conversation.handler.refused(refused.actor, refused.place, "server")

    async def _say(self, token: InteractionToken, card: Card) -> None:
        """Tell the person alone, as the initial response."""
        body, _ = await self.surface.chat.prepared(render.message(card))
        await self.surface.initial_response(token, MESSAGE, body | {"flags": EPHEMERAL})
