"""What Discord answers to the engine: it never sends a command again, so an answer is promised within its three seconds.

How the initial response was deferred decides where an answer goes: a command's takes the place of "thinking…"; a
button's goes into the message's thread, and its "thinking…", which only that person sees, leads there. Editing the
initial response is safe to repeat; everything else has a nonce and is looked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from adapters.chat.delivery import is_shown, post_key, retry, to_person
from adapters.chat.discord import forms, ids, metrics, outcomes, render
from adapters.chat.discord.addressees import Addressees, named
from adapters.chat.discord.calls import (
    DEFERRED_MESSAGE,
    DEFERRED_UPDATE,
    EPHEMERAL,
    MESSAGE,
    MODAL,
    Calls,
    Upload,
)
from adapters.chat.discord.events import Command, Deferred, Interaction, InteractionToken
from adapters.chat.discord.history import marked
from adapters.chat.discord.markup import Json
from adapters.chat.discord.opening import AttachedFiles
from adapters.chat.discord.people import People
from adapters.chat.discord.sender import Sender, overflow
from adapters.chat.edits import Slots
from adapters.chat.surface import Deadlines, FormOrError, Kind, Surface
from adapters.chat.tasks import Tasks
from bot import cleaning
from bot.access import Denied
from bot.cards import Card
from bot.errors import UserError
from bot.ports import Clock, Delivered, OpenedFile, Post, PostOutcome, Undeliverable
from bot.replies import conversation
from bot.state import Actor, Addressee, Invocation, MessageRef

log = logging.getLogger(__name__)

DEFER_SECONDS = 1.5  # of Discord's three: an answer that was promised is owed, also after a kill
INITIAL_SECONDS = 2.9  # that Discord waits for the initial response, less a little
FORM_SECONDS = 2.0  # for preparing a form, which has to be the initial response
CALL_SECONDS = 20.0
FILE_BYTES = 10 << 20  # of one file, where Discord does not say more
NAME = 120
NO_TIME_LEFT = Undeliverable("The time to answer is over.", channel_lost=False)

_RESPONSES: dict[Deferred, tuple[int, Json | None]] = {
    Deferred.PUBLIC: (DEFERRED_MESSAGE, None),
    Deferred.EPHEMERAL: (DEFERRED_MESSAGE, {"flags": EPHEMERAL}),
    Deferred.UPDATE: (DEFERRED_UPDATE, None),
}


class DiscordSurface(Surface[Interaction]):
    """One application. A form can be the initial response alone, so none is shown later. `progress`: see `Deadlines`."""

    redelivers = False
    uninvited = conversation.NOT_PERMITTED

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        *,
        sender: Sender,
        people: People,
        attached: AttachedFiles,
        addressees: Addressees,
        progress: float,
    ) -> None:
        self.chat = sender
        self.deadlines = Deadlines(defer=DEFER_SECONDS, progress=progress)
        self.edits = Tasks()
        self._calls = calls
        self._clock = clock
        self._people = people
        self._attached = attached
        self._addressees = addressees
        self._slots: Slots[Card] = Slots(clock)
        self.answered_elsewhere: Callable[[], None] = lambda: None

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Say whether others read the channel; who it is came with the payload."""
        shared = await self.chat.is_shared(invocation.place.channel)
        return replace(invocation, place=replace(invocation.place, shared=shared))

    def open_file(self, inbound: Command, ref: str) -> AbstractAsyncContextManager[OpenedFile]:
        """Open it where its message is."""
        return self._attached.open(ref, inbound.invocation, _of(inbound).files)

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Ask Discord who it is now, unless that came just now."""
        return await self._people.afresh(invocation, actor)

    async def find_addressee(self, invocation: Invocation, typed: str) -> Addressee:
        """Read Discord's markup or an id, and ask Discord about it."""
        channel = invocation.place.channel
        return await self._addressees.find(named(typed, channel), channel)

    async def initial_response(
        self, token: InteractionToken, kind: int, data: Json | None
    ) -> Exception | None:
        """Give the one initial response; return what went wrong, which the person sees as silence at worst."""
        try:
            async with asyncio.timeout(INITIAL_SECONDS):
                await self._calls.initial_response(token, kind, data)
        except Exception as error:  # noqa: BLE001 - there is nobody else to tell
            if outcomes.code(error) != outcomes.ALREADY_ANSWERED:
                log.warning("an interaction was not answered: %s", outcomes.named(error))
            return error
        return None

    # While it is worked on -------------------------------------------------------------------------------

    async def defer(self, inbound: Command, *, ephemeral: bool) -> Command:
        """Defer the initial response; where that came too late, nothing can be answered by it."""
        interaction = _of(inbound)
        if interaction.token is None:
            return inbound
        deferred = _deferred(inbound, ephemeral=ephemeral)
        error = await self.initial_response(interaction.token, *_RESPONSES[deferred])
        if error and outcomes.code(error) == outcomes.UNKNOWN_INTERACTION:
            metrics.LATE.inc()
            return inbound
        if error and outcomes.code(error) == outcomes.ALREADY_ANSWERED:
            self.answered_elsewhere()
        return replace(inbound, interaction=replace(interaction, deferred=deferred))

    def progress(
        self, inbound: Command, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Show it in place of "thinking…"; a message that was pressed stays until it changes."""
        del instead
        deferred = _of(inbound).deferred
        if deferred in {Deferred.PUBLIC, Deferred.EPHEMERAL}:
            card = conversation.working(text or conversation.STARTING)
            self.edits.start(self._show_progress(inbound, card, wanted))
        return deferred is not Deferred.NO

    async def _show_progress(self, inbound: Command, card: Card, wanted: Callable[[], bool]) -> None:
        async def edit(newest: Card) -> PostOutcome:
            return await self._edit_original(inbound, newest) if wanted() else NO_TIME_LEFT

        place = inbound.invocation.place
        slot = self._slots.of(MessageRef(channel=place.channel, message_id=inbound.invocation.key))
        await slot.show(card, edit)

    async def interrupted(self, inbound: Command, card: Card) -> bool:
        """Say it in the initial response."""
        return is_shown(await self._edit_original(inbound, card))

    async def dismiss(self, inbound: Command) -> None:
        """Take "thinking…" back; what was an update has changed the message itself."""
        token = self._token(inbound)
        if token is not None and _of(inbound).deferred is not Deferred.UPDATE:
            await _outcome(self._calls.delete_original(token))

    # The answer ------------------------------------------------------------------------------------------

    async def post(self, inbound: Command, card: Card, key: str) -> PostOutcome:
        """Show a card in the initial response where all see that, else as a message; lead to it then."""
        interaction, place = _of(inbound), inbound.invocation.place
        if inbound.opens_form:
            return await self._respond(inbound, card)
        if interaction.deferred is Deferred.PUBLIC:
            outcome = await self._edit_until_there(inbound, card)
            if is_shown(outcome):
                return outcome if isinstance(outcome, Delivered) else Delivered("")
        uploads, card = _uploads(card, interaction)
        payload = render.render(card, signed=place.direct)
        post = Post(channel=place.channel, payload=payload, key=key, thread=place.thread)
        outcome = await self.chat.post(post, uploads=uploads, reply_to=interaction.reply_to)
        if isinstance(outcome, Delivered) and interaction.deferred is Deferred.EPHEMERAL:
            await self._lead_there(inbound)
        return outcome

    async def edit(self, inbound: Command, message: MessageRef, card: Card, key: str) -> PostOutcome:
        """Edit a message; one that was pressed is not an answer to this command, and keeps the key of its own."""
        uploads, card = _uploads(card, _of(inbound))
        own = key if message.message_id != inbound.pressed else None
        return await self.chat.edit(message, card, key=own, uploads=uploads)

    async def delete(self, message: MessageRef) -> None:
        """Take a message back."""
        await self.chat.delete(message)

    async def ephemeral(self, inbound: Command, card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show a card to the person in the initial response, else in a follow-up."""
        if inbound.opens_form:
            return await self._respond(inbound, card)
        if _of(inbound).deferred is Deferred.PUBLIC and not replaces:
            return await self._follow_up(inbound, card)
        return await self._edit_until_there(inbound, card)

    async def direct_channel(self, inbound: Command) -> str | None:
        """Open the conversation with the person."""
        return await self.chat.direct(ids.last(inbound.invocation.actor.id))

    async def finish(self, inbound: Command, card: Card, message: MessageRef | None) -> None:  # noqa: ARG002 - the protocol's
        """Remove the files, which went along with the message."""
        for file in card.files:
            if file.path:
                await asyncio.to_thread(Path(file.path).unlink, missing_ok=True)

    async def _respond(self, inbound: Command, card: Card) -> PostOutcome:
        """Give the initial response to what asked for a form."""
        token = _of(inbound).token
        if token is None:
            return NO_TIME_LEFT
        body, _ = await self.chat.prepared(render.message(card))
        error = await self.initial_response(token, MESSAGE, body | {"flags": EPHEMERAL})
        return Delivered("") if error is None else outcomes.classify(error)

    async def _follow_up(self, inbound: Command, card: Card) -> PostOutcome:
        """Tell the person alone, and take back what all would see.

        While "thinking…" stands, one more message would only fill it in for all, so it is completed first.
        """
        token = self._token(inbound)
        if token is None:
            return NO_TIME_LEFT
        body, files = await self._prepared(inbound, card, signed=True)
        alone = {"content": conversation.ONLY_REQUESTER, "allowed_mentions": {"parse": []}}
        await _outcome(self._calls.edit_original(token, alone))
        outcome = await to_person(
            self._clock, lambda: _outcome(self._calls.follow_up(token, body | {"flags": EPHEMERAL}, files))
        )
        await _outcome(self._calls.delete_original(token))
        return outcome

    async def _lead_there(self, inbound: Command) -> None:
        """Let the ephemeral "thinking…" say where the answer is, or go where that is plain to see."""
        token, thread = self._token(inbound), inbound.invocation.place.thread
        if thread is None or thread != inbound.pressed:
            await self.dismiss(inbound)
        elif token is not None:
            body = {"content": conversation.answer_is_in(f"<#{thread}>"), "allowed_mentions": {"parse": []}}
            await _outcome(self._calls.edit_original(token, body))

    async def _edit_until_there(self, inbound: Command, card: Card) -> PostOutcome:
        return await retry(self._clock, lambda: self._edit_original(inbound, card), safe=True)

    async def _edit_original(self, inbound: Command, card: Card) -> PostOutcome:
        """Try once to change the initial response."""
        token, place = self._token(inbound), inbound.invocation.place
        if token is None:
            return NO_TIME_LEFT
        public = _of(inbound).deferred is Deferred.PUBLIC
        body, files = await self._prepared(inbound, card, signed=place.direct or not public)
        if public:  # as any message of ours: whoever resumes the command finds it
            body = marked(body, post_key(inbound.invocation.key))
        return await _outcome(self._calls.edit_original(token, body, files))

    async def _prepared(self, inbound: Command, card: Card, *, signed: bool) -> tuple[Json, list[Upload]]:
        uploads, card = _uploads(card, _of(inbound))
        body, ours = await self.chat.prepared(render.message(card, signed=signed))
        return body, [*uploads, *overflow(ours)]

    def _token(self, inbound: Command) -> InteractionToken | None:
        """Return the right to change the initial response, while it is good."""
        interaction = _of(inbound)
        token = interaction.token
        if interaction.deferred is Deferred.NO or token is None or self._clock.now() >= token.until:
            return None
        return token

    # Forms -----------------------------------------------------------------------------------------------

    async def open_form(self, inbound: Command, form: FormOrError) -> UserError | None:
        """Prepare the form while Discord waits: it has to be the initial response."""
        token = _of(inbound).token
        try:
            async with asyncio.timeout(FORM_SECONDS):
                prepared = await form()
        except TimeoutError:
            return conversation.form_not_ready("Discord")
        if isinstance(prepared, UserError) or token is None:
            return prepared if isinstance(prepared, UserError) else None
        await self.initial_response(token, MODAL, forms.modal(prepared))
        return None


def _of(inbound: Command) -> Interaction:
    """Return what Discord gave along, nothing for what is resumed or shown elsewhere."""
    return inbound.interaction or Interaction()


def _deferred(inbound: Command, *, ephemeral: bool) -> Deferred:
    """Decide how to defer; `ephemeral`: the verb answers the person alone."""
    if inbound.ephemeral:
        return Deferred.UPDATE
    pressed = inbound.kind is Kind.BUTTON or inbound.pressed is not None
    alone = (pressed or ephemeral) and not inbound.invocation.place.direct
    return Deferred.EPHEMERAL if alone else Deferred.PUBLIC


def _uploads(card: Card, interaction: Interaction) -> tuple[Sequence[Upload], Card]:
    """Return the files that Discord takes, and the card that says which it does not."""
    limit = interaction.attachment_limit or FILE_BYTES
    large = [file.name for file in card.files if file.size > limit]
    if large:
        card = replace(card, body=(*card.body, (conversation.too_large("Discord", limit >> 20, large),)))
    fit = (file for file in card.files if file.size <= limit)
    return [Upload(name=cleaning.one_line(f.name)[:NAME], path=f.path, content=f.content) for f in fit], card


async def _outcome(call: Awaitable[Json | None] | Awaitable[None]) -> PostOutcome:
    """Make a call that belongs to an interaction, and say what came of it."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            answer = await call
    except Exception as error:  # noqa: BLE001 - the table decides what any error means
        log.info("an interaction's answer failed: %s", outcomes.named(error))
        if outcomes.code(error) == outcomes.UNKNOWN_MESSAGE:
            return Undeliverable("The initial response is gone.", channel_lost=False)
        return outcomes.classify(error)
    return Delivered(str((answer or {}).get("id", "")))
