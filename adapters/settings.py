"""All settings: from the environment, `.env`, secret files and an optional TOML file, checked as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from adapters.chat.kind import AnyChat
from adapters.chat.registry import CHATS
from adapters.configuration import environment
from adapters.configuration.checks import loopback
from adapters.configuration.problems import SettingsError, did_you_mean
from adapters.configuration.sources import DEFAULT_FILE, Content, Foreign, Sources, parse
from adapters.configuration.table import Connection, Hooked, Reporting, Table, secrets_in
from adapters.configuration.tokens import Shape
from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from adapters.tables import POLITE_SECONDS, SERVED, General
from bot import grammar
from bot.command import Preset
from bot.model import Repository, Secret
from bot.quotas import Quota
from bot.replies.wording import listed
from bot.state import ChannelSettings, Expectation, MentionRule, Per, PublishRule, Subscription

CONNECTIONS = "connection"
OF_CHANNELS = ("watch", "mention", "expect", "channel")  # tables about one channel each
RUN_NOTHING = frozenset(kind.name for kind in PLATFORMS if kind.runs_nothing)
MOVE_UP = "Move it above the first table."


GENERAL = ""  # under which name the origins of what is of no chat and of no connection stand


class Settings(General):
    """Everything that can be set. `chats` are those that are on, by name; `warnings` are full sentences.

    `origins`: where fields were given, by the name of their chat or "connection NAME"; those with their default are left out.
    """

    connections: tuple[Connection, ...]
    chats: Mapping[str, Table] = {}
    warnings: tuple[str, ...] = ()
    origins: Mapping[str, Mapping[str, str]] = {}

    @property
    def watches(self) -> tuple[Subscription, ...]:
        """What channels are notified of."""
        return tuple(watch.subscription for watch in self.watch)

    @property
    def groups(self) -> tuple[frozenset[str], ...]:
        """The ids of each person that has several."""
        return tuple(self.people.values())

    @property
    def mention_rules(self) -> tuple[MentionRule, ...]:
        """Whom posts mention."""
        return tuple(table.rule for table in self.mention)

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Which runs channels expect to start; of the only connection where they name none."""
        only = self.connections[0].name if self.connections else ""
        return tuple(table.expectation(only) for table in self.expect)

    @property
    def channel_settings(self) -> tuple[ChannelSettings, ...]:
        """How channels are notified, whatever of."""
        return tuple(table.settings for table in self.channel)

    @property
    def publish_rules(self) -> tuple[PublishRule, ...]:
        """What is published by itself; while Clew is read-only it waits."""
        return tuple(table.rule for table in self.publish)

    @property
    def presets(self) -> Mapping[str, Preset]:
        """Prepared launches by name."""
        return {table.name: table.preset for table in self.preset}

    @property
    def registries(self) -> frozenset[Repository] | None:
        """Where images may be from; None: from anywhere."""
        names = self.image_registries
        return None if names is None else frozenset(grammar.registry(n, "image_registries") for n in names)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """How much may be started on a day."""
        return tuple(table.quota for table in self.quota)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value, for the redactor."""
        return tuple(secrets_in(self))


SECTIONS: tuple[tuple[str, type[Table]], ...] = (
    *((kind.title, kind.connection) for kind in PLATFORMS),
    *((chat.title, chat.settings) for chat in SERVED),
    ("Clew itself", General),
)
"""Every table that variables are read for, with its title, in the order of the README."""


BESIDE = frozenset({CONNECTIONS, *(chat.name for chat in SERVED)})
KEYS = (General.model_fields.keys() - General.variables().keys()) | BESIDE
"""The keys of the file, at its top; `BESIDE` are those of connections and chats."""


def environment_names() -> frozenset[str]:
    """Return the name of every variable that a setting is read from."""
    return environment.named(table for _, table in SECTIONS)


def load(*, again: bool = False) -> Settings:
    """Read and check everything. Raises `SettingsError`, which lists all that is wrong at once.

    `again`: the file was there before; without it everything that it says would be undone.
    """
    names = environment.variables()
    named = names.get("CLEW_CONFIG", "").strip()  # white space has a check of its own
    path = Path(named or DEFAULT_FILE)
    sources = Sources(names=names, file=str(path), shapes=_shapes())
    sources.problems += environment.misspelt(names, environment_names())
    content: Content | None = {}
    try:
        content = parse(path) if named or again or path.exists() else {}
    except SettingsError as error:
        sources.problems += error.problems
        content = None
    return _settings(sources, content)


def _settings(sources: Sources, read: Content | None) -> Settings:
    content = read or {}
    connections = list(_connections(sources, content))
    chats = {chat.name: _chat(sources, chat, content) for chat in SERVED}
    rest = {key: value for key, value in content.items() if key not in BESIDE}
    general = sources.of_both(General, rest, beside=BESIDE, foreign=_keys_of_other_tables())
    _check_names(sources, read)
    _check_hooks(sources, general)
    _check_page(sources, general)
    if sources.problems or general is None:
        raise SettingsError(sources.problems)
    on = {name: chat for name, chat in chats.items() if chat}
    return Settings(
        **{
            **dict(general),
            "read_only": general.read_only or general.locked,
            "connections": tuple(_with_links(found, general) for found in connections if found),
            "chats": on,
            "origins": {
                GENERAL: sources.origins(general),
                **{name: sources.origins(chat) for name, chat in on.items()},
                **{f"{CONNECTIONS} {c.name}": sources.origins(c) for c in connections if c},
            },
            "warnings": (
                *_warnings(general, on),
                *_off_warnings(general, on),
                *_hook_warnings(general, connections),
                *_page_warnings(general),
                *_quota_warnings(general, connections),
                *_unread(sources.names),
                *sources.warnings,
            ),
        }
    )


def _connections(sources: Sources, content: Content) -> Iterator[Connection | None]:
    """Read the connection that variables describe, of each kind, and those of the file."""
    for kind in _described(sources):
        found = sources.of_variables(kind.connection, name=kind.default)
        yield _warned(sources, found, partial(sources.variable, kind.connection, ()))
    tables = content.get(CONNECTIONS, [])
    if not isinstance(tables, list):
        what = "This is not a list of tables."
        sources.say(sources.place(CONNECTIONS), what, f"Write [[{CONNECTIONS}]] with double brackets.")
        return
    for number, given in enumerate(tables):
        found = _connection(sources, given, number)
        yield _warned(sources, found, partial(sources.place, CONNECTIONS, number))


def _connection(sources: Sources, given: object, number: int) -> Connection | None:
    """Read a connection of the file by the model of its kind."""
    table = sources.table(given, CONNECTIONS, number)
    if table is not given:
        return None
    known = {kind.name: kind for kind in PLATFORMS}
    name = table.get("kind", PLATFORMS[0].name)
    if not isinstance(name, str) or name not in known:
        what = "Unknown kind of test platform."
        sources.say(sources.place(CONNECTIONS, number, "kind"), what, did_you_mean(str(name), known))
        return None
    return sources.of_file(
        known[name].connection, table, CONNECTIONS, number, foreign=_keys_of_other_kinds(name)
    )


def _keys_of_other_kinds(name: str) -> Foreign:
    """Return the keys that connections of other kinds than this one take, and what to say of each."""
    kinds: dict[str, list[str]] = {}
    for kind in PLATFORMS:
        if kind.name != name:
            for key in kind.connection.file_keys():
                kinds.setdefault(key, []).append(kind.name)
    return {
        key: (
            f"It belongs to kind {' or '.join(names)}, but this connection is of kind {name}.",
            "Remove it, or change “kind”.",
        )
        for key, names in kinds.items()
    }


def _warned(sources: Sources, found: Connection | None, key: Callable[[str], str]) -> Connection | None:
    if found is not None:
        sources.warnings += found.warnings(key)
    return found


def _described(sources: Sources) -> list[AnyPlatform]:
    """Return the kinds of which variables describe a connection, whole or in part."""
    return [kind for kind in PLATFORMS if sources.wants(kind.connection)]


def _chat(sources: Sources, chat: AnyChat, content: Content) -> Table | None:
    on = sources.wants(chat.settings)
    foreign = _keys_of_other_tables(chat.name)
    return sources.of_both(chat.settings, content.get(chat.name, {}), chat.name, foreign=foreign, wanted=on)


def _keys_of_other_tables(name: str = "") -> Foreign:
    """Return the keys of the tables `[NAME]` beside this one, "" for the top of the file, and what to say of each."""
    fields = ((key, field.annotation) for key, field in General.model_fields.items())
    tables = {key: kind for key, kind in fields if isinstance(kind, type) and issubclass(kind, Table)}
    tables |= {chat.name: chat.settings for chat in SERVED}
    places: dict[str, list[str]] = {}
    for table, model in tables.items():
        if table != name:
            for key in model.model_fields.keys() - model.variables().keys():
                places.setdefault(key, []).append(f"[{table}]")
    here = f"[{name}]" if name else "the top of the file"
    found = {
        key: (f"It belongs to {' or '.join(names)}, not to {here}.", "Move it there.")
        for key, names in places.items()
    }
    top = (General.model_fields.keys() - General.variables().keys()) if name else ()
    return found | dict.fromkeys(top, (f"It belongs to the top of the file, not to {here}.", MOVE_UP))


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
        ways = ", or ".join(" and ".join(kind.least) for kind in PLATFORMS)
        sources.say(
            "",
            "No test platform is set up.",
            f"Set {ways}, in the environment or in .env; `clew demo` needs no settings.",
        )
    _twice(sources, CONNECTIONS, names)
    _twice(sources, "preset", _texts(_tables(read, "preset"), "name"))
    for kind_of_table, number, table in _naming_connections(read):
        named = table.get("connection")
        if isinstance(named, str) and named not in names:
            where = sources.place(kind_of_table, number, "connection")
            sources.say(where, "Unknown connection.", did_you_mean(named, names))
        if named is None and kind_of_table == "expect" and len(names) > 1:
            where = sources.place(kind_of_table, number, "connection")
            sources.say(where, "It is missing, and there are several.", f"Name one of {', '.join(names)}.")
    kinds = {kind.default: kind.name for kind in _described(sources)}
    kinds |= {
        table["name"]: str(table.get("kind", PLATFORMS[0].name)) for table in tables if table.get("name")
    }
    for number, table in enumerate(_tables(read, "publish")):
        _check_rule(partial(sources.place, "publish", number), table, kinds, sources)


def _naming_connections(read: Content | None) -> Iterator[tuple[str, int, Content]]:
    """Return the tables that may name a connection, by name and number."""
    for name in ("watch", "mention", "expect", "quota"):
        for number, table in enumerate(_tables(read, name)):
            yield name, number, table


def _check_rule(
    place: Callable[[str], str], table: Content, kinds: Mapping[str, str], sources: Sources
) -> None:
    """Find a rule of publishing whose connections are not there, are one, or take no runs."""
    source, target = table.get("from"), table.get("to")
    for key, named in (("from", source), ("to", target)):
        if isinstance(named, str) and named not in kinds:
            sources.say(place(key), "Unknown connection.", did_you_mean(named, kinds))
    takers = [kind.name for kind in PLATFORMS if kind.takes_runs]
    if isinstance(target, str) and target in kinds and kinds[target] not in takers:
        what = f"Runs cannot be published into a connection of kind {kinds[target]}."
        sources.say(place("to"), what, f"Name one of kind {' or '.join(takers)}.")
    elif source == target and source in kinds:
        sources.say(
            place("to"), "Runs cannot be published into the connection they are of.", "Name another one."
        )


def _check_hooks(sources: Sources, general: General | None) -> None:
    """Refuse to take webhooks where the metrics are: strangers may reach the first."""
    if (
        general is not None
        and general.hooks.listen is not None
        and general.hooks.listen == general.web.listen
    ):
        where = sources.place("hooks", "listen")
        sources.say(where, "This is the address of [web].", "Give webhooks a port of their own.")


def _check_page(sources: Sources, general: General | None) -> None:
    """Refuse a page that nobody can reach, that everybody can, or whose readers anybody can pretend to be."""
    if general is None:
        return
    web, place = general.web, partial(sources.place, "web")
    if web.user_header and not web.proxies:
        hint = f"Name the addresses that set {web.user_header}: anyone else could pretend to be anybody."
        sources.say(place("proxies"), "It is missing.", hint)
    if web.proxies and not web.user_header:
        sources.say(
            place("user_header"), "It is missing.", "Name the header in which the proxies name the user."
        )
    if web.page and web.listen is None:
        sources.say(
            place("page"), "There is no page while listen is off.", 'Set listen, like "127.0.0.1:8080".'
        )
    elif web.page and web.listen and not (web.alone or general.page_token or web.user_header):
        here = loopback(web.listen[0])  # then others come by its url
        sources.say(
            place("page"),
            f"Everybody who reaches {web.url if here else web.listen[0]} could read the page.",
            "Set CLEW_PAGE_TOKEN (make one with `openssl rand -hex 32`), or user_header and proxies, or "
            + ("leave url out." if here else "listen on 127.0.0.1."),
        )


def _page_warnings(general: General) -> Iterator[str]:
    """Say where the page is set up by half, and where others may read along."""
    web = general.web
    if not web.page:
        given = (
            "CLEW_PAGE_TOKEN" if general.page_token else "",
            "[web] user_header" if web.user_header else "",
        )
        for name in filter(None, given):
            yield f"{name} is set, but [web] page is not true, so there is no page."
        return
    beyond = web.listen is not None and not loopback(web.listen[0])
    if beyond and not (web.url or "").startswith("https:"):
        yield (
            "The operator's page is served without encryption beyond this machine. Put a proxy with TLS before it, and set "
            "[web] url to how it is reached then."
        )


def _twice(sources: Sources, what: str, names: list[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            sources.say(sources.place(what), f"Two {what}s are named “{name}”.", "Give each its own name.")


def _tables(content: Content | None, name: str) -> list[Content]:
    """Return the tables `[[name]]`; what stands there and is no table is left to the check of types."""
    found = (content or {}).get(name)
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def _texts(tables: list[Content], key: str) -> list[str]:
    return [table[key] for table in tables if isinstance(table.get(key), str)]


def _shapes() -> dict[str, Shape]:
    shapes = (*(chat.shapes for chat in CHATS), *(kind.shapes for kind in PLATFORMS))
    return {name: shape for known in shapes for name, shape in known.items()}


def _unread(names: Mapping[str, str]) -> Iterator[str]:
    """Name what is set for a platform and read by nothing: whoever set it believes that it is used."""
    for kind in PLATFORMS:
        for name, instead in kind.unread.items():
            if names.get(name):
                yield f"{name} is set, but Clew does not read it. {instead}"


def _warnings(general: General, on: Collection[str]) -> Iterator[str]:
    if general.poll_seconds < POLITE_SECONDS:
        yield (
            f"CLEW_POLL_SECONDS is {general.poll_seconds:g}; below {POLITE_SECONDS:g} the platform may slow "
            "Clew down."
        )
    name = (general.operator.channel or "").partition(":")[0]
    for chat in SERVED:
        if chat.name == name and name not in on:
            yield (
                f"[operator] channel is in {chat.name}, which is off, so it is not notified: set {chat.switch}."
            )


def _quota_warnings(general: General, connections: Iterable[Connection | None]) -> Iterator[str]:
    """Say which quotas allow nothing, and which limit nothing."""
    records = {c.name for c in connections if c is not None and c.kind in RUN_NOTHING}
    for quota in (table.quota for table in general.quota):
        if quota.per is Per.CONNECTION and quota.of in records:
            yield f"A [[quota]] for {quota.whose} limits nothing: it takes records, and runs nothing."
        elif 0 in {quota.runs, quota.minutes}:
            yield f"A [[quota]] for {quota.whose} is 0: it allows no run at all."


def _off_warnings(general: General, on: Collection[str]) -> Iterator[str]:
    """Say which tables name channels of chats that are off."""
    for chat in SERVED:
        named = [
            f"[[{name}]]"
            for name in OF_CHANNELS
            if any(table.channel.partition(":")[0] == chat.name for table in getattr(general, name))
        ]
        if named and chat.name not in on:
            yield (
                f"{listed(named)} name{'s' if len(named) == 1 else ''} channels of {chat.name}, which is off, "
                f"so nothing is posted there: set {chat.switch}."
            )


def _hook_warnings(general: General, connections: Iterable[Connection | None]) -> Iterator[str]:
    """Say where webhooks are set up by half."""
    hooked = [c for c in connections if isinstance(c, Hooked) and c.webhook_secret is not None]
    if general.hooks.listen is None:
        for connection in hooked:
            yield (
                f"{connection.name} has a webhook_secret, but [hooks] listen is not set, so no webhook is received."
            )
    elif not hooked:
        yield "[hooks] listen is set, but no connection has a webhook_secret, so every webhook is refused."
