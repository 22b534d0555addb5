"""The registry -> Discord's command tree, and options that came in -> text and values; pure.

One command group has every verb as a subcommand, with typed options. Nothing of what Discord promises of
options is relied on: old clients send old shapes, so the core reads every value again.
Limits: https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from adapters.chat.discord.markup import Json, said_text
from bot.cards import FieldKind
from bot.command import Parameter, Verb

GROUP = "clew"
TRIAGE, DEBUG = "Triage this run", "Debug this moment"
MENU_VERBS = {TRIAGE: "find", DEBUG: "debug"}
MORE = "more"  # the option for names that no option has
DESCRIPTION = 100

_SUBCOMMAND, _TEXT, _WHOLE, _YES_NO, _NUMBER = 1, 3, 4, 5, 10
FILE = 11  # an option that takes a file
_CHAT_INPUT, MENU = 1, 3
_IN_SERVERS = {"contexts": [0], "integration_types": [0]}  # never in private chats, never for one user
_TYPES = {FieldKind.COUNT: _WHOLE, FieldKind.SECONDS: _NUMBER, FieldKind.FLAG: _YES_NO, FieldKind.FILE: FILE}
_COMPLETED = {
    FieldKind.BRANCH,
    FieldKind.RUN,
    FieldKind.LAUNCHER,
    FieldKind.MOMENT,
    FieldKind.PROPERTY,
    FieldKind.CHOICE,
}
_COMPLETED_NAMES = {"preset", "connection", "verb"}


def payload(verbs: Iterable[Verb]) -> list[Json]:
    """Return all commands as Discord takes them, in one fixed order."""
    group = {
        "type": _CHAT_INPUT,
        "name": GROUP,
        "description": "Launch, follow, triage and debug test runs",
        "options": [_subcommand(verb) for verb in verbs if not verb.hidden],
        **_IN_SERVERS,
    }
    menus = [{"type": MENU, "name": name, "description": "", **_IN_SERVERS} for name in MENU_VERBS]
    return [group, *menus]


def fingerprint(commands: list[Json]) -> str:
    """Return what tells one set of commands from another."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def given(verb: Verb, options: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """Return the text and values that options stand for, as if they had been typed."""
    text, values = verb.name, {}
    for name, value in options.items():
        written = _written(value)
        if name == MORE and written:  # further parameters are typed as a command's are
            text += f" {written}"
        elif written:
            values[name] = written
    return text, values


def _written(value: object) -> str:
    """Write an option's value as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return said_text(str(value)) if isinstance(value, str | int) else ""


def _subcommand(verb: Verb) -> Json:
    options = [_option(p) for p in verb.parameters]
    if verb.open_names:
        more = "Further parameters: custom.seed=7 other=value"
        options.append({"type": _TEXT, "name": MORE, "description": more})
    return {
        "type": _SUBCOMMAND,
        "name": verb.name,
        "description": _sentence(verb.summary),
        "options": options,
    }


def _option(parameter: Parameter) -> Json:
    kind = _TYPES.get(parameter.kind, _TEXT)
    option: Json = {"type": kind, "name": parameter.name, "description": _sentence(parameter.summary)}
    if parameter.kind in _COMPLETED or parameter.name in _COMPLETED_NAMES:
        option["autocomplete"] = True
    if kind == _WHOLE:
        option["min_value"] = 1
    if kind == _NUMBER:
        option["min_value"] = 0
    return option


def _sentence(summary: str) -> str:
    text = summary[:1].upper() + summary[1:]
    return text if len(text) <= DESCRIPTION else f"{text[: DESCRIPTION - 1]}…"
