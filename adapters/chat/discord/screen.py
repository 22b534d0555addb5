"""Shows one answer where it belongs: in what the interaction was answered with, in a thread, or to one person.

What Discord was told first decides: a command's answer takes the place of "thinking…"; a button's answer
goes into the message's thread, and its "thinking…", which only that person sees, leads there. Editing what
an interaction was answered with is safe to repeat; everything else has a nonce and is looked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from adapters.chat.delivering import INTERRUPTED, again, deliver, post_key, there, to_one, working
from adapters.chat.discord import ids, outcomes, render
from adapters.chat.discord.calls import EPHEMERAL, Calls, Upload
from adapters.chat.discord.incoming import Said, Ticket, Way
from adapters.chat.discord.markup import Json
from adapters.chat.discord.people import People
from adapters.chat.discord.sender import Sender, overflow
from adapters.chat.tasks import Tasks
from bot import cleaning
from bot.cards import Attachment, Card, Reply
from bot.ports import Clock, Delivered, NotDelivered, Post, PostOutcome, Unconfirmed, Undeliverable
from bot.state import MessageRef

log = logging.getLogger(__name__)

ROOM = 10 << 20  # bytes of one file, where Discord does not say more
NAME = 120
EDITS = 4
CALL_SECONDS = 20.0
NOTE_SECONDS = 3.0  # between two notes of what goes on
UNINVITED = "Only you see this: Clew may not write here. `clew doctor` says which permission is missing."
ALONE = "The answer is for the person who asked."
CLOSED = "The answer is for you alone, and you take no direct messages from Clew. Say it as /clew instead."


class Told(Enum):
    """What Discord was told first."""

    NOTHING = auto()  # there is no interaction, or its time is over
    PUBLIC = auto()  # "thinking…" for all
    PRIVATE = auto()  # "thinking…" for the person alone
    UPDATE = auto()  # the private message that was pressed will change


def first_word(said: Said, *, private: bool) -> Told:
    """Decide what to tell Discord; `private`: the verb answers the person alone."""
    if said.ticket is None:
        return Told.NOTHING
    if said.hidden:
        return Told.UPDATE
    pressed = said.way is Way.BUTTON or (said.way is Way.FORM and said.message is not None)
    if (pressed or private) and not said.invocation.place.direct:
        return Told.PRIVATE
    return Told.PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that showing takes."""

    sender: Sender
    people: People
    calls: Calls
    clock: Clock
    edits: Tasks


