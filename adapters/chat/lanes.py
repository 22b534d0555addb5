"""Who is answered when: what one person has under way is limited, and of that so much is worked on at once.

Only the work of the core has turns. Acknowledgements, progress messages and the delivery of answers have none, so
they never wait behind work. Logs, whose reading can take minutes, have a lane of their own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from adapters.chat.tasks import Tasks
from adapters.lanes import Lane, acting, drop_one, silent
from bot.ports import Report

WIDTH, SHARE = 64, 8  # commands at work in one chat, and of one person
LOG_WIDTH, LOG_SHARE = 12, 3  # the same of those that read logs
MOST = 20  # commands of one person that are accepted and not answered yet


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

    def start(self, person: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Answer a command that was accepted; it counts as under way until that has ended. None: see `Tasks.start`."""
        self._under_way[person] += 1
        task = self._tasks.start(work)
        if task is None:
            self._end(person)
        else:
            task.add_done_callback(lambda _: self._end(person))
        return task

    @asynccontextmanager
    async def turn(self, person: str, report: Report = silent, *, long: bool = False) -> AsyncIterator[None]:
        """Hold a turn to work for a person; `long`: it may read for minutes. See `Lane.turn`."""
        async with (self._logs if long else self._work).turn(person, report):
            with acting(person):
                yield

    async def refuse(self, person: str, notify: Callable[[], Awaitable[object]]) -> None:
        """Say to a person that no more is accepted, unless that is being said already: a flood is not answered by another."""
        if person in self._being_told:
            return
        self._being_told.add(person)
        try:
            await notify()
        finally:
            self._being_told.discard(person)

    def _end(self, person: str) -> None:
        drop_one(self._under_way, person)
