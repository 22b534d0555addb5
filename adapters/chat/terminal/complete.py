"""Completion at the prompt: what the core suggests, and the messages whose threads can be spoken in."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from adapters.chat.terminal.events import CHANNEL, person
from bot.cards import Field
from bot.cleaning import cut, one_line
from bot.handler import Handler
from bot.state import Place
from bot.suggest import Limits, Typing

LIMITS = Limits()
LONGEST_HINT = 40

_THREAD = re.compile(r"^\s*#\s*(\d+)\s+")


@dataclass(eq=False)
class Completing(Completer):
    """Completes a command, or where a form is filled in, one field of it.

    `threads` gives the messages that a thread hangs on, and `thread` where the person is.
    """

    handler: Handler
    threads: Callable[[], Iterable[str]]
    thread: Callable[[], str | None]
    field: Field | None = None
    verb: str = ""

    def of_field(self, verb: str, field: Field) -> Completing:
        """Return a completer for one field of a verb's form."""
        return Completing(self.handler, tuple, self.thread, field, verb)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Give nothing: the prompt asks asynchronously."""
        del document, complete_event
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Yield what fits before the cursor."""
        del complete_event
        typed = document.text_before_cursor
        for found in await self.handler.suggest(self._typing(typed), LIMITS):
            hint = cut(one_line(found.hint), LONGEST_HINT)
            yield Completion(found.text, start_position=-found.replaces, display_meta=hint)
        for thread in self.threads():
            if f"#{thread}".startswith(typed.strip()) or not typed:
                yield Completion(
                    f"#{thread}",
                    start_position=-len(typed.strip()),
                    display_meta="in the thread of this message",
                )

    def _typing(self, typed: str) -> Typing:
        threaded = _THREAD.match(typed)
        thread = threaded[1] if threaded else self.thread()
        place = Place(channel=CHANNEL, thread=thread, direct=True)
        if self.field is None:
            typed = typed[threaded.end() :] if threaded else typed
        return Typing(actor=person(), place=place, typed=typed, parameter=self.field, verb=self.verb)
