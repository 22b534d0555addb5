"""What only shows when settings are seen together: what is missing beside what, and what stands twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from adapters.configuration.environment import Unusable, read_secret
from adapters.configuration.file import ConnectionTable, File
from adapters.configuration.problems import Problem, meant

OF_A_CONNECTION = ("antithesis_tenant", "antithesis_base_url", "antithesis_api_key")


def given(variables: Mapping[str, str | None]) -> frozenset[str]:
    """Return which settings the environment gives, plainly or as a file; whether they are right is not asked."""
    return frozenset(name.removesuffix("_file") for name, value in variables.items() if value)


def problems(names: frozenset[str], config: File) -> Iterator[Problem]:
    """Find what does not fit; `names` are the settings that the environment gives."""
    yield from _connections(names, config)
    yield from _slack(names)
    yield from _twice("connection", connection_names(names, config))
    yield from _twice("preset", [preset.name for preset in config.preset])
    yield from _watches(config, connection_names(names, config))


def in_environment(names: frozenset[str]) -> bool:
    """Whether the environment describes a connection, whole or in part."""
    return not names.isdisjoint(OF_A_CONNECTION)


def connection_names(names: frozenset[str], config: File) -> list[str]:
    """Return the names of all connections, the environment's first."""
    return [*(["default"] if in_environment(names) else []), *(table.name for table in config.connection)]


def _connections(names: frozenset[str], config: File) -> Iterator[Problem]:
    if in_environment(names):
        yield from _connection(lambda n: f"antithesis_{n}" in names, lambda n: f"ANTITHESIS_{n.upper()}")
    elif not config.connection:
        yield Problem(
            "ANTITHESIS_TENANT",
            "No test platform is named.",
            "Set ANTITHESIS_TENANT and ANTITHESIS_API_KEY, in the environment or in .env; "
            "`clew demo` needs neither.",
        )
    for number, table in enumerate(config.connection, 1):
        yield from _table(table, f"connection {number}, ")


def _table(table: ConnectionTable, where: str) -> Iterator[Problem]:
    plain = {name for name in ConnectionTable.model_fields if getattr(table, name) is not None}
    yield from _connection(lambda n: n in plain or f"{n}_file" in plain, lambda n: f"{where}{n}")
    for name, path in (("api_key", table.api_key_file), ("password", table.password_file)):
        if path is not None and name in plain:
            yield Problem(f"{where}{name}", "It is given twice, plainly and as a file.", "Keep one of them.")
        elif path is not None:
            yield from _secret(path, f"{where}{name}_file")


def _secret(path: Path, where: str) -> Iterator[Problem]:
    found = read_secret(path)
    if isinstance(found, Unusable):
        yield Problem(where, found.what, found.mend)


def _connection(has: Callable[[str], bool], key: Callable[[str], str]) -> Iterator[Problem]:
    """Find what a connection lacks; `key` names a setting the way people gave it."""
    if has("tenant") and has("base_url"):
        yield Problem(key("base_url"), "A tenant and an address are both given.", "Keep one of them.")
    if not has("tenant") and not has("base_url"):
        yield Problem(key("tenant"), "It is missing.", "Give the tenant's name, or an address.")
    if not has("api_key"):
        yield Problem(key("api_key"), "It is missing.", "Make a key on the tenant's settings page.")
    if has("username") != has("password"):
        lacking = "password" if has("username") else "username"
        yield Problem(
            key(lacking), "It is missing.", "Give both, or neither: the key is enough for everything."
        )


def _slack(names: frozenset[str]) -> Iterator[Problem]:
    if "slack_bot_token" in names and names.isdisjoint({"slack_app_token", "slack_signing_secret"}):
        yield Problem(
            "SLACK_APP_TOKEN",
            "Slack has a bot token, but no way to hear from it.",
            "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP.",
        )
    if "slack_app_token" in names and "slack_bot_token" not in names:
        mend = "Set SLACK_BOT_TOKEN too."
        yield Problem("SLACK_BOT_TOKEN", "Slack has an app token, but no bot token.", mend)


def _twice(what: str, names: list[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Problem(what, f"Two {what}s are named “{name}”.", "Give each its own name.")


def _watches(config: File, known: list[str]) -> Iterator[Problem]:
    for number, watch in enumerate(config.watch, 1):
        if watch.connection and watch.connection not in known:
            near = meant(watch.connection, known)
            mend = f"Did you mean “{near}”?" if near else f"There is: {', '.join(known) or 'none'}."
            yield Problem(f"watch {number}, connection", "There is no connection of that name.", mend)
