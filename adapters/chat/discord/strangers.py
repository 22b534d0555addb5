"""Whether programs elsewhere use our token: Discord counts the sessions of a day, and so do we (`budget.py`).

It is asked when an interaction that nobody here answered was answered already, and again while somebody else was found.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from adapters.chat.discord import outcomes
from adapters.chat.discord.calls import Calls
from bot.ports import Clock
from bot.replies import operating

log = logging.getLogger(__name__)

AGAIN = 3600.0  # seconds, once somebody was found


class Strangers:
    """Compares what Discord counts with what is ours. `begun`: how many sessions all our programs began within a day."""

    def __init__(self, calls: Calls, clock: Clock, begun: Callable[[], Awaitable[int]]) -> None:
        self._calls, self._clock, self._begun = calls, clock, begun
        self._counted = 0.0
        self.sentence: str | None = None

    @property
    def is_old(self) -> bool:
        """Whether somebody was found so long ago that it may be over."""
        return bool(self.sentence) and self._clock.monotonic() - self._counted >= AGAIN

    async def count(self) -> None:
        """Ask Discord; where it does not tell, what was known stays."""
        self._counted = self._clock.monotonic()
        try:
            limit = (await self._calls.get("/gateway/bot"))["session_start_limit"]
            more = int(limit["total"]) - int(limit["remaining"]) - await self._begun()
        except Exception as error:  # noqa: BLE001 - an unknown count is no reason to fail
            log.info("Discord did not say how many sessions there were: %s", outcomes.named(error))
            return
        self.sentence = operating.others_began("Discord", more) if more > 0 else ""
