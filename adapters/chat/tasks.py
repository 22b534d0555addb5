"""Our own handle on work that goes on after an acknowledgement: chat libraries keep none and wait for none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Running work, at most `width` of it at once; the rest waits its turn."""

    def __init__(self, width: int = 16) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(width)
        self._ended = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work in the background; what it raises is logged. After the end nothing is begun any more."""
        if self._ended:
            work.close()
            return
        task = asyncio.create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

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

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._turns:
                await work
        except Exception:
            log.exception("work on what was said in a chat failed")
        finally:
            work.close()  # also where it was cancelled before its turn came
