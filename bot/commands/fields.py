"""What is wrong with a form's values, each said at its field, and the way back to the form with all that was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot import grammar, moments
from bot.cards import Button, Command, FieldKind, Reply
from bot.command import Verb
from bot.errors import UserError, WrongValue
from bot.redact import MASK, is_secret
from bot.replies import pasting
from bot.state import Invocation

MOST = 999_999_999  # of a count that its verb does not bound

Judge = Callable[[str, str, str, str, str], str]
"""Says of a form's field what is wrong with it: verb, name, kind, value and label go in, "" comes out where nothing is."""

Check = Callable[[str, str], object]
"""Reads a value; the second text is the parameter's name. Raises `UserError`."""


def problem(verb: Verb | None, name: str, kind: str, value: str, label: str) -> str:
    """Say what is wrong with a field's value in words that fit the form, "" where it can be right.

    The verb judges it again, with all that it knows; this is what can be checked at once. A part of the value is
    repeated, so `value` is one without secrets.
    """
    parameter = next((p for p in verb.parameters if p.name == name), None) if verb else None
    try:
        check = (parameter.check if parameter else None) or _BY_KIND.get(kind, lambda text, _: text)
        check(value, name)
        if verb is not None and verb.further is not None and parameter is None and "." in name:
            verb.further(value, name)
    except WrongValue as error:
        return error.at_field(label)
    except UserError as error:
        return f"{error.problem} {error.hint}".strip()
    return ""


def problems(verb: Verb, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with the values of a form that shows no errors at its fields, each named by its label."""
    kinds = {p.name: p.kind for p in verb.parameters}
    said = (
        problem(verb, name, kinds.get(name, FieldKind.TEXT), value, name.replace("_", " ").capitalize())
        for name, value in values.items()
    )
    return tuple(sentence for sentence in said if sentence)


def correctable(reply: Reply, invocation: Invocation) -> Reply:
    """Offer the form again with all that was filled in, but for secrets: no message may keep those.

    `invocation`: as `Handler.clean` returns it.
    """
    kept = {n: v for n, v in invocation.values.items() if not is_secret(n) and MASK not in v}
    again = Button(label="Correct the form", command=Command(invocation.text, kept), opens_form=True)
    return replace(reply, card=replace(reply.card, buttons=(again, *reply.card.buttons)))


def _moment(text: str, name: str) -> object:
    found = moments.find(text)
    if found is None or found.moment is None:
        raise pasting.moment_not_recognised()
    return found


_BY_KIND: Mapping[str, Check] = MappingProxyType(
    {
        FieldKind.MINUTES: grammar.minutes,
        FieldKind.SECONDS: grammar.virtual_seconds,
        FieldKind.LAUNCHER: grammar.launcher,
        FieldKind.FLAG: grammar.flag,
        FieldKind.MOMENT: _moment,
        FieldKind.COUNT: lambda text, name: grammar.whole_number(text, name, MOST),
    }
)
