"""Container images and mail addresses, alone and in lists; checked here, because a wrong one is a paid run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from bot.replies import values

MOST_IMAGES = 50
MOST_RECIPIENTS = 50
_LONGEST_IMAGE = 512  # characters
_LONGEST_ADDRESS = 254

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?(?::[0-9]{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-{1,8})[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}|@sha256:[0-9a-f]{{64}})",
    re.ASCII,
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@(?:{_LABEL}\.){{1,8}}{_LABEL}", re.ASCII)
_SEPARATORS = re.compile(r"[;,]")


def image(text: str, name: str = "image") -> str:
    """Return one image reference, `[REGISTRY/]NAME:TAG` or `...@sha256:DIGEST`. Raises `UserError`."""
    plain = text.strip()
    if len(plain) <= _LONGEST_IMAGE and _IMAGE.fullmatch(plain):
        return plain
    raise values.not_an_image(plain, name)


def images(text: str, name: str = "images") -> tuple[str, ...]:
    """Return a list of image references, separated by `;` or `,`, each once. Raises `UserError`."""
    return _listed(text, name, image, MOST_IMAGES)


def recipients(text: str, name: str = "recipients") -> tuple[str, ...]:
    """Return a list of mail addresses, separated by `;` or `,`, each once. Raises `UserError`."""
    return _listed(text, name, _address, MOST_RECIPIENTS)


def only_within(
    addresses: tuple[str, ...], domains: frozenset[str], allowed: Collection[str | None] = ()
) -> tuple[str, ...]:
    """Return mail addresses that all belong to these domains or are allowed in full. Raises `UserError`.

    What is mailed opens a report to whoever reads it, so where it may go is not for a chat to say: without domains
    it goes to `allowed` alone, the person who asks and whom the settings name.
    """
    own = {address.lower() for address in allowed if address}
    outside = [a for a in addresses if a.lower() not in own and a.rpartition("@")[2].lower() not in domains]
    if outside:
        raise values.mail_stays_inside(outside[0], domains)
    return addresses


def _address(text: str, name: str) -> str:
    if len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text):
        return text
    raise values.not_an_address(text, name)


def _listed(text: str, name: str, read: Callable[[str, str], str], most: int) -> tuple[str, ...]:
    pieces = [piece.strip() for piece in _SEPARATORS.split(text)]
    given = tuple(dict.fromkeys(read(piece, name) for piece in pieces if piece))
    if not 0 < len(given) <= most:
        raise values.wrong_number_of_entries(len(given), most, name)
    return given
