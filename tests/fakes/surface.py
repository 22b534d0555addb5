"""A chat as the engine asks it, in memory: it shows what it is told to show, and judges what it is asked.

What all see is in its `FakeChat`; what one person alone sees is in `unseen`. A test makes any question slow, failing or
the last one of a process with `before`. `defers`: the chat shows "thinking…" that the answer takes the place of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from adapters.chat.surface import Deadlines, FormOrError, Inbound, Kind, Surface
from bot.access import Denied
from bot.cards import Card, Form, plain
from bot.errors import UserError
from bot.ports import Delivered, OpenedFile, Post, PostOutcome, Undeliverable
from bot.replies import reported
from bot.state import Actor, Invocation, MessageRef, Place
from tests.fakes.chat import FakeChat
from tests.fakes.stage import ANN, CHANNEL

PATIENT = Deadlines(defer=60.0, accept=60.0, progress=60.0)  # seconds that no test waits for
Asking = Callable[[str, str], Awaitable[None]]


@dataclass(slots=True)
class Thinking:
    """The interaction that a command came with: whether "thinking…" stands, and what took its place."""

    stands: bool = False
    ephemeral: bool = False
    shown: list[Card] = field(default_factory=list)


Command = Inbound[Thinking]


async def pieces_of(content: bytes, size: int = 1 << 16) -> AsyncIterator[bytes]:
    """Yield bytes in pieces."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def at_once(question: str, text: str) -> None:
    """Let every question be answered at once."""


@dataclass(kw_only=True)
class FakeSurface(Surface[Thinking]):
    """Fills `adapters.chat.surface.Surface`. `nobody`: people whose account is nobody's; `closed`: who takes no messages."""

    chat: FakeChat
    redelivers: bool = False
    deadlines: Deadlines = PATIENT
    uninvited: str = "Only you see this."
    defers: bool = False
    before: Asking = at_once
    unseen: list[tuple[str, Card]] = field(default_factory=list)
    forms: list[Form | UserError] = field(default_factory=list)
    finished: list[Card] = field(default_factory=list)
    nobody: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    reached_in_place: bool = True
    opens_forms: bool = False
    violations: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # that are attached, by name

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Know everybody but those who are nobody."""
        await self.before("resolve", invocation.text)
        if invocation.actor.id in self.nobody:
            raise UserError("This account is nobody's.")
        return invocation

    @asynccontextmanager
    async def open_file(self, inbound: Command, ref: str) -> AsyncIterator[OpenedFile]:
        """Open what is attached by its name."""
        await self.before("open_file", inbound.invocation.text)
        if ref not in self.files:
            raise reported.gone()
        yield OpenedFile(name=ref, pieces=pieces_of(self.files[ref]), size=len(self.files[ref]))

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Know them still."""
        await self.before("afresh", invocation.text)
        return actor

    async def defer(self, inbound: Command, *, ephemeral: bool) -> Command:
        """Show "thinking…" once."""
        await self.before("defer", inbound.invocation.text)
        if not self.defers or inbound.interaction is None:
            return inbound
        if inbound.interaction.stands:
            self.violations.append("deferred twice")
        return replace(inbound, interaction=Thinking(stands=True, ephemeral=ephemeral))

    def progress(
        self, inbound: Command, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Show it in "thinking…", where that stands."""
        del instead
        thinking = inbound.interaction
        if thinking is None or not thinking.stands:
            return False
        if not wanted():
            self.violations.append("progress after the answer")
        thinking.shown.append(Card(title=("Working",), text=(text or "Working on it",)))
        return True

    async def interrupted(self, inbound: Command, card: Card) -> bool:
        """Show it in "thinking…", where that stands."""
        await self.before("interrupted", inbound.invocation.text)
        if inbound.interaction is None or not inbound.interaction.stands:
            return False
        inbound.interaction.shown.append(card)
        return True

    async def post(self, inbound: Command, card: Card, key: str) -> PostOutcome:
        """Store a message as the chat does."""
        await self.before("post", inbound.invocation.text)
        place = inbound.invocation.place
        outcome = await self.chat.post(
            Post(channel=place.channel, payload=self.chat.render(card), key=key, thread=place.thread)
        )
        await self.before("posted", inbound.invocation.text)
        return outcome

    async def edit(self, inbound: Command, message: MessageRef, card: Card, key: str) -> PostOutcome:
        """Edit a message of the chat."""
        del key
        await self.before("edit", inbound.invocation.text)
        return await self.chat.edit(message, card)

    async def delete(self, message: MessageRef) -> None:
        """Take a message away."""
        await self.before("delete", message.message_id)
        for stored in self.chat.messages:
            if stored.id == message.message_id:
                self.chat.delete(stored.key)

    async def ephemeral(self, inbound: Command, card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show it to one person, where the chat can in place."""
        await self.before("ephemeral", inbound.invocation.text)
        if replaces and not inbound.ephemeral:
            self.violations.append("nothing to replace")
        if not self.reached_in_place:
            return Undeliverable("There is no such way here.", channel_lost=False)
        self.unseen.append((inbound.invocation.actor.id, card))
        return Delivered("")

    async def direct_channel(self, inbound: Command) -> str | None:
        """Have a channel for everybody who takes messages."""
        await self.before("direct_channel", inbound.invocation.text)
        person = inbound.invocation.actor.id
        return None if person in self.closed else f"{self.chat.name}:channel:{person.rpartition(':')[2]}"

    async def dismiss(self, inbound: Command) -> None:
        """Take "thinking…" away."""
        await self.before("dismiss", inbound.invocation.text)

    async def finish(self, inbound: Command, card: Card, message: MessageRef | None) -> None:
        """Note that files would be sent now, once for each answer."""
        del message
        await self.before("finish", inbound.invocation.text)
        self.finished.append(card)

    async def open_form(self, inbound: Command, form: FormOrError) -> UserError | None:
        """Open the form; what is wrong is for the engine to say."""
        await self.before("open_form", inbound.invocation.text)
        prepared = await form()
        self.forms.append(prepared)
        return prepared if isinstance(prepared, UserError) else None

    async def show_form(self, inbound: Command, form: Form) -> bool:
        """Open a form that a verb answered with, in a chat that can."""
        await self.before("show_form", inbound.invocation.text)
        if self.opens_forms:
            self.forms.append(form)
        return self.opens_forms

    # What people see -------------------------------------------------------------------------------------

    def command(
        self,
        text: str,
        *,
        key: str = "k1",
        actor: Actor = ANN,
        kind: Kind = Kind.SLASH,
        pressed: str | None = None,
        ephemeral: bool = False,
        opens_form: bool = False,
        must_answer: bool = False,
        shown_by_receipt: bool = False,
        direct: bool = False,
    ) -> Command:
        """Return a command as it comes in."""
        place = Place(channel=CHANNEL, direct=direct)
        at = self.chat.clock.now()
        return Inbound(
            invocation=Invocation(actor=actor, place=place, text=text, key=key, at=at),
            kind=kind,
            interaction=Thinking(),
            pressed=pressed,
            ephemeral=ephemeral,
            opens_form=opens_form,
            must_answer=must_answer,
            shown_by_receipt=shown_by_receipt,
        )

    @property
    def seen(self) -> list[str]:
        """All that people see of answers, in public and alone."""
        return [message.payload for message in self.chat.messages] + [plain(c.text) for _, c in self.unseen]
