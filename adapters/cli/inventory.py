"""What the settings say, table by table and without a secret, and what changed between two states of them; pure.

Roles, places and quotas are not here: they are in force at once, and are noted as such (`bot.access.difference`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time

from adapters.configuration.table import Connection, Table
from adapters.redact import redact
from adapters.settings import Settings
from bot.access import Role
from bot.model import Secret
from bot.redact import scrub_given

Inventory = Mapping[str, Mapping[str, str]]
"""By table, each of its entries by what makes it one: what else it says."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GENERAL = "general"  # everything that is no list: one entry for each setting
KEYS: Mapping[str, tuple[str, ...]] = {
    "watch": ("channel", "connection", "launcher", "source"),
    "channel": ("channel",),
    "expect": ("channel", "connection", "launcher", "source"),
    "mention": ("channel", "who", "connection", "launcher", "source", "pattern"),
    "preset": ("name",),
    "publish": ("source", "to"),
}  # the fields that make an entry of a list what it is
LISTS = (*KEYS, "connection", "people")
TABLES = (*LISTS, GENERAL)
_ELSEWHERE = frozenset({
    *("roles", "places", "quota", "read_only", "locked"),  # in force at once
    *("config", "database_url", "warnings", "origins", "chats", "connections", *LISTS),
})  # fmt: skip


def inventory(loaded: Settings) -> Inventory:
    """Return what the settings say that are read at the start alone; every secret in them is masked."""

    def clean(text: str) -> str:
        return redact(text, loaded.secrets)

    found = {name: dict(_entries(getattr(loaded, name), keys)) for name, keys in KEYS.items()}
    found["connection"] = {each.name: _of_connection(each) for each in loaded.connections}
    found["people"] = {name: _text(ids) for name, ids in loaded.people.items()}
    found[GENERAL] = dict(_general(loaded))
    return {
        name: {clean(key): clean(rest) for key, rest in sorted(entries.items())}
        for name, entries in found.items()
    }


def changes(before: Inventory, now: Inventory) -> dict[str, str]:
    """Say for each table in what it differs: what was added, removed and changed; those that do not are left out."""
    said = {name: "; ".join(_changed(before.get(name, {}), now.get(name, {}))) for name in TABLES}
    return {name: text for name, text in said.items() if text}


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(now.keys() - before.keys()):
        yield f"+{key}{f' {now[key]}' if now[key] else ''}"
    for key in sorted(before.keys() - now.keys()):
        yield f"-{key}{f' {before[key]}' if before[key] else ''}"
    for key in sorted(now.keys() & before.keys()):
        if before[key] != now[key]:
            yield f"{key}: {before[key] or 'nothing else'} -> {now[key] or 'nothing else'}"


def _entries(tables: tuple[Table, ...], keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for table in tables:
        first, *others = keys
        rest = [name for name in type(table).model_fields if name not in keys]
        yield " ".join([_text(getattr(table, first)), *_said(table, others)]), " ".join(_said(table, rest))


def _of_connection(connection: Connection) -> str:
    """Name a connection by where it leads; what else it has may be secret, or close to it."""
    return f"kind={connection.kind} address={connection.address}"


def _general(loaded: Settings) -> Iterator[tuple[str, str]]:
    for name in type(loaded).model_fields.keys() - _ELSEWHERE:
        value = getattr(loaded, name)
        if isinstance(value, Table):
            yield from _of_table(name, value)
        elif value != type(loaded).model_fields[name].get_default():
            yield name, _text(value)
    for name, chat in loaded.chats.items():
        yield name, "on"
        yield from _of_table(name, chat)


def _of_table(name: str, table: Table) -> Iterator[tuple[str, str]]:
    for said in _said(table, [*type(table).model_fields.keys() - table.secret_fields()]):
        key, _, value = said.partition("=")
        if "proxy" not in key:  # its address may hold a password
            yield f"{name}.{key}", value


def _said(table: Table, names: list[str]) -> Iterator[str]:
    """Write fields as the file has them, but those that are as they are by default."""
    fields = type(table).model_fields
    for name in names:
        value = getattr(table, name)
        if value != fields[name].get_default():
            yield f"{fields[name].alias or name}={_text(value)}"


def _text(value: object) -> str:
    match value:
        case Mapping():
            pairs = (f"{name} = {scrub_given(name, given).text}" for name, given in sorted(value.items()))
            return f"{{{', '.join(pairs)}}}"
        case (time(), time()):
            return "-".join(map(word, value))
        case (str(), int()):
            return ":".join(map(str, value))
        case tuple() | frozenset():
            return ",".join(map(_item, sorted(value) if isinstance(value, frozenset) else value))
    return word(value)


def word(value: object) -> str:
    """Write one value as the file has it; nothing of a secret is in it."""
    match value:
        case None:
            return "off"
        case bool():
            return str(value).lower()
        case Secret():
            return "set"
        case Role():
            return value.word
        case time():
            return f"{value:%H:%M}"
    text = str(value)
    return f'"{text}"' if " " in text else text


def _item(value: object) -> str:
    """Write one of several; numbers among them are days of the week."""
    return DAYS[value] if isinstance(value, int) else word(value)
