"""A store and a platform around which our process dies at a chosen call; from then on it does nothing more.

Unlike an error, a death is seen by everything in the process: every later call of the same store dies too.
What was committed stays in the store behind it, where the next process finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from bot.model import DebugRequest, LaunchOutcome, LaunchRequest
from bot.ports import Store
from tests.fakes.crash import Crash
from tests.fakes.service import FakeRunService


class MortalStore:
    """Wraps a store. `dies_at`: at which call, counted from one; `committed`: whether that call is still done."""

    def __init__(self, inner: Store, *, dies_at: int = 0, committed: bool = False) -> None:
        self._inner = inner
        self.dies_at = dies_at
        self.committed = committed
        self.calls: list[str] = []
        self.dead = False

    @property
    def typed(self) -> Store:
        """The same, as what it stands for."""
        return cast("Store", self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def call(*args: object, **keywords: object) -> object:
            if self.dead:
                raise Crash
            self.calls.append(name)
            method: Callable[..., Awaitable[object]] = getattr(self._inner, name)
            if len(self.calls) == self.dies_at:
                self.dead = True
                if self.committed:
                    await method(*args, **keywords)
                raise Crash
            return await method(*args, **keywords)

        return call


@dataclass(kw_only=True)
class MortalService(FakeRunService):
    """A platform in whose next launch or session our process dies, before or after it took the request."""

    doomed: str = ""  # "before", "after"

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start a run, or die."""
        return await self._or_die(lambda: FakeRunService.launch(self, request))

    async def debug(self, request: DebugRequest) -> LaunchOutcome:
        """Open a session, or die."""
        return await self._or_die(lambda: FakeRunService.debug(self, request))

    async def _or_die(self, ask: Callable[[], Awaitable[LaunchOutcome]]) -> LaunchOutcome:
        doomed, self.doomed = self.doomed, ""
        if doomed == "before":
            raise Crash
        outcome = await ask()
        if doomed == "after":
            raise Crash
        return outcome
