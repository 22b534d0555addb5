"""Autocomplete, the same for every chat: what fits where somebody is typing, of what they may read.

It is made of the verbs, the settings, the store and, for the checks of a run, what was read of the platform within
the last minute. What fails or takes long leaves its own suggestions out and no others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice, zip_longest
from typing import TypeVar

from bot import access, authorization, cleaning, grammar
from bot.analysis import RunAnalysis
from bot.cache import Cache
from bot.cards import Field, FieldKind
from bot.command import Asked, Parameter, Services, Verb
from bot.errors import ClewError
from bot.launch_rules import usable
from bot.launchers import known_launchers, one_launcher
from bot.model import NOTHING, Check, Moment, RunQuery
from bot.platform import Platform
from bot.replies import suggestions as replies
from bot.replies.wording import short_id
from bot.state import Actor, Invocation, Place
from bot.targets.run import analysis_for
from bot.triage import Branches

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds; what is read later is there for the next letter
KEPT_SECONDS = 60.0
MAY_BE_NEW = frozenset({FieldKind.LAUNCHER, FieldKind.BRANCH})  # no list holds all that can be meant
RECENT = 50  # runs of each connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Where somebody is typing: in a field that takes a `parameter` of `verb`, else (None) at the end of a command.

    `given`: the values of the fields beside it.
    """

    actor: Actor
    place: Place
    typed: str = ""
    parameter: Parameter | Field | None = None
    verb: str = ""
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a chat can show: so many suggestions, and characters of a label and of a text.

    `echo`: what was typed is among them where a name may be new, since the chat's list takes nothing else.
    """

    count: int = 100
    label: int = 100
    text: int = 1000
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`text` is filled in for the last `replaces` characters; a list shows `label`, and may show `hint` beside it."""

    text: str
    label: str = ""
    hint: str = ""
    short: str = ""  # how a command says it, where that is shorter
    replaces: int = 0


