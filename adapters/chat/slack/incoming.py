"""What can come in from Slack, as values; `events` reads them, `app` and `work` act on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.state import Actor, Invocation, Place


class Way(StrEnum):
    """How something was said."""

    COMMAND = "slash command"
    MENTION = "mention"
    DIRECT = "direct message"
    BUTTON = "button"
    SHORTCUT = "shortcut"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """ParsedCommand for the core, and what Slack gave along for answering.

    `message`: the ts of the message whose button was pressed; `hidden`: that message is ephemeral.
    `within`: the thread that it was said in; None at the message that a thread hangs on, or may hang on one day.
    """

    invocation: Invocation
    way: Way
    response_url: str | None = None
    trigger_id: str | None = None
    message: str | None = None
    hidden: bool = False
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Somebody wants a form; `invocation.words` prefill it. `placed`: it is known where the answer goes."""

    invocation: Invocation
    trigger_id: str
    placed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistaken:
    """A form was sent with values that cannot be right: what is wrong, by field."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggesting:
    """A select wants the launchers that fit what was typed so far."""

    typed: str
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened:
    """Somebody looks at the app's home."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class Removed:
    """Slack says that the app or its token was taken away; Slack is asked whether that is so."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot was invited to a channel, by the channel's name."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It comes from where this bot does not serve; `sentence` is for the person, where there is one to tell."""

    sentence: str
    actor: Actor
    place: Place
    response_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """Slack asks whether the HTTP address is ours; it wants its challenge back."""

    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Acknowledge it, do nothing: our own messages, other bots, edits, closed forms, pages opened."""


Incoming = (
    Said | Opening | Mistaken | Suggesting | HomeOpened | Removed | Joined | Challenged | Refused | Nothing
)
