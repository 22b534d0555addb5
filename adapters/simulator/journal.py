"""What the tenant was asked: counted by route, kept in order, and judged against the API description on demand."""

from __future__ import annotations

import re
from collections import Counter, deque

from adapters.simulator.seen import Seen

KEPT = 20_000  # requests kept in order; counts go on


class Journal:
    """The requests so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seen: deque[Seen] = deque(maxlen=KEPT)
        self._judged: dict[tuple[object, ...], list[str]] = {}

    def add(self, seen: Seen) -> None:
        """Take down a request."""
        self.counts[f"{seen.method} {seen.route or '?'}"] += 1
        self._seen.append(seen)

    def requests(self, method: str = ".*", path: str = ".*") -> list[Seen]:
        """Return requests whose method and path match these expressions whole, oldest first."""
        return [s for s in self._seen if re.fullmatch(method, s.method) and re.fullmatch(path, s.path)]

    def violations(self) -> list[str]:
        """Return what the requests did against the API description, each sentence once."""
        from adapters.simulator.validate import check_request  # takes half a second to import

        found: dict[str, None] = {}
        for seen in self._seen:
            case = (seen.method, seen.route or seen.path, seen.query, seen.body, tuple(seen.headers.items()))
            if case not in self._judged:
                self._judged[case] = check_request(seen)
            found |= dict.fromkeys(self._judged[case])
        return list(found)

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self._seen.clear()
        self._judged.clear()
