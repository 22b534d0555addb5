"""How the terminal shows answers: one person reads it, at once and in order, so nothing is private and nothing late."""

from __future__ import annotations

from collections.abc import Callable

from adapters.chat.surface import Deadlines, FormOrError, Inbound
from adapters.chat.terminal.events import Interaction
from adapters.chat.terminal.sender import Sender
from bot.access import Denied
from bot.cards import Card, Form, plain
from bot.errors import UserError
from bot.ports import PostOutcome
from bot.state import Actor, Invocation, MessageRef


class TerminalSurface:
    """Fills `adapters.chat.surface.Surface`. A form is left in the `Interaction` for whoever reads lines."""

    redelivers = False
    deadlines = Deadlines(progress=0.0)
    uninvited = ""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @property
    def chat(self) -> Sender:
        """The port that announcements go through."""
        return self._sender

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Return it as it is: whoever sits here may do everything."""
        return invocation

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return the same person."""
        del invocation
        return actor

    async def defer(self, inbound: Inbound[Interaction], *, ephemeral: bool) -> Inbound[Interaction]:
        """Tell nothing: the prompt waits."""
        del ephemeral
        return inbound

    def progress(self, inbound: Inbound[Interaction], text: str, wanted: Callable[[], bool]) -> bool:
        """Print what goes on as a line."""
        del inbound, wanted
        if text:
            self._sender.screen.line(f"… {text}")
        return True

    async def interrupted(self, inbound: Inbound[Interaction], card: Card) -> bool:
        """Print that the answer comes after a restart."""
        del inbound
        self._sender.screen.line(plain(card.text))
        return True

    async def post(self, inbound: Inbound[Interaction], card: Card, key: str) -> PostOutcome:
        """Show a card with its files saved."""
        return self._sender.send(card, key=key, thread=inbound.invocation.place.thread)

    async def edit(
        self, inbound: Inbound[Interaction], message: MessageRef, card: Card, key: str
    ) -> PostOutcome:
        """Show another card under a message's number."""
        del inbound, key
        return await self._sender.edit(message, self._sender.with_files_saved(card))

    async def delete(self, message: MessageRef) -> None:
        """Leave it: what stands on a screen stays."""

    async def ephemeral(
        self, inbound: Inbound[Interaction], card: Card, *, replaces: bool = False
    ) -> PostOutcome:
        """Show a card: one person reads all that stands here."""
        del replaces
        return await self.post(inbound, card, inbound.invocation.key)

    async def direct_channel(self, inbound: Inbound[Interaction]) -> str | None:
        """Return none: this is the conversation with the person."""
        del inbound
        return None

    async def dismiss(self, inbound: Inbound[Interaction]) -> None:
        """Take nothing back: nothing said that an answer comes."""

    async def finish(self, inbound: Inbound[Interaction], card: Card, message: MessageRef | None) -> None:
        """Note the form that the card asks to be filled in; its files are saved already."""
        del message
        if inbound.interaction is not None:
            inbound.interaction.form = card.form

    async def open_form(self, inbound: Inbound[Interaction], form: FormOrError) -> UserError | None:
        """Note the form that was asked for."""
        prepared = await form()
        if isinstance(prepared, UserError):
            return prepared
        if inbound.interaction is not None:
            inbound.interaction.form = prepared
        return None

    async def show_form(self, inbound: Inbound[Interaction], form: Form) -> bool:
        """Let the card stand before its form, which asks one field after the other below it."""
        del inbound, form
        return False
