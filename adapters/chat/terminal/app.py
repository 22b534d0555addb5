"""The terminal chat: reads lines, asks the handler, shows what it answers.

`Terminal.line` does what a line says, whoever typed it: a person at the prompt, the tour, or a test.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from adapters.chat.answering import Answering
from adapters.chat.lanes import Lanes
from adapters.chat.tasks import Tasks
from adapters.chat.terminal.drawing import Control
from adapters.chat.terminal.events import CHANNEL, Enter, Nothing, Press, Quit, Say, invocation, read
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import TerminalChat
from adapters.chat.terminal.transcript import Message, Transcript
from adapters.configuration.values import Terminal as Settings
from bot.cards import Form, Reply
from bot.commands.fields import correctable
from bot.errors import ClewError, StoreError, UserError
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.replies import problems
from bot.state import Invocation, MessageRef

log = logging.getLogger(__name__)

Fill = Callable[[Form], Awaitable[Mapping[str, str] | None]]
"""Asks a person a form's fields; None where they gave up."""

CATCH_UP = timedelta(minutes=15)  # older questions are no longer waited for
WELCOME = (
    "  status      say a verb; help shows all of them, Tab completes",
    "  3           press button 3",
    "  #2 logs     say it in the thread of message 2; #2 alone goes in, # comes out",
    "  quit        leave",
)


class Terminal:
    """One person's conversation with Clew. `thread` is where they are."""

    def __init__(
        self,
        *,
        handler: Handler,
        chat: TerminalChat,
        clock: Clock,
        new_key: Callable[[], str],
        fill: Fill | None = None,
    ) -> None:
        self.handler = handler
        self.chat = chat
        self.thread: str | None = None
        self.fill = fill
        self._clock = clock
        self._new_key = new_key
        self._answering = Answering(handler, Lanes(Tasks()))

    async def line(self, text: str) -> bool:
        """Do what a line says; False where it says that the conversation is over."""
        match read(text):
            case Quit():
                return False
            case Nothing():
                pass
            case Enter(root):
                self._enter(root)
            case Press(number):
                await self._press(number)
            case Say(words, None):
                await self.say(words, thread=self.thread)
            case Say(words, root):
                if self._known(root):
                    await self.say(words, thread=root)
        return True

    async def say(
        self,
        words: str,
        *,
        thread: str | None = None,
        values: Mapping[str, str] | None = None,
        pressed: Message | None = None,
    ) -> MessageRef | None:
        """Ask the handler and show its answer; `pressed`: the message whose button says this."""
        asked = invocation(words, thread=thread, key=self._new_key(), at=self._clock.now(), values=values)
        try:
            await self.handler.accept(asked)
        except StoreError as error:
            return self._show(problems.failure(error), asked)
        return await self.answer(asked, pressed)

    async def answer(self, asked: Invocation, pressed: Message | None = None) -> MessageRef | None:
        """Answer what was taken before."""
        reply = await self._answering.in_turn(asked, self._report)
        if reply.failed and asked.values:
            reply = correctable(reply, self.handler.clean(asked))
        shown = await self._replace(reply, pressed) if reply.replace and pressed else self._show(reply, asked)
        try:
            await self.handler.answered(asked, reply, shown)
        except StoreError:
            log.exception("what a thread speaks of could not be remembered")
            self.chat.screen.note("This thread will not remember what it speaks of: the database failed.")
        if reply.card.form is not None:
            await self._fill_in(reply.card.form, asked.place.thread)
        return shown

    async def catch_up(self) -> None:
        """Answer what was taken and never answered, because Clew was stopped in between."""
        for asked in await self.handler.unanswered(self.chat.name, self._clock.now() - CATCH_UP):
            await self.answer(asked)

    async def _press(self, number: int) -> None:
        found = self.chat.transcript.pressed(number)
        if found is None:
            self.chat.screen.note(f"There is no button {number} now.")
            return
        message, control = found
        if control.report and message.report_url is not None:
            self.chat.screen.signed(control.label, message.report_url)
        elif control.page:
            self.chat.screen.page(control.label, control.page)
        elif control.opens_form:
            await self._ask(control, message)
        else:
            await self.say(control.words, thread=message.root, pressed=message)

    async def _ask(self, control: Control, message: Message) -> None:
        """Open the form that a button leads to; where there is none, say its words."""
        asked = invocation(control.words, thread=message.root, key=self._new_key(), at=self._clock.now())
        try:
            form = await self.handler.form(asked, self._report) if self.fill else None
        except UserError as error:
            self._show(problems.mistake(error), asked)
        except ClewError as error:
            self._show(problems.failure(error), asked)
        else:
            if form is None:
                await self.say(control.words, thread=message.root, pressed=message)
            else:
                await self._fill_in(form, message.root)

    async def _fill_in(self, form: Form, thread: str | None) -> None:
        values = await self.fill(form) if self.fill else None
        if values is not None:
            await self.say(form.verb, thread=thread, values=values)

    async def _replace(self, reply: Reply, pressed: Message) -> MessageRef:
        """Show the answer in the message whose button was pressed."""
        ref = MessageRef(channel=CHANNEL, message_id=pressed.posted.id, thread=pressed.posted.thread)
        await self.chat.edit(ref, reply.card)
        return ref

    def _show(self, reply: Reply, asked: Invocation) -> MessageRef | None:
        """Show a reply; where its files cannot be saved, say so instead of losing it silently."""
        try:
            return self.chat.answer(
                reply.card, key=asked.key, thread=asked.place.thread, live=reply.live is not None
            )
        except OSError as error:
            log.exception("a reply's files could not be saved")
            self.chat.screen.note(
                f"The answer could not be saved ({error.strerror}); is this folder writable?"
            )
            return None

    def _enter(self, root: str | None) -> None:
        if root is None or self._known(root):
            self.thread = root

    def _known(self, root: str | None) -> bool:
        if root is not None and self.chat.transcript.has_thread(root):
            return True
        self.chat.screen.note(f"There is no message #{root}.")
        return False

    async def _report(self, text: str) -> None:
        if text:
            self.chat.screen.note(f"… {text}")


class RunningTerminal:
    """The terminal as a chat that is served; see `adapters.chat.running`."""

    def __init__(self, terminal: Terminal, settings: Settings) -> None:
        self.chat = terminal.chat
        self.connected = True
        self._terminal = terminal
        self._settings = settings
        self._talking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer what a restart cut off, then talk until the person leaves or `close` is called."""
        from adapters.chat.terminal.prompt import Prompt

        await self._terminal.catch_up()
        self._talking = asyncio.create_task(Prompt(self._terminal, history=self._settings.history).run())
        await asyncio.wait({self._talking})
        if not self._talking.cancelled():
            self._talking.result()

    async def close(self) -> None:
        """Take the prompt away; what is being answered is finished first."""
        self.connected = False
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.wait({self._talking})


async def open_chat(settings: Settings, handler: Handler, store: Store, clock: Clock) -> RunningTerminal:
    """Open the chat in this terminal. Raises `OSError` where its transcript cannot be read."""
    del store  # everything that the terminal keeps is in its transcript
    chat = TerminalChat(screen=Screen(), transcript=Transcript(settings.transcript), clock=clock)
    terminal = Terminal(handler=handler, chat=chat, clock=clock, new_key=handler.services.new_key)
    return RunningTerminal(terminal, settings)
