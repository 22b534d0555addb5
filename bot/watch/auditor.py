"""Look every minute whether everything has a next step, notify the operator of what has not, and ping the heartbeat.

It judges by what is there (rows, channels, connections, chats), never by what somebody reported, so a crash loses
nothing. What is not known yet, as after a start, opens and closes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.errors import StoreError
from bot.notices import Finding, Operator
from bot.ports import Clock
from bot.replies import operating
from bot.state import Cause, DeliveryState, Intent, IntentState, Notice

log = logging.getLogger(__name__)

LATE = timedelta(minutes=5)  # a message that waited so long, and did not move since the last look, is stuck
FRESH = timedelta(minutes=2)  # where nothing waits longer, a channel takes what it is sent
SILENT = 120.0  # seconds that a chat may be without a connection, as when it connects anew
STEADY = 180.0  # seconds for which something has to be well before it is called over
JUMP = 60.0  # seconds by which the wall clock may leave the monotonic one between two looks
MISSED = 2  # heartbeats in a row
UNSERVED = "terminal"  # nobody waits for messages to a terminal that is closed

WAITING = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
SILENCING = frozenset({Cause.POLL, Cause.STUCK, Cause.RECEIVING, Cause.HALTED, Cause.DATABASE})
"""What may keep the operator's channel from being notified: the heartbeat stops then, which notifies its owner."""

Beat = Callable[[], Awaitable[str]]
"""Ping the heartbeat's address; return why that failed, "" where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What is open for one channel in one state; `first`, `recorded_at` and `reason` are those of the oldest row."""

    channel: str
    state: DeliveryState
    rows: int
    first: int
    recorded_at: datetime
    reason: str = ""

    @property
    def chat(self) -> str:
        """The chat that the channel is in."""
        return self.channel.partition(":")[0]


class Queues(Protocol):
    """The outbox as the auditor sees it. Raises `StoreError`."""

    async def queues(self) -> tuple[Queue, ...]:
        """Return how much is open for each channel, by state."""

    async def open_intents(self) -> tuple[Intent, ...]:
        """Return costly actions whose outcome is still to be found out."""

    async def prove(self) -> None:
        """Write a row that nobody reads. Raises `StoreError` where nothing can be written."""

    def moved(self) -> str:
        """Say that another file stands where the database was, "" while it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """How polling a connection goes. `age`: seconds since the last good look, or since the start before the first.

    `problem`: what is wrong now; `refused`: no later try fixes it by itself. `looked`: there was a good look.
    `behind`, `unlisted`: which part of the list of runs is not read yet, and which cannot be read, as sentences.
    `too_large`: runs that cannot be read, by id, each with its sentence. `read_at`: when the last look began that brought
    the whole list of runs on record; None: none did since the start, or there is no list.
    """

    age: float
    allowed: float
    looked: bool
    problem: str = ""
    refused: bool = False
    behind: str = ""
    unlisted: str = ""
    too_large: Mapping[str, str] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How polls, chats and channels are right now. `halted`, `lost`: why, by chat and by channel. `off`: why a chat will not come back.

    `crowded`: the channels that get a summary for many messages, each with its sentence. `strangers`: by chat, who else uses
    our token, as a sentence, "" where nobody does; a chat that did not tell is left out. `connections`: how many each has.
    """

    polls: Mapping[str, Polled] = field(default_factory=dict)
    connected: Mapping[str, bool] = field(default_factory=dict)
    halted: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    crowded: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)
    strangers: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, int] = field(default_factory=dict)


