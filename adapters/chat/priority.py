"""Acknowledging goes before answering: in a burst all are acknowledged first, within reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Priority:
    """Knows whether something urgent is under way. `seconds`: how long others let it go first; `at_once`: how many of these begin together.

    More at once would keep the loop from what comes in; fewer would have fewer looks at the database in common.
    """

    def __init__(self, seconds: float, *, at_once: int = 16) -> None:
        self._seconds = seconds
        self._urgent = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._beginning = asyncio.Semaphore(at_once)

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Do something urgent inside."""
        self._urgent += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._idle.set()

    async def give_way(self) -> None:
        """Let what is urgent go first, and begin a few at a time: what comes in meanwhile is read between them."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        async with self._beginning:
            await asyncio.sleep(0)
            while not self._idle.is_set() and (left := end - loop.time()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._idle.wait(), left)
