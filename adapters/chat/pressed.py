"""What a button asks for, written into what a chat gives back when it is pressed, and read again; the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.cards import Command
from bot.model import NOTHING

Pressed = Command | str
"""What a button asks for; of a message that a version before 0.2 posted, its command as text."""


def write(command: Command) -> str:
    """Write a command in few characters; the same command gives the same text."""
    return json.dumps([command.verb, dict(command.values)], ensure_ascii=False, separators=(",", ":"))


def read(value: str) -> Pressed:
    """Read what `write` wrote; anything else is the text of an earlier version."""
    try:
        verb, values = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        return value
    texts = (verb, *values, *values.values()) if isinstance(values, dict) else (None,)
    return Command(verb, values) if all(isinstance(text, str) for text in texts) else value


def parts(pressed: Pressed) -> tuple[str, Mapping[str, str]]:
    """Return the text and the values of the invocation that a press is."""
    return (pressed, NOTHING) if isinstance(pressed, str) else (pressed.verb, pressed.values)
