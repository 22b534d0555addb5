"""All settings: from the environment, `.env`, secret files and an optional TOML file, checked as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.chat.kind import AnyChat, Ids
from adapters.chat.registry import CHATS
from adapters.configuration import environment
from adapters.configuration.checks import (
    LOWER,
    HeartbeatUrl,
    Listen,
    MailDomain,
    Name,
    PollSeconds,
    SecretText,
    text,
)
from adapters.configuration.database import read_address
from adapters.configuration.problems import SettingsError, did_you_mean, wrong
from adapters.configuration.sources import DEFAULT_FILE, Content, Sources, parse
from adapters.configuration.table import Connection, Reporting, Table, Variable, secrets_in
from adapters.configuration.tokens import Shape
from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from bot.access import Role
from bot.cards import ReportLinks
from bot.command import Preset
from bot.errors import UserError
from bot.model import Secret
from bot.state import Outcome, Subscription

POLITE_SECONDS = 60.0  # the platform's own client asks no more often
CONNECTIONS = "connection"
ROLES = tuple(role.word for role in Role)


def _one_of(what: str, forms: Iterable[Ids | None], shown: Iterable[Ids | None]) -> AfterValidator:
    """Check that an id has one of some forms; immutable ids only, since display names can be taken by anyone."""
    known = [form for form in forms if form]
    names = [form.shown for form in shown if form]

    def check(value: str) -> str:
        if not any(form.fits(value) for form in known):
            raise wrong(what, f"Give {', '.join(names[:-1])} or {names[-1]}.")
        return value

    return AfterValidator(check)


def _role(value: str) -> str:
    if value not in ROLES:
        raise wrong("There is no such key.", did_you_mean(value, ROLES))
    return value


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise wrong("That is not a single value.", "Give a text, a number, true or false.")


def _database(value: Secret) -> Secret:
    try:
        read_address(value.reveal())
    except UserError as error:
        raise wrong(error.problem, error.hint) from None
    return value


_SERVED = [chat for chat in CHATS if chat.switch]
_PEOPLE = [form for chat in CHATS for form in (chat.whole, *chat.people)]
_PLACES = [form for chat in CHATS for form in (chat.channel, chat.whole)]
_CHANNELS = [chat.channel for chat in CHATS]
_SHOWN = [chat.channel for chat in _SERVED]

Links = Annotated[ReportLinks, LOWER]
RoleName = Annotated[str, AfterValidator(_role)]
Principal = Annotated[
    str,
    BeforeValidator(text),
    _one_of("That is not an id of a person or group.", [*_PEOPLE, *_CHANNELS], _PEOPLE),
]
PlaceId = Annotated[str, BeforeValidator(text), _one_of("That is not a place.", _PLACES, _PLACES)]
ChannelId = Annotated[str, _one_of("That is not a channel's id.", _CHANNELS, _SHOWN)]


class Watch(Table):
    """A channel that is notified of runs."""

    channel: ChannelId
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    outcomes: frozenset[Annotated[Outcome, LOWER]] = frozenset({Outcome.ALL})
    report_links: Links | None = None

    @property
    def subscription(self) -> Subscription:
        """The same as the core knows it."""
        return Subscription(**dict(self), from_settings=True)


class PresetTable(Table):
    """A launch prepared under a name."""

    name: Name
    launcher: str = Field(min_length=1)
    values: Mapping[str, Annotated[str, BeforeValidator(_scalar)]] = {}


class Web(Table):
    """Where health and metrics are served."""

    listen: Listen = ("127.0.0.1", 8080)


class Operator(Table):
    """Where an operator is told what needs a person. `heartbeat`: an address that is pinged while all is well."""

    channel: ChannelId | None = None
    heartbeat: HeartbeatUrl | None = None


class General(Table):
    """What is of no chat and of no connection. `roles` and `places` hold ids by role name."""

    database_url: Annotated[
        SecretText,
        AfterValidator(_database),
        Variable("DATABASE_URL", "SQLite file or PostgreSQL (`postgresql://…`)"),
    ] = Secret("sqlite:///clew.db")
    config: Annotated[
        Path | None, Variable("CLEW_CONFIG", "the TOML file; `clew.toml` is read when it is there")
    ] = None
    poll_seconds: Annotated[
        PollSeconds, Variable("CLEW_POLL_SECONDS", "how often runs are looked for; 60 is the polite minimum")
    ] = POLITE_SECONDS
    locked: Annotated[
        bool, Variable("CLEW_READ_ONLY", "`true`: nothing is launched, debugged or changed")
    ] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        LOWER,
        Variable("CLEW_LOG_LEVEL", "how much is logged: `debug`, `info`, `warning` or `error`"),
    ] = "info"
    report_links: Links = ReportLinks.POST
    read_only: bool = False
    recipient_domains: frozenset[MailDomain] = frozenset()  # where mail may go; none: to the requester alone
    roles: Mapping[RoleName, frozenset[Principal]] = {}
    places: Mapping[RoleName, frozenset[PlaceId]] = {}  # a role that is left out may be used anywhere
    watch: tuple[Watch, ...] = ()
    preset: tuple[PresetTable, ...] = ()
    web: Web = Web()
    operator: Operator = Operator()


class Settings(General):
    """Everything that can be set. `chats` are those that are on, by name; `warnings` are full sentences."""

    connections: tuple[Connection, ...]
    chats: Mapping[str, Table] = {}
    warnings: tuple[str, ...] = ()

    @property
    def watches(self) -> tuple[Subscription, ...]:
        """What channels are notified of."""
        return tuple(watch.subscription for watch in self.watch)

    @property
    def presets(self) -> Mapping[str, Preset]:
        """Prepared launches by name."""
        return {p.name: Preset(name=p.name, launcher=p.launcher, values=p.values) for p in self.preset}

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value, for the redactor."""
        return tuple(secrets_in(self))


