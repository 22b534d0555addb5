"""The settings as they were understood: what holds, where it was given, and of a secret only that it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time

from adapters.cli.inventory import DAYS, word
from adapters.cli.page.known import Known
from adapters.configuration.database import SqliteFile, read_address
from adapters.configuration.secret_file import FileSecret
from adapters.configuration.table import Table
from adapters.settings import CONNECTIONS, GENERAL, Settings
from adapters.tables import General
from adapters.web.page.app import Query, Values
from bot.access import Role
from bot.model import Secret
from bot.redact import scrub_given
from bot.replies import pages as replies
from bot.replies.wording import count

MOST = 100  # tables of one name, and values of one setting, that are shown
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its name, its value in words, and where that was given."""

    name: str
    value: str
    origin: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that belong together; `left_out`: how many more there are."""

    title: str
    rows: tuple[Row, ...]
    left_out: int = 0


async def read(known: Known, _: Query) -> Values:
    """Return all of them."""
    settings = known.in_force()
    return {"sections": [*sections(settings)], "warnings": settings.warnings}


def sections(settings: Settings) -> Iterator[Section]:
    """Yield the settings, those of Clew itself last but for its lists."""
    for connection in settings.connections:
        origins = settings.origins.get(f"{CONNECTIONS} {connection.name}", {})
        yield Section(f"Connection {connection.name}", (*_rows(connection, origins),))
    for name, chat in settings.chats.items():
        yield Section(f"Chat {name}", (*_rows(chat, settings.origins.get(name, {})),))
    yield from _general(settings)


def _general(settings: Settings) -> Iterator[Section]:
    origins = settings.origins.get(GENERAL, {})
    plain: list[Row] = []
    tables: list[Section] = []
    for name in General.model_fields:
        value, origin = getattr(settings, name), origins.get(name, "")
        if isinstance(value, Table):
            tables.append(Section(f"[{name}]", (*_of_table(value, origin),)))
        elif isinstance(value, tuple) and value and all(isinstance(one, Table) for one in value):
            tables.append(_listed(name, value, origin))
        elif isinstance(value, Mapping):
            rows = (*_of_mapping(value, origin),)
            tables.append(Section(f"[{name}]", rows[:MOST], left_out=max(0, len(rows) - MOST)))
        else:
            plain.append(_row(_called(General, name), value, origin, database=name == "database_url"))
    yield Section("Clew itself", tuple(plain))
    yield from (table for table in tables if table.rows)


def _rows(table: Table, origins: Mapping[str, str]) -> Iterator[Row]:
    by_variables = any(origin.isupper() for origin in origins.values())
    for name in type(table).model_fields:
        called = _called(type(table), name) if by_variables else _key(type(table), name)
        yield _row(called, getattr(table, name), origins.get(name, ""))


def _of_table(table: Table, origin: str) -> Iterator[Row]:
    """Return the settings of a table inside the file; what was left out of it has its default."""
    for name in type(table).model_fields:
        given = name in table.model_fields_set
        yield _row(_called(type(table), name), getattr(table, name), origin if given else "")


def _listed(name: str, tables: tuple[Table, ...], origin: str) -> Section:
    rows = (
        Row(f"[[{name}]] {number}", _words_of(table), _whence(origin))
        for number, table in enumerate(tables[:MOST], start=1)
    )
    return Section(f"[[{name}]]", tuple(rows), left_out=max(0, len(tables) - MOST))


def _of_mapping(values: Mapping[str, object], origin: str) -> Iterator[Row]:
    for name, value in values.items():
        yield Row(name, _words(value), _whence(origin))


def _row(name: str, value: object, origin: str, *, database: bool = False) -> Row:
    shown = _database(value) if database and isinstance(value, Secret) else _words(value)
    whence = _whence(origin)
    if isinstance(value, FileSecret):
        whence = f"{whence}, the file {value.path}"
    return Row(name, shown, whence or DEFAULT, default=not whence)


def _called(table: type[Table], name: str) -> str:
    """Return what a setting is called where it is given."""
    variable = table.variables().get(name)
    return variable.name if variable else _key(table, name)


def _key(table: type[Table], name: str) -> str:
    return table.model_fields[name].alias or name


def _whence(origin: str) -> str:
    """Say where something was given: a variable stands in the environment, or else in `.env`."""
    if not origin.isupper():
        return origin
    names = {name.upper() for name, value in os.environ.items() if value}
    given = origin in names or f"{origin}_FILE" in names
    return "the environment" if given else ".env"


def _database(url: Secret) -> str:
    address = read_address(url.reveal())
    return f"SQLite, {address.path}" if isinstance(address, SqliteFile) else "PostgreSQL, address masked"


def _words_of(table: Table) -> str:
    given = (name for name in type(table).model_fields if name in table.model_fields_set)
    values = ((_called(type(table), name), getattr(table, name)) for name in given)
    return ", ".join(
        f"{called} = {'nothing' if _is_empty(value) else _words(value)}" for called, value in values
    )


def _is_empty(value: object) -> bool:
    """Whether it is a list that was given without anything in it, which is not the same as none."""
    return isinstance(value, tuple | frozenset) and not value


def _words(value: object) -> str:
    """Write a value for people; nothing of a secret is in it."""
    match value:
        case Secret():
            said = replies.MASKED
        case None | () | frozenset() if not value:
            said = "not set"
        case bool() | Role() | time():
            said = word(value)
        case float():
            said = f"{value:g}"
        case Mapping():
            said = ", ".join(
                f"{key} = {scrub_given(str(key), _words(one)).text}" for key, one in value.items()
            )
        case tuple() | frozenset():
            said = _several(value)
        case _:
            said = f"{value}"
    return said


def _several(value: tuple[object, ...] | frozenset[object]) -> str:
    match value:
        case (str(host), int(port)):
            return f"{host}:{port}"
        case (time() as begin, time() as end):
            return f"{word(begin)}-{word(end)}"
        case frozenset() if all(isinstance(one, int) for one in value):
            return ", ".join(day for number, day in enumerate(DAYS) if number in value)
    words = [_words(one) for one in value]
    shown = sorted(words) if isinstance(value, frozenset) else words
    more = len(shown) - MOST
    return ", ".join([*shown[:MOST], f"and {count(more, 'more', 'more')}"] if more > 0 else shown)
