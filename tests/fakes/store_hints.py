"""What webhooks told, in memory: a part of `tests.fakes.store.MemoryStore`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from adapters.store.hints import MOST
from adapters.store.text import clean
from bot.state import Hint
from tests.fakes.store_base import Shared, cleaned


class MemoryHints(Shared):
    """Hints by connection and digest, and which of them wait."""

    def __init__(self) -> None:
        super().__init__()
        self.hinted: dict[tuple[str, str], Hint] = {}
        self.waiting_hints: set[Hint] = set()

    async def keep_hint(self, hint: Hint, *, repeats: datetime) -> bool:
        await self._turn()
        hint = cleaned(hint)
        before = self.hinted.get((hint.connection, hint.digest))
        if before is not None and before.at > repeats:
            return False
        if before is not None:
            self.waiting_hints.discard(before)
        self.hinted[hint.connection, hint.digest] = hint
        self.waiting_hints.add(hint)
        ours = [each for each in self.hinted.values() if each.connection == hint.connection]
        ours.sort(key=lambda each: (each in self.waiting_hints, each.at))
        for old in ours[:-MOST]:
            del self.hinted[old.connection, old.digest]
            self.waiting_hints.discard(old)
        return True

    async def hints(self, connection: str) -> tuple[Hint, ...]:
        await self._turn()
        ours = (each for each in self.waiting_hints if each.connection == clean(connection))
        return tuple(sorted(ours, key=lambda each: (each.at, each.digest)))

    async def answer_hints(self, answered: Collection[Hint]) -> None:
        await self._turn()
        self.waiting_hints -= set(answered)
