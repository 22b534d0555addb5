"""Does what a line says, whoever typed it: a person at the prompt, the tour, or a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from adapters.chat.conversation import Conversation
from adapters.chat.one_person import Interaction
from adapters.chat.pressed import parts
from adapters.chat.surface import Inbound, Kind
from adapters.chat.terminal.events import CommandText, Enter, Press, Quit, invocation, read
from adapters.chat.terminal.sender import Sender
from bot.cards import Form
from bot.ports import Clock
from bot.replies import prompt

Fill = Callable[[Form], Awaitable[Mapping[str, str] | None]]
"""Asks a person a form's fields; None where they gave up."""


class Receiver:
    """One person's conversation with Clew. `thread` is where they are; `fill` asks for the fields of forms."""

    def __init__(
        self,
        conversation: Conversation[Interaction],
        sender: Sender,
        clock: Clock,
        *,
        new_key: Callable[[], str],
    ) -> None:
        self.thread: str | None = None
        self.fill: Fill | None = None
        self._conversation = conversation
        self._sender = sender
        self._clock = clock
        self._new_key = new_key

    async def line(self, text: str) -> bool:
        """Do what a line says; False where it says that the conversation is over."""
        match read(text):
            case Quit():
                return False
            case Enter(root):
                self._enter(root)
            case Press(number):
                await self._press(number)
            case CommandText(text, None):
                await self._command(text, Kind.TYPED, thread=self.thread)
            case CommandText(text, root):
                if self._known(root):
                    await self._command(text, Kind.TYPED, thread=root)
        return True

    async def _press(self, number: int) -> None:
        found = self._sender.transcript.pressed(number)
        if found is None:
            self._sender.screen.line(prompt.no_button(number))
            return
        message, control = found
        if control.report and message.report_url is not None:
            self._sender.screen.signed(control.label, message.report_url)
        elif control.page:
            self._sender.screen.page(control.label, control.page)
        else:
            text, values = parts(control.command or "")
            await self._command(
                text, Kind.BUTTON, thread=message.root, pressed=message.posted.id, values=values,
                opens_form=control.opens_form and self.fill is not None,  # somebody is there to fill it in
            )  # fmt: skip

    async def _command(
        self,
        text: str,
        kind: Kind,
        *,
        thread: str | None,
        values: Mapping[str, str] | None = None,
        pressed: str | None = None,
        opens_form: bool = False,
    ) -> None:
        """Let a command be answered, and ask for the fields of a form that the answer brings."""
        interaction = Interaction()
        asked = invocation(text, thread=thread, key=self._new_key(), at=self._clock.now(), values=values)
        inbound = Inbound(
            invocation=asked,
            kind=kind,
            interaction=interaction,
            pressed=pressed,
            opens_form=opens_form,
            must_answer=True,
        )
        receipt = await self._conversation.receive(inbound)
        if receipt.answered is not None:
            await receipt.answered
        if (form := interaction.form) is not None and self.fill is not None:
            filled = await self.fill(form)
            if filled is not None:
                await self._command(form.verb, Kind.FORM, thread=thread, values=filled)

    def _enter(self, root: str | None) -> None:
        if root is None or self._known(root):
            self.thread = root

    def _known(self, root: str | None) -> bool:
        if root is not None and self._sender.transcript.has_thread(root):
            return True
        self._sender.screen.line(prompt.no_message(root))
        return False
