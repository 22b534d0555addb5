"""Work on many things at a time; what goes wrong with one never holds up the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)
AT_ONCE = 4


async def each(things: Iterable[T], work: Callable[[T], Awaitable[None]], *, what: str) -> None:
    """Do the work for every thing, a few at once; errors are logged with `what` was being done."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> None:
        async with turns:
            try:
                await work(thing)
            except Exception:
                log.exception("%s failed; the others go on", what)

    await asyncio.gather(*(one(thing) for thing in things))


async def one_by_one(
    things: Iterable[T], work: Callable[[T], Awaitable[None]], *, what: str, but: type[Exception]
) -> None:
    """Do the work for one thing after the other; errors are logged with `what` was being done.

    Raises `but`: with that nothing else would go either.
    """
    for thing in things:
        try:
            await work(thing)
        except but:
            raise
        except Exception:
            log.exception("%s failed; the others go on", what)
