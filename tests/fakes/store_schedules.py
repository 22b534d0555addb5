"""Schedules in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapters.store.text import clean
from bot.errors import StoreError
from bot.state import Intent, IntentState, NewDelivery, Schedule
from tests.fakes.store_base import cleaned
from tests.fakes.store_outbox import MemoryOutbox


class MemorySchedules(MemoryOutbox):
    """Schedules by id; the intents are those of another part."""

    intents: dict[str, Intent]

    def __init__(self) -> None:
        super().__init__()
        self.scheduled: dict[str, Schedule] = {}

    async def schedules(self, channel: str | None = None) -> tuple[Schedule, ...]:
        await self._turn()
        here = (s for s in self.scheduled.values() if channel is None or s.channel == clean(channel))
        return tuple(sorted(here, key=lambda s: (s.made_at, s.id)))

    async def schedule(self, schedule: Schedule, now: datetime) -> bool:
        await self._turn()
        kept = cleaned(schedule)
        intent = self.intents.get(kept.id)
        if intent is None or intent.state is not IntentState.DRAFT:
            return False
        self.intents[kept.id] = replace(intent, state=IntentState.ACCEPTED)
        same = [s.id for s in self.scheduled.values() if (s.channel, s.same) == (kept.channel, kept.same)]
        for each in same:
            del self.scheduled[each]
        self.scheduled[kept.id] = kept
        return True

    async def change_schedule(
        self, before: Schedule, after: Schedule, now: datetime, *,
        draft: Intent | None = None, message: NewDelivery | None = None,
    ) -> bool:  # fmt: skip
        await self._turn()
        there = self.scheduled.get(clean(before.id))
        if there is None or there.version != before.version:
            return False
        if draft is not None and clean(draft.id) in self.intents:
            raise StoreError("This request is in the database already.")
        self.scheduled[there.id] = cleaned(after, version=before.version + 1)
        if draft is not None:
            self.intents[clean(draft.id)] = cleaned(draft)
        if message is not None:
            self._insert(message, now)
        return True

    async def remove_schedule(self, schedule: Schedule) -> bool:
        await self._turn()
        return self.scheduled.pop(clean(schedule.id), None) is not None
