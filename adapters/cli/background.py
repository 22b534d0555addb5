"""This program among those on its database: the duties that it has now, and how everything stands, whoever does it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

from adapters.chat.running import Counting, OneReceives, RunningChat
from adapters.cli.parts import Parts
from adapters.cli.stopping import cancelled
from adapters.cli.work import Intervals, Work
from adapters.replicas.duties import Duties, Duty, together
from adapters.replicas.member import this_program, waits_for
from adapters.replicas.report import joined, read
from adapters.store.database import FREE, HINTS, ROWS
from adapters.store.replicas import Replica
from adapters.web.health import Program
from bot.errors import StoreError
from bot.notify_operator import NotifyOperator
from bot.ports import Chat
from bot.state import Owner
from bot.waiting import Backoff
from bot.watch.auditor import Polled, Snapshot
from bot.watch.schedules import AskPerson

log = logging.getLogger(__name__)

LONGEST_DEAF = 30.0  # seconds until it is tried again to hear other programs
EVERYTHING = "everything"  # what one program at a time does where the database cannot be shared
NOBODY: Mapping[str, AskPerson] = MappingProxyType({})


class Background:
    """`replicas`: who is there, and who has what. `work`: the duties that this program has now."""

    def __init__(
        self,
        parts: Parts,
        chats: Mapping[str, Chat],
        *,
        intervals: Intervals,
        notify: NotifyOperator,
        people: Mapping[str, AskPerson],
        running: Mapping[str, RunningChat],
    ) -> None:
        self._parts, self._intervals = parts, intervals
        self._receivers = [chat for chat in running.values() if isinstance(chat, OneReceives)]
        self._counting = {name: chat for name, chat in running.items() if isinstance(chat, Counting)}
        self.work = Work(
            parts,
            chats,
            intervals=intervals,
            notify=notify,
            people=people,
            others=self._others,
            whole=self.whole,
        )
        self.connected: Callable[[], Mapping[str, bool]] = lambda: dict.fromkeys(chats, True)
        self.off: dict[str, str] = {}  # why a chat will not come back by itself
        self._polled_at = dict.fromkeys(parts.platforms, parts.clock.monotonic())  # by whichever program
        self._connections: dict[str, int] = {}
        self._strangers: dict[str, str] = {}
        duties = tuple(self.work.duties())
        self._duties = duties if parts.store.shared else (together(EVERYTHING, duties),)
        me = this_program(parts.clock.now(), parts.handler.services.version)
        self.replicas = Duties(
            parts.store, parts.clock, able=self._able, sees=self._beat, joined=self._joined, me=me
        )
        for chat in self._receivers:
            chat.lease.add_done_callback(lambda _: self.replicas.wake())

    @property
    def instead(self) -> Replica | None:
        """The program that does everything instead of this one, where the database cannot be shared."""
        holders = {lease.holder for lease in self.replicas.leases if lease.name == EVERYTHING}
        others = self.replicas.others if EVERYTHING not in self.replicas.held else ()
        return next((other for other in others if other.id in holders), None)

    def programs(self) -> list[Program]:
        """Return every program that runs on the database, the eldest first."""
        replicas = self.replicas
        here = _program(replicas.me, replicas.held, here=True)
        others = [
            _program(
                other,
                (lease.name for lease in replicas.leases if lease.holder == other.id),
                replicas.silence(other),
            )
            for other in replicas.others
        ]
        return sorted([here, *others], key=lambda program: program.since)

    def whole(self) -> Snapshot:
        """Return how everything stands, whichever program does it; what nobody polls grows old."""
        now = self._parts.clock.monotonic()
        unseen = {
            name: Polled(age=now - at, allowed=self._intervals.late, looked=False)
            for name, at in self._polled_at.items()
        }
        seen = joined([self._elsewhere(), self._here()])
        return replace(seen, polls={**unseen, **seen.polls})

    def _beat(self) -> Snapshot:
        """Return what is seen from here, and take note of who polls, and of who is none of us."""
        elsewhere = self._elsewhere()
        self._connections = {name: chat.connections() for name, chat in self._counting.items()}
        for name, chat in self._counting.items():
            found = chat.strangers(elsewhere.connections.get(name, 0))
            if found is not None:
                self._strangers[name] = found
        here, now = self._here(), self._parts.clock.monotonic()
        polled = (elsewhere.polls.keys() | here.polls.keys()) & self._polled_at.keys()
        self._polled_at |= dict.fromkeys(polled, now)
        return here

    def _here(self) -> Snapshot:
        seen = self.work.snapshot(self.connected(), self.off)
        return replace(seen, strangers=self._strangers, connections=self._connections)

    def _elsewhere(self) -> Snapshot:
        return joined(read(other.report).sees for other in self.replicas.others)

    def _joined(self, replica: str) -> None:
        """Accept commands from now on as this program is known to the others, who answer for it when it is dead."""
        self._parts.handler.owner = Owner(id=replica, listed=True, sure=lambda: self.replicas.sure)

    async def hear(self) -> None:
        """Look at once where other programs tell of something, until cancelled; unheard it is found a moment later."""
        store, again = self._parts.store, Backoff(first=1.0, longest=LONGEST_DEAF)
        wakes = {ROWS: self.work.wake, FREE: self.replicas.wake, HINTS: self.work.hinted}

        def heard(word: str) -> None:
            again.reset()
            told = wakes.get(word)
            for wake in wakes.values() if told is None else (told,):  # "": whatever was told before
                wake()

        while store.listens:
            try:
                await store.listen(heard)
            except StoreError as error:
                log.info("%s Their work is noticed a few seconds later meanwhile.", error)
            await self._parts.clock.sleep(again.next())

    def _able(self) -> Iterator[Duty]:
        yield from self._duties
        for chat in self._receivers:
            if chat.lease.done():
                yield Duty(chat.lease.result(), chat.receiving, stays=True)

    async def _others(self) -> list[str]:
        """Return the channels that take messages, those that expect something first."""
        expecting = [e.channel for e in await self._parts.store.expectations()]
        watching = [s.channel for s in await self._parts.store.subscriptions() if not s.problem]
        lost = self.whole().lost
        return [channel for channel in dict.fromkeys([*expecting, *watching]) if channel not in lost]

    async def configure(self) -> None:
        """Note what the settings want of channels, once: who takes over later may have older ones. Raises `StoreError`."""
        now, settings, store = self._parts.clock.now(), self._parts.settings, self._parts.store
        await store.configure(settings.watches, now)
        await store.configure_mentions(settings.mention_rules, now)
        await store.configure_expectations([replace(e, since=now) for e in settings.expectations])
        await store.configure_channels(settings.channel_settings, now)


def _program(replica: Replica, duties: Iterable[str], silent: float = 0.0, *, here: bool = False) -> Program:
    return Program(
        host=replica.host,
        process=replica.pid,
        version=replica.version,
        since=replica.since,
        duties=tuple(sorted(duties)),
        silent=silent,
        here=here,
    )


@asynccontextmanager
async def working(
    parts: Parts,
    chats: Mapping[str, Chat],
    *,
    intervals: Intervals,
    notify: NotifyOperator,
    people: Mapping[str, AskPerson] = NOBODY,
    running: Mapping[str, RunningChat] = MappingProxyType({}),
) -> AsyncIterator[Background]:
    """Work for these chats inside the block, and end in good order after it. Raises `StoreError`.

    `people`: how each chat is asked who somebody is now in whose name something is started. `running`: the chats that
    are served, some of which one program at a time receives from. Other programs on the database take their share of the work, or all of it.
    """
    background = Background(parts, chats, intervals=intervals, notify=notify, people=people, running=running)
    await background.configure()
    background.work.scheduler.start()
    replicas = background.replicas
    try:
        await replicas.step()
        if background.instead is not None:
            await notify(waits_for(background.instead))
        sharing = [
            asyncio.create_task(replicas.run(), name="replicas"),
            asyncio.create_task(background.hear(), name="other programs"),
        ]
        try:
            yield background
        finally:
            await cancelled(sharing)
    finally:
        await replicas.leave()
        await background.work.scheduler.drain(0)
