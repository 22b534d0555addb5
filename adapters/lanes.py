"""Turns with a width, a share of it for each person, and a fair order among those who wait."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from bot.ports import Report
from bot.replies import load

_ACTING: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def acting(person: str) -> Iterator[None]:
    """Let what is done inside, and begun from there, count as this person's wherever there are turns."""
    before = _ACTING.set(person)
    try:
        yield
    finally:
        _ACTING.reset(before)


def whose() -> str:
    """Return for whom work is done right now; "" for what Clew does by itself."""
    return _ACTING.get()


def drop_one(counts: Counter[str], key: str) -> None:
    """Count one less of a key, and forget it at none; the work does not grow with the number of keys."""
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]


def half(width: int) -> int:
    """Return a share that leaves room for others, where there is any."""
    return width - width // 2


async def silent(text: str) -> None:
    """Report nothing."""


class Lane:
    """Turns: at most `width` at once and `share` of one person; the people who wait are let in one after the other.

    What one person waits with keeps its order. A channel can stand for a person where that is whose share it is.
    """

    def __init__(self, width: int, share: int) -> None:
        self._width = width
        self._share = share
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # whose turn it is next stands first

    @asynccontextmanager
    async def turn(self, person: str, report: Report = silent) -> AsyncIterator[None]:
        """Hold a turn; where it has to be waited for, `report` is given why, and "" when it came."""
        mine = self._join(person)
        try:
            if not mine.done():
                own = self._busy[person] >= self._share
                await report(load.WAITING_FOR_OWN if own else load.WAITING_FOR_OTHERS)
                await mine
                await report("")
            yield
        finally:
            self._leave(person, mine)

    def _join(self, person: str) -> asyncio.Future[None]:
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append(mine)
        self._let_in()
        return mine

    def _leave(self, person: str, mine: asyncio.Future[None]) -> None:
        if mine.done() and not mine.cancelled():
            drop_one(self._busy, person)
        elif mine in (queue := self._waiting.get(person, deque())):
            queue.remove(mine)
            if not queue:
                del self._waiting[person]
        self._let_in()

    def _let_in(self) -> None:
        while self._busy.total() < self._width:
            person = next((p for p in self._waiting if self._busy[p] < self._share), None)
            if person is None:
                return
            queue = self._waiting.pop(person)
            mine = queue.popleft()
            if queue:
                self._waiting[person] = queue  # behind everybody else
            if not mine.cancelled():
                self._busy[person] += 1
                mine.set_result(None)
