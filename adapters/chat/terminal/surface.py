"""How the terminal shows answers: one person reads it, at once and in order, so nothing is private and nothing late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from adapters.chat.local_file import open_file
from adapters.chat.one_person import Command, OnePersonSurface
from adapters.chat.surface import Deadlines
from adapters.chat.terminal.sender import Sender
from bot.access import TERMINAL
from bot.cards import Card, plain
from bot.ports import OpenedFile, PostOutcome
from bot.state import MessageRef


class TerminalSurface(OnePersonSurface):
    """One screen. The prompt waits, so nothing says that an answer comes, and nothing is taken back."""

    deadlines = Deadlines(progress=0.0)
    person = TERMINAL

    def __init__(self, sender: Sender) -> None:
        self.chat: Sender = sender

    def open_file(self, inbound: Command, ref: str) -> AbstractAsyncContextManager[OpenedFile]:
        """Open it by its path: whoever sits here may read what Clew can."""
        del inbound
        return open_file(ref)

    def progress(
        self, inbound: Command, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Print what goes on as a line."""
        del inbound, wanted, instead
        if text:
            self.chat.screen.line(f"… {text}")
        return True

    async def interrupted(self, inbound: Command, card: Card) -> bool:
        """Print that the answer comes after a restart."""
        del inbound
        self.chat.screen.line(plain(card.text))
        return True

    async def post(self, inbound: Command, card: Card, key: str) -> PostOutcome:
        """Show a card with its files saved."""
        return self.chat.send(card, key=key, thread=inbound.invocation.place.thread)

    async def edit(self, inbound: Command, message: MessageRef, card: Card, key: str) -> PostOutcome:
        """Show another card under a message's number."""
        del inbound, key
        return await self.chat.edit(message, self.chat.with_files_saved(card))

    async def delete(self, message: MessageRef) -> None:
        """Leave it: what stands on a screen stays."""

    async def ephemeral(self, inbound: Command, card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show a card: one person reads all that stands here."""
        del replaces
        return await self.post(inbound, card, inbound.invocation.key)

    async def finish(self, inbound: Command, card: Card, message: MessageRef | None) -> None:
        """Note the form that the card asks to be filled in; its files are saved already."""
        del message
        if inbound.interaction is not None:
            inbound.interaction.form = card.form
