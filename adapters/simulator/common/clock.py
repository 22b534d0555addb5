"""Simulated time: the caller's clock, sped up, and moved on by hand where a test must not wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ports import Clock


class SimulatedClock:
    """Starts at the source's wall clock, in whole seconds, and runs `speed` times as fast; 0 stands still.

    It fills `bot.ports.Clock`, too: `now` is simulated time, waiting takes seconds of the source.
    """

    def __init__(self, source: Clock, speed: float) -> None:
        self.source = source
        self.speed = speed
        self.start = source.now().replace(microsecond=0)
        self._origin = source.monotonic()
        self._moved = timedelta()

    def now(self) -> datetime:
        """Return simulated time, aware and in UTC."""
        passed = (self.source.monotonic() - self._origin) * self.speed
        return self.start + self._moved + timedelta(seconds=passed)

    def advance(self, seconds: float) -> None:
        """Move simulated time on at once."""
        self._moved += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """Return the source's seconds that never jump."""
        return self.source.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds of the source."""
        await self.source.sleep(seconds)
