"""In a burst all are acknowledged first, within reason: answering waits until nothing urgent is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Calm:
    """Knows whether something urgent is under way. `seconds`: how long others let it go first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._urgent = 0
        self._calm = asyncio.Event()
        self._calm.set()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Do something urgent inside."""
        self._urgent += 1
        self._calm.clear()
        try:
            yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._calm.set()

    async def wait(self) -> None:
        """Let what is urgent go first."""
        if not self._calm.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._calm.wait(), self._seconds)
