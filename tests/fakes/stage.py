"""People, a chat, a platform and the whole core in between, as a chat adapter would join them.

`say` goes the way of every message: taken, handled, shown, answered. A reply with `replace` edits the message
whose button was pressed, as the port asks of adapters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from adapters.chat.pressed import parts
from bot.access import Policy, Role
from bot.cards import Button, Card, Command, Reply, plain
from bot.command import Preset, Services
from bot.handler import Handler
from bot.model import NOTHING, Repository
from bot.ports import Delivered, Post, Store
from bot.remembered import remembering
from bot.state import Actor, Invocation, MessageRef, Place
from bot.watch.launches import LaunchWatch
from bot.watch.live import LiveCards
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

CHANNEL = "fake:channel:C1"
ANN = Actor(id="fake:user:ANN", principals=frozenset({"fake:user:ANN"}), name="Ann", email="ann@example.com")
BO = Actor(id="fake:user:BO", principals=frozenset({"fake:user:BO"}), name="Bo")
READER = Actor(id="fake:user:READER", principals=frozenset({"fake:user:READER"}), name="Rae")
POLICY = Policy(
    roles={
        Role.LAUNCH: frozenset({ANN.id, BO.id}),
        Role.READ: frozenset({READER.id}),
    }
)


async def silent(_text: str) -> None:
    """Take a progress report and say nothing."""


@dataclass(kw_only=True)
class Stage:
    """Everything in its place. `store` may be wrapped; a new `Stage` over the old parts is a restart."""

    clock: ManualClock = field(default_factory=ManualClock)
    service: FakeRunService = field(default_factory=FakeRunService)
    memory: MemoryStore = field(default_factory=MemoryStore)
    others: tuple[FakeRunService, ...] = ()
    chat: FakeChat | None = None
    store: Store | None = None
    policy: Policy = POLICY
    presets: Mapping[str, Preset] = field(default_factory=dict)
    people: tuple[frozenset[str], ...] = ()
    domains: frozenset[str] = frozenset()
    registries: frozenset[Repository] | None = None
    known: tuple[str, ...] = ("basic_test", "Payments Nightly")
    keys: count[int] = field(default_factory=lambda: count(0xA11CE))
    replies: list[Reply] = field(default_factory=list)
    messages: list[MessageRef | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chat = self.chat or FakeChat(clock=self.clock)
        self.service.now = self.clock.now()
        self.services = Services(
            platforms={
                service.connection: remembering(service.platform, self.store or self.memory)
                for service in (self.service, *self.others)
            },
            store=self.store or self.memory,
            clock=self.clock,
            policy=self.policy,
            presets=self.presets,
            people=self.people,
            recipient_domains=self.domains,
            image_registries=self.registries,
            launchers={self.service.connection: self.known},
            new_key=lambda: f"{next(self.keys):08x}{'0' * 24}",
        )
        self.handler = Handler(self.services)
        parts = {"platforms": self.services.platforms, "store": self.services.store, "clock": self.clock}
        self.launches = LaunchWatch(**parts, chats=self.chats)  # type: ignore[arg-type]  # one dict for both
        self.live = LiveCards(**parts, chats=self.chats)  # type: ignore[arg-type]  # one dict for both

    @property
    def there(self) -> FakeChat:
        """The chat."""
        assert self.chat is not None
        return self.chat

    @property
    def chats(self) -> dict[str, FakeChat]:
        """The chats by name."""
        return {self.there.name: self.there}

    def restarted(self, **changes: object) -> Stage:
        """Return a new process over the same database, chat and platform."""
        return replace(self, **{"store": None, **changes})  # type: ignore[arg-type]  # the caller's fields

    async def say(
        self,
        words: str | Command | None,
        *,
        by: Actor = ANN,
        channel: str = CHANNEL,
        thread: str | None = None,
        direct: bool = False,
        values: Mapping[str, str] = NOTHING,
        confirmed: bool = False,
        pressed: MessageRef | None = None,
    ) -> Reply:
        """Say something and return what is answered, after showing it in the chat."""
        self.service.now = self.clock.now()
        place = Place(channel=channel, thread=thread, direct=direct)
        asked = an_invocation(self, words)
        invocation = replace(
            asked, actor=by, place=place, values={**asked.values, **values}, confirmed=confirmed
        )
        reply = await self.handler.handle(invocation, silent)
        message = None if reply.private else await self._show(reply, channel, thread, pressed)
        await self.handler.answered(invocation, reply, message)
        self.replies.append(reply)
        self.messages.append(message)
        return reply

    async def press(self, label: str, *, by: Actor = ANN, channel: str = CHANNEL) -> Reply:
        """Press a button of the last reply."""
        button = button_of(self.replies[-1].card, label)
        return await self.say(button.command, by=by, channel=channel, pressed=self.messages[-1])

    async def launched(self, words: str = "launch basic_test duration=30") -> Reply:
        """Ask for a launch and confirm it."""
        await self.say(words)
        return await self.press("Launch")

    async def pass_time(self, seconds: float, *, step: float = 5.0) -> None:
        """Let time pass, with both watchers looking every few seconds."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            self.clock.pass_time(min(step, (end - self.clock.now()).total_seconds()))
            await self.tick()

    async def tick(self) -> None:
        """Let both watchers look once."""
        await self.launches.tick()
        await self.live.tick()

    def shown(self, message: MessageRef) -> str:
        """Return what a message says now, as the chat keeps it."""
        return next(m.payload for m in self.there.messages if m.id == message.message_id)

    async def _show(
        self, reply: Reply, channel: str, thread: str | None, pressed: MessageRef | None
    ) -> MessageRef:
        if reply.replace and pressed is not None:
            await self.there.edit(pressed, reply.card)
            return pressed
        post = Post(
            channel=channel, payload=self.there.render(reply.card), key=f"r{next(self.keys)}", thread=thread
        )
        outcome = await self.there.post(post)
        assert isinstance(outcome, Delivered)
        return MessageRef(channel=channel, message_id=outcome.message_id, thread=thread)


def an_invocation(stage: Stage, words: str | Command | None) -> Invocation:
    """Return what Ann says in the channel, or asks for by a press."""
    assert words is not None
    text, values = parts(words)
    key, at = f"k{next(stage.keys)}", stage.clock.now()
    return Invocation(actor=ANN, place=Place(channel=CHANNEL), text=text, key=key, at=at, values=values)


def button_of(card: Card, label: str) -> Button:
    """Return a card's button by its label."""
    found = [button for button in card.buttons if button.label == label]
    assert len(found) == 1, f"{[b.label for b in card.buttons]} has no {label}"
    return found[0]


def texts(card: Card) -> str:
    """Return everything that a card says, on one line."""
    lines = [card.title, card.text, *card.body, *(fact.value for fact in card.facts), card.footer]
    return " | ".join([*map(plain, lines), *(fact.label for fact in card.facts)])
