"""A simulated server that delivers webhooks: what is due happens without being asked, and is sent."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, ClassVar

from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.journal import Judge
from adapters.simulator.common.server import SimulatedServer
from adapters.simulator.common.webhooks import Webhooks

PULSE = 0.2  # seconds of the clock between two looks at what is due


class DeliveringServer(SimulatedServer):
    """The part that platforms with webhooks share. A clock that stands still is moved by `advance` alone."""

    controls: ClassVar[frozenset[str]] = SimulatedServer.controls | {"deliver_as", "release"}

    def __init__(self, clock: SimulatedClock, judge: Judge) -> None:
        super().__init__(clock, judge)
        self.webhooks = Webhooks(clock)
        self._pulse: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let time do its work, where it runs."""
        if self.clock.speed:
            self._pulse = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Stand still, and give up what is on its way."""
        if self._pulse is not None:
            self._pulse.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pulse
        await self.webhooks.close()

    def deliver_as(self, **changes: Any) -> None:
        """Say how webhooks are delivered from now on: fields of `webhooks.Manner`. Raises TypeError, ValueError."""
        self.webhooks.deliver_as(**changes)

    def release(self) -> int:
        """Send what was held, newest first; return how many."""
        return self.webhooks.release()

    async def _beat(self) -> None:
        while True:
            await self.clock.sleep(PULSE)
            self.settle()
