"""A page with a platform and a database in memory behind it, for one test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.chat.browser.app import BrowserChat
from adapters.chat.browser.events import CHANGES, RUNS
from adapters.chat.browser.pages import Welcome
from adapters.chat.browser.room import Message, Room
from adapters.chat.browser.sender import Sender
from adapters.chat.browser.settings import Browser
from adapters.clock import SystemClock
from bot.cards import Card
from bot.ports import Delivered, Post
from tests.fakes.chat_page import OPEN, PATIENCE, Visitor, page_served
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import Stage


@dataclass(kw_only=True)
class Page:
    """`sender` is the chat, `visitor` somebody before it."""

    stage: Stage
    chat: BrowserChat
    visitor: Visitor
    posted: list[str] = field(default_factory=list)

    @property
    def room(self) -> Room:
        """What was said."""
        return self.chat.chat.room

    @property
    def messages(self) -> list[Message]:
        """All that was said, in order."""
        found = self.room.since(0)
        assert found is not None
        return sorted(found[0], key=lambda message: int(message.id))

    async def announce(self, card: Card, *, channel: str = RUNS.id, thread: str | None = None) -> str:
        """Post a card as the deliverer does, and return the id of the message."""
        sender = self.chat.chat
        key = f"announcement-{len(self.posted)}"
        outcome = await sender.post(
            Post(channel=channel, payload=sender.render(card), key=key, thread=thread)
        )
        assert isinstance(outcome, Delivered)
        self.posted.append(outcome.message_id)
        return outcome.message_id

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so; whatever is so changes the room."""
        async with asyncio.timeout(PATIENCE):
            while not so():
                await self.room.changed.wait()


@asynccontextmanager
async def a_page(folder: Path, service: FakeRunService | None = None) -> AsyncIterator[Page]:
    """Serve a page, and let somebody come who was shown its address. The platform has one run, which failed."""
    stage = Stage(policy=OPEN, service=service or FakeRunService())
    run = stage.service.add_run(a_run(1))
    stage.service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts",)))
    sender = Sender(room=Room(), clock=stage.clock, folder=folder)
    chat = BrowserChat(
        sender, stage.handler, SystemClock(), settings=Browser(folder=folder), welcome=Welcome()
    )
    async with page_served(chat) as visitor:
        yield Page(stage=stage, chat=chat, visitor=visitor)


def a_card(title: str = "Nightly: 1 new failure") -> Card:
    """Return a card of a title alone."""
    return Card(title=(title,), text=(f"{title}.",))


__all__ = ["CHANGES", "RUNS", "Page", "a_card", "a_page"]
