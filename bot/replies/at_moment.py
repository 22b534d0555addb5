"""Buttons that look at a moment, and why there is none to look at.

A button that stands beside a property carries it: whoever presses it reads of that property in the answer, and
the answer's thread goes on speaking of it.
"""

from __future__ import annotations

from bot import grammar
from bot.analysis import RunAnalysis
from bot.cards import Button, Context
from bot.model import Availability
from bot.platform import DEBUGS, MOMENT_LOGS, Need, Platform

OFFERED: tuple[tuple[Need[object], str, str], ...] = (
    (MOMENT_LOGS, "Logs", "logs"),
    (DEBUGS, "Debug", "debug"),
)


def buttons(about: Context, platform: Platform, *, number: int | None = None) -> tuple[Button, ...]:
    """Offer the log before a moment and a session at it; `number`: the entry of a list that they stand in."""
    if about.moment is None:
        return ()
    entry = "" if number is None else f" {number}"
    return tuple(
        Button(label=f"{label}{entry}", words=words(verb, about))
        for need, label, verb in OFFERED
        if need.of(platform) is not None
    )


def words(verb: str, about: Context, *more: str) -> str:
    """Write the words that ask for something at a moment: its run, its exact numbers, and its property."""
    said = [verb]
    if about.run is not None:
        said.append(about.run.text)
    if about.moment is not None:
        said.append(f"moment={about.moment.text}")
    said += more
    if about.property_name is not None:
        said.append(f"property={grammar.quoted(about.property_name)}")
    return " ".join(said)


def no_moment(found: RunAnalysis) -> str:
    """Say why a run has no moment to look at."""
    if not found.run.status.terminal:
        return "This run has not ended, so it has no moments yet."
    if found.run.failure_unpinned:
        return "This run was killed or timed out without a pinned moment."
    if found.results is None or found.results.availability is not Availability.READY:
        return "The properties of this run cannot be read, so no moment of it is known."
    if found.failing:
        return "No failing property of this run has a moment."
    return "No property of this run fails, so there is no moment to look at."
