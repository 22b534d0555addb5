"""Which ids are one person's, in memory: a part of `tests.fakes.store.MemoryStore`."""

from __future__ import annotations

from datetime import datetime

from adapters.store.text import clean
from tests.fakes.store_base import Shared


class MemoryLinks(Shared):
    """Groups of ids, and codes by their digest."""

    def __init__(self) -> None:
        super().__init__()
        self.linked: list[frozenset[str]] = []
        self.codes: dict[str, tuple[str, datetime]] = {}

    async def links(self) -> tuple[frozenset[str], ...]:
        await self._turn()
        return tuple(self.linked)

    async def offer_link(self, digest: str, actor: str, until: datetime) -> None:
        await self._turn()
        self.codes = {d: code for d, code in self.codes.items() if code[0] != clean(actor)}
        self.codes[clean(digest)] = (clean(actor), until)

    async def take_link(self, digest: str, actor: str, now: datetime) -> str | None:
        await self._turn()
        self.codes = {d: code for d, code in self.codes.items() if code[1] > now}
        found = self.codes.get(clean(digest))
        if found is None or found[0] == clean(actor):
            return None
        del self.codes[clean(digest)]
        both = {found[0], clean(actor)}
        merged = both.union(*(group for group in self.linked if group & both))
        self.linked = [*(group for group in self.linked if not group & both), frozenset(merged)]
        return found[0]

    async def unlink(self, actor: str) -> bool:
        await self._turn()
        group = next((group for group in self.linked if clean(actor) in group), None)
        if group is None:
            return False
        rest = group - {clean(actor)}
        self.linked = [*(other for other in self.linked if other != group), *([rest] if rest else [])]
        return True
