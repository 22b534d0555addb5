"""What a verb is, what its handler gets, and what a command is about; help, manifests, command trees and completion come from it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from bot.access import Afresh, Policy, Role
from bot.cache import Bounded
from bot.cards import Context, FieldKind, Form, Line, Reply, ReportLinks
from bot.model import NOTHING, Check, Moment, Repository, Run, Secret
from bot.parsed import ParsedCommand
from bot.platform import Need, Platform
from bot.ports import Clock, FindAddressee, OpenFile, Report, Store, Trace, untraced
from bot.state import Actor, AuditEntry, Invocation, Place, Subscription
from bot.terms import Terms, shared, worded
from bot.triage import AttachedReport

_GIVEN = re.compile(
    r"(?<![\w.])(\w+)="
)  # the names of parameters in an example; `custom.seed=` is a launcher's own

ENTRY = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)  # the number of an entry of a list
LONG_ENTRY = re.compile(
    r"[1-9][0-9]{0,4}", re.ASCII
)  # where the list is known to have it: a run can be named so
PROPERTY = "property"  # the parameter that such a number fills
FILE = "file"  # the parameter that names an attached file
PASTED_INTO = frozenset({FieldKind.RUN, FieldKind.LONG_TEXT})  # in which a link or a moment is understood
MESSAGE = "message"
"""The value that holds somebody's message where a shortcut was used on one: a text to look into, no command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a verb. `positional`: also understood without its name.

    `taken`: whether a platform has a use for it; None: all have. `own_noun`: it may be given by the platform's own noun
    for it too, "branch=" for "source=".
    """

    name: str
    summary: str
    kind: FieldKind
    required: bool = False
    positional: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    check: Callable[[str, str], object] | None = None  # reads (text, name), where its kind does not say how
    taken: Callable[[Platform], bool] | None = None
    own_noun: bool = False

    def taken_by(self, platforms: Iterable[Platform]) -> bool:
        """Whether any of these platforms has a use for it."""
        return self.taken is None or any(map(self.taken, platforms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A launch prepared in the settings: its launcher and values by parameter name.

    `people`: the ids of whom may use it, as roles take them; none: whoever may launch. `free`: the names of the parameters
    that may be given beside it, or otherwise than it has them; None: all. `approve`: the role of the second person who has to
    approve each launch by it; None: nobody has to.
    """

    name: str
    launcher: str
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    people: frozenset[str] = frozenset()
    free: frozenset[str] | None = None
    approve: Role | None = None

    @property
    def mark(self) -> str:
        """A short text that is another one where a launch by it would be another, or need another approval."""
        said = repr((self.launcher, sorted(self.values.items()), self.approve))
        return sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


