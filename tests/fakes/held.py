"""A platform that keeps those waiting who ask for one run, or for logs, until the test opens its gate."""

from __future__ import annotations

import asyncio

from bot.model import LogExcerpt, LogQuery, Run
from bot.ports import Report
from tests.fakes.service import FakeRunService


class HeldService(FakeRunService):
    """`held`: the run that is slow; `waiting` and `reading` count who waits for it, and for logs, right now."""

    def __init__(self, held: str) -> None:
        super().__init__()
        self.held = held
        self.gate = asyncio.Event()
        self.waiting = self.reading = 0
        self.most_waiting = self.most_reading = 0
        self._changed = asyncio.Condition()

    async def run(self, run_id: str) -> Run:
        """Return one run, the slow one when the gate is open."""
        if run_id == self.held:
            await self._count(waiting=1)
            await self.gate.wait()
            await self._count(waiting=-1)
        return await super().run(run_id)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Return lines when the gate is open."""
        await self._count(reading=1)
        await self.gate.wait()
        await self._count(reading=-1)
        return await super().logs(query, report)

    async def until(self, *, waiting: int = 0, reading: int = 0) -> None:
        """Wait until so many wait."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self.waiting == waiting and self.reading == reading)

    async def _count(self, *, waiting: int = 0, reading: int = 0) -> None:
        async with self._changed:
            self.waiting += waiting
            self.reading += reading
            self.most_waiting = max(self.most_waiting, self.waiting)
            self.most_reading = max(self.most_reading, self.reading)
            self._changed.notify_all()
