"""At most so many requests in any minute: people's go first, and Clew's own leave some for people."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable

from bot.errors import RateLimited

WINDOW = 60.0  # seconds
OWN_SHARE = 0.6  # of all requests may be those that nobody asked for


class Quota:
    """Turns to send, by the event loop's clock: `per_minute` in any 60 s, and of Clew's own work a share of that."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._all: deque[float] = deque(maxlen=per_minute)  # when they were sent, the oldest first
        self._own: deque[float] = deque(maxlen=max(1, int(per_minute * OWN_SHARE)))
        self._people: deque[asyncio.Future[None]] = deque()
        self._clew: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, person: str, patience: float) -> None:
        """Wait for a turn; `person` "" is Clew itself, which waits as long as it takes.

        Raises `RateLimited` for a person who would wait longer than `patience` seconds; nothing was sent then.
        """
        mine = asyncio.get_running_loop().create_future()
        queue = self._people if person else self._clew
        queue.append(mine)
        try:
            self._let_in()
            async with asyncio.timeout(patience if person else None):
                await mine
        except TimeoutError:
            raise self._used_up() from None
        finally:
            if mine in queue:
                queue.remove(mine)

    def _let_in(self) -> None:
        """Let in who can be, and come back when the next one can."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = _now()
        while self._people and _opens(self._all) <= now:
            self._admit(self._people, (self._all,), now)
        if self._people:
            self._come_back(_opens(self._all))
            return
        while self._clew and self._own_opens() <= now:
            self._admit(self._clew, (self._all, self._own), now)
        if self._clew:
            self._come_back(self._own_opens())

    def _admit(self, queue: deque[asyncio.Future[None]], sent: Iterable[deque[float]], now: float) -> None:
        future = queue.popleft()
        if future.done():  # it was cancelled while it waited
            return
        for times in sent:
            times.append(now)
        future.set_result(None)

    def _own_opens(self) -> float:
        return max(_opens(self._all), _opens(self._own))

    def _come_back(self, when: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(when, self._let_in)

    def _used_up(self) -> RateLimited:
        left = max(1, math.ceil(_opens(self._all) - _now()))
        return RateLimited(
            f"This connection may send {self._per_minute} requests a minute, and they are used up. "
            f"Try again in {left} s.",
            retry_after=float(left),
        )


def _opens(sent: deque[float]) -> float:
    """Return when one more may be sent: at once while there is room, else a minute after the oldest."""
    return sent[0] + WINDOW if len(sent) == sent.maxlen else -math.inf


def _now() -> float:
    return asyncio.get_running_loop().time()
