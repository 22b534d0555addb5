"""Shows cards on the page, and fills the port that announcements come through."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from adapters.chat import saved_files
from adapters.chat.browser.events import channel_of
from adapters.chat.browser.render import render
from adapters.chat.browser.room import Message, Room
from adapters.chat.content import encode, posted
from bot.cards import Card
from bot.model import Secret
from bot.ports import Clock, Delivered, Found, Lookup, Missing, Post, PostOutcome, Undeliverable
from bot.state import MessageRef, Place

MOST_FILES = 200  # that came with cards; older ones are removed


class Sender:
    """The page as a chat."""

    name = "browser"
    reconcile_after = 0.0  # a message is there when `post` returns, or it never will be

    def __init__(self, *, room: Room, clock: Clock, folder: Path = saved_files.FOLDER) -> None:
        self.room = room
        self._clock = clock
        self._folder = folder
        self._saved: dict[str, Path] = {}

    def render(self, card: Card) -> str:
        """Turn a card into a content, as JSON."""
        return encode(render(card))

    async def post(self, post: Post) -> PostOutcome:
        """Show one announcement."""
        if channel_of(post.channel) is None:
            return Undeliverable("The page has no such channel.")
        content = posted(post)
        if isinstance(content, Undeliverable):
            return content
        return _shown(
            self.room.add(
                post.channel,
                post.thread,
                key=post.key,
                at=self._clock.now(),
                content=content,
                report_url=post.report_url,
                announced=True,
            )
        )

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Let a message say something else, with its files saved."""
        there = self.room.message(message.message_id)
        if there is None or there.channel != message.channel:
            return _not_there()
        card = self._with_files_saved(card)
        edited = self.room.edit(message.message_id, render(card), _link(card))
        return _not_there() if edited is None else _shown(edited)

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Look among the messages; what an earlier process showed is gone with its page."""
        del since
        found = self.room.find(channel, thread, key)
        return Found(found.id) if found else Missing()

    async def is_shared(self, channel: str) -> bool:  # noqa: ARG002 - the port's signature
        """Say no: one person on this machine sees the page."""
        return False

    def send(self, card: Card, *, key: str, place: Place, ephemeral: bool = False) -> PostOutcome:
        """Show a reply with its files saved."""
        card = self._with_files_saved(card)
        return _shown(
            self.room.add(
                place.channel,
                place.thread,
                key=key,
                at=self._clock.now(),
                content=render(card),
                report_url=_link(card),
                ephemeral=ephemeral,
            )
        )

    def saved(self, name: str) -> Path | None:
        """Return where a file lies that a message names; None for any other."""
        return self._saved.get(name)

    def _with_files_saved(self, card: Card) -> Card:
        card = saved_files.with_files_saved(card, self._folder)
        self._saved |= {Path(file.path).name: Path(file.path) for file in card.files}
        while len(self._saved) > MOST_FILES:
            self._saved.pop(next(iter(self._saved))).unlink(missing_ok=True)
        return card


def _link(card: Card) -> Secret | None:
    return next((button.signed for button in card.buttons if button.signed), None)


def _shown(message: Message) -> Delivered:
    return Delivered(message.id)


def _not_there() -> Undeliverable:
    return Undeliverable("That message is not on the page.", channel_lost=False)
