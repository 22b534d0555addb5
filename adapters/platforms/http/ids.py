"""Ids as text that may stand in a path: checked before an address is built, since quoting lets `..` through."""

from __future__ import annotations

import re

from bot.errors import Rejected

_OPAQUE = re.compile(r"[A-Za-z0-9_-]{1,128}")


def is_opaque(text: str) -> bool:
    """Whether a text can be an id of a platform that does not say what its ids look like."""
    return _OPAQUE.fullmatch(text) is not None


def checked(text: str, what: str) -> str:
    """Return an id that may stand in a path; `what` it is the id of. Raises `Rejected`."""
    if not is_opaque(text):
        raise Rejected(f"That is not the id of a {what}: it has up to 128 letters, digits, - and _ only.")
    return text