class Autocomplete:
    """Finds what fits. `verb_of` and `asked` read a command as it would be answered; the latter raises `ClewError`."""

    def __init__(
        self,
        services: Services,
        verbs: Iterable[Verb],
        *,
        verb_of: Callable[[Invocation], Verb | None],
        asked: Callable[[Invocation], Awaitable[Asked]],
    ) -> None:
        self._services = services
        self._platforms = services.platforms
        self._several = len(services.platforms) > 1
        self._verbs = tuple(Suggestion(text=v.name, hint=v.summary) for v in verbs if not v.hidden)
        self._verb_of = verb_of
        self._asked = asked
        self._analyses: Cache[RunAnalysis] = Cache(services.clock, KEPT_SECONDS)
        self._launchers: Cache[tuple[str, ...]] = Cache(services.clock, KEPT_SECONDS)
        self._branches: Cache[Branches] = Cache(services.clock, KEPT_SECONDS)

    async def suggest(self, typing: Typing, limits: Limits) -> tuple[Suggestion, ...]:
        """Return what fits, best first; nothing to those who may not read."""
        policy, role = self._services.policy, access.Role.READ
        decision = authorization.decide(policy, typing.actor, typing.place, need=role, changes=False)
        if isinstance(decision, access.Denied):
            return ()
        if typing.parameter is None:
            before, word = _last_word(typing.typed)
            value = word.rpartition("=")[2]
            said = self._beside(typing, before, NOTHING)
            found = [s for s in await self._in_command(before, word, said) if s.text != word]
        else:
            word, value = typing.typed, " ".join(typing.typed.split())
            beside = self._beside(typing, typing.verb, typing.given)
            values = await self._values(typing.parameter, word, beside)
            found = [replace(s, label=s.label or s.text) for s in values]
        fits = _fitting(found, word, value)
        may_be_new = typing.parameter is not None and typing.parameter.kind in MAY_BE_NEW
        if limits.echo and may_be_new and value and all(value != s.text for s in fits):
            fits[limits.count - 1 :] = [Suggestion(text=value)]
        shown = (_shown(s, limits, len(word)) for s in fits if 0 < len(s.text) <= limits.text)
        return tuple(islice(shown, limits.count))

    async def _in_command(self, before: str, word: str, beside: Invocation) -> list[Suggestion]:
        """Return all that may stand for the last word of a command."""
        if not before:
            return list(self._verbs)
        verb = self._verb_of(beside)
        if verb is None or verb.hidden:
            return []
        name, equals, value = word.partition("=")
        own = next((p for p in verb.parameters if (p.name == name if equals else p.positional)), None)
        bare = (
            self._presets(beside) if not equals and any(p.name == "preset" for p in verb.parameters) else ()
        )
        values = (*bare, *(await self._values(own, value if equals else word, beside) if own else ()))
        head = f"{name}=" if equals else ""
        written = [replace(s, text=head + (s.short or grammar.one_word(s.text))) for s in values]
        others = () if equals else (p for p in verb.parameters if f"{p.name}=" not in before)
        return written + [Suggestion(text=f"{p.name}=", hint=p.summary) for p in others]

    async def _values(
        self, parameter: Parameter | Field, typed: str, beside: Invocation
    ) -> Iterable[Suggestion]:
        """Return all that a parameter can be given, in the order in which it is suggested."""
        reading = {
            FieldKind.RUN: self._runs,
            FieldKind.LAUNCHER: self._of_launchers,
            FieldKind.PROPERTY: self._properties,
            FieldKind.MOMENT: self._moments,
        }.get(parameter.kind)
        if reading is not None:
            return await reading(beside)
        if parameter.kind is FieldKind.BRANCH:
            return await self._of_branches(typed, beside)
        if parameter.kind is FieldKind.FLAG:
            return (Suggestion(text="yes"), Suggestion(text="no"))
        if parameter.kind is FieldKind.CHOICE:
            return _listed(parameter.choices, typed)
        return {
            "verb": self._verbs,
            "preset": self._presets(beside),
            "connection": tuple(Suggestion(text=name) for name in self._platforms),
        }.get(parameter.name, ())

    async def _runs(self, beside: Invocation) -> Iterable[Suggestion]:
        """Return "latest" and the runs that were seen, the newest of each connection first."""
        recent = await asyncio.gather(*(_in_time(self._recent(s)) for s in self._meant(beside)))
        in_turn = chain.from_iterable(zip_longest(*(runs or () for runs in recent)))
        latest = Suggestion(text="latest", hint="" if self._several else replies.LATEST)
        return (latest, *(run for run in in_turn if run is not None))

    async def _recent(self, platform: Platform) -> list[Suggestion]:
        whose = f"{platform.connection}/" if self._several else ""
        return [
            Suggestion(
                text=whose + run.ref.run_id,
                label=replies.run(run.launcher, run.status.value, whose + run.ref.run_id),
                hint=f"{run.launcher}, {run.status.value}" if run.launcher else run.status.value,
                short=whose + short_id(run.ref.run_id),
            )
            for run in await self._services.store.newest(platform.connection, RunQuery(), RECENT)
        ]

    async def _of_launchers(self, beside: Invocation) -> Iterable[Suggestion]:
        """Return the launchers that are known, each with the connections that have it where that can be asked."""
        meant = self._meant(beside)
        having: dict[str, list[str]] = {}
        for platform, names in zip(meant, await asyncio.gather(*map(self._known, meant)), strict=True):
            for name in names:
                having.setdefault(name, []).append(platform.connection)
        whose = {name: ", ".join(of) if self._several else "" for name, of in having.items()}
        return (
            Suggestion(text=n, label=replies.launcher(n, of) if of else "", hint=of)
            for n, of in whose.items()
        )

    async def _known(self, platform: Platform) -> tuple[str, ...]:
        name = platform.connection
        seen = self._launchers.get(name, lambda: known_launchers(platform, self._services))
        return await _in_time(seen) or self._services.launchers.get(name, ())

    async def _of_branches(self, typed: str, beside: Invocation) -> Iterable[Suggestion]:
        """Return the branches of the launcher that is given beside, of all launchers where none is."""
        asked = await self._asked(beside)
        said = asked.value("preset") or asked.value("launcher", 0) or ""
        preset = self._services.presets.get(said)
        launcher = preset.launcher if preset else said
        found = await asyncio.gather(
            *(_in_time(self._beginning(p, launcher, typed)) for p in self._meant(beside))
        )
        names = dict.fromkeys(name for names in found for name in names or ())
        return (Suggestion(text=name) for name in names)

    async def _beginning(self, platform: Platform, launcher: str, typed: str) -> tuple[str, ...]:
        """Return branches of a launcher; where there are too many for one list, those that begin as typed besides."""
        lists, listed = platform.lists_branches, platform.lists_launchers
        if lists is None:
            return ()
        row = await one_launcher(launcher, listed, platform.terms) if launcher and listed else None
        key, of = row.key if row else "", f"{platform.connection}/{row.key if row else ''}"
        known = await self._branches.get(of, lambda: lists.branches(key, "")) or Branches()
        if known.whole or not typed:
            return known.names
        fitting = await self._branches.get(f"{of}/{typed}", lambda: lists.branches(key, typed))
        return (*(fitting or known).names, *known.names)

    async def _properties(self, beside: Invocation) -> Iterable[Suggestion]:
        failing = await _in_time(self._failing(beside)) or ()
        return (Suggestion(text=f"{n}", label=p.name, hint=p.name) for n, p in enumerate(failing, 1))

    async def _moments(self, beside: Invocation) -> Iterable[Suggestion]:
        own, failing = await asyncio.gather(
            _in_time(self._moment_of_thread(beside)), _in_time(self._failing(beside))
        )
        named = [("", own), *((p.name, p.moment) for p in failing or ())]
        return (
            Suggestion(text=moment.text, label=replies.moment(moment, name), hint=name)
            for name, moment in named
            if moment is not None
        )

    async def _moment_of_thread(self, beside: Invocation) -> Moment | None:
        """Return what the thread speaks of, unless another run is named."""
        asked = await self._asked(beside)
        named = asked.value("run", 0) is not None or asked.command.pasted is not None
        return None if named else asked.context.moment

    async def _failing(self, beside: Invocation) -> tuple[Check, ...]:
        """Return the failing properties of the run that is meant, in the order in which a verb numbers them."""
        asked = await self._asked(beside)
        place, values = asked.invocation.place.channel, sorted(asked.invocation.values.items())
        meant = repr(
            (asked.command, values, asked.context.run, place)
        )  # a channel has connections of its own
        found = await self._analyses.get(
            meant, lambda: analysis_for(asked, self._services, ended=True, depth=1)
        )
        return found.failing if found is not None else ()

    def _presets(self, beside: Invocation) -> tuple[Suggestion, ...]:
        """Return the presets that the person may use."""
        presets = usable(self._services, beside.actor, beside.place).values()
        return tuple(Suggestion(text=p.name, hint=replies.preset(p.launcher)) for p in presets)

    def _meant(self, beside: Invocation) -> list[Platform]:
        """Return the platforms that are meant: that of the connection that is named, else all."""
        named = beside.values.get("connection")
        with suppress(ClewError):
            named = named or grammar.split(beside.text).named.get("connection")
        return [platform for name, platform in self._platforms.items() if named in {None, name}]

    def _beside(self, typing: Typing, text: str, values: Mapping[str, str]) -> Invocation:
        """Return what is said beside that which is being typed."""
        now = self._services.clock.now()
        return Invocation(actor=typing.actor, place=typing.place, text=text, key="", at=now, values=values)


