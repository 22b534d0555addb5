"""A store in memory: the same promises as the database, held to the same contract suite.

Every call lets other tasks run first and then acts in one step, so races show up as they would.
Set `failing` to a sentence, and every call raises `StoreError` with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from adapters.store.text import clean, spaced
from bot.errors import StoreError
from bot.model import RunRef
from bot.state import (
    AuditEntry,
    AuditLine,
    AuditQuery,
    Full,
    Intent,
    IntentKind,
    IntentState,
    Invocation,
    Overtaken,
    Owner,
    PollStep,
    Reservation,
    Seen,
    Share,
    Subscription,
    Switched,
    Used,
)
from tests.fakes.store_base import Shared, cleaned, wanted
from tests.fakes.store_channels import MemoryChannels
from tests.fakes.store_expecting import MemoryExpecting
from tests.fakes.store_hints import MemoryHints
from tests.fakes.store_links import MemoryLinks
from tests.fakes.store_marks import MemoryPropertyStates
from tests.fakes.store_mentions import MemoryMentions
from tests.fakes.store_publications import MemoryPublications
from tests.fakes.store_replicas import MemoryReplicas
from tests.fakes.store_schedules import MemorySchedules
from tests.fakes.store_watch import MemoryWatch

__all__ = ["MemoryStore"]

OPEN = frozenset({IntentState.CONFIRMED, IntentState.POSTING, IntentState.UNKNOWN})
NEVER_SENT = frozenset(
    {IntentState.DRAFT, IntentState.ASKED, IntentState.DECLINED, IntentState.EXPIRED, IntentState.REJECTED}
)

Key = tuple[str, str | None, str | None, str | None]


class MemoryInbox(MemoryReplicas):
    """Commands by (source, id), and whose they are."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: dict[tuple[str, str], tuple[Invocation, bool]] = {}
        self.owners: dict[tuple[str, str], str] = {}

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
        await self._turn()
        key = (clean(source), clean(dedupe_id))
        if owner.listed and not owner.sure() and owner.id not in self._replicas:
            raise StoreError("Other programs found this one dead.")
        if key in self.commands:
            return False
        self.commands[key] = (cleaned(invocation), False)
        self.owners[key] = owner.id
        return True

    async def finish(self, source: str, dedupe_id: str) -> None:
        await self._turn()
        key = (clean(source), clean(dedupe_id))
        if key in self.commands:
            self.commands[key] = (self.commands[key][0], True)

    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        del unowned_until  # nothing here is of an earlier version
        await self._turn()
        left = [
            key
            for key, (invocation, finished) in self.commands.items()
            if key[0] == clean(source)
            and not finished
            and invocation.at >= since
            and self.owners[key] not in {owner.id, *self._replicas}
        ]
        self.owners |= dict.fromkeys(left, owner.id)
        return tuple(sorted(((key[1], self.commands[key][0]) for key in left), key=lambda pair: pair[1].at))

    async def owner_of(self, source: str, dedupe_id: str) -> str | None:
        await self._turn()
        return self.owners.get((clean(source), clean(dedupe_id)))