LOOKED_AT = 1_000
FEW = 2  # verbs that a word can be said to belong to
Look = tuple[str, str, str | None]  # the texts of a run and of a moment, and the property's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that verbs work with. `services` by connection name, the first is the default."""

    platforms: Mapping[str, Platform]
    store: Store
    clock: Clock
    policy: Policy
    presets: Mapping[str, Preset] = field(default_factory=dict)
    launchers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # named in the settings
    people: tuple[frozenset[str], ...] = ()  # the ids of each person that the settings name
    recipient_domains: frozenset[str] = (
        frozenset()
    )  # where reports may be mailed; none: to the requester alone
    image_registries: frozenset[Repository] | None = None  # where images may be from; None: from anywhere
    report_links: Mapping[str, ReportLinks] = field(default_factory=dict)  # by connection
    confirm_within: timedelta = timedelta(minutes=5)  # as the cards say; longer only where time runs fast
    new_key: Callable[[], str]  # a fresh unique id, 32 hexadecimal digits
    version: str = ""  # Clew's own
    trace: Trace = (
        untraced  # gets a span for each command that was answered, and for each message that was posted
    )
    secrets: tuple[Secret, ...] = ()  # known values that nobody's words may carry further
    # Moments that were looked at: whoever looks again, by a button or in the thread, asks the platform nothing about them.
    looked_at: Bounded[Look, MomentTarget] = field(default_factory=lambda: Bounded(LOOKED_AT))

    @property
    def approve_within(self) -> timedelta:
        """For how long a second person can approve what somebody confirmed."""
        return 12 * self.confirm_within

    @property
    def terms(self) -> Terms:
        """The nouns that all connections have in common."""
        return shared([platform.terms for platform in self.platforms.values()])

    @property
    def left_out(self) -> list[str]:
        """The connections whose runs no subscription means that names none."""
        return [name for name, platform in self.platforms.items() if not platform.notified_by_default]

    def meant_by(self, subscription: Subscription) -> list[Platform]:
        """Return the connections whose runs a subscription means."""
        named = subscription.connection
        return [
            p
            for name, p in self.platforms.items()
            if name == named or (named is None and p.notified_by_default)
        ]

    async def rules(self) -> Policy:
        """Return what holds now: the settings, and the read-only switch that an admin sets. Raises `StoreError`."""
        return self.policy.locked if await self.store.read_only() is not None else self.policy

    async def admins(self) -> list[str]:
        """Return who holds the highest role, by the names that are kept of them, else by id. Raises `StoreError`."""
        ids = sorted(self.policy.roles.get(Role.ADMIN, ()))
        return [await self.store.name(each) or each for each in ids]

    async def note(self, actor: Actor, place: Place, action: str, decision: str, detail: str) -> None:
        """Add a line to the audit trail. Raises `StoreError`."""
        entry = AuditEntry(at=self.clock.now(), actor=actor.id, channel=place.channel, action=action,
                           decision=decision, detail=detail)  # fmt: skip
        await self.store.audit(entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An invocation after reading its words: what a verb's handler gets.

    `afresh` asks the chat for the person's permissions once more, before something costly is done. `open_file` opens what
    somebody attached, `find_addressee` finds out whom a mention names, both None where nobody can. What whoever looks things up puts into `remarks` stands in the reply,
    whatever the verb answers. `untouched`: the fields of a form that may be filled in anew, as nobody has changed them;
    None where nobody has seen it. `resumed`: a process before this one accepted it, and may have acted on it. `verbs`: what
    can be said here, by name.
    """

    invocation: Invocation
    command: ParsedCommand
    context: Context
    report: Report
    afresh: Afresh | None = None
    open_file: OpenFile | None = None
    find_addressee: FindAddressee | None = None
    remarks: list[Line] = field(default_factory=list)
    untouched: frozenset[str] | None = None
    resumed: bool = False
    verbs: Mapping[str, Verb] = field(default_factory=dict)

    def value(self, name: str, position: int | None = None) -> str | None:
        """Return a parameter: a typed value, else the named word, else (with a position) the bare words; blank is none.

        A verb has at most one positional parameter, so all bare words together are its value: none is dropped.
        """
        bare = self.command.bare if position is not None else ""
        given = (self.invocation.values.get(name), self.command.named.get(name), bare)
        return next((text for text in given if text and not text.isspace()), None)

    def flag(self, name: str) -> bool:
        """Whether a value says yes."""
        return (self.value(name) or "").lower() in {"true", "yes", "on", "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb: its grammar for people and machines, the role it needs, and what it does.

    `needs`: the parts of a platform that it works with, any one of them; none for what every platform can do.
    `changes`: it costs money or changes something, so it is denied by default and when read-only. `only_reads`: whether a
    command of such a verb changes nothing all the same, so that whoever may read may use it. `untaken`: names of
    parameters that no connection here has a use for: nobody is offered them, and whoever gives one is told why not.
    `nouns`: other names of parameters, by what the platforms here call such a thing.
    """

    name: str
    summary: str
    handle: Callable[[Asked, Services], Awaitable[Reply]]
    parameters: tuple[Parameter, ...] = ()
    untaken: frozenset[str] = frozenset()
    nouns: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    examples: tuple[str, ...] = ()
    needs: tuple[Need[object], ...] = ()
    role: Role = Role.READ
    changes: bool = False
    only_reads: Callable[[Asked], bool] | None = None
    starts: bool = False  # it starts runs, of which quotas may allow so many a day
    hidden: bool = False  # not listed by help or autocomplete: buttons ask for it
    private: bool = False  # the answer is for the person alone
    long: bool = False  # it may read for minutes, and others must not wait for it
    prose: bool = (
        False  # all that is typed behind it is its one text: nothing of it is a name, a flag or a moment
    )
    between: bool = False  # it brings something from one connection to another
    open_names: bool = False  # takes names that are not listed (launch passes custom parameters through)
    form: Callable[[Asked, Services], Awaitable[Form]] | None = None
    further: Callable[[str, str], object] | None = None  # reads the value of an open name as a `check` does
    adapt: Callable[[Verb, Collection[Platform]], Verb] | None = None  # to what the platforms take
    reread: Callable[[ParsedCommand], ParsedCommand] | None = None  # reads bare words beside its parameter

    @property
    def positional(self) -> Parameter | None:
        """The parameter that bare words stand for."""
        return next((p for p in self.parameters if p.positional), None)

    @property
    def reads_files(self) -> bool:
        """Whether it reads what somebody attaches."""
        return any(p.kind is FieldKind.FILE for p in self.parameters)

    def offered_by(self, platforms: Iterable[Platform]) -> bool:
        """Whether one of these platforms has what it needs, and there is another one where it takes two."""
        there = [*platforms]
        if self.between and len(there) < 2:  # noqa: PLR2004 - from one to another
            return False
        return not self.needs or any(need.of(p) is not None for p in there for need in self.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentTarget:
    """A moment to look at: in a run, or in a session whose run is not known."""

    platform: Platform
    moment: Moment
    run: Run | None = None
    session_id: str | None = None
    property_name: str | None = None
    check: Check | None = None  # the property, where it was read on the way
    others: tuple[int, ...] = ()  # entries of the list of failing properties that have a moment too
    warning: str = ""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The moments of the property's counterexamples, by virtual time, as far as they are known."""
        examples = self.check.counterexamples if self.check is not None else ()
        return tuple(sorted({e.moment for e in examples if e.moment is not None}, key=_order))

    @property
    def next(self) -> Moment | None:
        """The counterexample after this one, by virtual time; None where no later one is known."""
        here = _order(self.moment)
        return next((moment for moment in self.moments if _order(moment) > here), None)

    @property
    def context(self) -> Context:
        """What a message about it speaks of."""
        run = self.run.ref if self.run else None
        return Context(run=run, property_name=self.property_name, moment=self.moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    """A report file that somebody attached, as it was read; `ref`: what the chat calls it."""

    platform: Platform
    ref: str
    name: str
    report: AttachedReport


def _order(moment: Moment) -> tuple[Decimal, str]:
    return moment.exact, moment.input_hash


def uses_of(word: str, verbs: Iterable[Verb]) -> tuple[tuple[str, str], ...]:
    """Return the verbs that take a word as a parameter or as a choice of one, each with an example of that.

    Empty where there are so many that none is likelier than another.
    """
    word = word.lower()
    found: dict[str, str] = {}
    for verb in verbs:
        for each in verb.parameters:
            if each.name == word:
                found.setdefault(verb.name, each.example or f"{word}=…")
            elif word in each.choices:
                found.setdefault(verb.name, f"{each.name}={word}")
    return tuple(found.items()) if len(found) <= FEW else ()


def adapted(verbs: Mapping[str, Verb], platforms: Collection[Platform]) -> dict[str, Verb]:
    """Return the verbs that these platforms offer, as they are used there, and in the nouns that all of them have."""
    terms = shared([platform.terms for platform in platforms])
    offered = {name: _taken(verb, platforms) for name, verb in verbs.items() if verb.offered_by(platforms)}
    return {
        name: _in_terms(verb.adapt(verb, platforms) if verb.adapt else verb, terms)
        for name, verb in offered.items()
    }


def _taken(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Return a verb with the parameters that any of these platforms has a use for."""
    taken = tuple(p for p in verb.parameters if p.taken_by(platforms))
    names = {p.name for p in verb.parameters}
    nouns = {
        noun: p.name
        for p in taken
        if p.own_noun
        for platform in platforms
        if (noun := platform.terms.named(p.name)) not in names
    }
    untaken = names.difference(p.name for p in taken)
    return replace(verb, parameters=taken, untaken=frozenset(untaken), nouns=nouns)


def _in_terms(verb: Verb, terms: Terms) -> Verb:
    """Return a verb in the nouns of its users, with those of its examples that give only parameters it takes here."""
    names = {each.name for each in verb.parameters}

    def fits(example: str) -> bool:
        return names.issuperset(_GIVEN.findall(example))

    parameters = tuple(
        replace(each, summary=worded(each.summary, terms), example=each.example if fits(each.example) else "")
        for each in verb.parameters
    )
    examples = tuple(filter(fits, verb.examples))
    return replace(verb, summary=worded(verb.summary, terms), parameters=parameters, examples=examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMomentTarget:
    """A run that was meant and has no moment to look at; `why` is a sentence."""

    platform: Platform
    run: Run
    why: str
