"""What a secret is by its shape, so that one in a wrong place is named before anybody is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import ValidationInfo

from adapters.configuration.problems import wrong
from bot.model import Secret


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kind of secret looks like as a whole; `sure`: nothing else looks like that."""

    pattern: re.Pattern[str]
    sure: bool = True


Shapes = Mapping[str, Shape]
"""Kinds of secrets by their name in sentences; the first that fits counts. What fits none may be anything."""

Check = Callable[[Secret, ValidationInfo], Secret]


def is_a(kind: str, hint: str, shape: Shape | None = None) -> Check:
    """Return the validator of a secret of some kind; with `shape` it has to look like that."""

    def check(value: Secret, info: ValidationInfo) -> Secret:
        found = kind_of(value, info)
        if found not in {None, kind}:
            raise wrong(f"That looks like {found}.", hint)
        if shape is not None and not shape.pattern.fullmatch(value.reveal()):
            raise wrong(f"This is not {kind}.", hint)
        return value

    return check


def no_other(hint: str) -> Check:
    """Return the validator of a secret without a shape of its own: it is none that surely is another one."""

    def check(value: Secret, info: ValidationInfo) -> Secret:
        found = kind_of(value, info)
        if found is not None and _known(info)[found].sure:
            raise wrong(f"That looks like {found}.", hint)
        return value

    return check


def kind_of(value: Secret, info: ValidationInfo) -> str | None:
    """Return what a secret is, as far as its shape tells."""
    known = _known(info).items()
    return next((kind for kind, shape in known if shape.pattern.fullmatch(value.reveal())), None)


def _known(info: ValidationInfo) -> Shapes:
    """Return the shapes that the settings are read with; a table that a program makes by itself knows none."""
    return cast("Shapes", (info.context or {}).get("shapes", {}))
