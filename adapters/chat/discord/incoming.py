"""What can come in from Discord, as values; `events` reads them, `app` and `work` act on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.state import Actor, Invocation, Place
from bot.suggest import Typing


class Way(StrEnum):
    """How something was said."""

    COMMAND = "slash command"
    MENTION = "mention"
    BUTTON = "button"
    MENU = "context menu"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right to answer an interaction: three seconds for the first word, then a quarter of an hour.

    The token is a secret for that long, so it is never shown, stored or logged.
    """

    id: str
    token: str = field(repr=False)
    until: datetime  # from then on answers go to the channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """ParsedCommand for the core, and what Discord gave along for answering.

    `token`: the words stand in the store under it. `message`: the one whose button was pressed; `hidden`:
    only one person sees that message. `reply_to`: the message that mentioned the bot. `room`: how many
    bytes one file may have here.
    """

    invocation: Invocation
    way: Way
    ticket: Ticket | None = None
    token: str | None = None
    message: str | None = None
    hidden: bool = False
    reply_to: str | None = None
    room: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Somebody wants a form; `invocation.words` prefill it, or those that the store has under `token`."""

    invocation: Invocation
    ticket: Ticket
    verb: str
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggesting:
    """Somebody types an option and wants to see what fits."""

    ticket: Ticket
    typing: Typing


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It cannot be taken: another server, or something that nobody knows any more; `sentence` says so."""

    ticket: Ticket | None  # None: a message, which is not answered
    sentence: str
    actor: Actor | None = (
        None  # who is not served, for the audit trail; None where the thing is just not known
    )
    place: Place | None = None
    suggesting: bool = False  # the person is still typing: nothing is offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Do nothing: our own messages, other bots, messages that do not speak to us."""


Incoming = Said | Opening | Suggesting | Refused | Nothing
