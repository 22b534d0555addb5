"""What suggestions are called in the list that autocomplete shows."""

from __future__ import annotations

from bot.model import Moment

LATEST = "the newest run"


def run(launcher: str, status: str, address: str) -> str:
    """Name a run by what people know of it, and its id."""
    return " · ".join(part for part in (launcher, status, address) if part)


def launcher(name: str, connections: str) -> str:
    """Name a launcher, and whose it is."""
    return f"{name} · {connections}"


def preset(launcher: str) -> str:
    """Say what a preset launches."""
    return f"preset of {launcher}"


def moment(moment: Moment, check: str) -> str:
    """Name a moment by the failing check that it belongs to, "" where the thread is about it."""
    return f"{check or 'of this thread'} · {moment.text}"
