"""What was said in the page's channels: messages in memory, and in which order they changed.

`version` counts every change. A page knows up to which one it is right, and asks for the messages that changed since then,
each as it is now: whoever was away for long gets the same as who was not, once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.chat.content import Content, Control
from bot.model import Secret

MOST = 600  # messages; older ones go, each with its thread
REMEMBERED = 2_000  # messages that went


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. `typed`: what the person said; else `content` is what Clew did.

    `report_url` is what its report button opens. `ephemeral`: only the person sees it. `announced`: nobody here asked for it.
    `made` and `changed` are versions. `replies`: how many stand in its thread.
    """

    id: str
    channel: str
    thread: str | None
    key: str
    at: datetime
    made: int
    changed: int
    typed: str = ""
    content: Content | None = None
    report_url: Secret | None = None
    ephemeral: bool = False
    announced: bool = False
    replies: int = 0

    @property
    def root(self) -> str:
        """The message on which its thread hangs."""
        return self.thread or self.id


class Room:
    """Every message, in order. `changed` is set, and replaced, whenever something changed; `closed` for good at the end."""

    def __init__(self) -> None:
        self.version = 0
        self.changed = asyncio.Event()
        self.closed = False
        self._messages: dict[str, Message] = {}
        self._gone: dict[str, int] = {}  # ids of messages that went, and when
        self._forgotten = 0  # the version up to which it is not known any more what went
        self._read: dict[str, int] = {}
        self._working: dict[str, tuple[str, str | None, str]] = {}
        self._ids = 0

    # Written ----------------------------------------------------------------------------------------------

    def say(self, channel: str, thread: str | None, *, key: str, at: datetime, text: str) -> None:
        """Add what the person said."""
        self._add(channel, thread, key, at, typed=text)

    def add(
        self,
        channel: str,
        thread: str | None,
        *,
        key: str,
        at: datetime,
        content: Content,
        report_url: Secret | None = None,
        ephemeral: bool = False,
        announced: bool = False,
    ) -> Message:
        """Add what Clew says."""
        return self._add(
            channel, thread, key, at,
            content=content, report_url=report_url, ephemeral=ephemeral, announced=announced,
        )  # fmt: skip

    def edit(self, message_id: str, content: Content, report_url: Secret | None = None) -> Message | None:
        """Let a message of Clew's say something else; None where there is none."""
        message = self._messages.get(message_id)
        if message is None or message.content is None:
            return None
        if message.content != content:
            url = report_url or message.report_url
            self._put(replace(message, content=content, report_url=url, changed=self._next()))
            self._tell()
        return self._messages[message_id]

    def remove(self, message_id: str) -> None:
        """Take a message back, with its thread."""
        if message_id in self._messages:
            self._drop(message_id)
            self._tell()

    def work(self, key: str, channel: str, thread: str | None, text: str) -> None:
        """Say that something is being worked on, until `done`."""
        self._working[key] = (channel, thread, text)
        self._next()
        self._tell()

    def done(self, key: str) -> None:
        """Say that it is over."""
        if self._working.pop(key, None) is not None:
            self._next()
            self._tell()

    def read(self, channel: str, version: int) -> None:
        """Note that the person has seen a channel up to a version."""
        version = min(version, self.version)
        if self.unread()[channel] and version > self._read.get(channel, 0):
            self._read[channel] = version
            self._next()
            self._tell()

    def close(self) -> None:
        """Let whoever waits for changes go."""
        self.closed = True
        self._tell()

    # Read -------------------------------------------------------------------------------------------------

    def since(self, version: int) -> tuple[list[Message], list[str]] | None:
        """Return the messages that changed after a version, in the order of that, and the ids of those that went.

        None where that is not known: the version is of another room, or too old.
        """
        if not self._forgotten <= version <= self.version:
            return None
        changed = sorted((m for m in self._messages.values() if m.changed > version), key=lambda m: m.changed)
        return changed, [one for one, at in self._gone.items() if at > version]

    def message(self, message_id: str) -> Message | None:
        """Return a message."""
        return self._messages.get(message_id)

    def main(self, channel: str) -> tuple[Message, ...]:
        """Return the messages of a channel that stand in no thread, oldest first."""
        return tuple(m for m in self._messages.values() if m.channel == channel and m.thread is None)

    def thread(self, root: str) -> tuple[Message, ...]:
        """Return what stands in a message's thread, oldest first."""
        return tuple(m for m in self._messages.values() if m.thread == root)

    def said(self, key: str) -> bool:
        """Whether the person said that already."""
        return any(m.content is None and m.key == key for m in self._messages.values())

    def find(self, channel: str, thread: str | None, key: str) -> Message | None:
        """Return Clew's message with a key."""
        fitting = (m for m in self._messages.values() if m.content and m.key == key)
        return next((m for m in fitting if (m.channel, m.thread) == (channel, thread)), None)

    def has_thread(self, channel: str, root: str) -> bool:
        """Whether there is a message in a channel that a thread can hang on."""
        message = self._messages.get(root)
        return message is not None and message.channel == channel and message.thread is None

    def pressed(self, message_id: str, name: str) -> tuple[Message, Control] | None:
        """Return the button with a name, where its message still has it."""
        message = self._messages.get(message_id)
        controls = message.content.controls if message and message.content else ()
        found = next((control for control in controls if control.name == name), None)
        return (message, found) if message and found else None

    def unread(self) -> Counter[str]:
        """Count by channel what Clew said since the person looked."""
        return Counter(
            m.channel for m in self._messages.values() if m.content and m.made > self._read.get(m.channel, 0)
        )

    def seen_until(self, channel: str) -> int:
        """Return up to which version the person has seen a channel."""
        return self._read.get(channel, 0)

    def working(self) -> tuple[tuple[str, str | None, str], ...]:
        """Return what is being worked on: channel, thread and text."""
        return tuple(self._working.values())

    # Pieces -----------------------------------------------------------------------------------------------

    def _add(
        self,
        channel: str,
        thread: str | None,
        key: str,
        at: datetime,
        *,
        typed: str = "",
        content: Content | None = None,
        report_url: Secret | None = None,
        ephemeral: bool = False,
        announced: bool = False,
    ) -> Message:
        if thread is not None and not self.has_thread(channel, thread):
            thread = None  # it went meanwhile: what belongs to it stands in the channel, and is not lost
        self._ids += 1
        version = self._next()
        message = Message(
            id=str(self._ids), channel=channel, thread=thread, key=key, at=at, made=version, changed=version,
            typed=typed, content=content, report_url=report_url, ephemeral=ephemeral, announced=announced,
        )  # fmt: skip
        self._put(message)
        self._count_replies(thread)
        self._make_room(message.root)
        self._tell()
        return message

    def _count_replies(self, root: str | None) -> None:
        """Let the message on which a thread hangs say how long that is."""
        message = self._messages.get(root or "")
        if message is not None:
            count = sum(1 for _ in self.thread(message.id))
            self._put(replace(message, replies=count, changed=self._next()))

    def _make_room(self, kept: str) -> None:
        while len(self._messages) > MOST:
            self._drop(next(one for one in self._messages if one != kept))

    def _drop(self, message_id: str) -> None:
        message = self._messages[message_id]
        for one in (message, *self.thread(message_id)):
            del self._messages[one.id]
            self._gone[one.id] = self._next()
        if message.thread is not None:
            self._count_replies(message.thread)
        while len(self._gone) > REMEMBERED:
            self._forgotten = self._gone.pop(next(iter(self._gone)))

    def _put(self, message: Message) -> None:
        self._messages[message.id] = message

    def _next(self) -> int:
        self.version += 1
        return self.version

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
