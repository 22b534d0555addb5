"""Container images and mail addresses, alone and in lists; checked here, because a wrong one is a paid run."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.model import Repository
from bot.replies import values

MOST_IMAGES = 50
MOST_RECIPIENTS = 50
_LONGEST_IMAGE = 512  # characters
_LONGEST_ADDRESS = 254

_LONGEST_NAME = 255  # of an image, with its registry

DOCKER_HUB = "docker.io"  # the registry of an image that names none
_HUB_ALIAS = "index.docker.io"
_OFFICIAL = "library"  # where the hub keeps what has no other folder
_DOMAIN_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(
    rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[0-9A-Fa-f:]{{2,39}}\])(?::[0-9]{{1,5}})?", re.ASCII
)
_PATH_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PATH_PART}(?:/{_PATH_PART})*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@(?:{_LABEL}\.){{1,8}}{_LABEL}", re.ASCII)
_SEPARATORS = re.compile(r"[;,]")


def image(text: str, name: str = "image") -> str:
    """Return one image reference, `[REGISTRY/]NAME:TAG` or `...@sha256:DIGEST`. Raises `UserError`."""
    repository(text, name)
    return text.strip()


def repository(text: str, name: str = "image") -> Repository:
    """Return where an image reference is from. Raises `UserError` for what is none.

    As everything that pulls images reads it (github.com/distribution/reference): what stands before the first slash is
    a registry if it has a dot, a port or a capital letter in it, or is `localhost`; else it is a folder of Docker's hub.
    """
    plain = text.strip()
    if len(plain) > _LONGEST_IMAGE:
        raise values.not_an_image(plain, name)
    head, at, digest = plain.partition("@")
    first, slash, rest = head.partition("/")
    named = bool(slash) and (bool(re.search(r"[.:A-Z]", first)) or first == "localhost")
    domain, path = (first, rest) if named else (DOCKER_HUB, head)
    path, colon, tag = path.partition(":")
    version = _TAG.fullmatch(tag) if colon else _DIGEST.fullmatch(digest)
    short = len(plain) <= _LONGEST_IMAGE and len(domain) + len(path) < _LONGEST_NAME
    if not (
        short and bool(colon) != bool(at) and version and _DOMAIN.fullmatch(domain) and _PATH.fullmatch(path)
    ):
        raise values.not_an_image(plain, name)
    registry = _registry(domain)
    official = registry == DOCKER_HUB and "/" not in path
    return Repository(registry, f"{_OFFICIAL}/{path}" if official else path)


def registry(text: str, name: str) -> Repository:
    """Return a registry, or a part of one: `ghcr.io/acme`, `registry.example.com:5000`. Raises `UserError`."""
    if len(text) > _LONGEST_NAME:
        raise values.not_a_registry(text, name)
    domain, _, path = text.strip().rstrip("/").partition("/")
    hosted = _DOMAIN.fullmatch(domain) and (re.search(r"[.:]", domain) or domain.lower() == "localhost")
    if not hosted or (path and not _PATH.fullmatch(path)):
        raise values.not_a_registry(text, name)
    return Repository(_registry(domain), path)


def _registry(domain: str) -> str:
    low = domain.lower()
    return DOCKER_HUB if low == _HUB_ALIAS else low


def images(text: str, name: str = "images") -> tuple[str, ...]:
    """Return a list of image references, separated by `;` or `,`, each once. Raises `UserError`."""
    return _listed(text, name, image, MOST_IMAGES)


def recipients(text: str, name: str = "recipients") -> tuple[str, ...]:
    """Return a list of mail addresses, separated by `;` or `,`, each once. Raises `UserError`."""
    return _listed(text, name, _address, MOST_RECIPIENTS)


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
