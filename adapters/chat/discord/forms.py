"""Form -> modal, and a modal that was sent -> values; pure.

A modal has five inputs at most. Where a form has more fields, those that must be filled in come first, and
the last input takes the others, one `name=value` on a line. An input is named like its parameter, so a form
that comes back after a restart says all that is needed to read it.
Limits: https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.chat.discord import markup
from adapters.chat.discord.markup import Json, said_text
from bot.cards import LINES, Field, FieldKind, Form

TITLE = 45
LABEL = 45
HINT = 100
INPUT = 4000
INPUTS = 5
CHOICES = 25
CHOICE = 100
FORM = "form"
REST = "rest"  # the input for the fields that have none of their own

_LABEL, _TEXT_INPUT, _SELECT = 18, 4, 3
_SHORT, _PARAGRAPH = 1, 2
_YES_NO = ("yes", "no")
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,80})\s*=\s*(.*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The verb that a form says, and its values by parameter."""

    verb: str
    values: Mapping[str, str]


def modal(form: Form) -> Json:
    """Build the modal of a form."""
    own, others = _split(form.fields)
    inputs = [_input(field) for field in own]
    if others:
        inputs.append(_rest(others))
    return {"custom_id": f"{FORM}:{form.verb}", "title": markup.cut(form.title, TITLE), "components": inputs}


def sent(data: Json) -> Sent | None:
    """Read a modal's values; None where it is not one of our forms."""
    kind, _, verb = str(data.get("custom_id") or "").partition(":")
    if kind != FORM or not verb:
        return None
    values: dict[str, str] = {}
    for name, text in _filled(data.get("components")):
        values |= _lines(text) if name == REST else {name: said_text(text)}
    return Sent(verb=verb, values={name: value for name, value in values.items() if value})


def _split(fields: tuple[Field, ...]) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    if len(fields) <= INPUTS:
        return fields, ()
    first = sorted(fields, key=lambda f: (not f.required, not f.value))
    own = [f for f in fields if f in first[: INPUTS - 1]]
    return tuple(own), tuple(f for f in fields if f not in own)


def _input(field: Field) -> Json:
    shown: Json = {"type": _LABEL, "label": markup.cut(field.label, LABEL)}
    if field.hint:
        shown["description"] = markup.cut(field.hint, HINT)
    choices = _YES_NO if field.kind is FieldKind.FLAG else field.choices[:CHOICES]
    inner = _select(field, choices) if choices else _text(field)
    return shown | {"component": inner}


def _text(field: Field) -> Json:
    style = _PARAGRAPH if field.kind in LINES else _SHORT
    shown: Json = {"type": _TEXT_INPUT, "custom_id": field.name, "style": style, "required": field.required}
    shown["max_length"] = INPUT
    return shown | {"value": field.value[:INPUT]} if field.value else shown


def _select(field: Field, choices: tuple[str, ...]) -> Json:
    options = [{"label": c[:CHOICE], "value": c[:CHOICE], "default": c == field.value} for c in choices]
    return {
        "type": _SELECT,
        "custom_id": field.name,
        "required": field.required,
        "min_values": 1 if field.required else 0,
        "options": options,
    }


def _rest(others: tuple[Field, ...]) -> Json:
    known = ", ".join(f.name for f in others)
    filled = "\n".join(f"{f.name}={f.value}" for f in others if f.value)
    shown = _text(Field(name=REST, label="", kind=FieldKind.LONG_TEXT, value=filled))
    return {
        "type": _LABEL,
        "label": "Anything else, one name=value on a line",
        "description": markup.cut(known, HINT),
        "component": shown,
    }


def _filled(components: object) -> list[tuple[str, str]]:
    """Find the inputs, whatever rows or labels they stand in."""
    found: list[tuple[str, str]] = []
    for part in components if isinstance(components, list) else ():
        if not isinstance(part, dict):
            continue
        values = part.get("values")
        value = ",".join(map(str, values)) if isinstance(values, list) else part.get("value")
        if isinstance(part.get("custom_id"), str) and isinstance(value, str):
            found.append((part["custom_id"], value))
        inner = part.get("component")
        found += _filled(part.get("components")) + _filled([inner] if inner else None)
    return found


def _lines(text: str) -> dict[str, str]:
    """Read `name=value` lines; a line without a name goes on with the one before, an empty one ends it."""
    values: dict[str, str] = {}
    name = ""
    for line in said_text(text).splitlines():
        found = _NAMED.fullmatch(line.strip())
        if found is not None:
            name = found[1]
            values[name] = found[2]
        elif not line.strip():
            name = ""
        elif name:
            values[name] += f" {line.strip()}"
    quoted = {name for name, value in values.items() if len(value) > 1 and value[0] == value[-1] == '"'}
    return {name: value[1:-1] if name in quoted else value for name, value in values.items()}
