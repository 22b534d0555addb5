"""Tries a million hostile inputs on every reader and renderer, and says how long a reader takes for a thousand characters to a million.

Each round has a seed of its own, so that a failure can be tried again: `tests.fuzzing.attack(NAME, EACH, round_=ROUND)`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from bot import grammar, moments
from bot.errors import UserError
from tests import fuzzing

MILLION, SHORT = 1_000_000, 2_000
EACH = 2_000  # of a round: what hypothesis remembers of a round is let go behind it


async def main(*, short: bool) -> int:
    """Try all targets in turns, so that whenever it is stopped all came about as far; return 1 where one fails."""
    for name, read in (("command", grammar.split), ("paste", moments.find)):
        sys.stdout.write(f"{name}: {', '.join(_measured(read))}\n")
    left = set(fuzzing.TARGETS)
    broken: set[str] = set()
    for round_ in range((SHORT if short else MILLION) // EACH):
        for name in sorted(left - broken):
            try:
                fuzzing.attack(name, EACH, round_=round_)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told and the others go on
                notes = "\n".join(getattr(error, "__notes__", ()))
                sys.stdout.write(f"{name}, round {round_}: {error!r}\n{notes}\n")
                broken.add(name)
        sys.stdout.write(f"{(round_ + 1) * EACH:,} of each; failed: {', '.join(sorted(broken)) or 'none'}\n")
        sys.stdout.flush()
    return int(bool(broken))


def _measured(read: Callable[[str], object]) -> list[str]:
    """Return how long it takes, whatever the answer is, for each size."""
    found = []
    for size in (1_000, 10_000, 100_000, MILLION):
        began = time.perf_counter()
        with suppress(UserError):
            read('logs "`\\ 5=' * (size // 11))
        found.append(f"{size:,} characters {(time.perf_counter() - began) * 1e3:,.1f} ms")
    return found
