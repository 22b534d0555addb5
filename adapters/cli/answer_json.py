"""One answer as JSON: what was found as data, beside the card for people; errors are answers too.

`answer.schema.json` describes it. `FORMAT` grows with a change that breaks a script: a key that goes or means something
else. New keys come without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.cli.card_json import card_json
from adapters.cli.data_json import data_json
from adapters.configuration.problems import SettingsError
from bot import errors
from bot.cards import Reply, plain

FORMAT = 1
SCHEMA = Path(__file__).with_name("answer.schema.json")
Json = dict[str, Any]

KINDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.UserError, "mistake"),
    (errors.NotFound, "not found"),
    (errors.NotAvailable, "not available"),
    (errors.AccessRefused, "access refused"),
    (errors.RateLimited, "rate limited"),
    (errors.Unreachable, "unreachable"),
    (errors.Rejected, "rejected"),
    (errors.ServiceFailed, "platform failed"),
    (errors.UnexpectedAnswer, "unexpected answer"),
    (errors.StoreError, "database"),
    (SettingsError, "settings"),
    (OSError, "system"),
)
"""What scripts tell failures apart by."""


def answer_json(
    reply: Reply, *, verb: str, exit_code: int, thread: str | None, hints: Sequence[str], show_link: bool
) -> Json:
    """Return an answer as data. `verb`: the one that was understood, "" for none."""
    return {
        "format": FORMAT,
        "verb": verb,
        "exit_code": exit_code,
        "error": _error(reply) if reply.failed else None,
        "data": data_json(reply.data),
        "card": card_json(reply.card, show_link=show_link),
        "hints": list(hints),
        "thread": thread,
    }


def failure_json(error: Exception, message: str, exit_code: int) -> Json:
    """Return what kept a command from being answered at all: settings, the system, an internal error."""
    return {
        "format": FORMAT,
        "verb": "",
        "exit_code": exit_code,
        "error": {"kind": kind_of(error), "message": message},
        "data": None,
        "card": None,
        "hints": [],
        "thread": None,
    }


def kind_of(error: Exception | None, otherwise: str = "internal") -> str:
    """Return what an error is called."""
    return next((name for kind, name in KINDS if isinstance(error, kind)), otherwise)


def _error(reply: Reply) -> Json:
    kind = kind_of(reply.error, "internal" if reply.fault else "mistake")
    return {"kind": kind, "message": plain(reply.card.text)}
