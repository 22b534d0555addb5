"""Shows one answer where it belongs: a note where it takes long, then the reply, to all or to one person.

A note is a message of ours that the reply takes the place of. A reply for one person never stays where
others read it: the note is taken back then. What may be there already is looked for before it is sent again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from adapters.chat.delivering import INTERRUPTED, again, deliver, look, post_key, there, to_one, working
from adapters.chat.slack import ids, render
from adapters.chat.slack.files import Files
from adapters.chat.slack.incoming import Said
from adapters.chat.slack.people import People
from adapters.chat.slack.responses import Responses
from adapters.chat.slack.sender import Sender
from adapters.chat.tasks import Tasks
from bot.cards import Card, Reply
from bot.ports import Clock, Delivered, Post, PostOutcome, Unconfirmed, Undeliverable
from bot.state import MessageRef, Place

STARTING = "Working on it…"
UNINVITED = "Only you see this: Clew is not in this channel. Invite it with /invite to share its answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that showing takes."""

    sender: Sender
    people: People
    responses: Responses
    files: Files
    clock: Clock
    edits: Tasks


class Screen:
    """The answer to one thing that was said. `private`: the verb answers the person alone.

    `note`: the message of this answer that was posted before a restart.
    """

    def __init__(self, stage: Stage, said: Said, *, private: bool, note: MessageRef | None = None) -> None:
        self._stage = stage
        self._said = said
        self._place = said.invocation.place
        self._user = ids.last(said.invocation.actor.id)
        self._private = private
        self._key = post_key(said.invocation.key)
        self._text = ""
        self._patient = True
        self._done = False
        self._note: asyncio.Future[MessageRef | None] | None = None
        if note is not None:
            self._note = asyncio.get_running_loop().create_future()
            self._note.set_result(note)

    def move(self, place: Place) -> None:
        """Answer at the same place under the name that Slack answers under."""
        self._place = place

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
        """Show the reply; return where it stands, None where only one person sees it or it could not be shown."""
        self._done = True
        note = await self._note if self._note is not None else None
        message = await self._place_reply(reply, note)
        await self._send_files(reply, message)
        return message

    async def interrupted(self) -> None:
        """Say that the answer will come later."""
        if self._done:
            return
        self._done = True
        card = working(INTERRUPTED)
        note = await self._note if self._note is not None else None
        if note is not None:
            await self._stage.sender.edit(note, card)
        else:
            await self._privately(card)

    # Notes --------------------------------------------------------------------------------------

    def _show_note(self) -> None:
        if self._note is None:
            self._note = asyncio.create_task(self._post_note(self._text))
        elif self._note.done() and (shown := self._note.result()) is not None:
            self._stage.edits.start(self._edit_note(shown))

    async def _post_note(self, text: str) -> MessageRef | None:
        card = working(text or STARTING)
        if self._private and not self._place.direct:
            await self._privately(card)
            return None
        outcome = await self._post_once(self._post(card, self._key))
        if not isinstance(outcome, Delivered):
            return None
        note = self._reference(outcome.message_id)
        if self._text != text:  # more was told while it was on its way
            self._stage.edits.start(self._edit_note(note))
        return note

    async def _post_once(self, post: Post) -> PostOutcome | None:
        """Post; where it may be there already, find it: a second message would leave the first one working."""
        since = self._stage.clock.now()
        outcome = await self._stage.sender.post(post)
        if isinstance(outcome, Unconfirmed):
            return await look(self._stage.sender, self._stage.clock, post, since)
        return outcome

    async def _edit_note(self, note: MessageRef) -> None:
        if not self._done:
            await self._stage.sender.edit(note, working(self._text or STARTING))

    # The reply ----------------------------------------------------------------------------------

    async def _place_reply(self, reply: Reply, note: MessageRef | None) -> MessageRef | None:
        if reply.replace and (replaced := await self._replace(reply.card)) is not None:
            await self._take_back(note)
            return replaced.message
        if reply.private and not self._place.direct:
            await self._privately(reply.card)
            await self._overflow_to_person(reply.card)
            await self._take_back(note)
            return None
        return await self._publicly(reply.card, note)

    async def _replace(self, card: Card) -> _Replaced | None:
        """Show the card in the message that was pressed; None where that cannot be."""
        said = self._said
        if said.hidden and said.response_url:
            url, message = said.response_url, render.message(card, signed=True)
            outcome = await to_one(
                self._stage.clock, lambda: self._stage.responses.send(url, message, replace=True)
            )
            return _Replaced(None) if there(outcome) else None
        if said.message is None:
            return None
        thread = self._place.thread if self._place.thread != said.message else None
        pressed = MessageRef(channel=self._place.channel, message_id=said.message, thread=thread)
        outcome = await again(self._stage.clock, lambda: self._stage.sender.edit(pressed, card), safe=True)
        return _Replaced(pressed) if there(outcome) else None

    async def _publicly(self, card: Card, note: MessageRef | None) -> MessageRef | None:
        if note is not None:
            outcome = await again(self._stage.clock, lambda: self._stage.sender.edit(note, card), safe=True)
            if there(outcome):
                await self._send_overflow(card, note)
                return note
        key = self._key if note is None else post_key(self._key)  # not to be mistaken for the note
        outcome = await deliver(self._stage.sender, self._stage.clock, self._post(card, key))
        if isinstance(outcome, Delivered):
            return self._reference(outcome.message_id)
        if isinstance(outcome, Undeliverable):
            await self._privately(replace(card, footer=(UNINVITED,)))
        return None

    async def _privately(self, card: Card) -> None:
        """Show a card to the one person: by the way Slack gave, else unseen by others, else directly.

        In a thread only where one goes on already: Slack shows nobody a private message in one that has no replies.
        """
        if self._said.response_url:
            outcome = await self._respond(self._said.response_url, card)
            if there(outcome):
                return
        place = self._place
        if not place.direct:
            outcome = await to_one(
                self._stage.clock,
                lambda: self._stage.sender.whisper(place.channel, self._said.within, self._user, card),
            )
            if there(outcome):
                return
        conversation = await self._stage.people.conversation(self._user)
        if conversation:
            channel = place.channel.removesuffix(ids.last(place.channel)) + conversation
            payload = render.render(card, signed=True)
            post = Post(channel=channel, payload=payload, key=self._key)
            await deliver(self._stage.sender, self._stage.clock, post)

    async def _respond(self, url: str, card: Card) -> PostOutcome:
        thread, message = self._said.within, render.message(card, signed=True)
        return await to_one(
            self._stage.clock, lambda: self._stage.responses.send(url, message, thread=thread)
        )

    async def _take_back(self, note: MessageRef | None) -> None:
        if note is not None:
            await self._stage.sender.delete(note)

    # Files --------------------------------------------------------------------------------------

    async def _send_files(self, reply: Reply, message: MessageRef | None) -> None:
        for attachment in reply.card.files:
            channel, thread = ids.last(self._place.channel), self._place.thread
            if message is not None:
                channel, thread = ids.last(message.channel), message.thread or message.message_id
            elif not self._place.direct:
                channel, thread = await self._stage.people.conversation(self._user), None
            await self._stage.files.send(channel, thread, attachment)

    async def _overflow_to_person(self, card: Card) -> None:
        """Send what had no room to the person alone: a file cannot be hidden from others in a channel."""
        overflow = render.message(card).get("overflow")
        if overflow and (conversation := await self._stage.people.conversation(self._user)):
            await self._stage.files.send_text(conversation, None, str(overflow))

    async def _send_overflow(self, card: Card, note: MessageRef) -> None:
        overflow = render.message(card).get("overflow")
        if overflow:
            thread = note.thread or note.message_id
            await self._stage.files.send_text(ids.last(note.channel), thread, str(overflow))

    def _post(self, card: Card, key: str) -> Post:
        place = self._place
        payload = render.render(card, signed=place.direct)
        return Post(channel=place.channel, payload=payload, key=key, thread=place.thread)

    def _reference(self, message_id: str) -> MessageRef:
        return MessageRef(channel=self._place.channel, message_id=message_id, thread=self._place.thread)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """A card took the place of a message; None: of one that only one person sees."""

    message: MessageRef | None
