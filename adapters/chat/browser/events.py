"""What a page sends -> what is meant by it; pure.

A page names a channel by its short name and a thread by the message that it hangs on. `act` is one human act's own name,
so that a request that is sent again acts once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.chat.one_person import somebody, unaddressed
from bot.replies import chat_page
from bot.state import AttachedFile, Invocation, Place

PERSON = "browser:user:local"
_ACT = re.compile(r"[0-9A-Za-z-]{8,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel: its id everywhere, its name on the page, and what it is for, in a sentence."""

    name: str
    topic: str

    @property
    def id(self) -> str:
        """Its id."""
        return f"browser:channel:{self.name}"


RUNS = Channel(name="runs", topic=chat_page.RUNS)
CHANGES = Channel(name="changes", topic=chat_page.CHANGES)
CHANNELS = (RUNS, CHANGES)


@dataclass(frozen=True, slots=True)
class Where:
    """A channel and, inside it, maybe a thread."""

    channel: Channel
    thread: str | None = None

    @property
    def place(self) -> Place:
        """The same as the core knows it."""
        return Place(channel=self.channel.id, thread=self.thread)


def where(given: Mapping[str, str]) -> Where | None:
    """Read where a page is; the first channel where it names none, None where what it names cannot be one."""
    name, thread = given.get("in") or CHANNELS[0].name, given.get("thread") or None
    channel = next((c for c in CHANNELS if c.name == name), None)
    if channel is None or (thread is not None and not _NUMBER.fullmatch(thread)):
        return None
    return Where(channel, thread)


def channel_of(channel_id: str) -> Channel | None:
    """Return the channel with an id."""
    return next((c for c in CHANNELS if c.id == channel_id), None)


def command_text(line: str) -> str:
    """Return the command in what was typed: `/VERB` and `/clew VERB` say VERB."""
    return unaddressed(line.strip()).removeprefix("/").strip()


def act(given: Mapping[str, str], new_key: Callable[[], str]) -> str:
    """Return the name of the act that a request is, a new one where it has none."""
    own = given.get("act", "")
    return f"act:{own}" if _ACT.fullmatch(own) else new_key()


def invocation(
    text: str,
    at: datetime,
    *,
    where: Where,
    key: str,
    values: Mapping[str, str] | None = None,
    attached: tuple[AttachedFile, ...] = (),
) -> Invocation:
    """Make what the handler takes out of a command that was typed, pressed or filled in."""
    return Invocation(
        actor=somebody(PERSON),
        place=where.place,
        text=text,
        key=key,
        at=at,
        values=values or {},
        attached=attached,
    )
