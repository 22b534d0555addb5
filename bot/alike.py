"""Which failures of a run have one place or one message in common, and so likely one cause; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from bot.model import Check

SHORTEST = 12  # characters of a message; a shorter one ("false") says too little to be a cause

Shared = tuple[str, str]
"""The place, or else the message, that failures have in common."""


def place_of(check: Check) -> str:
    """Return where the assertion stands, of the counterexample that is shown where it says so."""
    shown = (check.first, *check.counterexamples)
    return next((e.location for e in shown if e and e.location), "")


def shared_by(check: Check) -> Shared | None:
    """Return what a failure can have in common with others: its place, or else what it says; None: neither is known."""
    place = place_of(check)
    if place:
        return (place, "")
    message = check.first.text.strip() if check.first else ""
    return ("", message) if len(message) >= SHORTEST else None


def counted(checks: Sequence[Check]) -> Counter[Shared]:
    """Count the failures of each place and message."""
    return Counter(shared for check in checks if (shared := shared_by(check)) is not None)


def grouped(checks: Sequence[Check], kind: Callable[[Check], Hashable]) -> tuple[tuple[Check, ...], ...]:
    """Put together those of a kind that share a place or a message; groups and their members keep their order."""
    groups: dict[Hashable, list[Check]] = {}
    for number, check in enumerate(checks):
        shared = shared_by(check)
        key: Hashable = number if shared is None else (kind(check), shared)
        groups.setdefault(key, []).append(check)
    return tuple(tuple(group) for group in groups.values())
