"""Launches at times over one store: people schedule at a door, and the look comes when a test says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.access import Denied
from bot.command import Preset
from bot.handler import Handler
from bot.ports import Store
from bot.state import Actor, Invocation, Schedule
from bot.watch.launches import LaunchWatch
from bot.watch.schedules import Schedules
from tests.fakes.chat import FakeChat
from tests.fakes.expecting import sentence
from tests.fakes.runs import a_run
from tests.unit.commands.door import ALICE, CHANNEL, Door, command_of

NIGHTLY = 'launch nightly at="every day 04:00"'


def at(hour: float, day: int = 14) -> datetime:
    """Return a time of a day in May 2026; the tests begin at three in the night of the 14th."""
    return datetime(2026, 5, day, tzinfo=UTC).replace(hour=int(hour), minute=round(hour % 1 * 60))


@dataclass(kw_only=True)
class Clockwork:
    """A door with a preset, and the look at what is scheduled. `people`: who is who now, where that changed."""

    door: Door = field(default_factory=Door)
    people: dict[str, Actor | Denied] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    rows: int = 0

    def __post_init__(self) -> None:
        self.door.service.add_run(a_run(1, connection="demo", launcher="basic_test"))
        self.prepare(duration="30")
        self.chat = FakeChat(clock=self.door.clock, name="slack")
        self.start()

    def prepare(self, **values: str) -> None:
        """Say in the settings what the preset launches."""
        self.set(Preset(name="nightly", launcher="basic_test", values=values))

    def set(self, *presets: Preset) -> None:
        """Say in the settings which presets there are."""
        services = self.door.handler.services
        self.door.services = replace(services, presets={preset.name: preset for preset in presets})
        self.door.handler = Handler(self.door.services)

    def start(self, store: Store | None = None) -> None:
        """Start a process, over the same store or one that dies."""
        kept = store or self.door.store
        self.schedules = Schedules(
            lambda: replace(self.door.handler.services, store=kept),
            people={"slack": self.afresh}, renderers={"slack": self.chat.render}, on_rows=self._count,
        )  # fmt: skip
        platform = self.door.service.platform
        self.watch = LaunchWatch(
            platforms={"demo": platform}, store=kept, clock=self.door.clock, chats={"slack": self.chat}
        )

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Say who somebody is now, as a chat does."""
        self.asked.append(actor.id)
        return self.people.get(actor.id, replace(actor, name="Alice"))

    def _count(self) -> None:
        self.rows += 1

    async def schedule(self, words: str = NIGHTLY, *, by: Actor = ALICE) -> Schedule:
        """Schedule something and confirm it."""
        before = {each.id for each in await self.door.store.schedules()}
        asked = await self.door.say(words, by=by)
        await self.door.say(command_of(asked.card, "Schedule"), by=by)
        (made,) = [each for each in await self.door.store.schedules() if each.id not in before]
        return made

    async def until(self, end: datetime, *, step: float = 60.0) -> list[str]:
        """Look every so many seconds; return what was told meanwhile."""
        before = len(self.told)
        while self.door.clock.now() < end:
            await self.tick(min(step, (end - self.door.clock.now()).total_seconds()))
        return self.told[before:]

    def skip(self, end: datetime) -> None:
        """Let time pass while no process looks."""
        self.door.clock.pass_time((end - self.door.clock.now()).total_seconds())

    async def tick(self, seconds: float = 0.0) -> None:
        """Look once, after so many seconds."""
        self.door.clock.pass_time(seconds)
        self.door.service.now = self.door.clock.now()
        await self.schedules.tick()
        await self.watch.tick()

    @property
    def launched(self) -> list[tuple[str, str]]:
        """The launcher and the duration of everything that the platform was asked to launch."""
        return [(each.launcher, each.values.get("duration", "")) for each in self.door.service.launches]

    @property
    def told(self) -> list[str]:
        """The text of each message to the channel, oldest first."""
        rows = self.door.store.outbox.values()
        return [
            sentence(json.loads(row.delivery.payload)["text"])
            for row in rows
            if row.delivery.channel == CHANNEL
        ]

    @property
    def noted(self) -> list[tuple[str, str]]:
        """What stands in the trail of schedules and of what they launched."""
        of_it = {"schedule", "launch"}
        return [(e.action, e.decision) for e in self.door.store.trail if e.action in of_it]

    def buttons(self, number: int = -1) -> list[str]:
        """Return the labels of a message's buttons."""
        row = [*self.door.store.outbox.values()][number]
        return [button["label"] for button in json.loads(row.delivery.payload)["buttons"]]
