"""Answers as scripts read them: each is held against the schema that is printed for them."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import (  # type: ignore[import-untyped]  # it ships no types
    Draft202012Validator,
    FormatChecker,
)

from adapters.cli.answer_json import SCHEMA, answer_json
from bot.cards import Reply

_VALID = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=FormatChecker())


def answer(text: str) -> dict[str, Any]:
    """Read an answer of `--json`, which is all that stands on standard output."""
    found = json.loads(text)
    _VALID.validate(found)
    return dict(found)


def card(text: str) -> dict[str, Any]:
    """Read the card of an answer."""
    return dict(answer(text)["card"])


def as_data(reply: Reply) -> dict[str, Any]:
    """Return a reply as a script reads it."""
    found = answer_json(reply, verb="", exit_code=0, thread=None, hints=(), show_link=False)
    return answer(json.dumps(found))
