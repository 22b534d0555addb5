"""What goes on by itself: polling, delivering, following launches, editing live messages; and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from adapters.cli.parts import Parts
from adapters.cli.single_worker import SingleWorker, sentence
from adapters.cli.stopping import cancelled
from adapters.heartbeat import Heartbeat
from adapters.scheduler import Scheduler
from adapters.store.audit import TrailBroken
from bot.cards import ReportLinks
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import StoreError
from bot.notices import Finding, Operator
from bot.notify_operator import NotifyOperator
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


NOBODY: Mapping[str, AskPerson] = MappingProxyType({})


class Background:
    """Everything that goes on by itself for some chats."""

    def __init__(
        self,
        parts: Parts,
        chats: Mapping[str, Chat],
        *,
        intervals: Intervals,
        notify: NotifyOperator,
        people: Mapping[str, AskPerson],
    ) -> None:
        self._intervals, self._notify = intervals, notify
        self._chats = chats
        self._parts = parts
        self.deliverers: tuple[Deliverer, ...] = ()
        self.alone = SingleWorker(parts.store, parts.clock, begin=self.start, end=self.stop)
        self._launches = LaunchWatch(
            platforms=parts.platforms, store=parts.store, clock=parts.clock, chats=chats
        )
        self._publisher = Publisher(
            platforms=parts.platforms,
            store=parts.store,
            clock=parts.clock,
            new_key=parts.handler.services.new_key,
            secrets=parts.settings.secrets,
            read_only=lambda: parts.handler.services.policy.read_only,
        )
        self._live = LiveCards(platforms=parts.platforms, store=parts.store, clock=parts.clock, chats=chats)
        renderers = {**parts.renderers, **{name: chat.render for name, chat in chats.items()}}
        self._pollers = tuple(
            Poller(
                platform,
                parts.store,
                clock=parts.clock,
                renderers=renderers,
                on_rows=self._wake,
                notify_operator=notify,
                report_links=parts.handler.services.report_links.get(platform.connection, ReportLinks.POST),
                publish=parts.settings.publish_rules,
                people=parts.settings.groups,
            )
            for platform in parts.platforms.values()
        )
        self._causes = tuple(
            LateCauses(poller.finishing, clock=parts.clock, chats=chats, on_rows=self._wake)
            for poller in self._pollers
        )
        self._fillers = tuple(
            Filler(platform, parts.store, clock=parts.clock) for platform in parts.platforms.values()
        )
        self.connected: Callable[[], Mapping[str, bool]] = lambda: dict.fromkeys(chats, True)
        self.off: dict[str, str] = {}  # why a chat will not come back by itself
        self.trail: tuple[datetime, str] | None = None  # when the audit trail was checked, and what is wrong
        own = parts.settings.operator
        self.operator = Operator(
            parts.store,
            parts.clock,
            channel=own.channel,
            renderers=renderers,
            on_rows=self._wake,
            secrets=parts.settings.secrets,
            others=self._others,
        )
        self._expected = Expected(
            parts.platforms,
            parts.store,
            parts.clock,
            renderers=renderers,
            polls=lambda: self.snapshot().polls,
            on_rows=self._wake,
            secrets=parts.settings.secrets,
            watched_too=own.channel is None,
        )
        self._schedules = Schedules(
            lambda: parts.handler.services, people=people, renderers=renderers, on_rows=self._wake
        )
        self._beat = Heartbeat(own.heartbeat) if own.heartbeat else None
        self._scheduler = Scheduler()
        self._misses = 0  # of earlier schedulers
        self._started = parts.clock.monotonic()
        self._delivering: list[asyncio.Task[None]] = []
        self._hinted: list[asyncio.Task[None]] = []

    def polls(self) -> dict[str, float | None]:
        """Return the monotonic time of each connection's last good poll."""
        return {poller.platform.connection: poller.health.last_good for poller in self._pollers}

    def misses(self) -> int:
        """Return how many ticks came late, failed, were cut off or not done at all."""
        return self._misses + self._scheduler.counts.total()

    def refusals(self) -> dict[str, str]:
        """Return the connections that cannot be read now, and why."""
        return {p.platform.connection: p.health.problem for p in self._pollers if p.health.problem}

    def snapshot(self) -> Snapshot:
        """Return how everything stands that the auditor cannot read from the database."""
        return Snapshot(
            polls={poller.platform.connection: self._polled(poller) for poller in self._pollers},
            connected=self.connected(),
            halted={d.chat.name: d.halted for d in self.deliverers},
            lost=self.lost(),
            crowded={channel: why for d in self.deliverers for channel, why in d.crowded.items()},
            off=self.off,
        )

    def _polled(self, poller: Poller) -> Polled:
        health = poller.health
        last = self._started if health.last_good is None else max(self._started, health.last_good)
        return Polled(
            age=self._parts.clock.monotonic() - last,
            allowed=max(LATE_POLLS, 3 * self._intervals.poll),
            looked=health.last_good is not None,
            problem=health.problem,
            refused=health.refused,
            behind=poller.behind,
            unlisted=poller.unlisted,
            too_large={ref.run_id: sentence for ref, sentence in poller.too_large.items()},
            read_at=poller.read_at,
        )

    def lost(self) -> dict[str, str]:
        """Return the channels that take no messages, and why."""
        return {channel: why for deliverer in self.deliverers for channel, why in deliverer.lost.items()}

    async def _others(self) -> list[str]:
        """Return the channels that take messages, those that expect something first."""
        expecting = [e.channel for e in await self._parts.store.expectations()]
        watching = [s.channel for s in await self._parts.store.subscriptions() if not s.problem]
        lost = self.lost()
        return [channel for channel in dict.fromkeys([*expecting, *watching]) if channel not in lost]

    def hint(self, connection: str, run_ids: Iterable[str]) -> None:
        """Take what a webhook said: poll the connection early, and look at the runs it named."""
        for poller in self._pollers:
            if poller.platform.connection == connection:
                poller.hints.give(run_ids)

    async def start(self) -> None:
        """Begin, for the first time or after `stop`. Raises `StoreError`."""
        now, settings = self._parts.clock.now(), self._parts.settings
        await self._parts.store.configure(settings.watches, now)
        await self._parts.store.configure_mentions(settings.mention_rules, now)
        await self._parts.store.configure_expectations([replace(e, since=now) for e in settings.expectations])
        await self._parts.store.configure_channels(settings.channel_settings, now)
        self._misses, self._scheduler = self.misses(), Scheduler()
        self._started = self._parts.clock.monotonic()
        self.deliverers = tuple(map(self._deliverer, self._chats.values()))
        self._delivering = [
            asyncio.create_task(d.run(), name=f"deliver {d.chat.name}") for d in self.deliverers
        ]
        every = self._scheduler.every
        every(self._intervals.launches, "launches", self._launches.tick, deadline=LAUNCHES_DEADLINE)
        every(self._intervals.schedules, "schedules", self._schedules.tick, deadline=SCHEDULES_DEADLINE)
        every(self._intervals.publish, "publish", self._publisher.tick, deadline=PUBLISH_DEADLINE)
        every(self._intervals.live, "live", self._live.tick, deadline=LIVE_DEADLINE)
        for poller in self._pollers:
            name = f"poll {poller.platform.connection}"
            every(self._intervals.poll, name, poller.tick, deadline=POLL_DEADLINE)
            early = poller.hints.run(partial(self._scheduler.now, name))
            self._hinted.append(asyncio.create_task(early, name=f"{name} early"))
        for filler in self._fillers:
            every(FILL_EVERY, f"fill {filler.platform.connection}", filler.tick, deadline=FILL_DEADLINE)
        for poller, causes in zip(self._pollers, self._causes, strict=True):
            name = f"causes {poller.platform.connection}"
            every(self._intervals.live, name, causes.tick, deadline=CAUSES_DEADLINE)
        every(self._intervals.expected, "expected", self._expected.tick, deadline=EXPECTED_DEADLINE)
        if self._intervals.audit is not None:
            auditor = Auditor(
                self._parts.store, self.operator, self._parts.clock, look=self.snapshot, beat=self._beat
            )
            every(self._intervals.audit, "audit", auditor.tick, deadline=AUDIT_DEADLINE)
        every(TRAIL_EVERY, "audit trail", self._verify_trail, deadline=TRAIL_DEADLINE)
        every(TIDY_EVERY, "tidy", self._tidy, deadline=TIDY_DEADLINE)
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop the clocks, settle what is under way, and let go of what takes too long."""
        await cancelled(self._hinted)
        self._hinted.clear()
        if not await self._scheduler.drain(DRAIN_TICKS):
            log.warning(
                "what was being looked at when the clocks stopped is looked at again at the next start"
            )
        for deliverer in self.deliverers:
            deliverer.stop()
        if self._delivering:
            _, late = await asyncio.wait(self._delivering, timeout=DRAIN_SENDS)
            for task in late:
                log.warning("%s was cut off; its message is looked for at the next start", task.get_name())
            await cancelled(late)

    def _deliverer(self, chat: Chat) -> Deliverer:
        return Deliverer(
            chat,
            self._parts.store,
            platforms=self._parts.platforms,
            clock=self._parts.clock,
            notify_operator=self._notify,
            pace=Pace(idle=self._intervals.idle, per_channel=self._intervals.per_channel),
        )

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
        await self.operator.note(Finding(Cause.AUDIT, "audit trail", problem))

    async def _tidy(self) -> None:
        await self._parts.store.prune(self._parts.clock.now())

    def _wake(self) -> None:
        for deliverer in self.deliverers:
            deliverer.wake()


@asynccontextmanager
async def working(
    parts: Parts,
    chats: Mapping[str, Chat],
    *,
    intervals: Intervals,
    notify: NotifyOperator,
    people: Mapping[str, AskPerson] = NOBODY,
) -> AsyncIterator[Background]:
    """Work for these chats inside the block, and end in good order after it. Raises `StoreError`.

    `people`: how each chat is asked who somebody is now in whose name something is started.
    While another program works on the database, this one waits for its turn.
    """
    work = Background(parts, chats, intervals=intervals, notify=notify, people=people)
    await work.alone.step()
    if work.alone.other is not None:
        await notify(sentence(work.alone.other))
    keeping = asyncio.create_task(work.alone.run(), name="keep apart")
    try:
        yield work
    finally:
        await cancelled([keeping])
        await work.alone.leave()
