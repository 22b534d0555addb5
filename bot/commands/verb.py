"""What a verb is, and what its handler gets; help, manifests, command trees and completion come from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.access import Policy, Role
from bot.cards import Context, FieldKind, Form, Reply, ReportLinks
from bot.errors import UserError
from bot.grammar import Words
from bot.model import NOTHING
from bot.ports import Clock, Report, RunService, Store
from bot.state import Invocation
from bot.wordlike import nearest


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A launch prepared in the settings: its launcher and values by parameter name."""

    name: str
    launcher: str
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that verbs work with. `services` by connection name, the first is the default."""

    services: Mapping[str, RunService]
    store: Store
    clock: Clock
    policy: Policy
    presets: Mapping[str, Preset] = field(default_factory=dict)
    launchers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # named in the settings
    recipient_domains: frozenset[str] = frozenset()  # where reports may be mailed; none: anywhere
    report_links: Mapping[str, ReportLinks] = field(default_factory=dict)  # by connection
    confirm_within: timedelta = timedelta(minutes=5)  # as the cards say; longer only where time runs fast
    new_key: Callable[[], str]  # a fresh unique id, 32 hexadecimal digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An invocation after reading its words: what a verb's handler gets."""

    invocation: Invocation
    words: Words
    context: Context
    report: Report

    def value(self, name: str, position: int | None = None) -> str | None:
        """Return a parameter: a typed value, else the named word, else the positional one; empty is none."""
        found = self.invocation.values.get(name) or self.words.named.get(name)
        if not found and position is not None and position < len(self.words.positional):
            found = self.words.positional[position]
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
    handle: Callable[[Asked, Desk], Awaitable[Reply]]
    parameters: tuple[Parameter, ...] = ()
    examples: tuple[str, ...] = ()
    role: Role = Role.READ
    changes: bool = False
    hidden: bool = False  # said by buttons only
    private: bool = False  # the answer is for the person alone
    open_names: bool = False  # takes names that are not listed (launch passes custom parameters through)
    form: Callable[[Asked, Desk], Awaitable[Form]] | None = None

    def with_flags(self, words: Words) -> Words:
        """Read a bare word that names a flag of this verb as a yes, not as the run or launcher that is meant."""
        flags = {p.name for p in self.parameters if p.kind is FieldKind.FLAG} - words.named.keys()
        said = [word for word in words.positional if word in flags]
        if not said:
            return words
        others = tuple(word for word in words.positional if word not in said)
        return replace(words, positional=others, named={**words.named, **dict.fromkeys(said, "yes")})

    def check_names(self, words: Words) -> None:
        """Refuse a named value that the verb does not know, naming those it does."""
        if self.open_names:
            return
        known = [p.name for p in self.parameters]
        unknown = [name for name in words.named if name not in known]
        if unknown:
            close = nearest(unknown[0], known)
            meant = f"Did you mean “{close}=”? " if close else ""
            takes = f"{self.name} takes {', '.join(known)}." if known else f"{self.name} takes no names."
            raise UserError(f"{self.name} does not know “{unknown[0]}=”.", f"{meant}{takes}")
