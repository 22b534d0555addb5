"""Shows the answer to one command where it belongs: progress where it takes long, then the reply, to all or to one person.

A progress message is a message of ours that the reply takes the place of. A reply for one person never stays where
others read it: the progress message is taken back then. What may be there already is looked for before it is sent
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic

from adapters.chat.delivery import LOOKS_BACK, Send, deliver, is_shown, post_key, reconcile, retry
from adapters.chat.surface import Inbound, Surface, T
from adapters.chat.tasks import Tasks
from bot.cards import Card, Reply
from bot.ports import Clock, Delivered, Found, PostOutcome, Unconfirmed, Undeliverable
from bot.replies import conversation as sentences
from bot.state import MessageRef, Place

AskOurs = Callable[[], Awaitable[bool]]
"""Says whether a command is still this process's to answer."""


async def always_ours() -> bool:
    """Say that it is."""
    return True


class TakenAway(Exception):
    """Another process answers the command; nothing more was shown."""


class Responder(Generic[T]):
    """The answer to one command. `ephemeral`: its verb answers the person alone.

    `is_ours` is asked before each try to show something: between two of them this process may have been found dead.
    """

    def __init__(
        self,
        surface: Surface[T],
        clock: Clock,
        edits: Tasks,
        inbound: Inbound[T],
        *,
        ephemeral: bool,
        is_ours: AskOurs = always_ours,
    ) -> None:
        self.inbound = inbound  # replaced by one that says more, once it is known who and where it is
        self._surface = surface
        self._clock = clock
        self._edits = edits
        self._ephemeral = ephemeral
        self._is_ours = is_ours
        self._key = post_key(inbound.invocation.key)
        self._text = ""
        self._impatient = False
        self._done = False
        self._progress: asyncio.Future[MessageRef | None] | None = None

    # While it is worked on -----------------------------------------------------------------------------

    async def report(self, text: str) -> None:
        """Keep what goes on; it is shown only when the answer takes long."""
        self._text = text
        self._show_progress()

    async def impatient(self) -> None:
        """Show from now on that work goes on."""
        self._impatient = await self._is_ours()
        self._show_progress()

    async def find_earlier(self) -> None:
        """Find what a process before this one posted as the answer, or as its progress; the reply takes its place.

        What it sent when it died may not be there yet. So what is not found is looked for once more when it has settled,
        again and again while the history cannot be read: else a chat that is busy would have the answer twice.
        """
        place, chat, since = self._place, self._surface.chat, self.inbound.invocation.at
        seen = await chat.find_posted(place.channel, place.thread, self._key, since)
        if isinstance(seen, Found):
            self._take_over(seen.message_id)
        elif not self._ephemeral or place.direct:  # else all of it was for one person, and cannot be found
            outcome = await reconcile(chat, self._clock, place, self._key, since, looks=LOOKS_BACK)
            if isinstance(outcome, Delivered):
                self._take_over(outcome.message_id)

    def _take_over(self, message_id: str) -> None:
        """Let the reply take the place of a message."""
        self._progress = asyncio.get_running_loop().create_future()
        self._progress.set_result(self._reference(message_id))

    async def interrupted(self) -> None:
        """Say that the answer will come later; in one that is being shown already nothing is changed."""
        if self._done or not await self._is_ours():
            return
        self._done = True
        card = sentences.working(sentences.INTERRUPTED)
        message = await self._posted()
        if message is not None:
            await self._surface.edit(self.inbound, message, card, self._key)
        elif await self._surface.interrupted(self.inbound, card):
            pass
        elif self._place.direct:
            await self._surface.post(self.inbound, card, self._key)
        else:
            await self._surface.ephemeral(self.inbound, card)

    async def dismiss(self) -> None:
        """Take back what says that an answer comes: it came in another way, as a form."""
        self._done = True
        await self._take_back(await self._posted())
        await self._surface.dismiss(self.inbound)

    def _show_progress(self) -> None:
        if not self._impatient or self._done:
            return
        if self._surface.progress(self.inbound, self._text, lambda: not self._done, self._show_progress):
            return
        if self._progress is None:
            self._progress = asyncio.ensure_future(self._post_progress(self._text))
        elif self._progress.done() and (message := self._progress.result()) is not None:
            self._edits.start(self._edit_progress(message))

    async def _post_progress(self, text: str) -> MessageRef | None:
        card = sentences.working(text or sentences.STARTING)
        if self._ephemeral and not self._place.direct:
            await self._surface.ephemeral(self.inbound, card)
            return None
        outcome = await self._post_once(card)
        if not isinstance(outcome, Delivered) or not outcome.message_id:
            return None
        message = self._reference(outcome.message_id)
        if self._text != text:  # more was reported while it was on its way
            self._edits.start(self._edit_progress(message))
        return message

    async def _post_once(self, card: Card) -> PostOutcome | None:
        """Post; where it may be there already, find it: a second message would leave the first one working."""
        since = self._clock.now()
        outcome = await self._surface.post(self.inbound, card, self._key)
        if isinstance(outcome, Unconfirmed):
            return await reconcile(self._surface.chat, self._clock, self._place, self._key, since)
        return outcome

    async def _edit_progress(self, message: MessageRef) -> None:
        if await self._is_ours() and not self._done:
            await self._surface.edit(
                self.inbound, message, sentences.working(self._text or sentences.STARTING), self._key
            )

    async def _posted(self) -> MessageRef | None:
        """Return the progress message, once it is out."""
        return await self._progress if self._progress is not None else None

    # The reply -----------------------------------------------------------------------------------------

    async def show(self, reply: Reply) -> MessageRef | None:
        """Show the reply; return where it stands, None where one person alone sees it or it could not be shown.

        Raises `TakenAway`.
        """
        self._done = True
        await self._stay_ours()
        try:
            message = await self._place_reply(reply, await self._posted())
        except TakenAway:
            raise
        except BaseException:
            await self._surface.finish(self.inbound, reply.card, None)
            raise
        await self._surface.finish(self.inbound, reply.card, message)
        return message

    async def _place_reply(self, reply: Reply, progress: MessageRef | None) -> MessageRef | None:
        if reply.replace and (replaced := await self._replace(reply.card)) is not None:
            await self._take_back(progress)
            await self._surface.dismiss(self.inbound)
            return replaced.message
        if reply.private and not self._place.direct:
            await self._ephemerally(reply.card, otherwise=sentences.no_direct_messages())
            await self._take_back(progress)
            return None
        return await self._publicly(reply.card, progress)

    async def _replace(self, card: Card) -> _Replaced | None:
        """Show the card in the message that was pressed; None where that cannot be."""
        inbound = self.inbound
        if inbound.ephemeral:
            outcome = await self._surface.ephemeral(inbound, card, replaces=True)
            return _Replaced(None) if is_shown(outcome) else None
        if inbound.pressed is None:
            return None
        thread = self._place.thread if self._place.thread != inbound.pressed else None
        pressed = MessageRef(channel=self._place.channel, message_id=inbound.pressed, thread=thread)
        return _Replaced(pressed) if is_shown(await self._edit(pressed, card)) else None

    async def _publicly(self, card: Card, progress: MessageRef | None) -> MessageRef | None:
        if progress is not None and is_shown(await self._edit(progress, card)):
            return progress
        # not to be mistaken for the progress message
        key = self._key if progress is None else post_key(self._key)
        outcome = await self._deliver(self.inbound, card, key)
        if isinstance(outcome, Undeliverable):
            await self._ephemerally(replace(card, footer=(self._surface.uninvited,)))
        if not isinstance(outcome, Delivered) or not outcome.message_id:
            return None
        return self._reference(outcome.message_id)

    async def _ephemerally(self, card: Card, *, otherwise: Card | None = None) -> None:
        """Show a card to the one person, in place or else directly; where neither works, say `otherwise` in place."""
        await self._stay_ours()
        if is_shown(await self._surface.ephemeral(self.inbound, card)):
            return
        channel = await self._surface.direct_channel(self.inbound)
        if channel is not None:
            place = Place(channel=channel, direct=True)
            direct = replace(
                self.inbound, invocation=replace(self.inbound.invocation, place=place), interaction=None
            )
            if is_shown(await self._deliver(direct, card, self._key)):
                return
        if otherwise is not None:
            await self._deliver(self.inbound, otherwise, self._key)

    async def _deliver(self, inbound: Inbound[T], card: Card, key: str) -> PostOutcome:
        chat, place = self._surface.chat, inbound.invocation.place
        send = self._while_ours(lambda: self._surface.post(inbound, card, key))
        return await deliver(chat, self._clock, place, key, send)

    async def _edit(self, message: MessageRef, card: Card) -> PostOutcome:
        send = self._while_ours(lambda: self._surface.edit(self.inbound, message, card, self._key))
        return await retry(self._clock, send, safe=True)

    async def _take_back(self, progress: MessageRef | None) -> None:
        if progress is not None:
            await self._stay_ours()
            await self._surface.delete(progress)

    def _while_ours(self, send: Send) -> Send:
        async def sent() -> PostOutcome:
            await self._stay_ours()
            return await send()

        return sent

    async def _stay_ours(self) -> None:
        """Raise `TakenAway` where another process answers by now."""
        if not await self._is_ours():
            raise TakenAway

    @property
    def _place(self) -> Place:
        return self.inbound.invocation.place

    def _reference(self, message_id: str) -> MessageRef:
        return MessageRef(channel=self._place.channel, message_id=message_id, thread=self._place.thread)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """A card took the place of a message; None: of one that only one person sees."""

    message: MessageRef | None
