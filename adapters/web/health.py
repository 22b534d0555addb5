"""What the health pages say, and where it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.errors import StoreError
from bot.ports import Clock
from bot.state import Intent, OutboxDepth
from bot.watch.auditor import Polled, Snapshot

LATE_TICKS = 30.0  # seconds without a turn of the loop: it is blocked
LATE_CHATS = 60.0  # seconds without a connection; chats connect anew now and then
PATIENCE = 8.0  # seconds for the database to answer a probe; a lock is waited for 5
ASKED_AGAIN = 2.0  # seconds; probes that come faster get the last answer


class Provable(Protocol):
    """What is asked of the store."""

    async def prove(self) -> None:
        """Write a row that nobody reads. Raises `StoreError` where nothing can be written."""
        ...

    async def depth(self) -> OutboxDepth:
        """Return how much waits, and for how long."""
        ...

    async def open_intents(self) -> tuple[Intent, ...]:
        """Return costly actions whose outcome is still to be found out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that runs on the database. `silent`: seconds since it showed life; `here`: it is this one."""

    host: str
    process: int
    version: str
    since: datetime
    duties: tuple[str, ...] = ()
    silent: float = 0.0
    here: bool = False


@dataclass(kw_only=True)
class Health:
    """A process's state as probes see it.

    `polls`: how polling goes of each connection that this process polls. `chats`: whether each receives now. `deliveries`: counts by chat and result. `lost`: channels that
    take no messages, and why. `refusals`: connections that cannot be read now, and why. `waits_for`: the program that polls and delivers instead, "" while this one does.
    `programs`: those that run on the database, the eldest first. `free`: the duties that none of them does.
    `hooks`: where webhooks are received, None where they are not. `look`: the same in more detail, for the page. `starting`: nobody has said yet which chats there
    are. `trail`: when the audit trail was checked last, and what was wrong with it.
    """

    store: Provable
    clock: Clock
    polls: Callable[[], Mapping[str, Polled]] = dict
    chats: Callable[[], Mapping[str, bool]] = dict
    deliveries: Callable[[], Mapping[str, Mapping[str, int]]] = dict
    lost: Callable[[], Mapping[str, str]] = dict
    refusals: Callable[[], Mapping[str, str]] = dict
    waits_for: Callable[[], str] = str
    programs: Callable[[], Sequence[Program]] = tuple
    free: Callable[[], Collection[str]] = tuple
    hooks: Callable[[], str | None] = lambda: None
    look: Callable[[], Snapshot] = Snapshot
    trail: Callable[[], tuple[datetime, str] | None] = lambda: None
    misses: Callable[[], int] = lambda: 0
    poll_seconds: float = 60.0
    version: str = ""
    starting: bool = False
    stopping: bool = False
    started: float = field(init=False)
    ticked: float = field(init=False)
    _apart: dict[str, float] = field(default_factory=dict)  # since when a chat is not connected
    _asking: asyncio.Task[OutboxDepth | str] | None = None
    _asked: float = 0.0

    def __post_init__(self) -> None:
        """Count from now."""
        self.started = self.ticked = self.clock.monotonic()

    def tick(self) -> None:
        """Note that the loop turns."""
        self.ticked = self.clock.monotonic()
        down = [name for name, up in self.chats().items() if not up]
        self._apart = {name: self._apart.get(name, self.ticked) for name in down}

    @property
    def tick_age(self) -> float:
        """Seconds since the loop was last seen turning."""
        return self.clock.monotonic() - self.ticked

    @property
    def alive(self) -> bool:
        """Whether the loop turns; nothing remote counts here, or an outage elsewhere would restart us."""
        return self.tick_age < LATE_TICKS

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Return whether work is being done, and the figures behind that."""
        depth = await self._database()
        if isinstance(depth, str):
            return False, {"ready": False, "database": depth}
        problems = self.problems()
        figures = {
            "ready": not problems,
            "problems": problems,
            "database": "ok",
            "outbox": self._outbox(depth),
            "seconds_since_poll": {
                name: round(polled.age, 1) if polled.looked else None for name, polled in self.polls().items()
            },
            "chats": {name: "connected" if up else "not connected" for name, up in self.chats().items()},
        }
        if programs := self.programs():
            figures["programs"] = [_figures(program) for program in programs]
            figures["duties_of_nobody"] = sorted(self.free())
        if refusals := dict(self.refusals()):
            figures["poll_problems"] = refusals
        if lost := dict(self.lost()):
            figures["channels_lost"] = lost
        if hooks := self.hooks():
            figures["webhooks"] = hooks
        if other := self.waits_for():
            figures["waits_for"] = other
        return not problems, figures

    async def in_words(self) -> str:
        """Return in one line how it is. Never raises."""
        ready, figures = await self.ready()
        if not ready:
            return f"Not ready: {'; '.join(figures.get('problems') or [figures['database']])}"
        chats = [f"{name} {state}" for name, state in figures["chats"].items()]
        polls = [
            f"{name} not read yet" if age is None else f"{name} read {age:.0f} s ago"
            for name, age in figures["seconds_since_poll"].items()
        ]
        waits = [f"waiting for {figures['waits_for']}"] if "waits_for" in figures else []
        return f"Ready: {', '.join([*chats, *polls, *waits])}".removesuffix(": ")

    async def depth(self) -> OutboxDepth | None:
        """Return how much waits; None where the database cannot be used."""
        depth = await self._database()
        return None if isinstance(depth, str) else depth

    async def _database(self) -> OutboxDepth | str:
        """Return how much waits, or why the database cannot be used; asked one at a time and not too often."""
        now = self.clock.monotonic()
        if self._asking is None or (self._asking.done() and now - self._asked >= ASKED_AGAIN):
            self._asking, self._asked = asyncio.create_task(self._ask()), now
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE)
        return self._asking.result() if done else f"The database does not answer within {PATIENCE:g} s."

    async def _ask(self) -> OutboxDepth | str:
        try:
            await self.store.prove()
            return await self.store.depth()
        except StoreError as error:
            return str(error)

    def problems(self) -> list[str]:
        """Return what keeps this process from its work, but for the database."""
        chats = self.chats()
        found = [word for word, so in (("starting", self.starting), ("stopping", self.stopping)) if so]
        if chats and not any(chats.values()):
            found.append("no chat is connected")
        else:
            long = [name for name, since in self._apart.items() if self.ticked - since >= LATE_CHATS]
            found += [f"{name} is not connected" for name in long if not chats.get(name, True)]
        late = [name for name, polled in self.polls().items() if polled.age > polled.allowed]
        found += [f"no good poll of {name} for too long" for name in late]
        return found

    def _outbox(self, depth: OutboxDepth) -> dict[str, Any]:
        return {
            "waiting": depth.waiting,
            "oldest_seconds": self._age(depth.oldest),
            "unknown": depth.unknown,
            "dead": depth.dead,
        }

    def _age(self, at: datetime | None) -> float | None:
        return None if at is None else round(max(0.0, (self.clock.now() - at).total_seconds()), 1)


def _figures(program: Program) -> dict[str, Any]:
    return {
        "host": program.host,
        "process": program.process,
        "version": program.version,
        "this_one": program.here,
        "seconds_silent": round(program.silent, 1),
        "duties": list(program.duties),
    }