SECTIONS: tuple[tuple[str, type[Table]], ...] = (
    *((kind.title, kind.connection) for kind in PLATFORMS),
    *((chat.title, chat.settings) for chat in _SERVED),
    ("Clew itself", General),
)
"""Every table that variables are read for, with its title, in the order of the README."""


BESIDE = frozenset({CONNECTIONS, *(chat.name for chat in _SERVED)})
KEYS = (General.model_fields.keys() - General.variables().keys()) | BESIDE
"""The keys of the file, at its top; `BESIDE` are those of connections and chats."""


def environment_names() -> frozenset[str]:
    """Return the name of every variable that a setting is read from."""
    return environment.named(table for _, table in SECTIONS)


def load() -> Settings:
    """Read and check everything. Raises `SettingsError`, which lists all that is wrong at once."""
    names = environment.variables()
    named = names.get("CLEW_CONFIG", "").strip()  # white space is told of by its own check
    path = Path(named or DEFAULT_FILE)
    sources = Sources(names=names, file=str(path), shapes=_shapes())
    sources.problems += environment.misspelt(names, environment_names())
    content: Content | None = {}
    try:
        content = parse(path) if named or path.exists() else {}
    except SettingsError as error:
        sources.problems += error.problems
        content = None
    return _settings(sources, content)


def _settings(sources: Sources, read: Content | None) -> Settings:
    content = read or {}
    connections = list(_connections(sources, content))
    chats = {chat.name: _chat(sources, chat, content) for chat in _SERVED}
    rest = {key: value for key, value in content.items() if key not in BESIDE}
    general = sources.of_both(General, rest, beside=BESIDE)
    _check_names(sources, read)
    if sources.problems or general is None:
        raise SettingsError(sources.problems)
    on = {name: chat for name, chat in chats.items() if chat}
    return Settings(
        **{
            **dict(general),
            "read_only": general.read_only or general.locked,
            "connections": tuple(_with_links(found, general) for found in connections if found),
            "chats": on,
            "warnings": (*_warnings(general, on), *sources.warnings),
        }
    )


def _connections(sources: Sources, content: Content) -> Iterator[Connection | None]:
    """Read the connection that variables describe, of each kind, and those of the file."""
    for kind in _described(sources):
        found = sources.of_variables(kind.connection, name=kind.default)
        yield _warned(sources, found, partial(sources.variable, kind.connection, ()))
    tables = content.get(CONNECTIONS, [])
    if not isinstance(tables, list):
        what = "That is not a list of tables."
        sources.say(sources.place(CONNECTIONS), what, f"Write [[{CONNECTIONS}]], with two brackets.")
        return
    for number, given in enumerate(tables):
        found = _connection(sources, sources.table(given, CONNECTIONS, number), number)
        yield _warned(sources, found, partial(sources.place, CONNECTIONS, number))


