"""What is wrong with the settings, said all at once, each with the way to fix it; values are never quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

_LIST = ("That is not a list.", 'Give a list in square brackets: ["one", "two"].')
_TABLE = ("That is not a table.", "Write it as a table.")
PLAINLY: Mapping[str, tuple[str, str]] = MappingProxyType({
    "bool_parsing": ("That is neither true nor false.", "Give true or false."),
    "float_parsing": ("That is not a number.", "Give a number."),
    "int_parsing": ("That is not a whole number.", "Give a whole number."),
    "missing": ("It is missing.", "Add it."),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": ("That is not text.", "Put it in quotation marks."),
    "dict_type": _TABLE,
    "model_type": _TABLE,
})  # fmt: skip
"""What pydantic's kinds of error mean, and how to fix them; its own words are for programmers."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what is wrong with it, and how to fix it."""

    where: str
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.hint}".rstrip()


class SettingsError(Exception):
    """The settings cannot be used; `str()` lists every problem on a line of its own."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "One setting has to be corrected:" if count == 1 else f"{count} settings have to be corrected:"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


def wrong(what: str, hint: str) -> PydanticCustomError:
    """Return the error that a validator raises: what is wrong, and how to fix it."""
    return PydanticCustomError("clew", "{what}", {"what": what, "hint": hint})


def of_environment(error: ValidationError) -> list[Problem]:
    """Turn what pydantic found in the environment into problems, under the variables' own names."""
    return [_problem(e, str(e["loc"][0]).upper()) for e in error.errors(include_input=False)]


def of_file(error: ValidationError, name: str, known: Mapping[str, Iterable[str]]) -> list[Problem]:
    """Turn what pydantic found in the TOML file into problems; `known` has each table's keys by its name."""
    return [_in_file(e, name, known) for e in error.errors(include_input=False)]


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one probably stands for."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.75)), None)


def _in_file(error: ErrorDetails, name: str, known: Mapping[str, Iterable[str]]) -> Problem:
    place, key = error["loc"][:-1], str(error["loc"][-1])
    if error["type"] != "extra_forbidden":
        return _problem(error, f"{name}, {_path(error['loc'])}")
    table = str(place[0]) if place else ""
    names = sorted(known.get(table, ()))
    near = meant(key, names)
    hint = f"Did you mean “{near}”?" if near else f"Known here: {', '.join(names)}."
    return Problem(f"{name}, {_path(error['loc'])}", "There is no such key.", hint)


def _problem(error: ErrorDetails, where: str) -> Problem:
    context = error.get("ctx", {})
    if error["type"] == "clew":
        return Problem(where, str(context["what"]), str(context["hint"]))
    if error["type"] in {"enum", "literal_error"}:
        return Problem(where, "That is not one of its values.", f"Give {context['expected']}.")
    what, hint = PLAINLY.get(error["type"], (f"{error['msg']}.", ""))
    return Problem(where, what, hint)


def _path(loc: tuple[int | str, ...]) -> str:
    """Write a place as people count: ("connection", 0, "tenant") is "connection 1, tenant"."""
    words: list[str] = []
    for part in loc:
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1]} {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words)
