"""How to wait: for whatever happens first, and longer after each failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


async def first_of(wanted: Awaitable[T], *others: Awaitable[object]) -> T | None:
    """Wait until one of them ends, then cancel the others and wait until they are over.

    Return what `wanted` gave; None where another one ended before it. Raises what those raised that had ended
    by then, in the order given.
    """
    first = asyncio.ensure_future(wanted)
    tasks = (first, *(asyncio.ensure_future(each) for each in others))
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in ended:
            task.result()
    return first.result() if first in ended else None


def doubled(first: float, times: int, longest: float) -> float:
    """Return `first` doubled so many times, up to `longest`."""
    return min(longest, first * 2.0 ** min(max(times, 0), 30))


@dataclass(slots=True)
class Backoff:
    """Waits that double: `first` seconds, then twice as long each time, up to `longest`."""

    first: float
    longest: float
    failures: int = 0

    def next(self) -> float:
        """Return how many seconds to wait after one more failure."""
        self.failures += 1
        return doubled(self.first, self.failures - 1, self.longest)

    def reset(self) -> None:
        """Begin anew: it went well."""
        self.failures = 0
