"""What was said in the terminal: messages, their threads, and the numbers to press.

Ids are what people see: "2" is the second message, "2.1" the first reply in its thread. Which keys were posted
is kept in a file, so that a message is not shown again after a crash between showing it and noting it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from adapters.chat.content import Content, Control
from adapters.private import touch
from bot.model import Secret

KEPT_LINES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message as the file remembers it."""

    id: str
    thread: str | None
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that is on the screen. `announced`: nobody here asked for it. `live`: it is edited.

    `report_url` is what its report button opens, for this session only.
    """

    posted: Posted
    content: Content
    report_url: Secret | None = None
    announced: bool = False
    live: bool = False

    @property
    def root(self) -> str:
        """The message on which its thread hangs."""
        return self.posted.thread or self.posted.id

    @property
    def name(self) -> str:
        """What stands before its title."""
        return f"#{self.posted.thread} >" if self.posted.thread else f"#{self.posted.id}"


class Transcript:
    """Every message of this terminal, in order."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._posted: dict[str, Posted] = {}
        self._messages: dict[str, Message] = {}
        self._numbers: dict[tuple[str, Control], int] = {}
        self._controls: list[tuple[str, Control]] = []  # number 1 stands first
        self._replies: dict[str, int] = {}
        self._roots = 0
        self.trouble = ""  # why messages of this session may be shown again after a restart
        if file is not None:
            try:
                self._load(touch(file))
            except OSError as error:
                self.trouble = error.strerror or type(error).__name__

    def add(
        self,
        content: Content,
        *,
        key: str,
        at: datetime,
        thread: str | None = None,
        report_url: Secret | None = None,
        announced: bool = False,
    ) -> Message:
        """Add a message and remember its key, durably where the file can be written; then return it."""
        new = str(self._roots + 1) if thread is None else f"{thread}.{self._replies.get(thread, 0) + 1}"
        posted = Posted(id=new, thread=thread, key=key, at=at)
        self._keep(posted)
        self._remember(posted)
        message = Message(posted=posted, content=content, report_url=report_url, announced=announced)
        self._messages[posted.id] = message
        return message

    def edit(self, message_id: str, content: Content) -> Message | None:
        """Let a message say something else, one of an earlier session too; None where there is none."""
        posted = self._posted.get(message_id)
        if posted is None:
            return None
        message = self._messages.get(message_id) or Message(posted=posted, content=content)
        self._messages[message_id] = replace(message, content=content, live=True)
        return self._messages[message_id]

    def message(self, message_id: str) -> Message | None:
        """Return a message of this session."""
        return self._messages.get(message_id)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message of this session, oldest first."""
        return tuple(self._messages.values())

    def find(self, *, thread: str | None, key: str, since: datetime) -> str | None:
        """Return the id of the message with a key, sessions before this one included."""
        fitting = (p for p in self._posted.values() if (p.thread, p.key) == (thread, key) and p.at >= since)
        return next((posted.id for posted in fitting), None)

    def has_thread(self, root: str) -> bool:
        """Whether there is, or was, a message that a thread can hang on."""
        return root in self._posted and self._posted[root].thread is None

    def numbers(self, message: Message) -> tuple[int, ...]:
        """Return the numbers of a message's controls; a control keeps its number when it is drawn again."""
        return tuple(self._number(message.posted.id, control) for control in message.content.controls)

    def pressed(self, number: int) -> tuple[Message, Control] | None:
        """Return what a number stands for; None where it is not there or not any more."""
        if not 0 < number <= len(self._controls):
            return None
        message_id, control = self._controls[number - 1]
        message = self._messages[message_id]
        return (message, control) if control in message.content.controls else None

    def _number(self, message_id: str, control: Control) -> int:
        found = self._numbers.get((message_id, control))
        if found is None:
            self._controls.append((message_id, control))
            found = self._numbers[message_id, control] = len(self._controls)
        return found

    def _keep(self, posted: Posted) -> None:
        if self._file is None:
            return
        try:
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(posted) + b"\n")
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
        else:
            self.trouble = ""

    def _remember(self, posted: Posted) -> None:
        self._posted[posted.id] = posted
        if posted.thread is None:
            self._roots = int(posted.id)
        else:
            self._replies[posted.thread] = self._replies.get(posted.thread, 0) + 1

    def _load(self, file: Path) -> None:
        """Read what sessions before this one posted; a line that a crash cut short is left out."""
        lines = file.read_bytes().split(b"\n")
        for posted in _read(lines):
            self._remember(posted)
        if lines[-1]:
            with file.open("ab") as rest:
                rest.write(b"\n")  # what comes next must not hang on to it
        if len(lines) > 2 * KEPT_LINES:
            short = touch(file.with_suffix(".new"))
            short.write_bytes(b"\n".join(lines[-KEPT_LINES:]))
            short.replace(file)


def _read(lines: list[bytes]) -> Iterator[Posted]:
    for line in filter(None, lines):
        try:
            yield msgspec.json.decode(line, type=Posted)
        except msgspec.DecodeError:
            continue
