"""Texts that go to a platform as they are."""

from __future__ import annotations

from bot.redact import scrub
from bot.replies.launching import secret_value
from bot.replies.values import invisible_characters, too_long

LONGEST_VALUE = 1_000  # characters


def plain_text(value: str, name: str, most: int = LONGEST_VALUE) -> str:
    """Return a text on one line. Raises `UserError` for one with invisible characters, or longer than `most`."""
    plain = " ".join(value.split())
    if len(plain) > most:
        raise too_long(len(plain), most, name)
    if not plain.isprintable():
        raise invisible_characters(name)
    return plain


def harmless(value: str, name: str) -> str:
    """Return the same; one that looks like a credential would be shown and kept. Raises `UserError`."""
    if scrub(value).removed:
        raise secret_value(name)
    return plain_text(value, name)
