"""The tools of `clew mcp` as values: each is a verb that only reads, with the parameters of it that an agent gives.

Schemas of what they take come from the verbs, as the platforms here have adapted them; schemas of what they answer from
`answer.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from adapters.cli.answer_json import SCHEMA
from bot.cards import FieldKind
from bot.command import Parameter, Verb
from bot.replies import tools as replies
from bot.terms import Terms, worded

Json = dict[str, Any]

KEPT = ("format", "error", "data", "card", "hints")
"""Of an answer, what a program that calls a tool has a use for."""
OF_CARD = ("title", "subtitle", "text", "body", "facts", "footer")
"""Of a card, what says more than the data; the rest is the same once more, or commands for a chat."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[FieldKind, tuple[str, str]] = MappingProxyType({
    FieldKind.COUNT: ("integer", "a whole number"),
    FieldKind.MINUTES: ("integer", "a whole number"),
    FieldKind.SECONDS: ("number", "a number"),
    FieldKind.FLAG: ("boolean", "true or false"),
})  # fmt: skip
_TEXT = ("string", "text")
_GIVEN: Mapping[type, str] = MappingProxyType(
    {bool: "true or false", int: replies.NUMBER, float: replies.NUMBER}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: a verb with some of its parameters. `about`: what it does, in plain nouns; "" for what the verb says.

    `needs`: parameters that it cannot do without; `fixed`: values that it always gives; `kinds`: of the data it answers with.
    `first`: the list in its data that begins with the entry that `from` names, where the verb's own data is whole.
    """

    name: str
    title: str
    verb: str
    takes: tuple[str, ...]
    kinds: tuple[str, ...]
    about: str = ""
    needs: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    first: str = ""

    def offered(self, verbs: Mapping[str, Verb]) -> bool:
        """Whether a connection here has what it needs."""
        verb = verbs.get(self.verb)
        return verb is not None and self.fixed.keys() <= {p.name for p in verb.parameters}

    def parameters(self, verb: Verb) -> list[Parameter]:
        """Return the parameters that may be given, in their order; those that no connection here has a use for are not."""
        known = {each.name: each for each in verb.parameters}
        return [known[name] for name in self.takes if name in known]

    def described(self, verb: Verb, terms: Terms) -> str:
        """Say what it does, in the nouns of the platforms here."""
        about = worded(self.about, terms) if self.about else f"{verb.summary[:1].upper()}{verb.summary[1:]}."
        return f"{about} {replies.OUTSIDE}"

    def takes_json(self, verb: Verb) -> Json:
        """Return the schema of what it takes."""
        return {
            "$schema": _DIALECT,
            "type": "object",
            "properties": {each.name: _parameter_json(each) for each in self.parameters(verb)},
            "required": list(self.needs),
            "additionalProperties": False,
        }

    def answers_json(self) -> Json:
        """Return the schema of what it answers: a part of that of all answers, with what that refers to."""
        whole = _schema()
        properties = {name: whole["properties"][name] for name in KEPT}
        kinds: list[Json] = [{"$ref": f"#/$defs/data_{kind}"} for kind in self.kinds]
        properties["data"] = {**properties["data"], "oneOf": [*kinds, {"type": "null"}]}
        card = whole["$defs"]["card"]
        shown = {name: card["properties"][name] for name in OF_CARD}
        named: Json = {**whole["$defs"], "card": {**card, "properties": shown, "required": list(OF_CARD)}}
        return {
            "$schema": _DIALECT,
            "type": "object",
            "properties": properties,
            "required": list(KEPT),
            "additionalProperties": False,
            "$defs": _reached(properties, named),
        }

    def values(self, verb: Verb, arguments: Mapping[str, object]) -> dict[str, str]:
        """Read what was given, as the verb takes it. Raises `UserError`."""
        known = {each.name: each for each in self.parameters(verb)}
        given = {name: value for name, value in arguments.items() if value is not None}
        for name in given:
            if name not in known:
                raise replies.unknown_argument(self.name, name, known)
        values = {name: _text(known[name], value) for name, value in given.items()}
        for name in self.needs:
            if not values.get(name, "").strip():
                raise replies.missing_argument(self.name, name)
        return {**{name: text for name, text in values.items() if text}, **self.fixed}


def _parameter_json(parameter: Parameter) -> Json:
    kind, _ = _TYPES.get(parameter.kind, _TEXT)
    example = parameter.example.removeprefix(f"{parameter.name}=")
    about = f"{parameter.summary}, like {example}" if example and kind == "string" else parameter.summary
    return {
        "type": kind,
        "description": f"{about}.",
        **({"enum": list(parameter.choices)} if parameter.choices else {}),
        **({"minimum": 1} if kind == "integer" else {}),
    }


def _text(parameter: Parameter, value: object) -> str:
    """Write a value as it is typed; "" for a flag that is off. Raises `UserError` for another type.

    A number is no text that was written as one: its digits may be fewer than they were.
    """
    kind, wanted = _TYPES.get(parameter.kind, _TEXT)
    if isinstance(value, str):
        return value
    if kind == "boolean" and isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int) and not isinstance(value, bool) and kind != "boolean":
        return str(value)
    if isinstance(value, float) and kind in {"integer", "number"}:
        return f"{value:.15g}"
    raise replies.wrong_type(parameter.name, wanted, _GIVEN.get(type(value), "a list or an object"))


@cache
def _schema() -> Json:
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _reached(start: object, definitions: Json) -> Json:
    """Return the definitions that a part of a schema leads to."""
    found: set[str] = set()
    open_ = [*_references(start)]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += _references(definitions[name])
    return {name: each for name, each in definitions.items() if name in found}


def _references(part: object) -> Iterable[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)


TOOLS: Mapping[str, Tool] = MappingProxyType({
    tool.name: tool
    for tool in (
        Tool(
            name="list_runs",
            title="List runs",
            verb="status",
            about="Recent runs, newest first: each with its verdict, its failing checks, and those of them that newly fail.",
            takes=("launcher", "source", "test_name", "creator", "since", "count", "from", "connection"),
            kinds=("runs",),
        ),
        Tool(
            name="get_run",
            title="Get a run",
            verb="status",
            about="One run: its verdict, how its checks stand against the run it is compared with, and what fails.",
            takes=("run", "connection"),
            needs=("run",),
            kinds=("run",),
        ),
        Tool(
            name="list_checks",
            title="List failing checks",
            verb="failing",
            about="Failing checks of a run, newly failing first, with their moments and examples; with “property”, one of them.",
            takes=("run", "property", "from", "connection"),
            needs=("run",),
            kinds=("run", "check"),
            first="checks",
        ),
        Tool(
            name="check_history",
            title="History of a check",
            verb="history",
            about="One check over the last runs that Clew has on record: when it failed, since when it does, how often.",
            takes=("property", "run", "connection"),
            needs=("property", "run"),
            kinds=("history",),
        ),
        Tool(
            name="read_log",
            title="Read a log",
            verb="logs",
            takes=("run", "property", "moment", "window", "grep", "source", "errors", "lines", "build", "artifact", "connection"),
            needs=("run",),
            kinds=("log",),
        ),
        Tool(
            name="list_events",
            title="List events of a check",
            verb="logs",
            about="A sample of the events of a run with the name of a check, those first where it failed.",
            takes=("run", "property", "connection"),
            needs=("run", "property"),
            fixed={"events": "yes"},
            kinds=("events",),
        ),
        Tool(
            name="list_files",
            title="List files of a run",
            verb="logs",
            about="The files that are kept of a run; read_log shows one with “artifact”.",
            takes=("run", "property", "from", "connection"),
            needs=("run",),
            fixed={"list": "yes"},
            kinds=("files",),
        ),
    )
})  # fmt: skip
"""Every tool by its name."""
