"""Strikes at a moment that is chosen by what happens, not by a clock."""

from __future__ import annotations

import asyncio
from collections import Counter


class Striker:
    """Wakes the test at the next so-and-so-many things that happen, or things of one kind.

    `seen` counts all that happened.
    """

    def __init__(self) -> None:
        self.left = 0
        self.kind: str | None = None
        self.now = asyncio.Event()
        self.seen: Counter[str] = Counter()

    def after(self, things: int, kind: str | None = None) -> None:
        """Strike when so many more have happened."""
        self.left, self.kind = things, kind
        self.now.clear()

    def happened(self, what: str) -> None:
        """Take down that something happened."""
        self.seen[what] += 1
        if self.kind in {None, what}:
            self.left -= 1
            if self.left <= 0:
                self.now.set()
