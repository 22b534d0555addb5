"""What Clew has to know of a chat before it is opened; each chat's `kind.py` fills it in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from adapters.chat.running import RunningChat
from adapters.configuration.table import Table
from adapters.configuration.tokens import Shapes
from bot.cards import Card
from bot.command import Verb
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import MentionRule

Found = tuple[str, str]
"""What the doctor found, and what helps, "" where all is well."""


class WriteManifest(Protocol):
    """Writes what a chat's app is created from."""

    def __call__(
        self, verbs: Mapping[str, Verb], http: str | None, unfurl: Collection[str], /, *, replies: bool
    ) -> str:
        """Return it as the chat takes it."""


S = TypeVar("S", bound=Table)


@dataclass(frozen=True, slots=True)
class Ids:
    """One form of a chat's ids: as people are shown it, and as it is recognised as a whole."""

    shown: str
    pattern: str

    def fits(self, text: str) -> bool:
        """Whether a text is such an id."""
        return re.fullmatch(self.pattern, text, re.ASCII) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatKind(Generic[S]):
    """One chat. Its functions load the chat's library when they are called, never before.

    `name` is the first part of its ids and the name of its table in the settings file; the first variable of
    `settings` switches it on, and one without variables is not switched on by settings. `people` are the ids that
    can hold a role, `whole` is a workspace or server around its channels. `mention` writes what notifies the person, group
    or role with an id, None for what is none, and for everybody. `render` writes a card as it is sent,
    also while the chat is off; None where nothing waits for it then. `check` looks at a set-up without serving it,
    in the given channels too, and at whom the given rules mention. `manifest` writes what the chat's app is created from, for a public address or without, and for
    links of the given domains; `replies`: to hear replies in threads that do not mention the app.
    """

    name: str
    title: str
    settings: type[S]
    open: Callable[[S, Handler, Store, Clock], Awaitable[RunningChat]]
    channel: Ids
    whole: Ids | None = None
    people: tuple[Ids, ...] = ()
    mention: Callable[[str], str | None] = lambda _: None
    render: Callable[[Card], str] | None = None
    check: Callable[[S, Iterable[str], Iterable[MentionRule]], AsyncIterator[Found]] | None = None
    manifest: WriteManifest | None = None
    shapes: Shapes = field(default_factory=dict)
    loggers: tuple[str, ...] = ()

    @property
    def switch(self) -> str:
        """The variable that switches it on, "" for none."""
        return next((variable.name for variable in self.settings.variables().values()), "")


AnyChat = ChatKind[Any]
