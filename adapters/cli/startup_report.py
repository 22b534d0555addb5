"""What is configured and what is off, and why: the first lines of `clew run`.

Only what certainly works by then is called on. Whether a platform answers and a chat lets us in shows when it is
tried: the log, /readyz and `clew doctor` say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.chat.registry import CHATS
from adapters.settings import Settings

CONFIGURED, ON, OFF = "configured", "on", "off"


def startup_report(settings: Settings, chats: frozenset[str], address: str | None) -> Iterator[str]:
    """Yield one line for each thing that can be configured. `address`: where health is served now."""
    for connection in settings.connections:
        yield _line(CONFIGURED, f"platform {connection.name}", connection.address)
    for chat in CHATS:
        if chat.switch:
            off = _line(OFF, chat.name, f"{chat.switch} is not set")
            yield _line(CONFIGURED, chat.name) if chat.name in chats else off
    yield (
        _line(ON, "terminal") if "terminal" in chats else _line(OFF, "terminal", "--terminal switches it on")
    )
    yield _health(settings, address)
    yield _line(OFF if settings.read_only else ON, "changes", _changes(settings))
    yield f"Polling for runs every {settings.poll_seconds:g} s."


def _health(settings: Settings, address: str | None) -> str:
    if address:
        return _line(ON, "health", f"{address}/healthz, /readyz, /metrics")
    if settings.web.listen is None:
        return _line(OFF, "health", "switched off")
    host, port = settings.web.listen
    return _line(OFF, "health", f"{host}:{port} cannot be used yet")


def _changes(settings: Settings) -> str:
    if settings.read_only:
        return "Clew is read-only"
    if any(settings.roles.values()):
        return "roles are set"
    return "no roles are configured yet, so in chats members may only read; add [roles] to clew.toml"


def _line(state: str, what: str, detail: str = "") -> str:
    return f"{state:<11} {what:<18} {detail}".rstrip()
