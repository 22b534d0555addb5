"""Typed decoding that forgives field by field: a value of a wrong type is left out, its neighbours stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from adapters.platforms.http.text import hint, patch
from bot.errors import UnexpectedAnswer

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

NULL = msgspec.Raw(b"null")
_REPAIRABLE = 1 << 20  # bytes; repairing more would hold up everybody else for too long
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


def read_struct(raw: bytes | msgspec.Raw, kind: type[S]) -> S | None:
    """Decode one JSON object; a field that does not fit takes its default. None: it is no such object at all."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except _BROKEN:
        return _by_field(raw, kind)


def _by_field(raw: bytes | msgspec.Raw, kind: type[S]) -> S | None:
    fields = read(raw, dict[str, msgspec.Raw])
    if fields is None:
        return None
    good = {}
    for field in msgspec.structs.fields(kind):
        value = read(fields[field.encode_name], field.type) if field.encode_name in fields else None
        if value is None and field.required:
            return None
        if value is not None:
            good[field.name] = value
    return kind(**good)


def read(raw: bytes | msgspec.Raw, kind: type[T]) -> T | None:
    """Decode one JSON value as a type, None where it is not one."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        if kind is not object:  # of any shape, so it can only be a number out of range
            return None
    except _BROKEN:
        pass
    body = bytes(raw)
    for repair in (patch, hint) if len(body) <= _REPAIRABLE else (patch,):
        try:
            return msgspec.json.decode(repair(body), type=kind)
        except _BROKEN:
            continue
    return None


def read_any(raw: bytes | msgspec.Raw) -> object:
    """Decode one JSON value of any shape, None where it is none."""
    return read(raw, object)


def exact(raw: msgspec.Raw) -> str:
    """Return the characters of a JSON text or number as they were served, "" for anything else."""
    text = bytes(raw)
    if text[:1] != b'"':
        return text.decode("ascii", "replace") if text[:1] in b"-0123456789" else ""
    return read(raw, str) or ""


def time_of(text: str | None) -> datetime | None:
    """Return an RFC 3339 time in UTC, None where it is none; without an offset it is taken as UTC."""
    try:
        time = datetime.fromisoformat(text or "")
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def readable(found: Sequence[T], sent: Sized, what: str) -> Sequence[T]:
    """Return what was read of a list. Raises `UnexpectedAnswer` where it has entries and none could be read.

    Such a list is not empty: nobody may be told that there is nothing.
    """
    if len(sent) and not found:
        raise UnexpectedAnswer(f"The platform answered with a list of {what} of which no entry can be read.")
    return found


class Page(msgspec.Struct):
    """A page of a list: its items undecoded, so that one bad item cannot hide the others."""

    data: list[msgspec.Raw]
    next_cursor: msgspec.Raw = NULL


def read_page(body: bytes) -> Page:
    """Decode a page. Raises `UnexpectedAnswer`."""
    page = read_struct(body, Page)
    if page is None:
        raise UnexpectedAnswer("The platform answered with something that is not a list.")
    return page


def read_items(page: Page, kind: type[S]) -> Iterator[S]:
    """Decode the items of a page one by one, leaving out those that are nothing like it."""
    for raw in page.data:
        item = read_struct(raw, kind)
        if item is not None:
            yield item
