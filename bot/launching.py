"""From what a person gave to a launch request: names made one, every value checked before anything is sent.

The platform checks almost nothing at launch: a wrong value is a paid run that ends `incomplete` minutes later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot import grammar
from bot.errors import Part, UserError, WrongValue
from bot.model import LaunchRequest
from bot.redact import is_secret, scrub
from bot.wordlike import mistaken

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
_SHOWN = 60


def build(launcher: str, given: Mapping[str, str], key: str) -> LaunchRequest:
    """Build a request of a launcher and values by name. Raises `UserError` naming the value that is wrong."""
    values = normalised(given)
    extra = tuple(
        (name, _harmless(value, name)) for name, value in sorted(values.items()) if name not in KNOWN
    )
    if len(extra) > MOST_EXTRA:
        raise UserError(f"There are {len(extra)} further parameters; {MOST_EXTRA} is the most.")
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
            raise UserError(f"“{known}=” is given twice, once as “{name[:_SHOWN]}=”.", "Give it once.")
        values[known] = value
    return values


def canonical(name: str) -> str:
    """Return the one name of a parameter. Raises `UserError` for one that cannot be given."""
    short = name.removeprefix(PREFIX)
    short = ALIASES.get(short, short)
    if short in KNOWN:
        return short
    if short.casefold() == "filter_logs_matching":
        raise UserError(
            f"{name[:_SHOWN]}= cannot be given here: a pattern that matches everything would hide every log "
            "line, and Clew cannot check the platform's kind of pattern (RE2).",
            "Set it in the launcher itself, or launch with the platform's own command line.",
        )
    if is_secret(name):
        raise _secret(name, "looks like a secret")
    if (name in FURTHER or name.startswith(CUSTOM)) and _NAME.fullmatch(name):
        return name
    raise unknown(name)


def _harmless(value: str, name: str) -> str:
    """Return the value of a further parameter; one that looks like a credential would be shown and kept."""
    if scrub(value).removed:
        raise _secret(name, "has a value that looks like a secret")
    return plain_text(value, name)


def _secret(name: str, what: str) -> UserError:
    return UserError(
        f"“{name[:_SHOWN]}=” {what}, and what is said in a chat stays there: Clew does not take it.",
        "Set it in the launcher itself.",
    )


def own_duration(values: Mapping[str, str]) -> str | None:
    """Return the name of a custom parameter that says how long to test (`custom.duration`), as many set-ups have it."""
    return next(
        (n for n in values if n.startswith(CUSTOM) and n.rpartition(".")[2].lower() == "duration"), None
    )


def unknown(name: str) -> UserError:
    """Answer a parameter that no launch takes."""
    takes = f"It takes {', '.join(KNOWN)}, {', '.join(sorted(FURTHER))}, and any custom.NAME."
    return mistaken(
        f"launch does not know “{name[:_SHOWN]}=”.", name, KNOWN, takes, part=Part.NAME, name=name
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
        raise WrongValue(name, f"has {len(plain):,} characters; {most:,} is the most.")
    if not plain.isprintable():
        raise WrongValue(name, "holds invisible characters.", hint="Type it again instead of pasting it.")
    return plain
