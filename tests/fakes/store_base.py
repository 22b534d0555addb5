"""What the parts of the store in memory share."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, TypeVar, cast

from adapters.store.text import clean
from bot.errors import StoreError

T = TypeVar("T")


class OfChannel(Protocol):
    """What a channel asked for."""

    @property
    def channel(self) -> str:
        """Which one."""
        ...


A = TypeVar("A", bound=OfChannel)


class Shared:
    """Lets other tasks run before every call; raises where a test asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: str | None = None

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        if self.failing is not None:
            raise StoreError(self.failing)


def cleaned(value: T, **changes: Any) -> T:
    """Return the value with every text in it cleaned as the database does, and with these fields changed."""
    return cast("T", _clean(replace(cast("Any", value), **changes) if changes else value))


def _clean(value: object) -> object:
    if type(value) is str:
        return clean(value)
    if isinstance(value, tuple | frozenset) and not is_dataclass(value):
        return type(value)(_clean(v) for v in value)
    if isinstance(value, Mapping):
        return {_clean(k): _clean(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _clean(getattr(value, f.name)) for f in fields(value)})
    return value


def wanted(kept: Iterable[A], channels: Collection[str], of: str | None = None) -> tuple[A, ...]:
    """Return what these channels asked for, or all where none are named; `of`: what may be about that connection."""
    names = {clean(channel) for channel in channels}
    here = (each for each in kept if not names or each.channel in names)
    return tuple(
        each for each in here if of is None or getattr(each, "connection", None) in {None, clean(of)}
    )
