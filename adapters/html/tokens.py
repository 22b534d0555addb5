"""Proof that somebody knows a token: the token itself, or a cookie that was given for it."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from bot.model import Secret

SESSION: Final = timedelta(hours=12)
MOST_DIGITS: Final = 12  # of a time


def same(given: str, token: Secret) -> bool:
    """Whether a text is the token; how long that takes tells neither how much of it is right nor how long the token is."""
    return hmac.compare_digest(_digest(given), _digest(token.reveal()))


def session(token: Secret, now: datetime) -> str:
    """Return the value of a cookie that holds for `SESSION` from now on, and only as long as the token is this one."""
    until = str(int((now + SESSION).timestamp()))
    return f"{until}.{_sign(token, until)}"


def is_session(value: str, token: Secret, now: datetime) -> bool:
    """Whether a cookie was made with this token, and its time is not over."""
    until, _, signature = value.partition(".")
    if not hmac.compare_digest(_digest(signature), _digest(_sign(token, until))):
        return False
    return until.isascii() and until.isdigit() and len(until) <= MOST_DIGITS and int(until) > now.timestamp()


def _sign(token: Secret, until: str) -> str:
    return hmac.new(_digest(token.reveal()), _bytes(f"session {until}"), "sha256").hexdigest()


def _digest(text: str) -> bytes:
    return sha256(_bytes(text)).digest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