class MemorySubscriptions(Shared):
    """Subscriptions by what they ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[Key, Subscription] = {}

    async def subscriptions(self, *channels: str, of: str | None = None) -> tuple[Subscription, ...]:
        await self._turn()
        return wanted(self.made.values(), channels, of)

    async def subscribe(self, subscription: Subscription, now: datetime) -> bool:
        await self._turn()
        kept = cleaned(subscription)
        key = _wants(kept)
        new = key not in self.made
        self.made[key] = kept
        return new

    async def configure(self, configured: Sequence[Subscription], now: datetime) -> None:
        await self._turn()
        wanted = {_wants(cleaned(s)): cleaned(s) for s in configured}
        for key in [k for k, s in self.made.items() if s.from_settings and k not in wanted]:
            del self.made[key]
        for key, s in wanted.items():
            problem = self.made[key].problem if key in self.made else s.problem
            self.made[key] = cleaned(s, problem=problem)

    async def unsubscribe(
        self, channel: str, connection: str | None, launcher: str | None, source: str | None
    ) -> bool:
        await self._turn()
        key = cleaned((channel, connection, launcher, source))
        if key not in self.made or self.made[key].from_settings:
            return False
        del self.made[key]
        return True

    async def mark_channel(self, channel: str, problem: str) -> bool:
        await self._turn()
        text = clean(problem)
        news = [k for k, s in self.made.items() if s.channel == clean(channel) and s.problem != text]
        for key in news:
            self.made[key] = cleaned(self.made[key], problem=text)
        return bool(news)


def _wants(subscription: Subscription) -> Key:
    s = subscription
    return (s.channel, s.connection, s.launcher, s.source)


class MemoryIntents(Shared):
    """Intents by id."""

    def __init__(self) -> None:
        super().__init__()
        self.intents: dict[str, Intent] = {}
        self.reservations: dict[str, Reservation] = {}
        self.trail: list[AuditEntry] = []

    async def draft(self, intent: Intent) -> None:
        await self._turn()
        if clean(intent.id) in self.intents:
            raise StoreError("This request is in the database already.")
        self.intents[clean(intent.id)] = cleaned(intent)

    async def intent(self, intent_id: str) -> Intent | None:
        await self._turn()
        return self.intents.get(clean(intent_id))

    async def intent_beginning(self, start: str, channel: str) -> Intent | None:
        await self._turn()
        there = [i for i in self.intents.values() if i.channel == clean(channel) and i.id.startswith(start)]
        return there[0] if len(there) == 1 else None

    async def advance(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        state: IntentState,
        now: datetime,
        *,
        run_id: str | None = None,
        reason: str = "",
        by: str = "",
        approve_by: datetime | None = None,
        noted: AuditEntry | None = None,
    ) -> bool:
        await self._turn()
        found = self._expected(intent_id, expected)
        if found is None:
            return False
        self.intents[found.id] = cleaned(
            found,
            state=state,
            reason=reason,
            run_id=found.run_id if run_id is None else run_id,
            posted_at=now if state is IntentState.POSTING else found.posted_at,
            approve_by=approve_by or found.approve_by,
            decided_by=by or found.decided_by,
        )
        if noted is not None:
            self.trail.append(cleaned(noted))
        return True

    async def confirm(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        now: datetime,
        *,
        reservation: Reservation | None = None,
        shares: Sequence[Share] = (),
        seen: Seen | None = None,
        by: str = "",
        noted: AuditEntry | None = None,
    ) -> bool | Full | Overtaken:
        await self._turn()
        found = self._expected(intent_id, expected)
        if found is None:
            return False
        if seen is not None and self._like(found, seen.since) - seen.ids - {found.id}:
            return Overtaken()
        used = [self._used(share) for share in shares]
        minutes = reservation.minutes if reservation else None
        if not all(share.has_room(held, minutes) for share, held in zip(shares, used, strict=True)):
            return Full(tuple(used))
        self.intents[found.id] = cleaned(found, state=IntentState.CONFIRMED, reason="", decided_by=by)
        if reservation is not None:
            self.reservations[found.id] = cleaned(reservation)
        if noted is not None:
            self.trail.append(cleaned(noted))
        return True

    async def used(self, shares: Sequence[Share]) -> tuple[Used, ...]:
        await self._turn()
        return tuple(map(self._used, shares))

    def _expected(self, intent_id: str, expected: frozenset[IntentState]) -> Intent | None:
        found = self.intents.get(clean(intent_id))
        return found if found is not None and found.state in expected else None

    def _used(self, share: Share) -> Used:
        held = [
            reserved
            for intent_id, reserved in self.reservations.items()
            if reserved.of(share.per) in map(clean, share.names)
            and share.since <= reserved.at < share.until
            and self.intents[intent_id].state not in NEVER_SENT
        ]
        minutes = [reserved.minutes for reserved in held if reserved.minutes is not None]
        return Used(runs=len(held), minutes=sum(minutes), untimed=len(held) - len(minutes))

    async def open_intents(self) -> tuple[Intent, ...]:
        await self._turn()
        return tuple(sorted((i for i in self.intents.values() if i.state in OPEN), key=_made))

    async def asked_intents(self) -> tuple[Intent, ...]:
        await self._turn()
        return tuple(sorted((i for i in self.intents.values() if i.state is IntentState.ASKED), key=_made))

    async def sent(
        self, kind: IntentKind, connection: str, subject: str, since: datetime
    ) -> tuple[Intent, ...]:
        await self._turn()
        found = self._sent(kind, clean(connection), clean(subject), since)
        return tuple(sorted(found, key=_made, reverse=True))

    def _sent(self, kind: IntentKind, connection: str, subject: str, since: datetime) -> list[Intent]:
        return [
            i
            for i in self.intents.values()
            if (i.kind, i.connection, i.subject) == (kind, connection, subject)
            and i.created_at >= since
            and i.state not in NEVER_SENT
        ]

    def _like(self, intent: Intent, since: datetime) -> frozenset[str]:
        return frozenset(i.id for i in self._sent(intent.kind, intent.connection, intent.subject, since))

    async def intent_of_run(self, ref: RunRef) -> Intent | None:
        await self._turn()
        wanted = (clean(ref.connection), clean(ref.run_id))
        return max(
            (i for i in self.intents.values() if (i.connection, i.run_id) == wanted), key=_made, default=None
        )


def _made(intent: Intent) -> tuple[datetime, str]:
    return intent.created_at, intent.id


def _fits(line: AuditLine, query: AuditQuery) -> bool:
    entry, detail = line.entry, f" {spaced(line.entry.detail)} "
    return (
        (not query.actors or entry.actor in query.actors)
        and (not query.actions or entry.action in query.actions)
        and (not query.naming or any(f" {spaced(name)} " in detail for name in query.naming))
        and (query.since is None or entry.at >= query.since)
        and (query.until is None or entry.at < query.until)
        and (query.newest is None or line.number <= query.newest)
    )


def _only_allows(entry: AuditEntry, after: AuditEntry) -> bool:
    same = (entry.actor, entry.channel, entry.action) == (after.actor, after.channel, after.action)
    return same and entry.decision == "allowed" and after.decision in {"done", "taken"}


class MemoryStore(
    MemoryInbox,
    MemoryWatch,
    MemoryHints,
    MemoryPropertyStates,
    MemorySubscriptions,
    MemoryExpecting,
    MemoryMentions,
    MemoryLinks,
    MemoryChannels,
    MemoryIntents,
    MemorySchedules,
    MemoryPublications,
):
    """All of the store. `unconfirmed_after`: seconds after a claim at which its outcome is in doubt."""

    def __init__(self, *, unconfirmed_after: float = 30.0) -> None:
        super().__init__()
        self.unconfirmed_after = unconfirmed_after
        self.switched: Switched | None = None

    async def prove(self) -> None:
        await self._turn()

    async def audit(self, entry: AuditEntry) -> None:
        await self._turn()
        self.trail.append(cleaned(entry))

    async def audit_lines(
        self, query: AuditQuery, *, skip: int, limit: int
    ) -> tuple[tuple[AuditLine, ...], int]:
        await self._turn()
        lines = (AuditLine(number, entry) for number, entry in enumerate(self.trail, 1))
        fitting = [line for line in lines if _fits(line, query)][::-1]
        if query.acts:
            only = {n for n, two in enumerate(pairwise(self.trail), 1) if _only_allows(*two)}
            fitting = [line for line in fitting if line.number not in only]
        return tuple(fitting[skip : skip + limit]), len(fitting)

    async def audit_actors(self) -> Mapping[str, str]:
        await self._turn()
        return {entry.actor: self.names.get(entry.actor, "") for entry in self.trail}

    async def read_only(self) -> Switched | None:
        await self._turn()
        return self.switched

    async def switch_read_only(self, to: Switched | None, noted: AuditEntry) -> bool:
        await self._turn()
        if (self.switched is None) == (to is None):
            return False
        self.switched = cleaned(to) if to else None
        self.trail.append(cleaned(noted))
        return True

    async def record(self, step: PollStep) -> int:
        await self._turn()
        self._record_runs(step)
        self._want(step.publications)
        for state in step.reopened:
            self._save_state(state)
        for late in step.late_causes:
            self.late.setdefault(clean(late.key), cleaned(late))
        self._mark_mentioned(step)
        return sum([self._insert(delivery, step.now) for delivery in step.deliveries])


class NotingStore(MemoryStore):
    """A store that says when something was noted in the audit trail."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = asyncio.Event()

    async def audit(self, entry: AuditEntry) -> None:
        """Note it, and say so."""
        await super().audit(entry)
        self.noted.set()
