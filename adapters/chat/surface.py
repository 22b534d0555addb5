"""The questions that the engine in `conversation` asks of a chat, and the values that it asks them with.

A chat answers them in its own `surface.py`. Whatever differs between chats is an answer here, never a branch in the
engine. One command has one `Inbound`; what the chat gave along for answering it travels in `interaction`, of a type
of the chat's own, which the engine hands back and never looks into.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from bot.access import Denied
from bot.cards import Card, Form
from bot.errors import UserError
from bot.ports import Chat, OpenedFile, PostOutcome
from bot.replies import mentioning
from bot.state import Actor, Addressee, Invocation, MessageRef

T = TypeVar("T")  # what a chat gives along for answering, for example an interaction token

ACCEPT_SECONDS = 10.0
PROGRESS_SECONDS = 1.0

FormOrError = Callable[[], Awaitable[Form | UserError]]
"""Prepares the form that was asked for, or says why there is none; each call asks the core once. Raises nothing."""


class Kind(StrEnum):
    """How a command came in."""

    SLASH = "slash command"
    MENTION = "mention"
    REPLY = "reply"  # to a post of Clew's, which nobody addressed to it: it is answered only where it says what to do
    DIRECT = "direct message"
    BUTTON = "button"
    SHORTCUT = "shortcut"  # used on a message: Slack's message shortcut, Discord's context menu
    FORM = "form"
    TYPED = "typed line"  # at a prompt
    RESUMED = "resumed"  # accepted by a process before this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound(Generic[T]):
    """One command as it came in, and what answering it takes.

    `pressed`: the id of the message whose button was pressed, None where none was; `ephemeral`: only one person sees
    that message. `opens_form`: a form is wanted, which the invocation's words prefill, and not an answer; nothing is
    accepted into the inbox for it. `must_answer`: the person sees a failure where nothing is answered, so even one
    refusal of many is shown. `shown_by_receipt`: the chat shows the person what the `Receipt` says, and nothing else has to.
    """

    invocation: Invocation
    kind: Kind
    interaction: T | None = field(default=None, repr=False)  # it may hold a token; None for what is resumed
    pressed: str | None = None
    ephemeral: bool = False
    opens_form: bool = False
    must_answer: bool = False
    shown_by_receipt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds that a chat leaves the engine.

    `defer`: after so long without a word from the inbox the chat is deferred: it is told that an answer comes (`Surface.defer`).
    `accept`: for accepting a command into the inbox, beside that. `progress`: before the person sees that work goes on.
    """

    defer: float = 0.0
    accept: float = ACCEPT_SECONDS
    progress: float = PROGRESS_SECONDS


