"""Who is answered when: turns with a width, a share of it for each person, and a fair order among those who wait.

Only the work of the core has turns. Acknowledgements, progress messages and the delivery of answers have none, so
they never wait behind work. Logs, whose reading can take minutes, have a lane of their own.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from adapters.chat.tasks import Tasks
from bot.ports import Report
from bot.replies import too_much

WIDTH, SHARE = 64, 8  # commands at work in one chat, and of one person
LOG_WIDTH, LOG_SHARE = 12, 3  # the same of those that read logs
MOST = 20  # commands of one person that are accepted and not answered yet


async def _silent(text: str) -> None:
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
    async def turn(self, person: str, report: Report = _silent) -> AsyncIterator[None]:
        """Hold a turn; where it has to be waited for, `report` is told why, and "" when it came."""
        mine = self._join(person)
        try:
            if not mine.done():
                own = self._busy[person] >= self._share
                await report(too_much.WAITING_FOR_OWN if own else too_much.WAITING_FOR_OTHERS)
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
            self._busy -= Counter({person: 1})  # drops who has none
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


class Lanes:
    """The commands of one chat: which are under way, and which of them work now."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._work = Lane(WIDTH, SHARE)
        self._logs = Lane(LOG_WIDTH, LOG_SHARE)
        self._under_way: Counter[str] = Counter()
        self._being_told: set[str] = set()

    def is_full(self, person: str) -> bool:
        """Whether so much of this person is under way that nothing more is accepted."""
        return self._under_way[person] >= MOST

    def start(self, person: str, work: Coroutine[Any, Any, None]) -> None:
        """Answer a command that was accepted; it counts as under way until that has ended."""
        self._under_way[person] += 1
        task = self._tasks.start(work)
        if task is None:
            self._end(person)
        else:
            task.add_done_callback(lambda _: self._end(person))

    def turn(
        self, person: str, report: Report = _silent, *, long: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """Hold a turn to work; `long`: it may read for minutes. See `Lane.turn`."""
        return (self._logs if long else self._work).turn(person, report)

    async def refuse(self, person: str, tell: Callable[[], Awaitable[object]]) -> None:
        """Tell a person that no more is accepted, unless they are being told: a flood is not answered by another."""
        if person in self._being_told:
            return
        self._being_told.add(person)
        try:
            await tell()
        finally:
            self._being_told.discard(person)

    def _end(self, person: str) -> None:
        self._under_way -= Counter({person: 1})  # drops who has none
