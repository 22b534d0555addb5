"""What goes on by itself, as duties: polling, delivering, following launches, editing live messages.

Each duty is a block that one program at a time is in. What it needs is built when it begins and ends in good order with it, so
nothing that was seen in an earlier stint decides anything in a later one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from adapters.cli.parts import Parts
from adapters.cli.stopping import cancelled
from adapters.configuration.table import Hooked
from adapters.heartbeat import Heartbeat
from adapters.replicas.duties import Duty
from adapters.scheduler import Job, Scheduler
from adapters.store.audit import TrailBroken
from bot.cards import ReportLinks
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import StoreError
from bot.notices import Finding, Operator, Others
from bot.notify_operator import NotifyOperator
from bot.platform import Platform
from bot.ports import Chat
from bot.state import Cause
from bot.watch.auditor import Auditor, Polled, Snapshot
from bot.watch.causes import LateCauses
from bot.watch.expected import Expected
from bot.watch.fill import Filler
from bot.watch.launches import LaunchWatch
from bot.watch.live import LiveCards
from bot.watch.poll import Poller
from bot.watch.publish import Publisher
from bot.watch.schedules import AskPerson, Schedules

log = logging.getLogger(__name__)

# Seconds at the end. With the 10 that chats get, and half a second to close, they stay below 20.
DRAIN_TICKS = 3.0
DRAIN_SENDS = 5.0

# Seconds after which a tick is cut off; the next one finds the same work.
POLL_DEADLINE = 300.0
LAUNCHES_DEADLINE = 120.0
LIVE_DEADLINE = 60.0
PUBLISH_DEADLINE = 300.0  # a log that goes along may take two minutes to read
CAUSES_DEADLINE = 300.0
FILL_EVERY, FILL_DEADLINE = 10.0, 120.0

LATE_POLLS = 300.0  # seconds without a good look at a connection, or three times the interval
AUDIT_DEADLINE = 30.0
EXPECTED_DEADLINE = 120.0
SCHEDULES_DEADLINE = 300.0  # several launches may wait for their answers
TRAIL_EVERY, TRAIL_DEADLINE = 24 * 3600.0, 600.0
TIDY_EVERY, TIDY_DEADLINE = 6 * 3600.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How often things are looked at, in seconds. `audit`: None where there is no operator to tell."""

    poll: float = 60.0
    live: float = 15.0  # one request for each message that lives on
    launches: float = 2.0
    publish: float = 2.0
    expected: float = 60.0
    schedules: float = 10.0
    idle: float = 2.0
    per_channel: float = 1.0
    audit: float | None = 60.0

    @property
    def late(self) -> float:
        """Seconds that a connection may be without a good look."""
        return max(LATE_POLLS, 3 * self.poll)


@dataclass(frozen=True, slots=True)
class _Tick:
    """Something that is done again and again, within a deadline. `spread`: it is one of many, which take turns."""

    name: str
    every: float
    work: Job
    deadline: float
    spread: bool = False


@dataclass(frozen=True, slots=True)
class _Polling:
    """A poller at work. `since`: in monotonic seconds."""

    poller: Poller
    since: float


