"""Ask whether something like a mistyped word was meant."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import Correction, Part, UserError
from bot.wordlike import nearest


def did_you_mean(close: str | None, then: str = "") -> str:
    """Ask about the nearest known word, "" where none is near, and go on with what else can be done."""
    return " ".join(part for part in (f"Did you mean “{close}”?" if close else "", then) if part)


def mistaken(
    problem: str, word: str, known: Iterable[str], hint: str = "", *, part: Part = Part.VALUE, name: str = ""
) -> UserError:
    """Answer a word that nobody knows: ask whether the nearest one was meant, and say what there is.

    `part` and `name` say where in the command it stands, so that the question can be a button.
    """
    close = nearest(word, known)
    if close is None:
        return UserError(problem, hint)
    question = did_you_mean(f"{close}=" if part is Part.NAME else close, hint)
    return UserError(problem, question, corrections=(Correction(part, close, name),))
