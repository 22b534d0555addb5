"""What a verb is, and what its handler gets; help, manifests, command trees and completion come from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from weakref import WeakValueDictionary

from bot import moments
from bot.access import Afresh, Policy, Role
from bot.cards import Context, FieldKind, Form, Reply, ReportLinks
from bot.errors import UserError
from bot.grammar import ParsedCommand
from bot.model import NOTHING, Secret
from bot.ports import Clock, Report, RunService, Store
from bot.redact import MASK
from bot.replies import commands as replies
from bot.state import Invocation

ENTRY = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)  # the number of an entry of a list
PROPERTY = "property"  # the parameter that such a number fills
MESSAGE = "message"
"""The value that holds somebody's message where a shortcut was used on one: a text to look into, no command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a verb. `positional`: also understood without its name."""

    name: str
    summary: str
    kind: FieldKind
    required: bool = False
    positional: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    check: Callable[[str, str], object] | None = (
        None  # reads a value by (text, name), where its kind does not say how
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A launch prepared in the settings: its launcher and values by parameter name."""

    name: str
    launcher: str
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that verbs work with. `services` by connection name, the first is the default."""

    platforms: Mapping[str, RunService]
    store: Store
    clock: Clock
    policy: Policy
    presets: Mapping[str, Preset] = field(default_factory=dict)
    launchers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # named in the settings
    recipient_domains: frozenset[str] = (
        frozenset()
    )  # where reports may be mailed; none: to the requester alone
    report_links: Mapping[str, ReportLinks] = field(default_factory=dict)  # by connection
    confirm_within: timedelta = timedelta(minutes=5)  # as the cards say; longer only where time runs fast
    new_key: Callable[[], str]  # a fresh unique id, 32 hexadecimal digits
    version: str = ""  # Clew's own
    secrets: tuple[Secret, ...] = ()  # known values that nobody's words may carry further
    sent_here: set[str] = field(default_factory=set)  # intents that this process sent
    confirming: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(
        default_factory=WeakValueDictionary
    )  # by connection and subject: of one thing, one confirmation at a time looks for its like


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An invocation after reading its words: what a verb's handler gets.

    `afresh` asks the chat for the person's rights once more, before something costly is done.
    """

    invocation: Invocation
    command: ParsedCommand
    context: Context
    report: Report
    afresh: Afresh | None = None

    def value(self, name: str, position: int | None = None) -> str | None:
        """Return a parameter: a typed value, else the named word, else (with a position) the bare words; empty is none.

        A verb has at most one positional parameter, so all bare words together are its value: none is dropped.
        """
        found = self.invocation.values.get(name) or self.command.named.get(name)
        if not found and position is not None:
            found = self.command.bare
        return found or None

    def flag(self, name: str) -> bool:
        """Whether a value says yes."""
        return (self.value(name) or "").lower() in {"true", "yes", "on", "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb: its grammar for people and machines, the role it needs, and what it does.

    `changes`: it costs money or changes something, so it is denied by default and when read-only.
    """

    name: str
    summary: str
    handle: Callable[[Asked, Services], Awaitable[Reply]]
    parameters: tuple[Parameter, ...] = ()
    examples: tuple[str, ...] = ()
    role: Role = Role.READ
    changes: bool = False
    hidden: bool = False  # said by buttons only
    private: bool = False  # the answer is for the person alone
    long: bool = False  # it may read for minutes, and others must not wait for it
    open_names: bool = False  # takes names that are not listed (launch passes custom parameters through)
    form: Callable[[Asked, Services], Awaitable[Form]] | None = None
    reread: Callable[[ParsedCommand], ParsedCommand] | None = (
        None  # what bare words of this verb stand for beside its parameter
    )

    @property
    def positional(self) -> Parameter | None:
        """The parameter that bare words stand for."""
        return next((p for p in self.parameters if p.positional), None)

    def with_flags(self, words: ParsedCommand) -> ParsedCommand:
        """Read a bare word that names a flag of this verb as a yes, not as the run or launcher that is meant."""
        flags = {p.name for p in self.parameters if p.kind is FieldKind.FLAG} - words.named.keys()
        said = [word for word in words.positional if word in flags]
        if not said:
            return words
        return replace(without(words, said), named={**words.named, **dict.fromkeys(said, "yes")})

    def with_entry(self, words: ParsedCommand) -> ParsedCommand:
        """Read a bare number as the failing property with it in the list: ids and launchers are no such number."""
        *before, last = words.positional or ("",)
        takes = any(p.name == PROPERTY for p in self.parameters) and PROPERTY not in words.named
        alone = not before or [word.casefold() for word in before] == ["latest"]
        if not (takes and alone and ENTRY.fullmatch(last)):
            return words
        return replace(without(words, [last]), named={**words.named, PROPERTY: last})

    def check_names(self, words: ParsedCommand) -> None:
        """Refuse a named value that the verb does not know, naming those it does."""
        if self.open_names:
            return
        known = [p.name for p in self.parameters]
        unknown = [name for name in words.named if name not in known]
        if unknown:
            raise replies.unknown_name(self.name, unknown[0], known)

    def check_words(self, words: ParsedCommand, values: Mapping[str, str]) -> None:
        """Refuse bare words that would be dropped, or of which nobody can tell what they belong to."""
        own = self.positional
        if not words.positional or (own and own.kind is FieldKind.LONG_TEXT):
            return
        if own is None:
            raise replies.no_further_words(self.name, words.bare)
        leading = len(words.positional) > len(words.strays)
        for name, word in words.strays:
            if leading or (self._spaced(name, words.named[name]) and not _names_run(word)):
                raise _stray(words, name)
        if own.name in words.named or own.name in values:
            given = values.get(own.name) or words.named[own.name]
            raise replies.given_both_ways(self.name, words.bare, own.name, given)

    def check_secrets(self, words: ParsedCommand, values: Mapping[str, str]) -> None:
        """Refuse to change something by a value that a secret was taken out of: the rest is not what was meant."""
        if not self.changes:
            return
        bare = {self.positional.name: words.bare} if self.positional else {}
        given = {**bare, **words.named, **values}
        held = next((name for name, value in given.items() if MASK in value and name not in _PROSE), None)
        if held is not None:
            raise replies.secret_taken_out(held, MASK)

    def _spaced(self, name: str, value: str) -> bool:
        """Whether a value may have been meant to go on behind a space."""
        kind = next((p.kind for p in self.parameters if p.name == name), FieldKind.TEXT)
        return kind in _SPACED or value.endswith((",", ";"))


_PROSE = frozenset(
    {"description", "antithesis.description"}
)  # read by people, and a mask says enough to them
_SPACED = {FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.LAUNCHER, FieldKind.PROPERTY}


def without(words: ParsedCommand, taken: Collection[str]) -> ParsedCommand:
    """Return the words without some of the bare ones."""
    return replace(
        words,
        positional=tuple(word for word in words.positional if word not in taken),
        strays=tuple(stray for stray in words.strays if stray[1] not in taken),
    )


def _names_run(word: str) -> bool:
    return word.casefold() == "latest" or moments.is_platform_id(word)


def _stray(words: ParsedCommand, name: str) -> UserError:
    """Ask whether bare words behind a named value belong to it, showing how it was understood."""
    behind = " ".join(word for before, word in words.strays if before == name)
    return replies.words_behind(name, words.named[name], behind)