class Work:
    """All duties for some chats, and how those stand that this program has.

    `people`: how each chat is asked who somebody is now. `others`: the channels that may be told what the operator's
    cannot. `whole`: how everything stands, whichever program does it.
    """

    def __init__(
        self,
        parts: Parts,
        chats: Mapping[str, Chat],
        *,
        intervals: Intervals,
        notify: NotifyOperator,
        people: Mapping[str, AskPerson],
        others: Others,
        whole: Callable[[], Snapshot],
    ) -> None:
        self._parts, self._chats, self._people = parts, chats, people
        self._intervals, self._notify, self._whole = intervals, notify, whole
        self._renderers = {**parts.renderers, **{name: chat.render for name, chat in chats.items()}}
        self._hooked = {
            connection.name
            for connection in parts.settings.connections
            if isinstance(connection, Hooked) and connection.webhook_secret is not None
        }
        self._polling: dict[str, _Polling] = {}
        self._delivering: dict[str, Deliverer] = {}
        self._delivered: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by those that ended
        self.scheduler = Scheduler()
        self.trail: tuple[datetime, str] | None = None  # when the audit trail was checked, and what is wrong
        self._operator = Operator(
            parts.store,
            parts.clock,
            channel=parts.settings.operator.channel,
            renderers=self._renderers,
            on_rows=self.wake,
            secrets=parts.settings.secrets,
            others=others,
        )

    def duties(self) -> Iterator[Duty]:
        """Return all duties there are."""
        every, parts = self._intervals, self._parts
        for platform in parts.platforms.values():
            yield Duty(f"poll {platform.connection}", partial(self._poll, platform))
        for chat in self._chats.values():
            yield Duty(f"deliver {chat.name}", partial(self._deliver, chat))
        yield self._again("launches", every.launches, self._launches, LAUNCHES_DEADLINE)
        yield self._again("schedules", every.schedules, self._schedules, SCHEDULES_DEADLINE)
        yield self._again("publish", every.publish, self._publish, PUBLISH_DEADLINE)
        yield self._again("live", every.live, self._live, LIVE_DEADLINE)
        yield self._again("expected", every.expected, self._expected, EXPECTED_DEADLINE)
        if every.audit is not None:
            yield self._again("audit", every.audit, self._audit, AUDIT_DEADLINE)
        yield self._again("audit trail", TRAIL_EVERY, lambda: self._verify_trail, TRAIL_DEADLINE)
        yield self._again("tidy", TIDY_EVERY, lambda: self._tidy, TIDY_DEADLINE)

    # How it stands ------------------------------------------------------------------------------

    def polls(self) -> dict[str, Polled]:
        """Return how polling each connection goes that is polled here."""
        return {name: self._polled(polling) for name, polling in self._polling.items()}

    def deliveries(self) -> dict[str, Counter[str]]:
        """Return how often each thing happened here to messages of each chat since the start."""
        return {
            name: self._delivered[name] + (now.counts if (now := self._delivering.get(name)) else Counter())
            for name in self._chats
        }

    def snapshot(self, connected: Mapping[str, bool], off: Mapping[str, str]) -> Snapshot:
        """Return how everything stands that is done here and that the database does not tell."""
        at_work = self._delivering.values()
        return Snapshot(
            polls=self.polls(),
            connected=connected,
            halted={each.chat.name: each.halted for each in at_work},
            lost={channel: why for each in at_work for channel, why in each.lost.items()},
            crowded={channel: why for each in at_work for channel, why in each.crowded.items()},
            off=off,
        )

    def _polled(self, polling: _Polling) -> Polled:
        poller, health = polling.poller, polling.poller.health
        return Polled(
            age=self._parts.clock.monotonic() - (health.last_good or polling.since),
            allowed=self._intervals.late,
            looked=health.last_good is not None,
            problem=health.problem,
            refused=health.refused,
            behind=poller.behind,
            unlisted=poller.unlisted,
            too_large={ref.run_id: sentence for ref, sentence in poller.too_large.items()},
            read_at=poller.read_at,
        )

    # What comes from elsewhere ------------------------------------------------------------------

    def hinted(self) -> None:
        """Say that a webhook told something: who polls its connection here does so early."""
        for polling in self._polling.values():
            polling.poller.hints.tell()

    def wake(self) -> None:
        """Say that there is something to deliver."""
        for deliverer in self._delivering.values():
            deliverer.wake()

    # The duties ---------------------------------------------------------------------------------

    @asynccontextmanager
    async def _ticking(self, *ticks: _Tick) -> AsyncIterator[None]:
        """Let these be done again and again inside the block, the first time at once."""
        for tick in ticks:
            self.scheduler.every(tick.every, tick.name, tick.work, deadline=tick.deadline, spread=tick.spread)
        try:
            yield
        finally:
            names = [tick.name for tick in ticks]
            if not await self.scheduler.end(names, DRAIN_TICKS):
                log.warning("%s was cut off; what it looked at is looked at again", names[0])

    def _again(self, name: str, seconds: float, make: Callable[[], Job], deadline: float) -> Duty:
        """Return the duty of doing one thing again and again; `make` builds it anew each time the duty begins."""
        return Duty(name, lambda: self._ticking(_Tick(name, seconds, make(), deadline)))

    @asynccontextmanager
    async def _poll(self, platform: Platform) -> AsyncIterator[None]:
        parts, every, name = self._parts, self._intervals, platform.connection
        poller = Poller(
            platform,
            parts.store,
            clock=parts.clock,
            renderers=self._renderers,
            on_rows=self.wake,
            notify_operator=self._notify,
            report_links=parts.handler.services.report_links.get(name, ReportLinks.POST),
            publish=parts.settings.publish_rules,
            people=parts.settings.groups,
        )
        causes = LateCauses(poller.finishing, clock=parts.clock, chats=self._chats, on_rows=self.wake)
        filler = Filler(platform, parts.store, clock=parts.clock)
        self._polling[name] = _Polling(poller, parts.clock.monotonic())
        try:
            async with self._ticking(
                _Tick(f"poll {name}", every.poll, poller.tick, POLL_DEADLINE, spread=True),
                _Tick(f"fill {name}", FILL_EVERY, filler.tick, FILL_DEADLINE, spread=True),
                _Tick(f"causes {name}", every.live, causes.tick, CAUSES_DEADLINE, spread=True),
            ):
                early = []
                if name in self._hooked:
                    hinted = poller.hints.run(partial(self.scheduler.now, f"poll {name}"))
                    early.append(asyncio.create_task(hinted, name=f"poll {name} early"))
                try:
                    yield
                finally:
                    await cancelled(early)
        finally:
            del self._polling[name]

    @asynccontextmanager
    async def _deliver(self, chat: Chat) -> AsyncIterator[None]:
        deliverer = self._delivering[chat.name] = Deliverer(
            chat,
            self._parts.store,
            platforms=self._parts.platforms,
            clock=self._parts.clock,
            notify_operator=self._notify,
            trace=self._parts.handler.services.trace,
            pace=Pace(idle=self._intervals.idle, per_channel=self._intervals.per_channel),
        )
        delivering = asyncio.create_task(deliverer.run(), name=f"deliver {chat.name}")
        try:
            yield
        finally:
            deliverer.stop()
            _, late = await asyncio.wait({delivering}, timeout=DRAIN_SENDS)
            for task in late:
                log.warning("%s was cut off; its message is looked for by whoever goes on", task.get_name())
            await cancelled(late)
            del self._delivering[chat.name]
            self._delivered[chat.name] += deliverer.counts

    def _launches(self) -> Job:
        parts = self._parts
        return LaunchWatch(
            platforms=parts.platforms, store=parts.store, clock=parts.clock, chats=self._chats
        ).tick

    def _schedules(self) -> Job:
        handler = self._parts.handler
        return Schedules(
            lambda: handler.services, people=self._people, renderers=self._renderers, on_rows=self.wake
        ).tick

    def _publish(self) -> Job:
        parts = self._parts
        return Publisher(
            platforms=parts.platforms,
            store=parts.store,
            clock=parts.clock,
            new_key=parts.handler.services.new_key,
            secrets=parts.settings.secrets,
            read_only=lambda: parts.handler.services.policy.read_only,
        ).tick

    def _live(self) -> Job:
        parts = self._parts
        return LiveCards(
            platforms=parts.platforms, store=parts.store, clock=parts.clock, chats=self._chats
        ).tick

    def _expected(self) -> Job:
        parts = self._parts
        return Expected(
            parts.platforms,
            parts.store,
            parts.clock,
            renderers=self._renderers,
            polls=lambda: self._whole().polls,
            on_rows=self.wake,
            secrets=parts.settings.secrets,
            watched_too=parts.settings.operator.channel is None,
        ).tick

    def _audit(self) -> Job:
        parts, url = self._parts, self._parts.settings.operator.heartbeat
        beat = Heartbeat(url) if url else None
        return Auditor(parts.store, self._operator, parts.clock, look=self._whole, beat=beat).tick

    async def _verify_trail(self) -> None:
        """Look whether anybody changed the audit trail, and tell."""
        problem, at = "", self._parts.clock.now()
        try:
            await self._parts.store.verify_audit()
        except TrailBroken as error:
            problem = str(error)
        except StoreError as error:
            log.warning("the audit trail could not be read: %s", error)
            return
        self.trail = at, problem
        await self._operator.note(Finding(Cause.AUDIT, "audit trail", problem))

    async def _tidy(self) -> None:
        await self._parts.store.prune(self._parts.clock.now())
