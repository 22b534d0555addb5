"""The deliverer's part of the store in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.store.text import chat_of, clean, clip, provider_key
from bot.state import (
    Delivery,
    DeliveryState,
    Ending,
    Held,
    LateCause,
    MessageRef,
    Mute,
    NewDelivery,
    OutboxDepth,
)
from tests.fakes.store_base import cleaned
from tests.fakes.store_threads import MemoryConversations

WAITING = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
NOT_YET = WAITING | {DeliveryState.HELD}


@dataclass(slots=True, kw_only=True)
class OutboxRow:
    """A delivery, and what only the store knows of it."""

    delivery: Delivery
    after: str | None
    recorded_at: datetime
    next_at: datetime
    message: MessageRef | None = None


class MemoryOutbox(MemoryConversations):
    """Outbox rows in the order they were recorded."""

    unconfirmed_after: float

    def __init__(self) -> None:
        super().__init__()
        self.outbox: dict[str, OutboxRow] = {}
        self.folded: dict[str, str] = {}
        self.late: dict[str, LateCause] = {}
        self.rate_limits: dict[str, datetime] = {}
        self.muted: dict[tuple[str | None, ...], Mute] = {}

    async def enqueue(self, delivery: NewDelivery, now: datetime) -> bool:
        await self._turn()
        return self._insert(delivery, now)

    def _insert(self, new: NewDelivery, now: datetime) -> bool:
        new = cleaned(new)
        if new.key in self.outbox:
            return False
        delivery = Delivery(
            id=len(self.outbox) + 1,
            key=new.key,
            provider_key=provider_key(new.key),
            channel=new.channel,
            thread=new.thread,
            payload=new.payload,
            context=new.context,
            report=new.report,
            report_links=new.report_links,
            state=DeliveryState.PENDING if new.held_until is None else DeliveryState.HELD,
            attempts=0,
            attempt_at=None,
            recorded_at=now,
            ending=new.ending,
        )
        self.outbox[new.key] = OutboxRow(
            delivery=delivery, after=new.after, recorded_at=now, next_at=new.held_until or now
        )
        return True

    async def late_causes(self, connection: str) -> tuple[LateCause, ...]:
        await self._turn()
        late = sorted(self.late.values(), key=lambda late: (late.since, late.key))
        there = [self._late(each) for each in late if each.run.connection == clean(connection)]
        return tuple(each for each in there if each is not None)

    def _late(self, late: LateCause) -> LateCause | None:
        """Return it with where it is told; None while it is on its way."""
        row = self.outbox.get(late.key)
        if row is None or row.delivery.state not in {
            DeliveryState.HELD,
            DeliveryState.SENT,
            DeliveryState.FOLDED,
        }:
            return None
        summary = self.outbox.get(self.folded.get(late.key, ""))
        if row.delivery.state is DeliveryState.FOLDED and (
            summary is None or summary.delivery.state is not DeliveryState.SENT
        ):
            return None
        return replace(
            late,
            channel=row.delivery.channel,
            message=row.message,
            summary=summary.delivery.key if summary else None,
        )

    async def tell_late_cause(self, key: str, *, payload: str, ending: Ending) -> bool:
        await self._turn()
        row = self.outbox[clean(key)]
        if row.delivery.state is not DeliveryState.HELD:
            return False
        row.delivery = replace(row.delivery, payload=clean(payload), ending=cleaned(ending))
        self.late.pop(clean(key), None)
        return True

    async def end_late_cause(self, late: LateCause) -> None:
        await self._turn()
        if (kept := self.late.get(clean(late.key))) and kept.since == late.since:
            del self.late[kept.key]

    async def announcements(self, keys: tuple[str, ...], since: datetime) -> Mapping[str, str | None]:
        await self._turn()
        rows = {key: row for key in map(clean, keys) if (row := self.outbox.get(key)) is not None}
        gone = {DeliveryState.FOLDED, DeliveryState.DROPPED}
        return {
            key: row.after
            for key, row in rows.items()
            if row.recorded_at >= since and row.delivery.state not in gone
        }

    async def edit_announcements(self, edits: tuple[LateCause, ...]) -> None:
        await self._turn()
        for late in map(cleaned, edits):
            self.late[late.key] = replace(self.late.get(late.key, late), since=late.since)

    async def claim(
        self,
        chats: frozenset[str],
        now: datetime,
        *,
        due_by: datetime | None = None,
        busy: frozenset[str] = frozenset(),
    ) -> Delivery | None:
        await self._turn()
        rows = (r for r in self.outbox.values() if r.delivery.channel not in set(map(clean, busy)))
        row = next((r for r in rows if self._claimable(r, chats, due_by or now)), None)
        if row is None:
            return None
        row.next_at = now + timedelta(seconds=self.unconfirmed_after)
        row.delivery = replace(
            row.delivery,
            state=DeliveryState.SENDING,
            thread=self._thread(row),
            attempts=row.delivery.attempts + 1,
            attempt_at=now,
        )
        return row.delivery

    async def bound_waits(self, chats: frozenset[str], latest: datetime) -> None:
        await self._turn()
        for row in self.outbox.values():
            if chat_of(row.delivery.channel) in chats and row.delivery.state is DeliveryState.PENDING:
                row.next_at = min(row.next_at, latest)
        for channel in self.rate_limits:
            if chat_of(channel) in chats:
                self.rate_limits[channel] = min(self.rate_limits[channel], latest)

    def _claimable(self, row: OutboxRow, chats: frozenset[str], due_by: datetime) -> bool:
        delivery = row.delivery
        parent = self.outbox.get(row.after or "")
        return (
            delivery.state is DeliveryState.PENDING
            and (not delivery.attempts or row.next_at <= due_by)
            and chat_of(delivery.channel) in chats
            and self.rate_limits.get(delivery.channel, due_by) <= due_by
            and (parent is None or parent.delivery.state not in NOT_YET)
            and not self._in_flight(delivery.channel, self._thread(row))
        )

    def _thread(self, row: OutboxRow) -> str | None:
        """Where it goes: the thread of the delivery it comes after, where that one was sent."""
        parent = self.outbox.get(row.after or "")
        if parent is None or parent.message is None:
            return row.delivery.thread
        return parent.delivery.thread or parent.message.message_id

    def _in_flight(self, channel: str, thread: str | None) -> bool:
        return any(
            r.delivery.state is DeliveryState.SENDING
            and (r.delivery.channel, r.delivery.thread or "") == (channel, thread or "")
            for r in self.outbox.values()
        )

    async def unconfirmed(self, chats: frozenset[str], now: datetime) -> tuple[Delivery, ...]:
        await self._turn()
        return tuple(
            r.delivery
            for r in self.outbox.values()
            if r.delivery.state is DeliveryState.SENDING
            and r.next_at <= now
            and chat_of(r.delivery.channel) in chats
        )

    async def mark_sent(
        self,
        delivery: Delivery,
        message: MessageRef,
        now: datetime,
        *,
        channel_waits: datetime | None = None,
    ) -> None:
        await self._turn()
        if channel_waits is not None:
            self._wait(delivery.channel, channel_waits)
        row = self.outbox[delivery.key]
        if row.delivery.state is DeliveryState.SENT:
            return
        row.message = cleaned(message)
        row.delivery = replace(row.delivery, state=DeliveryState.SENT, error="")
        if row.delivery.context is not None:
            self._set_context(message.channel, message.message_id, row.delivery.context)

    async def mark_retry(self, delivery: Delivery, reason: str, due: datetime) -> None:
        await self._turn()
        self._settle(delivery, DeliveryState.PENDING, reason, due)

    async def mark_repeat(self, delivery: Delivery, reason: str, due: datetime) -> None:
        await self._turn()
        if self._settle(delivery, DeliveryState.PENDING, reason, due):
            row = self.outbox[delivery.key]
            row.delivery = replace(row.delivery, repeat=True)

    async def mark_unconfirmed(self, delivery: Delivery, reason: str, due: datetime) -> None:
        await self._turn()
        self._settle(delivery, DeliveryState.SENDING, reason, due)

    async def mark_dead(self, delivery: Delivery, reason: str, *, unknown: bool = False) -> None:
        await self._turn()
        self._settle(delivery, DeliveryState.UNKNOWN if unknown else DeliveryState.DEAD, reason, None)

    async def count_fault(self, delivery: Delivery, reason: str, due: datetime) -> int:
        await self._turn()
        row = self.outbox[delivery.key]
        if self._settle(delivery, DeliveryState.PENDING, reason, due):
            row.delivery = replace(row.delivery, faults=row.delivery.faults + 1)
        return row.delivery.faults

    def _settle(self, delivery: Delivery, state: DeliveryState, reason: str, due: datetime | None) -> bool:
        """Change the row, unless a later claim owns it by now."""
        row = self.outbox[delivery.key]
        allowed = WAITING if due is None else {DeliveryState.SENDING}
        if row.delivery.state not in allowed or row.delivery.attempts != delivery.attempts:
            return False
        row.delivery = replace(row.delivery, state=state, error=clip(clean(reason)))
        row.next_at = due or row.next_at
        return True

    async def rate_limit_channel(self, channel: str, until: datetime) -> None:
        await self._turn()
        self._wait(channel, until)

    def _wait(self, channel: str, until: datetime) -> None:
        self.rate_limits[clean(channel)] = max(until, self.rate_limits.get(clean(channel), until))

    async def clear_rate_limit(self, channel: str) -> None:
        await self._turn()
        self.rate_limits.pop(clean(channel), None)

    async def crowded(self, chats: frozenset[str], more_than: int) -> tuple[str, ...]:
        await self._turn()
        waiting = Counter(
            r.delivery.channel
            for r in self.outbox.values()
            if r.delivery.state is DeliveryState.PENDING
            and r.delivery.thread is None
            and chat_of(r.delivery.channel) in chats
        )
        return tuple(sorted(channel for channel, number in waiting.items() if number > more_than))

    async def waiting(self, channel: str) -> tuple[Delivery, ...]:
        await self._turn()
        return tuple(
            r.delivery
            for r in self.outbox.values()
            if r.delivery.channel == clean(channel)
            and (r.delivery.state is DeliveryState.PENDING or self._is_told(r.delivery.key))
        )

    def _is_told(self, key: str) -> bool:
        digest = self.outbox.get(self.folded.get(key, ""))
        return digest is not None and digest.delivery.state is DeliveryState.PENDING

    async def fold(
        self, digest: NewDelivery, covered: Sequence[Delivery], now: datetime, *, over: Sequence[Mute] = ()
    ) -> bool:
        await self._turn()
        if any(self.muted.get(muted_as(mute)) != mute for mute in over):
            return False
        if not self._put_in_place(digest, covered, now):
            return False
        for mute in over:
            del self.muted[muted_as(mute)]
        return True

    def _put_in_place(self, summary: NewDelivery, covered: Sequence[Delivery], now: datetime) -> bool:
        keys = {self.folded[d.key] if d.state is DeliveryState.FOLDED else d.key for d in covered}
        rows = [self.outbox[key] for key in keys]
        waiting = {DeliveryState.HELD, DeliveryState.PENDING}
        if clean(summary.key) in self.outbox or any(row.delivery.state not in waiting for row in rows):
            return False
        for row in rows:
            row.delivery = replace(row.delivery, state=DeliveryState.FOLDED, payload="")
        self.folded |= {d.key: clean(summary.key) for d in covered}
        self._insert(summary, now)
        return True

    async def held_channels(self, chats: frozenset[str], now: datetime) -> tuple[str, ...]:
        await self._turn()
        due = {
            r.delivery.channel
            for r in self.outbox.values()
            if r.delivery.state is DeliveryState.HELD and r.next_at <= now
        }
        due |= {mute.channel for mute in self.muted.values() if mute.until <= now}
        return tuple(sorted(channel for channel in due if chat_of(channel) in chats))

    async def held(self, channel: str) -> tuple[Held, ...]:
        await self._turn()
        return tuple(
            Held(delivery=row.delivery, since=row.recorded_at, due=row.next_at, after=row.after)
            for row in self.outbox.values()
            if row.delivery.channel == clean(channel) and row.delivery.state is DeliveryState.HELD
        )

    async def hold(self, keys: Sequence[str], until: datetime) -> None:
        await self._turn()
        for row in (self.outbox[clean(key)] for key in keys if clean(key) in self.outbox):
            if row.delivery.state is DeliveryState.HELD:
                row.next_at = until

    async def release(self, deliveries: Sequence[Delivery], now: datetime) -> bool:
        await self._turn()
        rows = [self.outbox[d.key] for d in deliveries]
        if any(row.delivery.state is not DeliveryState.HELD for row in rows):
            return False
        for row in rows:
            row.delivery = replace(row.delivery, state=DeliveryState.PENDING)
            row.next_at = now
        return True

    async def depth(self) -> OutboxDepth:
        await self._turn()
        waiting = [r.recorded_at for r in self.outbox.values() if r.delivery.state in WAITING]
        states = [r.delivery.state for r in self.outbox.values()]
        return OutboxDepth(
            waiting=len(waiting),
            oldest=min(waiting, default=None),
            unknown=states.count(DeliveryState.UNKNOWN),
            dead=states.count(DeliveryState.DEAD),
        )


def muted_as(mute: Mute) -> tuple[str | None, ...]:
    """Return what makes a mute unique."""
    return (mute.channel, *mute.runs)
