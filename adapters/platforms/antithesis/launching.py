"""What a launch takes: the form's fields, every value checked before anything is sent, and what it costs.

The launcher checks almost nothing: a wrong value is a paid run that ends `incomplete` minutes later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from math import ceil
from types import MappingProxyType

from adapters.platforms.antithesis.ids import checked_launcher, is_launcher
from bot import grammar
from bot.cards import Field, FieldKind, Line
from bot.errors import UserError
from bot.model import NOTHING, Group, LaunchRequest, Run
from bot.redact import is_secret
from bot.replies import launching as replies
from bot.replies.values import not_a_launcher

KEY = "clew.request_id"  # our own parameter: the platform echoes it, so a launch can be found again
PREFIX = "antithesis."
CUSTOM = "custom."
ALIASES: Mapping[str, str] = MappingProxyType(
    {"is_ephemeral": "ephemeral", "report.recipients": "recipients", "image": "images"}
)
FURTHER = frozenset({"antithesis.performance_tier", "antithesis.is_setup", "antithesis.integrations.type"})
"""What else of the platform's own parameters may be said in a chat; its launcher takes any, secrets among them."""

FIELDS = (
    Field(name="duration", label="Duration in minutes", kind=FieldKind.MINUTES, required=True,
          usual=True, hint="30, 1h30m or 10s", summary="How long to test", example="duration=1h30m"),
    Field(name="config_image", label="Config image", kind=FieldKind.IMAGE, usual=True,
          hint="[REGISTRY/]NAME:TAG; empty: the launcher's own",
          summary="The image that holds the configuration", example="config_image=config:main"),
    Field(name="images", label="Images", kind=FieldKind.IMAGES, hint="separated by ;", usual=True,
          summary="Images to use, separated by ;", example="images=app:1.4;db:16"),
    Field(name="description", label="Description", kind=FieldKind.TEXT,
          summary="Shown in the report and in e-mails", example='description="retry fix"'),
    Field(name="source", label="Source", kind=FieldKind.TEXT, usual=True, hint="usually a branch; compared within one",
          summary="Usually a branch; runs of one source are compared", example="source=main"),
    Field(name="test_name", label="Test name", kind=FieldKind.TEXT, usual=True, summary="The test's name in the history"),
    Field(name="ephemeral", label="Leave it out of the history", kind=FieldKind.FLAG,
          summary="Leave the run out of the history", example="ephemeral=yes"),
    Field(name="recipients", label="Mail the report to", kind=FieldKind.ADDRESSES, hint="addresses separated by ;",
          summary="Who gets the report by mail, separated by ;", example="recipients=ann@example.com"),
)  # fmt: skip

LONGEST_TEXT = 4_000  # characters of a description
MOST_FURTHER = 40
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_KNOWN = tuple(field.name for field in FIELDS)
_UNTESTED = frozenset({"description", "recipients"})  # change what a run is called and who is notified of it


def form(_launcher: str, given: Mapping[str, str] = NOTHING) -> tuple[Field, ...]:
    """Return the fields of a launch, filled in with what is given under any of its names; further parameters behind.

    Raises `UserError` for a name that is not known, that may not be given in a chat, or that is there twice.
    """
    values = grammar.by_one_name(given, _canonical)
    own = _own_duration(values)
    fields = [replace(field, value=values.pop(field.name, "")) for field in FIELDS]
    fields[0] = replace(fields[0], required=own is None, usual=own is None)
    further = (Field(name=n, label=n, kind=FieldKind.TEXT, value=value) for n, value in values.items())
    return (*fields, *further)


