"""The command that somebody meant: what was typed, with one correction made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot import reading
from bot.cards import Button, Command
from bot.command import Verb
from bot.errors import Correction, Part
from bot.parsed import ParsedCommand

MOST = 5  # offers beside each other


def offers(
    corrections: tuple[Correction, ...], parsed: ParsedCommand, verb: Verb | None, verbs: Mapping[str, Verb]
) -> tuple[Button, ...]:
    """Return a button for each correction that can be asked for; what a value is changed to is its label.

    `parsed`: what was asked for, its values among the named ones; `verb`: that it was understood as.
    """
    meant = [(c, verbs.get(c.to) if c.part is Part.VERB else verb) for c in corrections[:MOST]]
    buttons = [_offer(c, corrected(c, parsed, own), own) for c, own in meant if own is not None]
    return tuple(button for button in buttons if button is not None)


def corrected(correction: Correction, parsed: ParsedCommand, verb: Verb) -> Command | None:
    """Return the command with a correction made; None where it holds what no message may keep."""
    parsed = reading.as_meant(verb, parsed)  # corrections speak of parameters by their own names
    name, to, named = correction.name, correction.to, parsed.named
    if correction.part is Part.VALUE:
        parsed = _with_value(correction, parsed, verb)
    elif correction.part is Part.NAME:
        parsed = replace(parsed, named={to if n == name else n: value for n, value in named.items()})
    elif correction.part is Part.FLAG:
        parsed = replace(parsed, named={**named, name: "yes"})
    return reading.typed(verb, replace(parsed, strays=()))  # the correction says what those belong to


def _offer(correction: Correction, command: Command | None, verb: Verb) -> Button | None:
    if command is None:
        return None
    changed = correction.part in {Part.VALUE, Part.FLAG}
    return Button(label=correction.to if changed else reading.written(verb, command.values), command=command)


def _with_value(correction: Correction, parsed: ParsedCommand, verb: Verb) -> ParsedCommand:
    """Set a parameter; bare words that stood for it, or behind it, are in the new value."""
    own = verb.positional.name if verb.positional else ""
    behind = [word for name, word in parsed.strays if name == correction.name]
    kept = () if own == correction.name else tuple(w for w in parsed.positional if w not in behind)
    pasted = parsed.pasted
    if pasted is not None and own == correction.name:  # the id in it is what is corrected
        pasted = replace(pasted, run_id=None) if pasted.moment else None
    named = {**parsed.named, correction.name: correction.to}
    return replace(parsed, positional=kept, named=named, pasted=pasted)
