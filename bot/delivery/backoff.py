"""When to try again and when to look: arithmetic in seconds, and the time that waits are kept by."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from bot.ports import Clock
from bot.waiting import doubled

FIRST_WAIT = 2.0
LONGEST_WAIT = 300.0
SHORTEST_WAIT = 1.0
LONGEST_ASKED = 7 * 86_400.0  # a chat that asks for more is obeyed for a week, then asked again

LONGEST_FOUND = timedelta(minutes=15)  # what a wait of an earlier process may last; chats ask for no more

FAILURES_BEFORE_PAUSE = 5  # in a row, then the whole chat rests
FIRST_PAUSE = 30.0

FRESH = 5.0  # a claimed row must be on its way by then
LOOK_BACK = timedelta(minutes=10)  # a wider window costs pages only, and forgives clocks that differ
LOOK_BACK_ASTRAY = timedelta(days=1)  # how far, when our clock was ahead at the try


class Steady:
    """Times that waits are kept by: as far apart as the monotonic clock says, whatever the wall clock does meanwhile.

    They begin as the wall clock's, so that they can be stored; another process's may differ by what its wall
    clock was wrong by at its start, which is why a wait found at start is bounded (`LONGEST_FOUND`).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin, self._from = clock.now(), clock.monotonic()

    def now(self) -> datetime:
        """Return the time by which waits are kept."""
        return self._begin + timedelta(seconds=self._clock.monotonic() - self._from)


def backoff(attempt: int, asked: float | None, chance: float) -> float:
    """Return how long to wait after a failed attempt (1 for the first); `chance` is of 0 to 1.

    Full jitter under a doubling cap. What the chat asked for is a floor, plus up to a tenth of it.
    """
    wait = max(SHORTEST_WAIT, chance * doubled(FIRST_WAIT, attempt - 1, LONGEST_WAIT))
    if asked is None or math.isnan(asked) or asked < 0:
        return wait
    return max(wait, min(asked, LONGEST_ASKED) * (1 + chance / 10))


def pause(failures: int) -> float:
    """Return how long a whole chat rests after so many failures in a row; 0 while they are few."""
    over = failures - FAILURES_BEFORE_PAUSE
    return doubled(FIRST_PAUSE, over, LONGEST_WAIT) if over >= 0 else 0.0


def fresh_for(reconcile_after: float) -> float:
    """Return how old a claim may be when its request goes out.

    A paused process may wake long after others took its row over. They look when that time has
    passed since the claim, so the request has to leave well before that.
    """
    return min(FRESH, reconcile_after / 3) if reconcile_after > 0 else FRESH


def search_since(attempt_at: datetime | None, now: datetime) -> datetime:
    """Return from when on the history has to be read to find what was tried at `attempt_at`."""
    if attempt_at is None or attempt_at > now:
        return now - LOOK_BACK_ASTRAY
    return attempt_at - LOOK_BACK
