"""The command that somebody meant: what was typed, with one correction made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot import grammar
from bot.cards import Button
from bot.command import Verb
from bot.errors import Correction, Part
from bot.parsed import ParsedCommand
from bot.redact import is_secret

MOST = 5  # offers beside each other


def offers(
    corrections: tuple[Correction, ...], words: ParsedCommand, values: Mapping[str, str], verb: Verb | None
) -> tuple[Button, ...]:
    """Return a button for each correction that can be said again; what a value is changed to is its label."""
    meant = [(c, corrected(c, words, values, verb)) for c in corrections[:MOST]]
    return tuple(
        Button(label=c.to if c.part in {Part.VALUE, Part.FLAG} else said, words=said)
        for c, said in meant
        if said is not None
    )


def corrected(
    correction: Correction, words: ParsedCommand, values: Mapping[str, str], verb: Verb | None
) -> str | None:
    """Write the command with a correction made; None where it holds what no message may keep."""
    given = {**words.named, **values}
    if any(is_secret(name) for name in given):
        return None
    if correction.part is Part.VERB:
        return grammar.written(replace(words, verb=correction.to, named=given))
    if correction.part is Part.NAME:
        renamed = {correction.to if name == correction.name else name: v for name, v in given.items()}
        return grammar.written(replace(words, named=renamed))
    if correction.part is Part.FLAG:
        return grammar.written(replace(words, named={**given, correction.name: "yes"}))
    return grammar.written(_with_value(correction, replace(words, named=given), verb))


def _with_value(correction: Correction, words: ParsedCommand, verb: Verb | None) -> ParsedCommand:
    """Set a parameter; bare words that stood for it, or behind it, are in the new value."""
    own = verb.positional.name if verb and verb.positional else ""
    behind = [word for name, word in words.strays if name == correction.name]
    kept = () if own == correction.name else tuple(w for w in words.positional if w not in behind)
    named = {**words.named, correction.name: correction.to}
    return replace(words, verb=verb.name if verb else words.verb, positional=kept, named=named)
