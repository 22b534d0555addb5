"""An event loop's clock that stands still and goes on when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_STEP = 0.5  # seconds; timers fire within as much of their time
_ROUNDS = 5  # of the loop in each step, so that what a timer wakes has come to rest


class LoopTime:
    """Stands for the clock of a loop; nothing that is waited for by real time comes while it is used."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()

    async def pass_by(self, seconds: float) -> None:
        """Let time pass, in steps, and let everything that was due by then happen."""
        end = self.now + seconds
        while True:
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
            if self.now >= end:
                return
            self.now = min(end, self.now + _STEP)


@contextmanager
def stopped_time() -> Iterator[LoopTime]:
    """Stop the running loop's clock for as long as the block."""
    loop = asyncio.get_running_loop()
    real = loop.time
    time = LoopTime(loop)
    loop.time = lambda: time.now  # type: ignore[method-assign]
    try:
        yield time
    finally:
        loop.time = real  # type: ignore[method-assign]
