"""What is configured and what is off, and why: the first lines of `clew run`.

Only what certainly works by then is called on. Whether a platform answers and a chat lets us in shows when it is
tried: the log, /readyz and `clew doctor` say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.chat.registry import CHATS
from adapters.cli.page.serve import address_of, way_in
from adapters.settings import Settings

CONFIGURED, ON, OFF = "configured", "on", "off"


def startup_report(
    settings: Settings, chats: frozenset[str], address: str | None, hooks: str | None = None
) -> Iterator[str]:
    """Yield one line for each thing that can be configured.

    `address`: where health is served now; `hooks`: where webhooks are received now.
    """
    for connection in settings.connections:
        yield _line(CONFIGURED, f"platform {connection.name}", connection.address)
    for chat in CHATS:
        if chat.switch:
            off = _line(OFF, chat.name, f"{chat.switch} is not set")
            yield _line(CONFIGURED, chat.name) if chat.name in chats else off
    yield (
        _line(ON, "terminal") if "terminal" in chats else _line(OFF, "terminal", "--terminal switches it on")
    )
    yield _served("health", settings.web.listen, address, "/healthz, /readyz, /metrics")
    yield _page(settings, address)
    if settings.hooks.listen is not None:
        yield _served("webhooks", settings.hooks.listen, hooks, "/hooks/CONNECTION")
    if settings.collector is not None:
        yield _line(CONFIGURED, "traces", settings.collector)
    yield _line(OFF if settings.read_only else ON, "changes", _changes(settings))
    yield f"Polling for runs every {settings.poll_seconds:g} s."


def _page(settings: Settings, address: str | None) -> str:
    if not settings.web.page:
        return _line(OFF, "page", "page = true under [web] switches it on")
    return _line(ON if address else OFF, "page", f"{address_of(settings, address)}, for {way_in(settings)}")


def _served(what: str, listen: tuple[str, int] | None, url: str | None, pages: str) -> str:
    if url:
        return _line(ON, what, f"{url}{pages}")
    if listen is None:
        return _line(OFF, what, "switched off")
    host, port = listen
    return _line(OFF, what, f"{host}:{port} cannot be used yet")


def _changes(settings: Settings) -> str:
    if settings.read_only:
        return "Clew is read-only"
    if any(settings.roles.values()):
        return "roles are set"
    return "no roles are configured yet, so in chats members may only read; add [roles] to clew.toml"


def _line(state: str, what: str, detail: str = "") -> str:
    return f"{state:<11} {what:<18} {detail}".rstrip()
