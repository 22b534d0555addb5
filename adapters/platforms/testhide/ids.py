"""Ids as Testhide gives them: whole numbers, or 24 hexadecimal digits where a server hands out those of its database.

In JSON they come as numbers and as texts; they are kept as text. A test's result in one build, a build, a job and a
test case each have a number space of their own.
"""

from __future__ import annotations

import re

import msgspec

from adapters.platforms.http.lenient import exact
from bot.errors import Rejected

IN_ADDRESS = re.compile(
    r"(?:\b(?:builds?|report)/|[?&]build(?:_id)?=)([0-9]{1,20}|[0-9a-fA-F]{24})(?![\w-])", re.ASCII
)
"""The id of a build in an address of its page or of the API; the pages are not documented."""
_ID = re.compile(r"[0-9]{1,20}|[0-9a-fA-F]{24}")


def is_id(text: str) -> bool:
    """Whether a text can be an id."""
    return _ID.fullmatch(text) is not None


def id_of(raw: msgspec.Raw) -> str:
    """Return an id as text, "" where it is none."""
    text = exact(raw)
    return text if is_id(text) else ""


def checked_id(text: str, what: str) -> str:
    """Return an id that may stand in a path; `what` it is the id of. Raises `Rejected`."""
    if not is_id(text):
        raise Rejected(
            f"That is not the id of a {what} in Testhide: it is a number, or 24 hexadecimal digits."
        )
    return text


def sent_id(text: str, what: str) -> int | str:
    """Return an id as it stands in a body: a number where it is one. Raises `Rejected`."""
    return int(text) if checked_id(text, what).isdecimal() else text
