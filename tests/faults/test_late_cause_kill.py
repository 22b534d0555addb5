"""kill -9 between an announcement and its edit: the next process says why the run broke, in the same message."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.store.store import open_store
from bot.cards import Card, plain
from bot.ports import Delivered, PostOutcome
from bot.state import MessageRef
from bot.watch.causes import LateCauses
from tests.fakes.chat import FakeChat
from tests.faults.late_cause_process import CRASH, a_platform, a_poller, deliver

ROOT = Path(__file__).parents[2]


class EditedChat(FakeChat):
    """A chat whose messages of an earlier process are there too."""

    edits: tuple[tuple[str, Card], ...] = ()

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Take it."""
        self.edits += ((message.message_id, card),)
        return Delivered(message.message_id)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_kill__around_the_post(database: str, when: str) -> None:
    """One message says it, posted once, whichever process came to that."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.late_cause_process", database, when, cwd=ROOT
    )
    assert await worker.wait() == -signal.SIGKILL

    async with open_store(database) as store:
        chat = EditedChat(clock=SystemClock())
        poller = a_poller(a_platform(broken=True), store, {chat.name: chat.render})
        causes = LateCauses(
            poller.finishing, clock=SystemClock(), chats={chat.name: chat}, on_rows=lambda: None
        )
        await poller.tick()
        await deliver(store, chat)
        await causes.tick()
        await causes.tick()
        waiting = await store.late_causes("demo")

    ((_, card),) = chat.edits
    assert CRASH in plain(card.text)
    assert len(chat.posts) == (when == "before")
    assert waiting == ()
