"""A handler over fakes: what a test of a verb says goes through the same door as a person's words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from adapters.chat.pressed import parts
from adapters.chat.slack.addressees import named
from bot.access import Policy, Role
from bot.cards import Card, Command, Context, Reply, plain
from bot.command import Services
from bot.commands.registry import text_of
from bot.handler import Handler
from bot.model import NOTHING, Run
from bot.ports import OpenedFile
from bot.replies import reported
from bot.state import Actor, Addressee, AttachedFile, Invocation, MessageRef, Place
from tests.answers import as_data
from tests.fakes.clock import ManualClock
from tests.fakes.records import FakeRecords
from tests.fakes.service import RATINGS, TRIAGE, FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.surface import pieces_of

ALICE = Actor(id="slack:user:T1:ALICE", principals=frozenset({"slack:user:T1:ALICE"}), name="Alice")
MALLORY = Actor(id="slack:user:T1:MALLORY", principals=frozenset({"slack:user:T1:MALLORY"}), name="Mallory")
CHANNEL = "slack:channel:T1:C1"


async def nothing(_: str) -> None:
    """Take a report of progress and show it to nobody."""


@dataclass
class Door:
    """The door with everything behind it in memory; Alice may launch, Mallory may nothing."""

    service: FakeRunService = field(default_factory=lambda: FakeRunService(connection="demo"))
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: ManualClock = field(default_factory=ManualClock)
    policy: Policy = field(
        default_factory=lambda: Policy(
            roles={Role.READ: frozenset({"slack:user:T1:MALLORY"}), Role.LAUNCH: frozenset({ALICE.id})}
        )
    )
    others: tuple[FakeRunService, ...] = ()
    takers: tuple[FakeRecords, ...] = ()  # connections that take runs
    files: dict[str, bytes] = field(default_factory=dict)  # that a chat has, by what it calls them
    people: dict[str, Addressee] = field(default_factory=dict)  # whom the chat knows something of, by id
    said: int = 0

    def __post_init__(self) -> None:
        keys = (f"{number:032x}" for number in range(1, 1000))
        platforms = {service.connection: service.platform for service in (self.service, *self.others)}
        platforms |= {taker.connection: taker.platform for taker in self.takers}
        self.services = Services(
            platforms=platforms,
            store=self.store,
            clock=self.clock,
            policy=self.policy,
            new_key=lambda: next(keys),
        )
        self.handler = Handler(self.services)

    async def say(
        self,
        words: str | Command | None,
        *,
        by: Actor = ALICE,
        thread: str | None = None,
        values: Mapping[str, str] = NOTHING,
        about: str | None = None,
        attached: tuple[str, ...] = (),
    ) -> Reply:
        """Say something, or press a button that asks for it, and return the reply, which scripts can read as data too."""
        invocation = self.invocation(words, by=by, thread=thread, values=values)
        if about is not None:
            invocation = replace(invocation, about=about)
        files = tuple(AttachedFile(ref=name, name=name) for name in attached)
        reply = await self.handler.handle(
            replace(invocation, attached=files),
            nothing,
            open_file=self.open_file,
            find_addressee=self.find_addressee,
        )
        as_data(reply)
        return reply

    async def find_addressee(self, typed: str) -> Addressee:
        """Read a mention as Slack does; who is not said to be gone is there."""
        who = named(typed, CHANNEL)
        return self.people.get(who, Addressee(id=who, name=who.rpartition(":")[2].title()))

    @asynccontextmanager
    async def open_file(self, ref: str) -> AsyncIterator[OpenedFile]:
        """Open a file of the chat."""
        if ref not in self.files:
            raise reported.gone()
        content = self.files[ref]
        yield OpenedFile(name=ref, pieces=pieces_of(content), size=len(content))

    def invocation(
        self,
        words: str | Command | None,
        *,
        by: Actor = ALICE,
        thread: str | None = None,
        values: Mapping[str, str] = NOTHING,
    ) -> Invocation:
        """Make a new human act."""
        assert words is not None
        text, pressed = parts(words)
        self.said += 1
        place = Place(channel=CHANNEL, thread=thread)
        return Invocation(
            actor=by,
            place=place,
            text=text,
            key=f"act-{self.said}",
            at=self.clock.now(),
            values={**pressed, **values},
        )

    def posted(self, thread: str, message: str) -> MessageRef:
        """Name a message that was posted in a thread."""
        return MessageRef(channel=CHANNEL, message_id=message, thread=thread)

    async def thread_about(self, run: Run, thread: str = "1700000000.000100") -> str:
        """Make a thread that speaks of a run."""
        await self.store.set_context(CHANNEL, thread, Context(run=run.ref))
        return thread


def told(card: Card) -> str:
    """Return everything that a card says, flattened: what a person could read of it."""
    lines = [card.title, card.text, *card.body, *(fact.value for fact in card.facts)]
    for item in card.items:
        lines += [(item.mark,), item.title, *item.lines]
    lines += [(line,) for line in (card.excerpt.lines if card.excerpt else ())]
    lines += [(button.text,) for button in card.buttons]
    return "\n".join(plain(line) for line in (*lines, card.footer))


def command_of(card: Card, label: str) -> Command:
    """Return what a button asks for, looking at the card's and its items' buttons."""
    buttons = [*card.buttons, *(button for item in card.items for button in item.buttons)]
    return next(button.command for button in buttons if button.text == label and button.command)


def words_of(card: Card, label: str) -> str:
    """Return what a button asks for as a person would type it."""
    return text_of(command_of(card, label))


def a_door_to_everything(**changes: object) -> Door:
    """Return a door whose platform has every part that a fake has, so that every verb is there."""
    service = FakeRunService(connection="demo", also=TRIAGE | RATINGS)
    clock = ManualClock()
    return Door(service=service, clock=clock, takers=(FakeRecords(clock),), **changes)  # type: ignore[arg-type]  # the caller's fields
