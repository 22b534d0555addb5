"""Guess what a mistyped word was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CLOSE_ENOUGH = 0.66  # difflib's ratio; "lgos" is 0.75 of "logs", "match" 0.8 of "watch"
_LONGEST = 100  # characters; nothing longer is a slip of the hand
_MOST = 1_000  # candidates that are compared letter by letter: each of them takes its time
_SHORTEST_START = 2  # characters that may stand for the one candidate they begin


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like the word, case aside; None where none is like it."""
    wanted = word.strip().casefold()
    if not wanted or len(wanted) > _LONGEST:
        return None
    known = {candidate.casefold(): candidate for candidate in candidates}
    near = known if len(known) <= _MOST else ()
    close = difflib.get_close_matches(wanted, near, n=1, cutoff=_CLOSE_ENOUGH)
    begun = [name for name in known if name.startswith(wanted)] if len(wanted) >= _SHORTEST_START else []
    best = close[0] if close else begun[0] if len(begun) == 1 else None
    return None if best is None else known[best]