async def _in_time(reading: Awaitable[T]) -> T | None:
    """Return what is read; None where that fails or takes long."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await reading
    except (TimeoutError, ClewError) as error:
        log.info("something could not be suggested: %s", type(error).__name__)
        return None


def _fitting(found: Iterable[Suggestion], word: str, value: str) -> list[Suggestion]:
    """Return what begins with what was typed, then what has it in its label."""
    word, value = _bare(word), _bare(value)
    beginning: list[Suggestion] = []
    inside: list[Suggestion] = []
    for s in found:
        label = _bare(s.label)
        if _bare(s.text).startswith(word) or (label and label.startswith(value)):
            beginning.append(s)
        elif value and value in label:
            inside.append(s)
    return beginning + inside


def _listed(choices: tuple[str, ...], typed: str) -> Iterable[Suggestion]:
    """Suggest the choices behind those that are typed already: a list is written with commas."""
    before, comma, _ = typed.rpartition(",")
    taken = [word.strip() for word in before.split(",")] if comma else []
    head = f"{','.join(taken)}," if comma else ""
    return (Suggestion(text=head + choice) for choice in choices if choice not in taken)


def _shown(suggestion: Suggestion, limits: Limits, replaces: int) -> Suggestion:
    label = cleaning.shorten(cleaning.one_line(suggestion.label or suggestion.text), limits.label)
    return replace(suggestion, label=label or "…", replaces=replaces)


def _last_word(line: str) -> tuple[str, str]:
    """Split a command before its last word, which may be empty, or begin with an open quote."""
    start, quoted = 0, False
    for at, sign in enumerate(line):
        quoted ^= sign == '"'
        if sign.isspace() and not quoted:
            start = at + 1
    return line[:start].lstrip(), line[start:]


def _bare(text: str) -> str:
    """Return what is compared: neither case nor quotes matter while one types."""
    return text.replace('"', "").casefold()
