"""Shows cards in the terminal, and fills the port that announcements come through."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from adapters.chat import saved_files
from adapters.chat.content import encode, posted
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.render import render
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.transcript import Message, Transcript
from bot.cards import Card
from bot.ports import Clock, Delivered, Found, Lookup, Missing, Post, PostOutcome, Unconfirmed, Undeliverable
from bot.replies.prompt import record_not_written
from bot.state import MessageRef


class Sender:
    """The terminal as a chat. `changed` is set whenever a message came or changed."""

    name = "terminal"
    reconcile_after = 0.0  # showing is done when `post` returns, or it never will be

    def __init__(
        self, *, screen: Screen, transcript: Transcript, clock: Clock, folder: Path = saved_files.FOLDER
    ) -> None:
        self.screen = screen
        self.transcript = transcript
        self.changed = asyncio.Event()
        self._troubled = False
        self._clock = clock
        self._folder = folder

    def render(self, card: Card) -> str:
        """Turn a card into a content, as JSON."""
        return encode(render(card))

    async def post(self, post: Post) -> PostOutcome:
        """Show one announcement."""
        if post.channel != CHANNEL:
            return Undeliverable("The terminal has one channel only.")
        if post.thread is not None and not self.transcript.has_thread(post.thread):
            return Undeliverable("There is no such thread in this terminal.", channel_lost=False)
        content = posted(post)
        if isinstance(content, Undeliverable):
            return content
        return self._shown(
            self.transcript.add(
                content,
                key=post.key,
                at=self._clock.now(),
                thread=post.thread,
                report_url=post.report_url,
                announced=True,
            )
        )

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Let a message say something else."""
        before = self.transcript.message(message.message_id)
        now = self.transcript.edit(message.message_id, render(card))
        if now is None or message.channel != CHANNEL:
            return Undeliverable("That message is not on this screen.", channel_lost=False)
        return self._shown(now, before)

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Look in the transcript, that of sessions before this one included."""
        found = self.transcript.find(thread=thread, key=key, since=since) if channel == CHANNEL else None
        return Found(found) if found else Missing()

    async def is_shared(self, channel: str) -> bool:  # noqa: ARG002 - the port's signature
        """Say no: this terminal is seen by one person."""
        return False

    def send(self, card: Card, *, key: str, thread: str | None) -> PostOutcome:
        """Show a reply with its files saved and named."""
        card = self.with_files_saved(card)
        link = next((button.signed for button in card.buttons if button.signed), None)
        return self._shown(
            self.transcript.add(render(card), key=key, at=self._clock.now(), thread=thread, report_url=link)
        )

    def with_files_saved(self, card: Card) -> Card:
        """Move a card's files to where the person finds them, and name them so."""
        return saved_files.with_files_saved(card, self._folder)

    def threads(self) -> tuple[str, ...]:
        """Return the messages that a thread can hang on, newest first."""
        return tuple(m.posted.id for m in reversed(self.transcript.messages) if m.posted.thread is None)

    def status(self) -> list[str]:
        """Return a line for each message that lives on."""
        return self.screen.status(self.transcript.messages)

    def _shown(self, message: Message, before: Message | None = None) -> PostOutcome:
        """Show a message, or how it differs from what stands on the screen; wake whoever waits for one."""
        try:
            self._show(message, before)
        except OSError as error:
            return Unconfirmed(f"This terminal did not take the message whole ({error.strerror}).")
        self.changed.set()
        self.changed = asyncio.Event()
        return Delivered(message.posted.id)

    def _show(self, message: Message, before: Message | None) -> None:
        if self.transcript.trouble and not self._troubled:
            self.screen.line(record_not_written(self.transcript.trouble))
        self._troubled = bool(self.transcript.trouble)
        if before is None:
            self.screen.message(message, self.transcript)
        else:
            self.screen.changed(message, before.content, self.transcript)
