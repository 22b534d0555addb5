"""A typed line -> what is meant by it.

VERB ...        say it in the channel, or in the thread that was entered
3               press button 3
#2 VERB ...     say it in the thread of message 2
#2              enter that thread: what is typed from now on is said there
#               back to the channel
quit            leave

`/clew VERB` and `@clew VERB`, as other chats have it, say VERB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.chat.one_person import somebody, unaddressed
from bot.access import TERMINAL
from bot.state import Actor, Invocation, Place

CHANNEL = "terminal:channel:local"
PERSON = TERMINAL

_THREADED = re.compile(r"#\s*(?P<root>\d{1,9})?(?:\.\d{1,9})?(?:\s+(?P<text>.*))?", re.ASCII | re.DOTALL)
_BUTTON = re.compile(r"\[?(?P<number>\d{1,9})\]?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommandText:
    """A command; `root`: the message in whose thread, None for where one is."""

    text: str
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """A button, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class Enter:
    """A thread to go into; None goes back to the channel."""

    root: str | None


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty line."""


Action = CommandText | Press | Enter | Quit | Nothing


def read(line: str) -> Action:
    """Read a line; everything else is a command text, as it was typed."""
    text = unaddressed(line.strip())
    if not text:
        return Nothing()
    if text.lower() in {"quit", "exit", ":q"}:
        return Quit()
    if button := _BUTTON.fullmatch(text):
        return Press(int(button["number"]))
    threaded = _THREADED.fullmatch(text)
    if threaded is None or (threaded["text"] and not threaded["root"]):
        return CommandText(text)
    if threaded["text"]:
        return CommandText(threaded["text"].strip(), threaded["root"])
    return Enter(threaded["root"])


def person() -> Actor:
    """Return who sits at the terminal; whoever can start Clew here is its admin anyway."""
    return somebody(PERSON)


def invocation(
    text: str,
    *,
    thread: str | None,
    key: str,
    at: datetime,
    arguments: tuple[str, ...] = (),
    values: Mapping[str, str] | None = None,
    confirmed: bool = False,
) -> Invocation:
    """Make what the handler takes out of a command that was typed, pressed or filled in."""
    return Invocation(
        actor=person(),
        place=Place(channel=CHANNEL, thread=thread, direct=True),
        text=text,
        key=key,
        at=at,
        arguments=arguments,
        values=values or {},
        confirmed=confirmed,
    )
