"""Acknowledging goes before answering: in a burst all are acknowledged first, within reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Priority:
    """Knows whether something urgent is under way. `seconds`: how long others let it go first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._urgent = 0
        self._idle = asyncio.Event()
        self._idle.set()

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
        """Let what is urgent go first."""
        if not self._idle.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), self._seconds)
