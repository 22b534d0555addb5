"""Our own handle on work that goes on after an acknowledgement: chat libraries keep none and wait for none.

How much of it goes on at once is decided in `lanes`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Running work."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._ended = False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run work in the background; what it raises is logged. After the end nothing is begun any more: None."""
        if self._ended:
            work.close()
            return None
        task = asyncio.create_task(_guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # where it was cancelled before it began
        return task

    async def drain(self, seconds: float) -> int:
        """Wait for the work to end, at most so long, then cancel it; return how much was cancelled."""
        if not self._running:
            return 0
        _, late = await asyncio.wait(set(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    async def end(self, seconds: float) -> int:
        """Drain for the last time: what the work needs is taken away after it."""
        self._ended = True
        return await self.drain(seconds)

    def __len__(self) -> int:
        return len(self._running)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("work on what was said in a chat failed")
