"""The chats of one suite: each implementation of `bot.ports.Chat` adds the way to set it up."""

from __future__ import annotations

import errno
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from adapters.chat.browser.events import RUNS
from adapters.chat.browser.room import Room
from adapters.chat.browser.sender import Sender as BrowserSender
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from adapters.clock import SystemClock
from bot.ports import Chat
from tests.fakes import discord as discord_faults
from tests.fakes.chat import FakeChat, Posting
from tests.fakes.clock import ManualClock
from tests.fakes.discord import serve as loopback_discord
from tests.fakes.discord_live import running_bot as discord_bot
from tests.fakes.slack import serve
from tests.fakes.slack_api import DROPPED, LOST_REPLY
from tests.fakes.slack_bot import QuickClock, bare_sender
from tests.fakes.slack_world import MAIN, TEAM


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatStage:
    """A chat that a test can play on.

    `lose_answer` lets the next post be stored and its answer be lost; `drop` lets it vanish on the way; each None where
    there is no way for that to happen on.
    `settle` passes the settle time.
    """

    chat: Chat
    channel: str
    now: Callable[[], datetime]
    lose_answer: Callable[[], None] | None
    drop: Callable[[], None] | None
    settle: Callable[[], None]
    violations: Callable[[], list[str]]


@asynccontextmanager
async def in_memory() -> AsyncIterator[ChatStage]:
    """Set up the chat in memory."""
    clock = ManualClock()
    chat = FakeChat(clock=clock)
    yield ChatStage(
        chat=chat,
        channel="fake:channel:C1",
        now=clock.now,
        lose_answer=lambda: chat.next_posts(Posting.LOST_REPLY),
        drop=lambda: chat.next_posts(Posting.DROPPED),
        settle=lambda: clock.pass_time(chat.reconcile_after),
        violations=lambda: chat.violations,
    )


@asynccontextmanager
async def in_slack() -> AsyncIterator[ChatStage]:
    """Set up Slack's sender against a loopback Slack."""
    clock = QuickClock()
    async with serve() as slack, bare_sender(slack, clock) as sender:
        yield ChatStage(
            chat=sender,
            channel=f"slack:channel:{TEAM}:{MAIN}",
            now=clock.now,
            lose_answer=lambda: slack.api.fault("chat.postMessage", LOST_REPLY),
            drop=lambda: slack.api.fault("chat.postMessage", DROPPED),
            settle=lambda: None,  # what was stored is there at once
            violations=lambda: slack.world.violations,
        )


@asynccontextmanager
async def in_discord() -> AsyncIterator[ChatStage]:
    """Set up Discord's sender, logged in at a loopback Discord."""
    async with loopback_discord() as discord, discord_bot(discord) as bot:
        messages = f"/channels/{discord.main}/messages"
        yield ChatStage(
            chat=bot.chat.chat,
            channel=discord.place,
            now=SystemClock().now,
            lose_answer=lambda: discord.fault("POST", messages, discord_faults.LOST_REPLY),
            drop=lambda: discord.fault("POST", messages, discord_faults.DROPPED),
            settle=lambda: None,  # what was stored is there at once
            violations=lambda: discord.violations,
        )


@asynccontextmanager
async def in_terminal() -> AsyncIterator[ChatStage]:
    """Set up the terminal's sender on a screen in memory."""
    clock = ManualClock()
    stream = Unsteady()
    screen = Screen(Console(file=stream, width=80, highlight=False, markup=False, emoji=False))
    yield ChatStage(
        chat=Sender(screen=screen, transcript=Transcript(), clock=clock),
        channel=CHANNEL,
        now=clock.now,
        lose_answer=stream.fail_once,
        drop=None,  # what cannot be kept is not shown, and is certainly not there
        settle=lambda: None,  # what was posted is there at once
        violations=list,
    )


@asynccontextmanager
async def in_browser() -> AsyncIterator[ChatStage]:
    """Set up the sender of a page."""
    clock = ManualClock()
    yield ChatStage(
        chat=BrowserSender(room=Room(), clock=clock),
        channel=RUNS.id,
        now=clock.now,
        lose_answer=None,  # what is shown is in this process, or it is not
        drop=None,
        settle=lambda: None,
        violations=list,
    )


class Unsteady(io.StringIO):
    """A screen that can go away in the middle of a message."""

    failing = False

    def fail_once(self) -> None:
        """Let the next write fail."""
        self.failing = True

    def write(self, text: str) -> int:
        """Take a piece of a message."""
        if self.failing:
            self.failing = False
            raise OSError(errno.EIO, "the terminal is gone")
        return super().write(text)


STAGES: dict[str, Callable[[], AbstractAsyncContextManager[ChatStage]]] = {
    "in memory": in_memory,
    "browser": in_browser,
    "discord": in_discord,
    "slack": in_slack,
    "terminal": in_terminal,
}
