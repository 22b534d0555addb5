"""What an intent asks for, as JSON and back; pure. What was confirmed is kept as exactly that, and sent as that."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.store.codec import decode
from bot.errors import StoreError
from bot.model import DebugRequest, LaunchRequest
from bot.state import IntentKind


def decode_request(kind: str, text: str) -> LaunchRequest | DebugRequest:
    """Read a request. Raises `StoreError` for a row that was damaged."""
    try:
        if kind == IntentKind.LAUNCH:
            return decode(text, LaunchRequest)
        return msgspec.convert(_debug(decode(text, dict[str, Any])), DebugRequest)
    except msgspec.DecodeError as error:
        raise StoreError(f"A stored request cannot be read: {error}. Nothing was sent.") from error


def _debug(found: dict[str, Any]) -> dict[str, Any]:
    """Return a session's request; before 0.2 the parts of its moment stood beside the others."""
    moment = {name: found[name] for name in ("input_hash", "vtime") if name in found}
    return found if "moment" in found else {**found, "moment": moment}
