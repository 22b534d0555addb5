"""The prompt below the messages: editing, completion, history, forms, and what goes on in its status lines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout

from adapters.chat.terminal.complete import Completing
from adapters.chat.terminal.receive import Receiver
from adapters.chat.terminal.sender import Sender
from adapters.private import touch
from adapters.redact import redact
from bot.cards import Field, FieldKind, Form
from bot.handler import Handler
from bot.replies import problems
from bot.replies import prompt as sentences

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds that an answer may take before the prompt comes back without it
WELCOME = (
    "  status      run a command; help lists all of them, Tab completes",
    "  3           press button 3",
    "  #2 logs     run it in the thread of message 2",
    "  #2          enter that thread; # leaves it",
    "  quit        leave",
)


class Prompt:
    """Lets a person type lines, which the receiver does."""

    def __init__(
        self, receiver: Receiver, sender: Sender, handler: Handler, history: Path | None = None
    ) -> None:
        self._receiver = receiver
        self._sender = sender
        self._tasks: set[asyncio.Task[bool]] = set()  # the loop itself keeps no hold on a task
        self._attended: asyncio.Task[bool] | None = None
        self._filling = False
        self._judge = handler.field_problem
        self._completing = Completing(handler, sender.threads, lambda: receiver.thread)
        self._lines: PromptSession[str] = PromptSession(
            completer=self._completing,
            complete_while_typing=False,
            history=Discreet(history) if history else InMemoryHistory(),
            bottom_toolbar=self._status,
        )
        self._fields: PromptSession[str] = PromptSession(history=InMemoryHistory())
        receiver.fill = self._fill
        sender.screen.prompted = True
        sender.screen.refresh = self._lines.app.invalidate

    async def run(self) -> None:
        """Talk until the person leaves."""
        for line in WELCOME:  # before the prompt is there: a plain terminal cannot redraw it below
            self._sender.screen.line(line)
        self._sender.screen.line("")
        with patch_stdout(raw=True):
            while await self._one():
                pass

    async def _one(self) -> bool:
        """Read one line and do what it says; False where the conversation is over."""
        try:
            text = await self._lines.prompt_async(self._place, handle_sigint=False)
        except KeyboardInterrupt:
            self._sender.screen.line("quit, or Ctrl-D, ends.")
            return True
        except EOFError:
            return False
        return await self._attend(text)

    async def _attend(self, text: str) -> bool:
        """Wait a little for the answer; one that takes longer comes when it is there."""
        task = asyncio.create_task(self._careful(text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._attended = task
        await asyncio.wait({task}, timeout=PATIENCE)
        while self._filling and not task.done():
            await asyncio.wait({task}, timeout=PATIENCE)
        self._attended = None
        return task.result() if task.done() else True

    async def _careful(self, text: str) -> bool:
        try:
            return await self._receiver.line(text)
        except Exception:
            log.exception("a line could not be answered")
            self._sender.screen.line(problems.FAULT)
            return True

    async def _fill(self, form: Form) -> Mapping[str, str] | None:
        """Ask for each field; Ctrl-C gives up. Only for the line that is attended: there is one prompt."""
        if asyncio.current_task() is not self._attended:
            self._sender.screen.line(sentences.fill_in(form.verb))
            return None
        screen, values = self._sender.screen, {}
        self._filling = True
        screen.line(sentences.form_begun(form.title))
        try:
            for field in form.fields:
                values[field.name] = await self._field(form.verb, field)
        except (KeyboardInterrupt, EOFError):
            screen.line(sentences.FORM_CANCELLED)
            return None
        finally:
            self._filling = False
        return {name: value for name, value in values.items() if value}

    async def _field(self, verb: str, field: Field) -> str:
        said = field.hint or ("yes or no" if field.kind is FieldKind.FLAG else "")
        hint = f" ({said})" if said else ""
        text = field.value
        while True:
            text = await self._fields.prompt_async(
                f"  {field.label}{hint}: ",
                default=text,
                completer=self._completing.of_field(verb, field),
                handle_sigint=False,
            )
            if not (problem := self._problem(verb, field, text.strip())):
                return text.strip()
            self._sender.screen.line(problem)

    def _problem(self, verb: str, field: Field, text: str) -> str:
        """Say what is wrong with a field while it can still be corrected, "" where nothing is; the verb checks all."""
        if not text:
            return sentences.needed(field.label) if field.required else ""
        return self._judge(verb, field.name, field.kind, text, field.label)

    def _place(self) -> str:
        thread = self._receiver.thread
        return f"clew #{thread}> " if thread else "clew> "

    def _status(self) -> str | None:
        return "\n".join(self._sender.status()) or None


class Discreet(FileHistory):
    """A history that keeps no line with a secret in it, such as a pasted report link or a password.

    Where the file cannot be read or written, what was typed is known until the end of the session.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines of earlier sessions, newest first."""
        try:
            return list(super().load_history_strings())
        except OSError as error:
            log.warning("the history of what was typed cannot be read (%s)", error.strerror)
            return []

    def store_string(self, string: str) -> None:
        """Keep a line for the next session."""
        if redact(string) != string:
            return
        try:
            touch(self._path)
            super().store_string(string)
        except OSError as error:
            log.warning("the history of what was typed cannot be written (%s)", error.strerror)
