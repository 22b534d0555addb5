"""The terminal as a running chat: a person types at a prompt, until they leave or Clew is stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.chat.conversation import Conversation
from adapters.chat.terminal.receive import Receiver
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.settings import Terminal as Settings
from adapters.chat.terminal.surface import TerminalSurface
from adapters.chat.terminal.transcript import Transcript
from bot.access import Denied
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import Actor, Invocation

FINISHING = 5.0  # seconds that answers under way get at the end


class TerminalChat:
    """Fills `adapters.chat.running.RunningChat`; `receiver` does what a line says.

    `history`: where what was typed is kept for the next session, None for nowhere.
    """

    def __init__(
        self, sender: Sender, handler: Handler, clock: Clock, *, history: Path | None = None
    ) -> None:
        self.chat = sender
        self.connected = True
        self._handler = handler
        self._history = history
        self._conversation = Conversation(handler, TerminalSurface(self.chat), clock)
        self.receiver = Receiver(self._conversation, self.chat, clock, new_key=handler.services.new_key)
        self._talking: asyncio.Task[None] | None = None

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return the same person."""
        del invocation
        return actor

    async def run(self) -> None:
        """Answer what a restart cut off, and talk until the person leaves or `close` is called."""
        from adapters.chat.terminal.prompt import Prompt

        await self.begin()
        prompt = Prompt(self.receiver, self.chat, self._handler, self._history)
        self._talking = asyncio.create_task(prompt.run())
        try:
            await asyncio.wait({self._talking})
        finally:
            self._talking.cancel()
            await asyncio.wait({self._talking})
            await self._conversation.drain(FINISHING)
        if not self._talking.cancelled():
            self._talking.result()

    async def begin(self) -> None:
        """Read what a restart cut off, and begin to answer it, once."""
        await self._conversation.begin()

    async def close(self) -> None:
        """Take the prompt away; what is being answered is finished first."""
        self.connected = False
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.wait({self._talking})
        await self._conversation.drain(FINISHING)


async def open_chat(settings: Settings, handler: Handler, store: Store, clock: Clock) -> TerminalChat:
    """Open the chat in this terminal. Raises `OSError` where its transcript cannot be read."""
    del store  # everything that the terminal keeps is in its transcript
    sender = Sender(screen=Screen(), transcript=Transcript(settings.transcript), clock=clock)
    return TerminalChat(sender, handler, clock, history=settings.history)