class Auditor:
    """Looks when `tick` is called; `look` takes a snapshot of everything but the outbox."""

    def __init__(
        self,
        queues: Queues,
        operator: Operator,
        clock: Clock,
        *,
        look: Callable[[], Snapshot],
        beat: Beat | None = None,
    ) -> None:
        self._queues = queues
        self._operator = operator
        self._clock = clock
        self._look = look
        self._beat = beat
        self._missed = 0
        self._oldest: dict[str, int] = {}
        self._apart: dict[str, float] = {}  # since when a chat is not connected, in monotonic seconds
        self._well: dict[tuple[Cause, str], float] = {}
        self._walls = (clock.now(), clock.monotonic())

    async def tick(self) -> None:
        """Look once, tell, and ping; never raises for what the database or the heartbeat's address do."""
        try:
            found = await self._found()
            for finding in found:
                await self._operator.note(finding)
        except StoreError as error:  # no heartbeat either: that notifies whoever waits for it
            log.warning("whether everything has a next step could not be read: %s", error)
            return
        wrong = [finding for finding in found if finding.problem]
        if not any(f.cause in SILENCING or f.subject == self._operator.channel for f in wrong):
            await self._ping()

    async def _found(self) -> list[Finding]:
        """Return what is wrong, and what is over of what the operator was notified of."""
        queues, snapshot = await self._queues.queues(), self._look()
        unknown = [i for i in await self._queues.open_intents() if i.state is IntentState.UNKNOWN]
        wrong = [
            *self._polls(snapshot),
            *self._chats(snapshot),
            *_channels(snapshot),
            *self._rows(queues, snapshot),
            *(Finding(Cause.LAUNCH, i.id, operating.launch_unknown(i)) for i in unknown),
            *self._clocks(),
            *await self._database(),
        ]
        bad = {(finding.cause, finding.subject) for finding in wrong}
        told = [n for n in await self._operator.open() if (n.cause, n.subject) not in bad]
        return [*wrong, *self._over(told, queues, snapshot)]

    def _polls(self, snapshot: Snapshot) -> Iterator[Finding]:
        for name, polled in snapshot.polls.items():
            if (polled.problem and polled.refused) or polled.age > polled.allowed:
                problem = operating.not_watched(name, polled.problem, refused=polled.refused)
                yield Finding(Cause.POLL, name, problem)
            if polled.behind:
                yield Finding(Cause.GUARD, name, polled.behind)
            if polled.unlisted:
                yield Finding(Cause.GUARD, f"{name}: list", polled.unlisted)  # it never is over
            for run_id, sentence in polled.too_large.items():
                yield Finding(Cause.GUARD, f"{name}: {run_id}", sentence)  # neither is this

    def _chats(self, snapshot: Snapshot) -> Iterator[Finding]:
        now = self._clock.monotonic()
        for chat, up in snapshot.connected.items():
            if up:
                self._apart.pop(chat, None)
                continue
            apart = now - self._apart.setdefault(chat, now)
            reason = snapshot.off.get(chat, "")
            if reason or apart >= SILENT:
                yield Finding(Cause.RECEIVING, chat, operating.not_connected(chat, apart, reason))
        for chat, sentence in snapshot.strangers.items():
            if sentence:
                yield Finding(Cause.STRANGERS, chat, sentence)
        for chat, reason in snapshot.halted.items():
            if reason:
                yield Finding(Cause.HALTED, chat, operating.halted(chat, reason))

    def _rows(self, queues: tuple[Queue, ...], snapshot: Snapshot) -> Iterator[Finding]:
        for queue in queues:
            if queue.state is DeliveryState.DEAD:
                yield Finding(
                    Cause.DEAD, queue.channel, operating.dead(queue.channel, queue.rows, queue.reason)
                )
            elif queue.state is DeliveryState.UNKNOWN:
                text = operating.unknown(queue.channel, queue.rows, queue.reason)
                yield Finding(Cause.UNKNOWN, queue.channel, text)
        yield from self._stuck(_waiting(queues), snapshot)

    def _stuck(self, waiting: Mapping[str, Queue], snapshot: Snapshot) -> Iterator[Finding]:
        """Find channels whose oldest message is late and the same as at the last look.

        A deep backlog moves, a lost channel and a chat that refuses us are reported as such.
        """
        before, self._oldest = self._oldest, {channel: q.first for channel, q in waiting.items()}
        for channel, queue in waiting.items():
            explained = channel in snapshot.lost or snapshot.halted.get(queue.chat)
            late = self._clock.now() - queue.recorded_at >= LATE and before.get(channel) == queue.first
            served = queue.chat in snapshot.connected
            if explained or not late or (not served and queue.chat == UNSERVED):
                continue
            if served:
                text = operating.stuck(channel, queue.rows, queue.recorded_at, queue.reason)
            else:
                text = operating.chat_off(channel, queue.rows, queue.chat)
            yield Finding(Cause.STUCK, channel, text)

    async def _database(self) -> list[Finding]:
        """Find out whether what is written stays. Raises `StoreError` where nothing can be written at all."""
        if moved := self._queues.moved():
            return [Finding(Cause.DATABASE, "database", moved)]
        await self._queues.prove()
        return []

    def _clocks(self) -> Iterator[Finding]:
        """Compare how far both clocks went since the last look."""
        now = (self._clock.now(), self._clock.monotonic())
        jump = (now[0] - self._walls[0]).total_seconds() - (now[1] - self._walls[1])
        self._walls = now
        if abs(jump) >= JUMP:
            yield Finding(Cause.CLOCK, "clock", operating.clock_jumped(jump))

    # What is over -------------------------------------------------------------------------------

    def _over(self, told: list[Notice], queues: tuple[Queue, ...], snapshot: Snapshot) -> Iterator[Finding]:
        """Yield what was reported and has been well for a while; what flickers is reported once."""
        now = self._clock.monotonic()
        well = [(n.cause, n.subject) for n in told if self._is_well(n, queues, snapshot)]
        self._well = {key: self._well.get(key, now) for key in well}
        for cause, subject in well:
            if now - self._well[cause, subject] >= STEADY:
                yield Finding(cause, subject)

    def _is_well(self, notice: Notice, queues: tuple[Queue, ...], snapshot: Snapshot) -> bool:
        """Whether it is certainly over; what others tell of is theirs to end."""
        subject = notice.subject
        here = [q for q in queues if q.channel == subject]
        polled = snapshot.polls.get(subject)
        well: dict[Cause, Callable[[], bool]] = {
            Cause.DEAD: lambda: all(q.state is not DeliveryState.DEAD for q in here),
            Cause.UNKNOWN: lambda: all(q.state is not DeliveryState.UNKNOWN for q in here),
            Cause.STUCK: lambda: subject not in snapshot.lost and self._flows(here),
            Cause.LOST: lambda: subject not in snapshot.lost and self._flows(here),
            Cause.HALTED: lambda: (
                not snapshot.halted.get(subject) and self._flows(q for q in queues if q.chat == subject)
            ),
            Cause.CROWDED: lambda: subject not in snapshot.crowded,
            Cause.STRANGERS: lambda: snapshot.strangers.get(subject) == "",
            Cause.RECEIVING: lambda: snapshot.connected.get(subject, True),
            Cause.POLL: lambda: polled is None or (polled.looked and not polled.problem),
            Cause.GUARD: lambda: polled is not None and polled.looked and not polled.behind,
            Cause.DATABASE: lambda: not self._queues.moved(),
            Cause.LAUNCH: lambda: True,  # it is not among the unknown ones any more
            Cause.CLOCK: lambda: True,
            Cause.HEARTBEAT: lambda: self._beat is None,
        }
        return notice.cause in well and well[notice.cause]()

    def _flows(self, queues: Iterable[Queue]) -> bool:
        now = self._clock.now()
        return all(now - q.recorded_at < FRESH for q in queues if q.state in WAITING)

    # The heartbeat ------------------------------------------------------------------------------

    async def _ping(self) -> None:
        if self._beat is None:
            return
        reason = await self._beat()
        self._missed = self._missed + 1 if reason else 0
        if 0 < self._missed < MISSED:
            return
        problem = operating.not_beating(reason) if reason else ""
        try:
            await self._operator.note(Finding(Cause.HEARTBEAT, "heartbeat", problem))
        except StoreError as error:
            log.warning("the operator could not be notified of the heartbeat: %s", error)


def _channels(snapshot: Snapshot) -> Iterator[Finding]:
    for channel, reason in snapshot.lost.items():
        yield Finding(Cause.LOST, channel, operating.lost(channel, reason))
    for channel, sentence in snapshot.crowded.items():
        yield Finding(Cause.CROWDED, channel, sentence)


def _waiting(queues: tuple[Queue, ...]) -> dict[str, Queue]:
    """Join what is pending and what is on its way, by channel; the older of both counts as its oldest."""
    found: dict[str, Queue] = {}
    for queue in (q for q in queues if q.state in WAITING):
        other = found.get(queue.channel)
        if other is None:
            found[queue.channel] = queue
            continue
        first = min(other, queue, key=lambda q: q.first)
        found[queue.channel] = replace(first, rows=other.rows + queue.rows)
    return found