def _connection(sources: Sources, table: Content, number: int) -> Connection | None:
    """Read a connection of the file by the model of its kind."""
    known = {kind.name: kind for kind in PLATFORMS}
    name = table.get("kind", PLATFORMS[0].name)
    if not isinstance(name, str) or name not in known:
        what = "There is no such kind of test platform."
        sources.say(sources.place(CONNECTIONS, number, "kind"), what, did_you_mean(str(name), known))
        return None
    foreign = {
        key: (
            f"It belongs to kind {kind.name}; this connection is of kind {name}.",
            "Remove it, or change “kind”.",
        )
        for kind in PLATFORMS
        for key in kind.connection.file_keys()
        if kind.name != name
    }
    return sources.of_file(known[name].connection, table, CONNECTIONS, number, foreign=foreign)


def _warned(sources: Sources, found: Connection | None, key: Callable[[str], str]) -> Connection | None:
    if found is not None:
        sources.warnings += found.warnings(key)
    return found


def _described(sources: Sources) -> list[AnyPlatform]:
    """Return the kinds of which variables describe a connection, whole or in part."""
    return [kind for kind in PLATFORMS if sources.wants(kind.connection)]


def _chat(sources: Sources, chat: AnyChat, content: Content) -> Table | None:
    on = sources.wants(chat.settings)
    return sources.of_both(chat.settings, content.get(chat.name, {}), chat.name, wanted=on)


def _with_links(connection: Connection, general: General) -> Connection:
    """Let a connection that says nothing of report links follow what is said for all."""
    if not isinstance(connection, Reporting) or "report_links" in connection.model_fields_set:
        return connection
    return connection.model_copy(update={"report_links": general.report_links})


def _check_names(sources: Sources, read: Content | None) -> None:
    """Find what is missing, stands twice or is not there, whatever else is wrong; `read`: None for a broken file."""
    tables = _tables(read, CONNECTIONS)
    names = [*(kind.default for kind in _described(sources)), *_texts(tables, "name")]
    if not names and not tables and read is not None and CONNECTIONS not in read:
        ways = " or ".join(" and ".join(kind.least) for kind in PLATFORMS)
        sources.say(
            PLATFORMS[0].least[0],
            "No test platform is named.",
            f"Set {ways}, in the environment or in .env; `clew demo` needs neither.",
        )
    _twice(sources, CONNECTIONS, names)
    _twice(sources, "preset", _texts(_tables(read, "preset"), "name"))
    for number, watch in enumerate(_tables(read, "watch")):
        named = watch.get("connection")
        if isinstance(named, str) and named not in names:
            where = sources.place("watch", number, "connection")
            sources.say(where, "There is no connection of that name.", did_you_mean(named, names))


def _twice(sources: Sources, what: str, names: list[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            sources.say(
                sources.place(what), f"Two {what}s are named “{name}”.", "Give each a name of its own."
            )


def _tables(content: Content | None, name: str) -> list[Content]:
    """Return the tables `[[name]]`; what stands there and is no table is left to the check of types."""
    found = (content or {}).get(name)
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def _texts(tables: list[Content], key: str) -> list[str]:
    return [table[key] for table in tables if isinstance(table.get(key), str)]


def _shapes() -> dict[str, Shape]:
    return {name: shape for chat in CHATS for name, shape in chat.shapes.items()}


def _warnings(general: General, on: Collection[str]) -> Iterator[str]:
    if general.poll_seconds < POLITE_SECONDS:
        yield (
            f"CLEW_POLL_SECONDS is {general.poll_seconds:g}; below {POLITE_SECONDS:g} the platform may slow Clew "
            "down."
        )
    name = (general.operator.channel or "").partition(":")[0]
    for chat in _SERVED:
        if chat.name == name and name not in on:
            yield (
                f"[operator] channel is in {chat.name}, which is off: set {chat.switch}, or nobody is notified there."
            )
