"""What an intent asks for, as JSON and back; pure. What was confirmed is kept as exactly that, and sent as that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from adapters.store.codec import decode
from bot.errors import StoreError
from bot.state import REQUESTS, IntentKind, Request


def decode_request(kind: str, text: str) -> Request:
    """Read a request. Raises `StoreError` for a row that was damaged, or that a later version wrote."""
    try:
        wanted = IntentKind(kind)
        found = decode(text, dict[str, Any])
        request: Request = msgspec.convert(_EARLIER.get(wanted, dict)(found), REQUESTS[wanted])
    except ValueError as error:
        raise StoreError(f"A stored request cannot be read: {error}. Nothing was sent.") from error
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launch:
    """A launch as it was kept when all of them were Antithesis' own, before 0.2."""

    launcher: str
    key: str
    minutes: str | None = None
    config_image: str | None = None
    images: tuple[str, ...] = ()
    description: str | None = None
    source: str | None = None
    test_name: str | None = None
    ephemeral: bool | None = None
    recipients: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


def _launch(found: dict[str, Any]) -> dict[str, Any]:
    """Return a launch; one of an earlier version by the names that its platform's form has today."""
    if "values" in found:
        return found
    kept = msgspec.convert(found, _Launch)
    given = {
        "duration": kept.minutes,
        "config_image": kept.config_image,
        "images": ";".join(kept.images),
        "description": kept.description,
        "source": kept.source,
        "test_name": kept.test_name,
        "ephemeral": None if kept.ephemeral is None else "yes" if kept.ephemeral else "no",
        "recipients": ";".join(kept.recipients),
        **dict(kept.extra),
    }
    values = {name: value for name, value in given.items() if value}
    return {"launcher": kept.launcher, "key": kept.key, "values": values}


def _debug(found: dict[str, Any]) -> dict[str, Any]:
    """Return a session's request; before 0.2 the parts of its moment stood beside the others."""
    moment = {name: found[name] for name in ("input_hash", "vtime") if name in found}
    return found if "moment" in found else {**found, "moment": moment}


_EARLIER = {IntentKind.LAUNCH: _launch, IntentKind.DEBUG: _debug}