def parameters(request: LaunchRequest) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a launch, in order.

    Raises `UserError` naming the value that is wrong, `Rejected` for a launch that is of another kind.
    """
    if not is_launcher(request.launcher):
        raise not_a_launcher(request.launcher, "launcher")
    checked_launcher(request.launcher)
    values = request.values
    named = [(sent, read(values[name], name)) for name, (sent, read) in _SENT.items() if name in values]
    further = [(_canonical(name), value) for name, value in sorted(values.items()) if name not in _SENT]
    if len(further) > MOST_FURTHER:
        raise replies.too_many_parameters(len(further), MOST_FURTHER)
    return (*named, *((name, grammar.harmless(value, name)) for name, value in further), (KEY, request.key))


def tested(request: LaunchRequest) -> Mapping[str, str]:
    """Return what a launch tests: not what it is called, who is mailed, or in which order it was said."""
    told = {"ephemeral": "no", **{n: v for n, v in request.values.items() if n not in _UNTESTED}}
    sent = dict(parameters(replace(request, key="", values=told)))
    del sent[KEY]
    if images := sent.get("antithesis.images"):
        sent["antithesis.images"] = ";".join(sorted(images.split(";")))
    return {"launcher": request.launcher, **sent}


def group(request: LaunchRequest) -> Group:
    """Return with which runs the run of a launch will be compared: of the same source and test name."""
    sent = dict(parameters(request))
    source, test_name = sent.get("antithesis.source", ""), sent.get("antithesis.test_name", "")
    return Group(
        series=(request.launcher_key or request.launcher, source, test_name),
        ephemeral=sent.get("antithesis.is_ephemeral") == "true",
    )


def given(run: Run) -> Mapping[str, str]:
    """Return what a launch like a run would be given: of its parameters those that a launch takes in a chat.

    What is not told as it is stays out: a mask or a cut text is not what the run was given.
    """
    taken = {n: value for n, value in run.parameters.items() if _takes(n) and n not in run.withheld}
    with suppress(UserError):  # one that is there under two names says nothing for sure
        return {field.name: field.value for field in form(run.launcher, taken) if field.value}
    return {}


def cost(request: LaunchRequest) -> str:
    """Say what a launch costs: test time is what is paid for."""
    duration = request.values.get("duration")
    return replies.test_time(grammar.minutes(duration) if duration else None)


def minutes(request: LaunchRequest) -> int | None:
    """Return the test time that is asked for, in whole minutes; None where the launcher decides."""
    duration = request.values.get("duration")
    return ceil(Decimal(grammar.minutes(duration))) if duration else None


def notes(request: LaunchRequest) -> tuple[Line, ...]:
    """Say what a person should know of a launch before it is confirmed."""
    own = _own_duration(request.values)
    return (replies.own_duration(own),) if own and "duration" not in request.values else ()


def _canonical(name: str) -> str:
    """Return the one name of a parameter. Raises `UserError` for one that cannot be given."""
    short = name.removeprefix(PREFIX)
    short = ALIASES.get(short, short)
    if short in _KNOWN:
        return short
    if short.casefold() == "filter_logs_matching":
        raise replies.no_log_filter(name)
    if is_secret(name):
        raise replies.secret_name(name)
    if (name in FURTHER or name.startswith(CUSTOM)) and _NAME.fullmatch(name):
        return name
    raise replies.unknown_parameter(name, _KNOWN, sorted(FURTHER), "custom.NAME")


def _takes(name: str) -> bool:
    with suppress(UserError):
        return name != KEY and bool(_canonical(name))
    return False


def _own_duration(values: Mapping[str, str]) -> str | None:
    """Return the name of a custom parameter that says how long to test (`custom.duration`), as many set-ups have it."""
    return next(
        (n for n in values if n.startswith(CUSTOM) and n.rpartition(".")[2].lower() == "duration"), None
    )


_SENT: Mapping[str, tuple[str, Callable[[str, str], str]]] = MappingProxyType(
    {
        "duration": ("antithesis.duration", grammar.minutes),
        "config_image": ("antithesis.config_image", grammar.image),
        "images": ("antithesis.images", lambda text, name: ";".join(grammar.images(text, name))),
        "description": (
            "antithesis.description",
            lambda text, name: grammar.plain_text(text, name, LONGEST_TEXT),
        ),
        "source": ("antithesis.source", grammar.plain_text),
        "test_name": ("antithesis.test_name", grammar.plain_text),
        "ephemeral": ("antithesis.is_ephemeral", lambda text, name: str(grammar.flag(text, name)).lower()),
        "recipients": (
            "antithesis.report.recipients",
            lambda text, name: ";".join(grammar.recipients(text, name)),
        ),
    }
)
