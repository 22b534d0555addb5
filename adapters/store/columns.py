"""Columns that hold the same values in every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from adapters.store.text import clean


class CleanText(TypeDecorator[str]):
    """Text that no database refuses: cleaned on its way in, in values and in conditions alike."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Clean one value."""
        return None if value is None else clean(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; in SQLite as text of one width, so that it sorts and a person can read it."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the database's own type where it has one with a zone."""
        chosen: TypeEngine[Any] = DateTime(timezone=True) if dialect.name == "postgresql" else String(32)
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        """Bring a time to UTC; a naive one is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read a time back, aware and in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


def _columns(kind: type[TypeEngine[Any]], *names: str, **options: Any) -> Iterator[Column[Any]]:
    """Make columns of one type, in which there is always a value unless they are `nullable`."""
    return (Column(name, kind, **{"nullable": False} | options) for name in names)


keys = partial(_columns, CleanText, primary_key=True)
texts = partial(_columns, CleanText)
times = partial(_columns, UtcTime)
flags = partial(_columns, Boolean)
numbers = partial(_columns, Integer)
counters = partial(_columns, BigInteger)
blobs = partial(_columns, LargeBinary)


def row_id() -> Column[int]:
    """Make a column that numbers rows: SQLite does so by itself only for exactly INTEGER."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
