"""From what a person gave to a launch request: names made one, every value checked before anything is sent.

The platform checks almost nothing at launch: a wrong value is a paid run that ends `incomplete` minutes later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot import grammar
from bot.model import LaunchRequest
from bot.redact import is_secret, scrub
from bot.replies import launching as replies
from bot.replies.commands import given_twice
from bot.replies.values import invisible_characters, too_long

PREFIX = "antithesis."
CUSTOM = "custom."
ALIASES: Mapping[str, str] = MappingProxyType(
    {"is_ephemeral": "ephemeral", "report.recipients": "recipients", "image": "images"}
)
KNOWN = (
    "duration",
    "config_image",
    "images",
    "description",
    "source",
    "test_name",
    "ephemeral",
    "recipients",
)
FURTHER = frozenset({"antithesis.performance_tier", "antithesis.is_setup", "antithesis.integrations.type"})
"""What else of the platform's own parameters may be said in a chat; its launcher takes any, secrets among them."""

LONGEST_TEXT = 4_000  # characters of a description
LONGEST_VALUE = 1_000
MOST_EXTRA = 40
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)


def build(launcher: str, given: Mapping[str, str], key: str) -> LaunchRequest:
    """Build a request of a launcher and values by name. Raises `UserError` naming the value that is wrong."""
    values = normalised(given)
    extra = tuple(
        (name, _harmless(value, name)) for name, value in sorted(values.items()) if name not in KNOWN
    )
    if len(extra) > MOST_EXTRA:
        raise replies.too_many_parameters(len(extra), MOST_EXTRA)
    return LaunchRequest(
        launcher=grammar.launcher(launcher),
        key=key,
        minutes=grammar.minutes(values["duration"]) if "duration" in values else None,
        config_image=grammar.image(values["config_image"], "config_image")
        if "config_image" in values
        else None,
        images=grammar.images(values["images"]) if "images" in values else (),
        description=description(values["description"]) if "description" in values else None,
        source=_maybe("source", values),
        test_name=_maybe("test_name", values),
        ephemeral=grammar.flag(values["ephemeral"], "ephemeral") if "ephemeral" in values else None,
        recipients=grammar.recipients(values["recipients"]) if "recipients" in values else (),
        extra=extra,
    )


def normalised(given: Mapping[str, str]) -> dict[str, str]:
    """Return the values by Clew's names; further parameters keep the platform's.

    Raises `UserError` for a name that is not known, that may not be given in a chat, or that is there twice.
    """
    values: dict[str, str] = {}
    for name, value in given.items():
        if not value.strip():
            continue
        known = canonical(name)
        if known in values:
            raise given_twice(known, name)
        values[known] = value
    return values


def canonical(name: str) -> str:
    """Return the one name of a parameter. Raises `UserError` for one that cannot be given."""
    short = name.removeprefix(PREFIX)
    short = ALIASES.get(short, short)
    if short in KNOWN:
        return short
    if short.casefold() == "filter_logs_matching":
        raise replies.no_log_filter(name)
    if is_secret(name):
        raise replies.secret_name(name)
    if (name in FURTHER or name.startswith(CUSTOM)) and _NAME.fullmatch(name):
        return name
    raise replies.unknown_parameter(name, KNOWN, sorted(FURTHER))


def _harmless(value: str, name: str) -> str:
    """Return the value of a further parameter; one that looks like a credential would be shown and kept."""
    if scrub(value).removed:
        raise replies.secret_value(name)
    return plain_text(value, name)


def own_duration(values: Mapping[str, str]) -> str | None:
    """Return the name of a custom parameter that says how long to test (`custom.duration`), as many set-ups have it."""
    return next(
        (n for n in values if n.startswith(CUSTOM) and n.rpartition(".")[2].lower() == "duration"), None
    )


def description(text: str, name: str = "description") -> str:
    """Return a run's description as it is sent. Raises `UserError`."""
    return plain_text(text, name, LONGEST_TEXT)


def _maybe(name: str, values: Mapping[str, str]) -> str | None:
    return plain_text(values[name], name) if name in values else None


def plain_text(value: str, name: str, most: int = LONGEST_VALUE) -> str:
    """Return a text that is sent as it is: without line breaks or invisible characters, and not too long."""
    plain = " ".join(value.split())
    if len(plain) > most:
        raise too_long(len(plain), most, name)
    if not plain.isprintable():
        raise invisible_characters(name)
    return plain
