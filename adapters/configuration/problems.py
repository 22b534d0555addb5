"""What is wrong with the settings, said all at once, each with its hint; values are never quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from pydantic_core import ErrorDetails, PydanticCustomError

_LIST = ("This is not a list.", 'Give a list in square brackets: ["one", "two"].')
_TABLE = ("This is not a table.", "Write it as a table.")
_TEXT = ("This is not text.", "Put it in quotation marks.")
PLAINLY: Mapping[str, tuple[str, str]] = MappingProxyType({
    "bool_parsing": ("This is neither true nor false.", "Give true or false."),
    "float_parsing": ("This is not a number.", "Give a number."),
    "int_parsing": ("This is not a whole number.", "Give a whole number."),
    "missing": ("It is missing.", "Add it."),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "string_type": _TEXT,
    "is_instance_of": _TEXT,  # of a secret
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
})  # fmt: skip
"""What pydantic's kinds of error mean, and what helps; its own words are for programmers."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, "" for nowhere, what is wrong with it, and what helps."""

    where: str
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where and f'{self.where}: '}{self.what} {self.hint}".rstrip()


class SettingsError(Exception):
    """The settings cannot be used; `str()` lists every problem on a line of its own."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 setting must be corrected:" if count == 1 else f"{count} settings must be corrected:"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands for a value that cannot be used; the check of its table turns it into a problem.

    `key`: the key to name instead of the value's own, as where a secret's file is at fault.
    """

    what: str
    hint: str
    key: str = ""


def wrong(what: str, hint: str, key: str = "") -> PydanticCustomError:
    """Return the error that a validator raises: what is wrong, and what helps."""
    return PydanticCustomError("clew", "{what}", {"what": what, "hint": hint, "key": key})


def unreadable(error: OSError | UnicodeDecodeError, where: str, hint: str) -> SettingsError:
    """Return what to raise for a file that cannot be read as text."""
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return SettingsError([Problem(where, f"The file cannot be read ({reason}).", hint)])


def meant(word: str, known: Iterable[str], *, cutoff: float = 0.75) -> str | None:
    """Return the known name that a misspelt one probably stands for."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint for a name that is not known: what it probably stands for, else all that are."""
    names = sorted(known)
    near = meant(word, names)
    return f"Did you mean “{near}”?" if near else f"Allowed here: {', '.join(names) or 'none'}."


def plainly(error: ErrorDetails) -> tuple[str, str, str]:
    """Return what is wrong, what helps, and the key that is to be named instead of the field's own, "" for none."""
    context = error.get("ctx", {})
    if error["type"] == "clew":
        return str(context["what"]), str(context["hint"]), str(context["key"])
    if error["type"] in {"enum", "literal_error"}:
        return "This value is not allowed.", f"Give {context['expected']}.", ""
    return (*PLAINLY.get(error["type"], (f"{error['msg']}.", "")), "")
