"""Launch and debug requests as canonical JSON: what was confirmed is kept as exactly that, and sent as that.

The same request always gives the same text: sorted names, no spaces, ASCII only, nothing left out but what is
not set. Recipients are kept; secrets never come here (`bot.launching` refuses them).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.errors import StoreError
from bot.model import DebugRequest, LaunchRequest, Moment

Json = str | bool | list[str] | list[list[str]]


def encode(request: LaunchRequest | DebugRequest) -> str:
    """Write a request as canonical JSON."""
    values = _launch(request) if isinstance(request, LaunchRequest) else _debug(request)
    given = {name: value for name, value in values.items() if value is not None and value != []}
    return json.dumps(given, sort_keys=True, separators=(",", ":"))


def launch_request(text: str) -> LaunchRequest:
    """Read what `encode` wrote of a launch. Raises `StoreError` for anything else."""
    values = _Values(text)
    return LaunchRequest(
        launcher=values.text("launcher"),
        key=values.text("key"),
        minutes=values.maybe("minutes"),
        config_image=values.maybe("config_image"),
        images=values.texts("images"),
        description=values.maybe("description"),
        source=values.maybe("source"),
        test_name=values.maybe("test_name"),
        ephemeral=values.flag("ephemeral"),
        recipients=values.texts("recipients"),
        extra=values.pairs("extra"),
    )


def debug_request(text: str) -> DebugRequest:
    """Read what `encode` wrote of a debugging session. Raises `StoreError` for anything else."""
    values = _Values(text)
    return DebugRequest(
        moment=Moment(values.text("input_hash"), values.text("vtime")),
        run_id=values.maybe("run_id"),
        session_id=values.maybe("session_id"),
        description=values.maybe("description") or "",
        property_name=values.maybe("property_name"),
        recipients=values.texts("recipients"),
    )


def _launch(request: LaunchRequest) -> Mapping[str, Json | None]:
    return {
        "launcher": request.launcher,
        "key": request.key,
        "minutes": request.minutes,
        "config_image": request.config_image,
        "images": list(request.images),
        "description": request.description,
        "source": request.source,
        "test_name": request.test_name,
        "ephemeral": request.ephemeral,
        "recipients": list(request.recipients),
        "extra": [[name, value] for name, value in request.extra],
    }


def _debug(request: DebugRequest) -> Mapping[str, Json | None]:
    return {
        "input_hash": request.moment.input_hash,
        "vtime": request.moment.vtime,
        "run_id": request.run_id,
        "session_id": request.session_id,
        "description": request.description,
        "property_name": request.property_name,
        "recipients": list(request.recipients),
    }


class _Values:
    """A stored request, read by name; whatever is not as `encode` writes it is a damaged row."""

    def __init__(self, text: str) -> None:
        try:
            found: object = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _damaged("it is no JSON object")
        self._found: dict[object, object] = found

    def maybe(self, name: str) -> str | None:
        value = self._found.get(name)
        if value is None or isinstance(value, str):
            return value
        raise _damaged(name)

    def text(self, name: str) -> str:
        value = self.maybe(name)
        if value is None:
            raise _damaged(name)
        return value

    def flag(self, name: str) -> bool | None:
        value = self._found.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise _damaged(name)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_text(value, name) for value in self._list(name))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        return tuple(_pair(value, name) for value in self._list(name))

    def _list(self, name: str) -> list[object]:
        value = self._found.get(name, [])
        if not isinstance(value, list):
            raise _damaged(name)
        return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _damaged(name)
    return value


def _pair(value: object, name: str) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair has two
        raise _damaged(name)
    return _text(value[0], name), _text(value[1], name)


def _damaged(what: str) -> StoreError:
    return StoreError(f"A stored request cannot be read: {what}. Nothing was sent.")
