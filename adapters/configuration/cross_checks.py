"""What only shows when settings are seen together: what is missing beside what, and what stands twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.configuration.environment import Unusable, read_secret
from adapters.configuration.problems import Problem, meant

Content = dict[str, Any]  # of the TOML file, or of one table of it

OF_A_CONNECTION = ("antithesis_tenant", "antithesis_base_url", "antithesis_api_key")


def given(variables: Mapping[str, str | None]) -> frozenset[str]:
    """Return which settings the environment gives, plainly or as a file; whether they are right is not asked."""
    return frozenset(name.removesuffix("_file") for name, value in variables.items() if value)


def problems(names: frozenset[str], content: Content | None) -> Iterator[Problem]:
    """Find what does not fit.

    `names` are the settings that the environment gives, `content` is the file as it was written, None where it could
    not be read. Whether single values are right is not asked: what is wrong elsewhere hides nothing here.
    """
    connections = tables(content, "connection")
    yield from _connections(names, connections, unknown=content is None)
    yield from _slack(names)
    yield from _twice("connection", connection_names(names, connections))
    yield from _twice("preset", _texts(tables(content, "preset"), "name"))
    yield from _watches(tables(content, "watch"), connection_names(names, connections))


def in_environment(names: frozenset[str]) -> bool:
    """Whether the environment describes a connection, whole or in part."""
    return not names.isdisjoint(OF_A_CONNECTION)


def tables(content: Content | None, name: str) -> list[Content]:
    """Return the tables `[[name]]`; what stands there and is no table is left to the check of types."""
    found = (content or {}).get(name)
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def connection_names(names: frozenset[str], connections: list[Content]) -> list[str]:
    """Return the names of all connections, the environment's first."""
    return [*(["default"] if in_environment(names) else []), *_texts(connections, "name")]


def _texts(found: list[Content], key: str) -> list[str]:
    return [table[key] for table in found if isinstance(table.get(key), str)]


def _connections(names: frozenset[str], connections: list[Content], *, unknown: bool) -> Iterator[Problem]:
    if in_environment(names):
        yield from _connection(lambda n: f"antithesis_{n}" in names, lambda n: f"ANTITHESIS_{n.upper()}")
    elif not connections and not unknown:
        yield Problem(
            "ANTITHESIS_TENANT",
            "No test platform is named.",
            "Set ANTITHESIS_TENANT and ANTITHESIS_API_KEY, in the environment or in .env; "
            "`clew demo` needs neither.",
        )
    for number, table in enumerate(connections, 1):
        yield from _table(table, f"connection {number}, ")


def _table(table: Content, where: str) -> Iterator[Problem]:
    yield from _connection(lambda n: n in table or f"{n}_file" in table, lambda n: f"{where}{n}")
    for name in ("api_key", "password"):
        path = table.get(f"{name}_file")
        if path is not None and name in table:
            yield Problem(f"{where}{name}", "It is given twice, plainly and as a file.", "Keep one of them.")
        elif isinstance(path, str):
            yield from _secret(Path(path), f"{where}{name}_file")


def _secret(path: Path, where: str) -> Iterator[Problem]:
    found = read_secret(path)
    if isinstance(found, Unusable):
        yield Problem(where, found.what, found.hint)


def _connection(has: Callable[[str], bool], key: Callable[[str], str]) -> Iterator[Problem]:
    """Find what a connection lacks; `key` names a setting the way people gave it."""
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
    beside = {"slack_app_token": "an app token", "slack_signing_secret": "a signing secret"}
    given = [what for name, what in beside.items() if name in names]
    if given and "slack_bot_token" not in names:
        what = f"Slack has {' and '.join(given)}, but no bot token."
        yield Problem("SLACK_BOT_TOKEN", what, "Set SLACK_BOT_TOKEN too.")


def _twice(what: str, names: list[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Problem(what, f"Two {what}s are named “{name}”.", "Give each its own name.")


def _watches(watches: list[Content], known: list[str]) -> Iterator[Problem]:
    for number, watch in enumerate(watches, 1):
        named = watch.get("connection")
        if isinstance(named, str) and named not in known:
            near = meant(named, known)
            hint = f"Did you mean “{near}”?" if near else f"There is: {', '.join(known) or 'none'}."
            yield Problem(f"watch {number}, connection", "There is no connection of that name.", hint)
