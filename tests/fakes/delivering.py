"""A deliverer with everything around it in memory, on a clock that stands still until it is moved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.cards import Context, ReportLinks
from bot.delivery.deliver import Deliverer, DeliveryStore, Pace
from bot.model import RunRef
from bot.platform import Platform
from bot.state import DeliveryState, NewDelivery, Subscription
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.fakes.store_outbox import WAITING

CHANNEL = "fake:channel:C1"


def a_delivery(number: int = 1, *, channel: str = CHANNEL, **changes: object) -> NewDelivery:
    """Return a message that tells its number."""
    fields: dict[str, object] = {
        "key": f"demo:run-{number}:completed:{channel}",
        "channel": channel,
        "payload": f'{{"number": {number}}}',
        "context": Context(run=RunRef("demo", f"run-{number}")),
        "report_links": ReportLinks.POST,
        **changes,
    }
    return NewDelivery(**fields)  # type: ignore[arg-type]  # the test's own fields


@dataclass(kw_only=True)
class Delivering:
    """The parts. `told`: what the operator was told."""

    clock: ManualClock = field(default_factory=ManualClock)
    store: MemoryStore = field(default_factory=MemoryStore)
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    pace: Pace = field(default_factory=lambda: Pace(post=0.02, lookup=0.02, per_channel=0))
    told: list[str] = field(default_factory=list)
    kind: type[Deliverer] = Deliverer
    chat: FakeChat = field(init=False)
    deliverer: Deliverer = field(init=False)

    @property
    def reached(self) -> DeliveryStore:
        """The store as the deliverer reaches it."""
        return self.store

    def __post_init__(self) -> None:
        self.chat = FakeChat(clock=self.clock)
        self.restart()

    def restart(self) -> None:
        """Start a new process over the same store and chat."""
        self.deliverer = self.kind(
            self.chat,
            self.reached,
            platforms=self.platforms,
            clock=self.clock,
            notify_operator=self._tell,
            pace=self.pace,
            chance=lambda: 1.0,
        )

    async def put(self, *deliveries: NewDelivery) -> None:
        """Record messages to deliver."""
        for delivery in deliveries:
            await self.store.enqueue(delivery, self.clock.now())

    async def watch(self, channel: str = CHANNEL) -> None:
        """Let a channel hear of everything."""
        await self.store.subscribe(Subscription(channel=channel), self.clock.now())

    async def run_until_idle(self, seconds: float = math.inf) -> None:
        """Work and pass time until nothing waits any more, or so many seconds have passed."""
        start = self.clock.monotonic()
        while self._works:
            wait = await self.deliverer.step()
            if self.clock.monotonic() + wait - start > seconds:
                return
            self.clock.pass_time(wait)

    @property
    def _works(self) -> bool:
        """Whether anything waits, or is held no longer."""
        now = self.clock.now()
        return any(
            row.delivery.state in WAITING or (row.delivery.state is DeliveryState.HELD and row.next_at <= now)
            for row in self.store.outbox.values()
        )

    def states(self) -> list[DeliveryState]:
        """Return the states of all rows, oldest first."""
        return [row.delivery.state for row in self.store.outbox.values()]

    @property
    def sent(self) -> list[str]:
        """What people see, in its order: the payloads."""
        return [message.payload for message in self.chat.messages]

    async def _tell(self, sentence: str) -> None:
        self.told.append(sentence)
