"""A poller and the look at what is expected, over one store: what `clew run` puts together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

from bot.errors import Unreachable
from bot.model import Secret
from bot.state import Expectation
from bot.watch.auditor import Polled
from bot.watch.expected import Expected, ExpectStore
from tests.fakes.watching import CHANNEL, Watching

ALLOWED = 300.0
KEY = "canary-key-of-the-platform"  # what the program knows as a secret


def at(hour: float, day: int = 16) -> datetime:
    """Return a time of a day in May; the tests begin in the afternoon of the 15th."""
    return datetime(2026, 5, day, tzinfo=UTC).replace(hour=int(hour), minute=round(hour % 1 * 60))


NIGHTLY = Expectation(
    channel=CHANNEL, connection="demo", launcher="Payments Nightly", by=time(3), since=at(12, 15)
)


@dataclass(kw_only=True)
class Night:
    """A channel that expects something. `out`: the platform cannot be reached, for which `problem` is the reason."""

    it: Watching = field(default_factory=Watching)
    out: bool = False
    problem: str = "The platform cannot be reached."
    watched_too: bool = False
    _started: float = 0.0

    def __post_init__(self) -> None:
        self.wrap(self.it.store)
        self.it.clock.pass_time((at(12, 15) - self.it.clock.now()).total_seconds())
        self._started = self.it.clock.monotonic()

    def wrap(self, store: ExpectStore) -> None:
        """Start a look, of a process that keeps its things in a store."""
        self._started = self.it.clock.monotonic()
        self.expected = Expected(
            {self.it.service.connection: self.it.service.platform},
            store,
            self.it.clock,
            renderers=self.it.renderers,
            polls=self.polls,
            on_rows=lambda: None,
            secrets=(Secret(KEY),),
            watched_too=self.watched_too,
        )

    def polls(self) -> dict[str, Polled]:
        """Return how reading goes, as the program does."""
        health = self.it.poller.health
        last = self._started if health.last_good is None else max(self._started, health.last_good)
        polled = Polled(
            age=self.it.clock.monotonic() - last,
            allowed=ALLOWED,
            looked=health.last_good is not None,
            problem=health.problem,
            refused=health.refused,
            read_at=self.it.poller.read_at,
        )
        return {self.it.service.connection: polled}

    async def begin(self, *expected: Expectation) -> None:
        """Take the baseline, and expect something from now on."""
        await self.it.tick(0)
        for expectation in expected or (NIGHTLY,):
            await self.it.store.expect(expectation)

    def restart(self) -> None:
        """Start a new process over the same store and platform."""
        self.it.restart()
        self.wrap(self.it.store)

    async def until(self, end: datetime, *, step: float = 600.0) -> list[str]:
        """Poll and look every so many seconds; return what was said meanwhile."""
        before = len(self.it.told)
        while self.it.clock.now() < end:
            await self.tick(min(step, (end - self.it.clock.now()).total_seconds()))
        return self.said[before:]

    async def tick(self, seconds: float = 60.0) -> None:
        """Poll and look once, after so many seconds."""
        self.it.service._faults["runs"].clear()
        if self.out:
            self.it.service.fail("runs", Unreachable(self.problem), times=9)
        await self.it.tick(seconds)
        await self.expected.tick()

    async def down_until(self, end: datetime) -> None:
        """Let the program be down, and start it again."""
        self.it.clock.pass_time((end - self.it.clock.now()).total_seconds())
        self.restart()

    @property
    def said(self) -> list[str]:
        """The sentence of each message, oldest first."""
        return [sentence(json.loads(delivery.payload)["text"]) for delivery in self.it.told]

    def buttons(self, number: int = -1) -> list[str]:
        """Return the labels of a message's buttons."""
        return [button["label"] for button in json.loads(self.it.told[number].payload)["buttons"]]


def sentence(spans: Sequence[object]) -> str:
    """Return a line as text."""
    return "".join(str(span["text"]) if isinstance(span, dict) else str(span) for span in spans)
