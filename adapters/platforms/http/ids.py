"""Ids as text that may stand in a path: checked before an address is built, since quoting lets `..` through."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

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


def read_in_address(
    base: str, shape: re.Pattern[str], *, beside: bool = False
) -> Callable[[str], str | None]:
    """Return what reads the id that an address on the host of `base` names last, by the first group of `shape`.

    `beside`: also on hosts of the same domain ("app.example.com" beside "api.example.com"): only for ids that say
    themselves whose they are. None where it is no such address.
    """

    def whose(address: str) -> str:
        host = (urlsplit(address).hostname or "").casefold()
        first, _, rest = host.partition(".")
        return rest if beside and "." in rest and not first.isdigit() else host

    own = whose(base)

    def read(address: str) -> str | None:
        try:
            ours = whose(address) == own
        except ValueError:  # brackets that are no host
            return None
        found = shape.findall(address) if ours else ()
        return str(found[-1]) if found else None

    return read
