"""Tables out of what people gave: variables, and the TOML file. All that is wrong is collected, nothing hides it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from adapters.configuration.environment import file_of, given
from adapters.configuration.problems import (
    PLAINLY,
    Problem,
    SettingsError,
    Unusable,
    did_you_mean,
    plainly,
    unreadable,
)
from adapters.configuration.secret_file import FileSecret, secret_in
from adapters.configuration.table import Table, file_key
from adapters.configuration.tokens import Shapes

Content = dict[str, Any]  # of the TOML file, or of one table of it
Place = tuple[int | str, ...]  # ("connection", 0, "tenant")
Foreign = Mapping[str, tuple[str, str]]
"""Keys that belong elsewhere: what is wrong with them, and what helps."""

T = TypeVar("T", bound=Table)

DEFAULT_FILE = "clew.toml"
NO_KEY = "Unknown key."


def parse(path: Path) -> Content:
    """Return what the file says, unchecked. Raises `SettingsError` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, str(path), "Check CLEW_CONFIG and the file's permissions.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([Problem(str(path), f"This is not TOML: {error}.", "")]) from None


@dataclass(kw_only=True)
class Sources:
    """What people gave: `names` are the variables, `file` is the TOML file's name, `shapes` those of chats' secrets.

    `problems`, `warnings` and the origins of what was given grow while tables are read.
    """

    names: Mapping[str, str]
    file: str = DEFAULT_FILE
    shapes: Shapes = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _origins: list[tuple[Table, Mapping[str, str]]] = field(default_factory=list)

    def wants(self, table: type[Table]) -> bool:
        """Whether a variable is set that asks for what the table describes."""
        asked = [variable.name for variable in table.variables().values() if variable.alone]
        return any(self.names.get(name) or self.names.get(file_of(name)) for name in asked)

    def of_variables(self, table: type[T], **fixed: object) -> T | None:
        """Read a table from variables alone; `fixed` are the fields that have none."""
        where = partial(self.variable, table, ())
        return self._checked(table, {**given(table, self.names), **fixed}, where, assumed=fixed.keys())

    def of_file(self, table: type[T], content: Content, *place: int | str, foreign: Foreign) -> T | None:
        """Read a table of the file; every field is a key there, and `foreign` are keys that others have."""
        files = {file_key(name): name for name in table.secret_fields()}
        values = {key: value for key, value in content.items() if key not in files}
        for key, name in files.items():
            if key in content:
                values[name] = _from_file(content[key], key, twice=name in content)
        return self._checked(table, values, partial(self.place, *place), table.file_keys(), foreign=foreign)

    def of_both(
        self,
        table: type[T],
        content: object,
        *place: str,
        beside: Collection[str] = (),
        foreign: Foreign = MappingProxyType({}),
        wanted: bool = True,
    ) -> T | None:
        """Read a table whose fields are variables or, those that are none, keys of the file.

        `beside` are keys of the same place that others read, `foreign` are keys of other places. A table that is not `wanted` is None, and checked as
        far as anything of it is given.
        """
        own = table.variables()
        said = self.table(content, *place)
        for key in said.keys() & own.keys():
            hint = f"Set {own[key].name}, in the environment or in .env."
            self.say(self.place(*place, key), "It is not read from this file.", hint)
        values = {key: value for key, value in said.items() if key not in own} | given(table, self.names)
        keys = {*table.model_fields, *beside} - own.keys()
        absent = frozenset() if wanted else own.keys() - values.keys()
        where = partial(self.variable, table, place)
        return self._checked(table, values, where, keys, foreign=foreign, absent=absent)

    def origins(self, table: Table) -> Mapping[str, str]:
        """Return where each field of a table that was read here was given; what was not given has its default."""
        return next((origins for known, origins in self._origins if known is table), {})

    def table(self, content: object, *place: int | str) -> Content:
        """Return what should be a table; where it is none, that is a problem."""
        if isinstance(content, dict):
            return content
        self.say(self.place(*place), *PLAINLY["model_type"])
        return {}

    def place(self, *loc: int | str) -> str:
        """Name a place in the file as people count: "clew.toml, connection 1, tenant"."""
        return ", ".join([self.file, *_counted(loc)])

    def variable(self, table: type[Table], place: Place, *loc: int | str) -> str:
        """Name a field by its variable; one that has none by its place in the file, in the table at `place`."""
        found = table.variables().get(str(loc[0]))
        return found.name if found else self.place(*place, *loc)

    def say(self, where: str, what: str, hint: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(where, what, hint))

    def _checked(
        self,
        table: type[T],
        values: Content,
        where: Callable[..., str],
        keys: Collection[str] = (),
        *,
        foreign: Foreign = MappingProxyType({}),
        absent: Collection[str] = frozenset(),
        assumed: Collection[str] = frozenset(),
    ) -> T | None:
        try:
            found = table.model_validate(values, context={"shapes": self.shapes})
        except ValidationError as error:
            for one in error.errors(include_input=False):
                loc = one["loc"]
                if one["type"] == "extra_forbidden":
                    known = keys if len(loc) == 1 else _keys_at(table, loc)
                    elsewhere = foreign.get(str(loc[-1])) if len(loc) == 1 else None
                    what, hint = elsewhere or (NO_KEY, did_you_mean(str(loc[-1]), known))
                    self.say(where(*loc), what, hint)
                elif loc[0] not in absent:
                    what, hint, key = plainly(one)
                    self.say(where(*loc[:-1], key or loc[-1]), what, hint)
            return None
        self.warnings += _exposed(found, where)
        self._origins.append((found, {name: where(name) for name in found.model_fields_set - {*assumed}}))
        return found


def _from_file(path: object, key: str, *, twice: bool) -> object:
    """Return the secret of a file that the TOML file names; what is wrong is said of that key."""
    if twice:
        return Unusable("It is given twice: as a value and as a file.", "Keep one of them.")
    found = secret_in(path, key)
    return replace(found, key=key) if isinstance(found, Unusable) else found


def _exposed(table: Table, where: Callable[..., str]) -> Iterator[str]:
    """Say which secrets stand in files that everyone can read."""
    for name, value in table:
        if isinstance(value, FileSecret) and value.exposed:
            yield (
                f"{where(name)}: everyone on this machine can read {value.path}. "
                f"Fix it with: chmod 0400 {value.path}"
            )


def _keys_at(table: type[Table], loc: Place) -> Collection[str]:
    """Return the keys of the table inside another one that a place leads to."""
    for part in loc[:-1]:
        if isinstance(part, str):
            annotation = table.model_fields[part].annotation
            found = (kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type))
            table = next(kind for kind in found if issubclass(kind, Table))
    return table.model_fields.keys()


def _counted(loc: Place) -> list[str]:
    words: list[str] = []
    for part in loc:
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1]} {part + 1}"
        elif part != "[key]":  # pydantic's mark of what is wrong with a key
            words.append(str(part))
    return words
