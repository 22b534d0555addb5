"""Core values as JSON text or as rows, and back; pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, Table

from adapters.store.text import clean
from bot.cards import Context
from bot.state import Invocation

T = TypeVar("T")

_NUL = rb"\u0000"  # as JSON has it; also part of an escaped back-slash and what follows it, which cleaning leaves


def encode(value: object) -> str:
    """Write a frozen value as JSON whose every text is clean; NUL and surrogates cannot hide in an escape."""
    try:
        written = msgspec.json.encode(value, enc_hook=dict)
    except UnicodeEncodeError:  # a surrogate
        written = _NUL
    if _NUL in written:  # seldom; looking at each text costs three times as much as writing them
        written = msgspec.json.encode(_cleaned(msgspec.to_builtins(value, enc_hook=dict)))
    return written.decode()


def decode(text: str, kind: type[T]) -> T:
    """Read a value back from what `encode` wrote."""
    return msgspec.json.decode(text, type=kind)


def decode_invocation(text: str) -> Invocation:
    """Read a command back; versions before 0.2 wrote its text under the name `words`."""
    fields = msgspec.json.decode(text, type=dict[str, Any])
    if "words" in fields:
        fields["text"] = fields.pop("words")
    return msgspec.convert(fields, Invocation)


def encode_context(context: Context | None) -> str | None:
    """Write what a message speaks of, if anything."""
    return None if context is None else encode(context)


def decode_context(text: str | None) -> Context | None:
    """Read what a message speaks of, if anything."""
    return None if text is None else decode(text, Context)


def to_row(table: Table, value: object, **others: object) -> dict[str, Any]:
    """Return a value's row: every column has the field of its name, if there is one, or what `others` says."""
    names = (column.name for column in table.columns)
    return {name: getattr(value, name) for name in names if hasattr(value, name)} | others


def from_row(row: Row[Any], kind: type[T], **others: object) -> T:
    """Read a value back: every field has the column of its name, or what `others` says, or its default."""
    columns = dict(zip(_plain(row._fields), row, strict=True))
    return msgspec.convert(columns | others, kind)


@lru_cache(maxsize=128)
def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as plain texts, which msgspec takes alone; those of a row are of a subclass."""
    return tuple(map(str, names))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [_cleaned(v) for v in value]
    if isinstance(value, dict):
        return {clean(k): _cleaned(v) for k, v in value.items()}
    return value
