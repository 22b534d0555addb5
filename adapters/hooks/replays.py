"""Deliveries that were seen already, or were made long ago: each is worth one hint."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256

from bot.ports import Clock

WINDOW = timedelta(minutes=10)
MOST = 10_000  # bodies that are remembered


class Replays:
    """Remembers for ten minutes which bodies came, so many at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def is_new(self, body: bytes) -> bool:
        """Whether this body did not come in the last ten minutes; from now on it did."""
        now = self._clock.monotonic()
        while self._seen and (
            len(self._seen) >= MOST or now - next(iter(self._seen.values())) >= WINDOW.total_seconds()
        ):
            self._seen.popitem(last=False)
        digest = sha256(body).digest()
        if digest in self._seen:
            return False
        self._seen[digest] = now
        return True

    def is_late(self, made_at: datetime | None) -> bool:
        """Whether a delivery was made more than ten minutes ago."""
        return made_at is not None and self._clock.now() - made_at > WINDOW