class Screen:
    """The answer to one thing that was said. `private`: the verb answers the person alone.

    `note`: the message of this answer that was posted before a restart.
    """

    def __init__(
        self, stage: Stage, said: Said, told: Told, *, private: bool, note: MessageRef | None = None
    ) -> None:
        self._stage = stage
        self._said = said
        self._told = told
        self._quiet = private
        self._place = said.invocation.place
        self._key = post_key(said.invocation.key)
        self._text = ""
        self._patient = True
        self._done = False
        self._noted = float("-inf")
        self._note: asyncio.Future[MessageRef | None] | None = None
        if note is not None:
            self._note = asyncio.get_running_loop().create_future()
            self._note.set_result(note)

    async def report(self, text: str) -> None:
        """Keep what goes on; it is shown only when the answer takes long."""
        self._text = text
        if not self._patient and not self._done:
            self._show_note()

    def impatient(self) -> None:
        """Show from now on that work goes on."""
        self._patient = False
        if not self._done:
            self._show_note()

    async def show(self, reply: Reply) -> MessageRef | None:
        """Show the reply; return where it stands, None where one person sees it or it could not be shown."""
        self._done = True
        note = await self._note if self._note is not None else None
        try:
            return await self._place_reply(reply, note)
        finally:
            await asyncio.to_thread(_delete, reply.card.files)

    async def interrupted(self) -> None:
        """Say that the answer will come later."""
        if self._done:
            return
        self._done = True
        card = working(INTERRUPTED)
        note = await self._note if self._note is not None else None
        if note is not None:
            await self._stage.sender.show(note, card, key=self._key)
        elif self._ticket is not None:
            await self._edit_original(card)

    # Notes --------------------------------------------------------------------------------------

    def _show_note(self) -> None:
        if self._stage.clock.monotonic() - self._noted < NOTE_SECONDS:
            return
        self._noted = self._stage.clock.monotonic()
        card = working(self._text or "Working on it…")
        if self._told in {Told.PUBLIC, Told.PRIVATE}:
            self._stage.edits.start(self._note_original(card))
        elif self._told is Told.NOTHING and not self._quiet:
            if self._note is None:
                self._note = asyncio.ensure_future(self._post_note(card))
            elif self._note.done() and (shown := self._note.result()) is not None:
                self._stage.edits.start(self._edit_note(shown, card))

    async def _note_original(self, card: Card) -> None:
        if not self._done:
            await self._edit_original(card, last=lambda: self._done)

    async def _post_note(self, card: Card) -> MessageRef | None:
        outcome = await self._send(self._post(card))
        return self._reference(outcome.message_id) if isinstance(outcome, Delivered) else None

    async def _edit_note(self, note: MessageRef, card: Card) -> None:
        if not self._done:
            await self._stage.sender.show(note, card, key=self._key)

    # The reply ----------------------------------------------------------------------------------

    async def _place_reply(self, reply: Reply, note: MessageRef | None) -> MessageRef | None:
        card = reply.card
        uploads, card = self._uploads(card)
        if reply.replace and (replaced := await self._replace(card)) is not None:
            await self._clear(note)
            return replaced.message
        if reply.private and not self._place.direct:
            await self._privately(card, uploads)
            await self._take_back(note)
            return None
        return await self._publicly(card, uploads, note)

    async def _replace(self, card: Card) -> _Replaced | None:
        """Show the card in the message that was pressed; None where that cannot be."""
        said = self._said
        if said.hidden:
            return _Replaced(None) if there(await self._edit_original(card)) else None
        if said.message is None:
            return None
        thread = self._place.thread if self._place.thread != said.message else None
        pressed = MessageRef(channel=self._place.channel, message_id=said.message, thread=thread)
        outcome = await again(self._stage.clock, lambda: self._stage.sender.edit(pressed, card))
        return _Replaced(pressed) if there(outcome) else None

    async def _publicly(
        self, card: Card, uploads: Sequence[Upload], note: MessageRef | None
    ) -> MessageRef | None:
        if self._told is Told.PUBLIC:
            outcome = await self._edit_original(card, uploads=uploads)
            if isinstance(outcome, Delivered):
                return self._reference(outcome.message_id)
            if isinstance(outcome, Unconfirmed):
                return None
        if note is not None:
            shown = self._stage.sender.show(note, card, key=self._key, uploads=uploads)
            if there(await shown):
                return note
        post = self._post(card)
        outcome = await deliver(
            self._stage.sender, self._stage.clock, post, lambda: self._send(post, uploads=uploads)
        )
        if isinstance(outcome, Undeliverable):
            await self._privately(replace(card, footer=(UNINVITED,)), uploads)
            return None
        if not isinstance(outcome, Delivered):
            return None
        await self._lead_there()
        return self._reference(outcome.message_id)

    async def _privately(self, card: Card, uploads: Sequence[Upload] = ()) -> None:
        """Show a card to the one person: in the private answer, else in one more, else directly."""
        if self._told in {Told.PRIVATE, Told.UPDATE} and there(
            await self._edit_original(card, uploads=uploads)
        ):
            return
        if self._told is Told.PUBLIC and there(await self._one_more(card, uploads)):
            return
        await self._directly(card, uploads)

    async def _one_more(self, card: Card, uploads: Sequence[Upload]) -> PostOutcome:
        """Tell the person alone, and take back what all would see.

        While "thinking…" stands, one more message would only fill it in for all, so it is completed first.
        """
        ticket = self._ticket
        if ticket is None:
            return Undeliverable("The time to answer is over.", channel_lost=False)
        body, ours = await self._stage.sender.prepared(render.message(card, signed=True))
        files = [*uploads, *overflow(ours)]
        calls = self._stage.calls
        await _outcome(calls.edit_original(ticket, {"content": ALONE, "allowed_mentions": {"parse": []}}))
        outcome = await to_one(
            self._stage.clock, lambda: _outcome(calls.follow_up(ticket, body | {"flags": EPHEMERAL}, files))
        )
        await _outcome(calls.delete_original(ticket))
        return outcome

    async def _directly(self, card: Card, uploads: Sequence[Upload]) -> None:
        """Write to the person; where that is closed, say so in place, without what is private."""
        sender = self._stage.sender
        conversation = await sender.direct(ids.last(self._said.invocation.actor.id))
        if conversation is not None:
            post = Post(channel=conversation, payload=render.render(card, signed=True), key=self._key)
            outcome = await deliver(
                sender, self._stage.clock, post, lambda: sender.send(post, uploads=uploads)
            )
            if there(outcome):
                return
        told = Card(title=("For you alone",), text=(CLOSED,), body=((CLOSED,),))
        post = self._post(told)
        await deliver(sender, self._stage.clock, post, lambda: self._send(post))

    async def _lead_there(self) -> None:
        """Let the private "thinking…" say where the answer is, or go where that is plain to see."""
        ticket = self._ticket
        if ticket is None or self._told is not Told.PRIVATE:
            return
        if self._place.thread is None or self._place.thread != self._said.message:
            await self._clear(None)
            return
        body = {"content": f"The answer is in <#{self._place.thread}>.", "allowed_mentions": {"parse": []}}
        await _outcome(self._stage.calls.edit_original(ticket, body))

    async def _edit_original(
        self, card: Card, *, uploads: Sequence[Upload] = (), last: Callable[[], bool] | None = None
    ) -> PostOutcome:
        """Change what the interaction was answered with, again and again until it is; safe to repeat."""
        message = render.message(card, signed=self._told is not Told.PUBLIC or self._place.direct)
        body, ours = await self._stage.sender.prepared(message)
        files = [*uploads, *overflow(ours)]
        outcome: PostOutcome = Undeliverable("The time to answer is over.", channel_lost=False)
        for pause in (0.0, *(2.0**n for n in range(EDITS))):
            await self._stage.clock.sleep(pause)
            ticket = self._ticket
            if ticket is None or (last is not None and last()):
                return outcome if isinstance(outcome, Unconfirmed) else Undeliverable("", channel_lost=False)
            outcome = await _outcome(self._stage.calls.edit_original(ticket, body, files))
            if not isinstance(outcome, Unconfirmed | NotDelivered):
                break
        return outcome

    async def _clear(self, note: MessageRef | None) -> None:
        """Take back "thinking…" and the note: the answer stands elsewhere."""
        await self._take_back(note)
        if self._told in {Told.PUBLIC, Told.PRIVATE} and (ticket := self._ticket) is not None:
            await _outcome(self._stage.calls.delete_original(ticket))

    async def _take_back(self, note: MessageRef | None) -> None:
        if note is not None:
            await self._stage.sender.delete(note)

    # Pieces -------------------------------------------------------------------------------------

    @property
    def _ticket(self) -> Ticket | None:
        """The right to answer, while it is good."""
        ticket = self._said.ticket
        if self._told is Told.NOTHING or ticket is None or self._stage.clock.now() >= ticket.until:
            return None
        return ticket

    def _uploads(self, card: Card) -> tuple[list[Upload], Card]:
        """Return the files that Discord takes, and the card that says which it does not."""
        room = self._said.room or ROOM
        fit = [f for f in card.files if f.size <= room]
        large = [f.name for f in card.files if f.size > room]
        if large:
            said = f"Too large for Discord, which takes {room >> 20} MiB here: {', '.join(large)}."
            card = replace(card, body=(*card.body, (said,)))
        return [Upload(name=cleaning.one_line(f.name)[:NAME], path=f.path) for f in fit], card

    async def _send(self, post: Post, *, uploads: Sequence[Upload] = ()) -> PostOutcome:
        return await self._stage.sender.send(post, uploads=uploads, reply_to=self._said.reply_to)

    def _post(self, card: Card) -> Post:
        place = self._place
        payload = render.render(card, signed=place.direct)
        return Post(channel=place.channel, payload=payload, key=self._key, thread=place.thread)

    def _reference(self, message_id: str) -> MessageRef:
        return MessageRef(channel=self._place.channel, message_id=message_id, thread=self._place.thread)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """A card took the place of a message; None: of one that only one person sees."""

    message: MessageRef | None


async def _outcome(call: Awaitable[Json | None] | Awaitable[None]) -> PostOutcome:
    """Make a call that belongs to an interaction, and say what came of it."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            answer = await call
    except Exception as error:  # noqa: BLE001 - the table decides what any error means
        log.info("an interaction's answer failed: %s", outcomes.named(error))
        if outcomes.code(error) == outcomes.UNKNOWN_MESSAGE:
            return Undeliverable("The first response is gone.", channel_lost=False)
        return outcomes.classify(error)
    return Delivered(str((answer or {}).get("id", "")))


def _delete(files: tuple[Attachment, ...]) -> None:
    for file in files:
        Path(file.path).unlink(missing_ok=True)
