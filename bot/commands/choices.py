"""Words that a platform chooses from: which there are, and which of them is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.command import Verb
from bot.replies.values import not_a_choice


def choices_of(of_platforms: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return all words of several platforms, each once."""
    return tuple(dict.fromkeys(word for words in of_platforms for word in words))


def with_choices(verb: Verb, name: str, words: tuple[str, ...]) -> Verb:
    """Return a verb one of whose parameters is chosen from these words."""
    return replace(
        verb, parameters=tuple(replace(p, choices=words) if p.name == name else p for p in verb.parameters)
    )


def chosen(given: str, name: str, words: tuple[str, ...]) -> str:
    """Return the word that is meant, however it is written. Raises `UserError` naming those there are."""
    found = spelled(given, words)
    if found is None:
        raise not_a_choice(given, name, words)
    return found


def spelled(given: str, words: Iterable[str]) -> str | None:
    """Return the word that a text spells, case and the sign between its parts aside."""
    return next((word for word in words if _plain(word) == _plain(given)), None)


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
