"""What is expected, and what somebody was notified of, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.store.text import clean
from bot.state import Cause, Expectation, NewDelivery, Notice
from tests.fakes.store_base import cleaned
from tests.fakes.store_outbox import MemoryOutbox

Expects = tuple[str, str, str, str | None]


class MemoryExpecting(MemoryOutbox):
    """Expectations by what they expect, and notices by cause and subject."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[Expects, Expectation] = {}
        self.noticed: dict[tuple[Cause, str], Notice] = {}

    async def expectations(self, channel: str | None = None) -> tuple[Expectation, ...]:
        await self._turn()
        return tuple(e for e in self.expected.values() if channel is None or e.channel == clean(channel))

    async def expect(self, expectation: Expectation) -> bool:
        await self._turn()
        kept = cleaned(expectation)
        new = _key(kept) not in self.expected
        self.expected[_key(kept)] = kept
        return new

    async def stop_expecting(self, expectation: Expectation) -> bool:
        await self._turn()
        key = _key(cleaned(expectation))
        if key not in self.expected or self.expected[key].from_settings:
            return False
        del self.expected[key]
        return True

    async def configure_expectations(self, configured: Sequence[Expectation]) -> None:
        await self._turn()
        wanted = {_key(e): e for e in map(cleaned, configured)}
        for key in [k for k, e in self.expected.items() if e.from_settings and k not in wanted]:
            del self.expected[key]
        for key, e in wanted.items():
            there = self.expected.get(key)
            if there is None or replace(there, since=e.since) != e:
                self.expected[key] = e

    async def notices(self) -> tuple[Notice, ...]:
        await self._turn()
        return tuple(sorted(self.noticed.values(), key=lambda n: (n.since, n.cause, n.subject)))

    async def open_notice(self, notice: Notice, delivery: NewDelivery | None, now: datetime) -> bool:
        await self._turn()
        kept = cleaned(notice)
        if (kept.cause, kept.subject) in self.noticed:
            return False
        self.noticed[kept.cause, kept.subject] = kept
        if delivery is not None:
            self._insert(delivery, now)
        return True

    async def close_notice(
        self, cause: Cause, subject: str, delivery: NewDelivery | None, now: datetime
    ) -> bool:
        await self._turn()
        if self.noticed.pop((cause, clean(subject)), None) is None:
            return False
        if delivery is not None:
            self._insert(delivery, now)
        return True


def _key(e: Expectation) -> Expects:
    return (e.channel, e.connection, e.launcher, e.source)