class Surface(Protocol[T]):
    """What a chat knows and the engine does not. Calls may run concurrently; none is repeated by the chat itself.

    Chats inherit from it, so what a chat has no way for needs no answer of its own: it is answered here.
    Outcomes are those of `bot.ports`: the engine tries again, looks for what may be there, or goes another way.
    `Delivered("")` says that something is shown whose id nobody can tell.

    `chat`: the port that announcements go through; the engine looks for its own answers with `find_posted`.
    `redelivers`: the chat sends again what was not acknowledged. Then nothing is acknowledged that was not accepted:
    `Conversation.receive` raises `StoreError`. Else the person is told that nothing was done, and what is accepted after
    all, too late, is never answered. `uninvited`: what to add to an answer that may not be posted where it was asked
    for, and is shown to the person alone.
    """

    chat: Chat
    redelivers: bool
    deadlines: Deadlines
    uninvited: str

    # Who it is ---------------------------------------------------------------------------------------

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Return it with all that decides what the person may do here: groups, guest or not, who reads the channel.

        Raises `UserError` for an account that is nobody's; that is noted in the audit trail by the engine.
        """
        ...

    def open_file(self, inbound: Inbound[T], ref: str) -> AbstractAsyncContextManager[OpenedFile]:
        """Open what somebody attached (`bot.ports.OpenFile`): to this command, or to a message where it was asked for.

        Whoever can name a file may only read it where people see it anyway.
        """
        ...

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return the person as they are now, whatever is remembered; asked right before something is changed."""
        ...

    async def find_addressee(self, invocation: Invocation, typed: str) -> Addressee:
        """Return whom a mention names that was typed here, or an id as the settings have it (`bot.ports.FindAddressee`).

        Of the person in whose name it is asked nothing has to be found out.
        """
        del invocation
        raise mentioning.nobody_there(typed)

    # While it is worked on -----------------------------------------------------------------------------

    async def defer(self, inbound: Inbound[T], *, ephemeral: bool) -> Inbound[T]:
        """Tell the chat that an answer comes; return what came in with what is known from then on.

        `ephemeral`: the verb answers the person alone. A chat that is acknowledged by `receive` returning, or not at
        all, returns what it was given.
        """
        del ephemeral
        return inbound

    def progress(
        self, inbound: Inbound[T], text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Show what goes on where the chat has a place for it already (a deferred response, a line); returns at once.

        `text` is "" where nothing was reported yet. Whoever goes on with it in the background asks `wanted` before each
        request: the answer may be there by then. False where there is no such place: the engine then posts a progress
        message, which the answer takes the place of. Whoever learns that only later calls `instead`, and is asked again.
        """
        del inbound, text, wanted, instead
        return False

    async def interrupted(self, inbound: Inbound[T], card: Card) -> bool:
        """Say where `progress` is shown that the answer comes after a restart; False where there is no such place."""
        del inbound, card
        return False

    # The answer ----------------------------------------------------------------------------------------

    async def post(self, inbound: Inbound[T], card: Card, key: str) -> PostOutcome:
        """Try once to show a card to all who read the place, found again by `key`; where a deferred response waits, there.

        Files that the chat sends with a message go along.
        """
        ...

    async def edit(self, inbound: Inbound[T], message: MessageRef, card: Card, key: str) -> PostOutcome:
        """Try once to show a card instead in a message of ours, which goes on being found by `key`; safe to repeat."""
        ...

    async def delete(self, message: MessageRef) -> None:
        """Take back a message of ours; where that fails it stays."""
        ...

    async def ephemeral(self, inbound: Inbound[T], card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show a card to the one person, in place; `replaces`: instead of the ephemeral message that was pressed.

        Nobody can look for it afterwards, so repeating what may be there is the chat's own decision. Where the chat waits
        for an initial response still (a form was asked for), this is it.
        `Undeliverable` where the chat has no such way here: the engine then writes to the person directly.
        """
        ...

    async def direct_channel(self, inbound: Inbound[T]) -> str | None:
        """Return the channel of the conversation with the person ("slack:channel:T01:D01"), None where there is none."""
        del inbound
        return None

    async def dismiss(self, inbound: Inbound[T]) -> None:
        """Take back what only said that an answer comes: the answer went into the message that was pressed."""
        del inbound

    async def finish(self, inbound: Inbound[T], card: Card, message: MessageRef | None) -> None:
        """Send along the files that no message carries, and remove them from this machine.

        `message`: where the answer stands; None where one person alone sees it, or nobody.
        """
        ...

    # Forms ---------------------------------------------------------------------------------------------

    async def open_form(self, inbound: Inbound[T], form: FormOrError) -> UserError | None:
        """Open the form that was asked for, in the chat's time.

        Returns what the person has still to be told, None where they see the form, or there why there is none.
        """
        ...

    async def show_form(self, inbound: Inbound[T], form: Form) -> bool:
        """Open the form that a verb answered with; False where the card has to stand for it."""
        del inbound, form
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of receiving a command. `refusal`: why it is not answered, for an acknowledgement that can say so."""

    refusal: UserError | None = None
    answered: Awaitable[object] | None = None  # done when the answer is shown; None where nothing is answered
