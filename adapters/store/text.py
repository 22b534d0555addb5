"""What text may enter the database, and the keys that are derived from it; pure."""

from __future__ import annotations

import hashlib

SEPARATORS = ":/,;()"  # what parts the ids in a line of the audit trail, beside spaces
ERROR_LENGTH = 500  # characters of a failure's reason that are kept


def clean(text: str) -> str:
    """Return text that every database takes: lone surrogates become "?", NUL is left out.

    sqlite3 cannot encode a lone surrogate and PostgreSQL refuses NUL: one such name would poison its row.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def spaced(text: str) -> str:
    """Return a text whose ids are parted by spaces."""
    return text.translate({ord(separator): " " for separator in SEPARATORS})


def clip(reason: str) -> str:
    """Bound a failure's reason."""
    return reason if len(reason) <= ERROR_LENGTH else reason[: ERROR_LENGTH - 1] + "…"


def provider_key(key: str) -> str:
    """Derive the short key that goes along with a message, to find it again by: 24 hex digits."""
    return hashlib.sha256(clean(key).encode()).hexdigest()[:24]


def chat_of(channel: str) -> str:
    """Return the chat that a channel belongs to: what stands before the first colon."""
    return channel.partition(":")[0]
