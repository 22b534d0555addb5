"""How the page shows answers: one person reads it, and sees what is being worked on below the messages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from adapters.chat.browser.events import PERSON
from adapters.chat.browser.sender import Sender
from adapters.chat.browser.uploads import Uploads
from adapters.chat.one_person import Command, OnePersonSurface
from adapters.chat.surface import Deadlines
from bot.cards import Card
from bot.ports import OpenedFile, PostOutcome
from bot.replies import conversation
from bot.state import MessageRef


class BrowserSurface(OnePersonSurface):
    """One page, in however many tabs."""

    deadlines = Deadlines()
    person = PERSON

    def __init__(self, sender: Sender, uploads: Uploads) -> None:
        self.chat: Sender = sender
        self._uploads = uploads

    def open_file(self, inbound: Command, ref: str) -> AbstractAsyncContextManager[OpenedFile]:
        """Open what was attached on the page."""
        del inbound
        return self._uploads.open(ref)

    def progress(
        self, inbound: Command, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Say below the messages of the place what goes on."""
        del wanted, instead
        place = inbound.invocation.place
        self.chat.room.work(
            inbound.invocation.key, place.channel, place.thread, text or conversation.STARTING
        )
        return True

    async def interrupted(self, inbound: Command, card: Card) -> bool:
        """Say nothing: the page goes with the process."""
        del inbound, card
        return True

    async def post(self, inbound: Command, card: Card, key: str) -> PostOutcome:
        """Show a card with its files saved."""
        return self.chat.send(card, key=key, place=inbound.invocation.place)

    async def edit(self, inbound: Command, message: MessageRef, card: Card, key: str) -> PostOutcome:
        """Show another card in a message."""
        del inbound, key
        return await self.chat.edit(message, card)

    async def delete(self, message: MessageRef) -> None:
        """Take a message back."""
        self.chat.room.remove(message.message_id)

    async def ephemeral(self, inbound: Command, card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show a card, marked as seen by the person alone; or in the message that was pressed."""
        place = inbound.invocation.place
        if replaces and inbound.pressed is not None:
            return await self.chat.edit(
                MessageRef(channel=place.channel, message_id=inbound.pressed, thread=place.thread), card
            )
        return self.chat.send(card, key=inbound.invocation.key, place=place, ephemeral=True)

    async def finish(self, inbound: Command, card: Card, message: MessageRef | None) -> None:
        """Say nothing any more of what goes on; the files are saved already."""
        del card, message
        self.chat.room.done(inbound.invocation.key)
