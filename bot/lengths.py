"""How long a command may be, the same in every chat: a longer one is refused with a sentence, never cut in silence."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import UserError
from bot.replies import load
from bot.state import Invocation

LONGEST = 12_000  # characters of what was typed, of each value, and of somebody's message that is looked into
READ = 100_000
"""Characters of a text that a chat undoes its markup in: more than any chat lets people write."""
_TOO_LONG = "…" * (LONGEST + 1)


def bounded(invocation: Invocation) -> Invocation:
    """Return it with nothing of a text that is too long but that it is: no secret is cut in two and then missed."""
    return replace(
        invocation,
        text=_bounded(invocation.text),
        arguments=tuple(_bounded(argument) for argument in invocation.arguments),
        values={name: _bounded(value) for name, value in invocation.values.items()},
    )


def refusal(invocation: Invocation) -> UserError | None:
    """Return what to answer to the first text that is too long, None where none is."""
    texts = {
        "Your command": invocation.full_text,
        **{f"“{n}”": value for n, value in invocation.values.items()},
    }
    long = next((what for what, text in texts.items() if len(text) > LONGEST), None)
    return load.too_long(long, LONGEST) if long is not None else None


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else _TOO_LONG
