"""What a simulated server was asked: counted by route, kept in order, and judged by its contract."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable

from adapters.simulator.common.seen import Seen

KEPT = 20_000  # requests kept in order; counts go on

Judge = Callable[[Seen], list[str]]
"""Names what is wrong with a request, in sentences."""


class Journal:
    """The requests so far."""

    def __init__(self, judge: Judge) -> None:
        self.counts: Counter[str] = Counter()
        self._judge = judge
        self._seen: deque[Seen] = deque(maxlen=KEPT)
        self._judged: dict[tuple[object, ...], list[str]] = {}
        self._noted: dict[str, None] = {}

    def add(self, seen: Seen) -> None:
        """Take down a request."""
        self.counts[f"{seen.method} {seen.route or '?'}"] += 1
        self._seen.append(seen)

    def note(self, violation: str) -> None:
        """Take down what a request did wrong that no contract can say."""
        self._noted[violation] = None

    def judged(self, seen: Seen) -> list[str]:
        """Return what is wrong with a request; equal ones are judged once."""
        case = (seen.method, seen.route or seen.path, seen.query, seen.body, tuple(seen.headers.items()))
        if case not in self._judged:
            self._judged[case] = self._judge(seen)
        return self._judged[case]

    def requests(self, method: str = ".*", path: str = ".*") -> list[Seen]:
        """Return requests whose method and path match these expressions whole, oldest first."""
        return [s for s in self._seen if re.fullmatch(method, s.method) and re.fullmatch(path, s.path)]

    def violations(self) -> list[str]:
        """Return what the requests did wrong, each sentence once."""
        found = dict(self._noted)
        for seen in self._seen:
            found |= dict.fromkeys(self.judged(seen))
        return list(found)

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self._seen.clear()
        self._judged.clear()
        self._noted.clear()
