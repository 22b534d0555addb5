"""Completion at the prompt: verbs, parameters, runs, launchers and choices, from the registry and the store."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from bot.cards import Field, FieldKind
from bot.cleaning import cut, one_line
from bot.command import Parameter, Services, Verb
from bot.errors import StoreError
from bot.grammar import quoted
from bot.replies.wording import short_id

MOST_RUNS = 15
LONGEST_HINT = 40

_THREAD = re.compile(r"^\s*#\s*\d+\s+")
_LAST_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)*$')


@dataclass(frozen=True, slots=True)
class Offer:
    """One completion: what is written, and a hint beside it."""

    text: str
    hint: str = ""


class Completing(Completer):
    """Completes what can be said now; `threads` gives the messages that a thread hangs on."""

    def __init__(
        self, services: Services, verbs: Mapping[str, Verb], threads: Callable[[], Iterable[str]]
    ) -> None:
        self._services = services
        self._verbs = {verb.name: verb for verb in verbs.values() if not verb.hidden}
        self._threads = threads

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Give nothing: the prompt asks asynchronously."""
        del document, complete_event
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Yield what fits before the cursor."""
        del complete_event
        line = _THREAD.sub("", document.text_before_cursor.lstrip())
        found = _LAST_WORD.search(line)
        word = found.group() if found else ""
        async for offer in self.offers(line[: len(line) - len(word)], word):
            yield Completion(
                offer.text, start_position=-len(word), display_meta=cut(one_line(offer.hint), LONGEST_HINT)
            )

    def of_field(self, field: Field) -> Completer:
        """Return a completer for one field of a form."""
        parameter = Parameter(name=field.name, summary="", kind=field.kind, choices=field.choices)
        return _FieldCompleter(lambda: self._values(parameter))

    async def offers(self, before: str, word: str) -> AsyncIterator[Offer]:
        """Yield what may stand for `word` after `before`."""
        said = before.split()
        async for offer in self._all(said[0].lower() if said else None, before, word):
            if _plain(offer.text).startswith(_plain(word)) and offer.text != word:
                yield offer

    async def _all(self, verb: str | None, before: str, word: str) -> AsyncIterator[Offer]:
        if verb is None:
            for known in self._verbs.values():
                yield Offer(known.name, known.summary)
            for thread in self._threads():
                yield Offer(f"#{thread}", "in the thread of this message")
        elif verb == "help":
            for known in self._verbs.values():
                yield Offer(known.name, known.summary)
        elif verb in self._verbs:
            async for offer in self._arguments(self._verbs[verb], before, word):
                yield offer

    async def _arguments(self, verb: Verb, before: str, word: str) -> AsyncIterator[Offer]:
        name, equals, _ = word.partition("=")
        named = next((p for p in verb.parameters if equals and p.name == name), None)
        if named:
            async for offer in self._values(named):
                yield Offer(f"{name}={offer.text}", offer.hint)
            return
        for parameter in (p for p in verb.parameters if p.positional):
            async for offer in self._values(parameter):
                yield offer
        for parameter in (p for p in verb.parameters if f"{p.name}=" not in before):
            yield Offer(f"{parameter.name}=", parameter.summary)

    async def _values(self, parameter: Parameter) -> AsyncIterator[Offer]:
        for choice in parameter.choices:
            yield Offer(choice)
        if parameter.kind is FieldKind.FLAG:
            yield Offer("yes")
            yield Offer("no")
        elif parameter.kind is FieldKind.RUN:
            yield Offer("latest", "the newest run")
            async for offer in self._runs():
                yield offer
        elif parameter.kind is FieldKind.LAUNCHER:
            async for offer in self._launchers():
                yield offer

    async def _runs(self) -> AsyncIterator[Offer]:
        for connection in self._services.platforms:
            try:
                recent = await self._services.store.recent(connection, MOST_RUNS)
            except StoreError:
                return
            for run_id, launcher, status in recent:
                yield Offer(short_id(run_id), f"{launcher}, {status}")

    async def _launchers(self) -> AsyncIterator[Offer]:
        for preset in self._services.presets.values():
            yield Offer(preset.name, f"preset of {preset.launcher}")
        for connection in self._services.platforms:
            try:
                seen = await self._services.store.launchers(connection)
            except StoreError:
                return
            for launcher in dict.fromkeys((*self._services.launchers.get(connection, ()), *seen)):
                yield Offer(quoted(launcher))


class _FieldCompleter(Completer):
    """Completes a whole field; names need no quotes there."""

    def __init__(self, values: Callable[[], AsyncIterator[Offer]]) -> None:
        self._values = values

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Give nothing: the prompt asks asynchronously."""
        del document, complete_event
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Yield what fits."""
        del complete_event
        typed = document.text_before_cursor
        async for offer in self._values():
            text = offer.text.strip('"')
            if _plain(text).startswith(_plain(typed)):
                yield Completion(text, start_position=-len(typed), display_meta=offer.hint)


def _plain(text: str) -> str:
    """Return what is compared: neither case nor quotes matter while one types."""
    return text.replace('"', "").lower()
