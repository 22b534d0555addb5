"""What is on and what is off, and why: the first lines of `clew run`."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.settings import Settings


def standing(settings: Settings, chats: frozenset[str], address: str | None) -> Iterator[str]:
    """Yield one line for each thing that can be on."""
    for connection in settings.connections:
        yield _line(f"platform {connection.name}", connection.base_url, on=True)
    yield _line("slack", "" if "slack" in chats else "SLACK_BOT_TOKEN is not set", on="slack" in chats)
    yield _line("discord", "" if "discord" in chats else "DISCORD_TOKEN is not set", on="discord" in chats)
    yield _line(
        "terminal", "" if "terminal" in chats else "--terminal switches it on", on="terminal" in chats
    )
    yield _line(
        "health", f"{address}/healthz, /readyz, /metrics" if address else "switched off", on=bool(address)
    )
    yield _line("changes", _changes(settings), on=not settings.read_only)
    yield f"Runs are looked for every {settings.poll_seconds:g} s."


def _changes(settings: Settings) -> str:
    if settings.read_only:
        return "Clew is read-only"
    if any(settings.roles.values()):
        return "roles are set"
    return "no roles are configured yet, so in chats members may read and no more; add [roles] to clew.toml"


def _line(what: str, detail: str, *, on: bool) -> str:
    return f"{'on ' if on else 'off'}  {what:<18} {detail}".rstrip()
