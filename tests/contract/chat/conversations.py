"""The chats of one suite: in each of them a person gives commands to Clew, over whatever that chat's wire is.

Processes come and go; the chat, the database and the test platform stay. Slack and Discord are loopbacks with the
real libraries before them, the terminal has a screen in memory, and the fake one is the engine on a surface in memory.
"""

from __future__ import annotations

import asyncio
import io
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.chat.browser.app import BrowserChat
from adapters.chat.browser.events import RUNS
from adapters.chat.browser.pages import Welcome
from adapters.chat.browser.room import Room
from adapters.chat.browser.sender import Sender as BrowserSender
from adapters.chat.browser.settings import Browser
from adapters.chat.conversation import Conversation
from adapters.chat.surface import Deadlines
from adapters.chat.terminal.app import TerminalChat
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from adapters.clock import SystemClock
from bot.access import Policy
from bot.cards import Form, plain
from bot.command import Services
from bot.handler import Handler
from tests.fakes import discord_live, slack_bot
from tests.fakes.chat import FakeChat
from tests.fakes.chat_page import OPEN, Visitor, page_served
from tests.fakes.clock import ManualClock
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord import serve as serve_discord
from tests.fakes.gated import GatedStore
from tests.fakes.held import HeldService
from tests.fakes.runs import a_run, run_id, some_results
from tests.fakes.slack import FakeSlack
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_world import ALICE
from tests.fakes.stage import CHANNEL, Stage
from tests.fakes.surface import FakeSurface, Thinking

SLOW, QUICK = run_id(1), run_id(2)
EPHEMERAL = 1 << 6  # of a message's flags in Discord
MODAL = 9  # of an initial response in Discord
HURRY = 0.05  # seconds that a process gets to finish what it answers


class Talk(ABC):
    """One chat. A process is one `async with process()`; `hurried` ones do not finish what they answer."""

    def __init__(self) -> None:
        self.store = GatedStore()
        self.service = HeldService(SLOW)
        self.service.add_run(a_run(1))
        run = self.service.add_run(a_run(2))
        self.service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts",)))

    @abstractmethod
    def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AbstractAsyncContextManager[Callable[[], bool]]:
        """Run a process; gives whether commands reach it by now. `connect`: wait until they do."""

    @abstractmethod
    async def say(self, text: str) -> Any:
        """Let a person give a command; return what was delivered, when the chat knows what became of it."""

    @abstractmethod
    async def again(self, delivered: Any) -> None:
        """Deliver the same command once more."""

    @abstractmethod
    async def say_below(self, text: str) -> None:
        """Let the person say something in the thread of the newest answer that all see."""

    @abstractmethod
    async def told(self, delivered: Any) -> None:
        """Wait until the chat was told that it came in, so that nobody sees it fail."""

    @property
    @abstractmethod
    def public(self) -> list[str]:
        """What others than the person read of the bot's messages."""

    @property
    @abstractmethod
    def alone(self) -> list[str]:
        """What the person alone reads."""

    @property
    @abstractmethod
    def forms(self) -> int:
        """How often a form was put before the person, or the way to it."""

    redelivers = False  # the chat sends again what was not acknowledged
    has_others = True  # others read what is public

    @property
    def progress(self) -> str:
        """All that is shown at this moment, progress included."""
        return "\n".join(self.seen)

    @property
    def refusals(self) -> list[str]:
        """What the person reads beside messages, where a command is acknowledged with a refusal."""
        return self.seen

    @property
    def violations(self) -> list[str]:
        """What the chat minded."""
        return []

    @property
    def seen(self) -> list[str]:
        """All that the person reads."""
        return [*self.public, *self.alone]

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so, in the chat, the database or the process."""
        async with asyncio.timeout(30):
            while not so():  # noqa: ASYNC110 - libraries, sockets and the database have no event in common
                await asyncio.sleep(0.005)

    async def done(self, commands: int) -> None:
        """Wait until so many commands are accepted and all of them answered."""
        await self.until(lambda: len(self.store.commands) >= commands and not self.store.unanswered)


class SlackTalk(Talk):
    """Slash commands and mentions over sockets."""

    redelivers = True

    def __init__(self, slack: FakeSlack) -> None:
        super().__init__()
        self._slack = slack
        self._acknowledged: list[str] = []

    @asynccontextmanager
    async def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AsyncIterator[Callable[[], bool]]:
        timing = replace(slack_bot.TIMING, drain=HURRY) if hurried else slack_bot.TIMING
        async with slack_bot.running_bot(
            self._slack, store=self.store, service=self.service, timing=timing, connect=connect
        ) as bot:
            yield lambda: bot.chat.connected

    async def say(self, text: str) -> Any:
        payload = self._slack.command_payload(text)
        acknowledgement = await self._slack.gate.deliver("slash_commands", payload)
        self._acknowledged.append(str(acknowledgement.payload))
        return payload

    async def again(self, delivered: Any) -> None:
        await self._slack.gate.deliver("slash_commands", delivered, retry=1)

    async def say_below(self, text: str) -> None:
        answer = next(m for m in reversed(self._slack.world.ours()) if m.only_for is None)
        await self._slack.mention(text, thread=answer.ts)

    async def told(self, delivered: Any) -> None:
        """Know that it was: a delivery ends with its acknowledgement."""

    @property
    def public(self) -> list[str]:
        return [m.words for m in self._slack.world.ours() if m.only_for is None]

    @property
    def alone(self) -> list[str]:
        return [m.words for m in self._slack.world.ours() if m.only_for == ALICE]

    @property
    def forms(self) -> int:
        return len(self._slack.world.views)

    @property
    def refusals(self) -> list[str]:
        return self._acknowledged

    @property
    def violations(self) -> list[str]:
        return self._slack.world.violations


class DiscordTalk(Talk):
    """Slash commands over the gateway."""

    def __init__(self, discord: FakeDiscord) -> None:
        super().__init__()
        self._discord = discord
        self._sent: dict[str, Mapping[str, Any]] = {}
        emit = discord.backend.emit

        def noting(event: str, payload: Mapping[str, Any]) -> None:
            if event == "INTERACTION_CREATE":
                self._sent[str(payload["id"])] = payload
            emit(event, payload)

        discord.backend.emit = noting  # type: ignore[method-assign]  # this one's alone

    @asynccontextmanager
    async def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AsyncIterator[Callable[[], bool]]:
        timing = replace(discord_live.TIMING, drain=HURRY) if hurried else discord_live.TIMING
        async with discord_live.running_bot(
            self._discord, store=self.store, service=self.service, timing=timing, connect=connect
        ) as bot:
            yield lambda: bot.chat.connected

    async def say(self, text: str) -> Any:
        verb, *given = text.split()
        options: dict[str, Any] = dict(value.split("=", 1) for value in given)
        return self._discord.slash(verb, **options)

    async def again(self, delivered: Any) -> None:
        self._discord.backend.emit("INTERACTION_CREATE", self._sent[delivered])

    async def say_below(self, text: str) -> None:
        answer = self._discord.ours()[-1]
        thread = self._discord.backend.create_thread(
            self._discord.main, "ours", self._discord.alice, message_id=answer.id
        )
        self._discord.slash(text, channel=thread.id)

    async def told(self, delivered: Any) -> None:
        await self.until(
            lambda: self._discord.called("POST", rf"/interactions/{delivered}/[^/]+/callback") > 0
        )

    def _messages(self) -> list[Any]:
        everywhere = [m for channel in self._discord.backend.messages for m in self._discord.ours(channel)]
        return sorted(everywhere, key=lambda m: int(m.id))

    @property
    def public(self) -> list[str]:
        return [self._discord.words(m) for m in self._messages() if not m.flags & EPHEMERAL]

    @property
    def alone(self) -> list[str]:
        return [self._discord.words(m) for m in self._messages() if m.flags & EPHEMERAL]

    @property
    def forms(self) -> int:
        responses = (body for _, path, body in self._discord.requests if path.endswith("/callback"))
        return sum(body["type"] == MODAL for body in responses)

    @property
    def violations(self) -> list[str]:
        return self._discord.violations


class TerminalTalk(Talk):
    """Lines that are typed; one person reads all that stands there."""

    has_others = False

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._stream = io.StringIO()
        self._keys = count(1)
        self._key = ""
        self._filled: list[Form] = []
        self._sender: Sender | None = None
        self._running: TerminalChat | None = None
        self._typed: set[asyncio.Task[bool]] = set()

    @asynccontextmanager
    async def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AsyncIterator[Callable[[], bool]]:
        del connect
        clock = SystemClock()
        screen = Screen(Console(file=self._stream, width=200, highlight=False, markup=False, emoji=False))
        self._sender = Sender(
            screen=screen,
            transcript=Transcript(self._folder / "transcript"),
            clock=clock,
            folder=self._folder,
        )
        services = Services(
            platforms={self.service.connection: self.service.platform},
            store=self.store,
            clock=clock,
            policy=Policy(),
            launchers={self.service.connection: ("basic_test",)},
            new_key=lambda: self._key or f"{next(self._keys):032x}",
        )
        chat = self._running = TerminalChat(self._sender, Handler(services), clock)
        chat.receiver.fill = self._fill
        begun = asyncio.create_task(chat.begin())
        try:
            yield lambda: True
        finally:
            if hurried:
                await chat._conversation.drain(HURRY)
            await chat.close()
            for task in (*self._typed, begun):
                task.cancel()
            await asyncio.gather(*self._typed, begun, return_exceptions=True)

    async def _fill(self, form: Form) -> None:
        self._filled.append(form)

    async def say(self, text: str) -> Any:
        """Type a line; its answer is not waited for, as a person types the next one meanwhile."""
        delivered = f"{next(self._keys):032x}", text
        await self.again(delivered)
        return delivered

    async def again(self, delivered: Any) -> None:
        assert self._running is not None
        self._key, text = delivered
        self._typed.add(asyncio.create_task(self._running.receiver.line(text)))
        await asyncio.sleep(0)  # the key is taken when the line is begun
        self._key = ""

    async def say_below(self, text: str) -> None:
        assert self._sender is not None
        await self.say(f"#{self._sender.transcript.messages[-1].root} {text}")

    async def told(self, delivered: Any) -> None:
        """Tell nothing: the line that was typed stands there."""

    @property
    def public(self) -> list[str]:
        return []

    @property
    def alone(self) -> list[str]:
        assert self._sender is not None
        return [f"{m.content.heading} {m.content.summary}" for m in self._sender.transcript.messages]

    @property
    def progress(self) -> str:
        return self._stream.getvalue()

    @property
    def forms(self) -> int:
        return len(self._filled)


class BrowserTalk(Talk):
    """Lines that are sent from a page; one person reads all that stands there."""

    has_others = False

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._clock = SystemClock()
        self._sender = BrowserSender(room=Room(), clock=self._clock, folder=folder)
        self._acts = count(1)
        self._visitor: Visitor | None = None
        self._sent: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AsyncIterator[Callable[[], bool]]:
        services = Services(
            platforms={self.service.connection: self.service.platform},
            store=self.store,
            clock=self._clock,
            policy=OPEN,
            launchers={self.service.connection: ("basic_test",)},
            new_key=lambda: f"{next(self._acts):032x}",
        )
        chat = BrowserChat(
            self._sender, Handler(services), self._clock,
            settings=Browser(folder=self._folder), welcome=Welcome(),
        )  # fmt: skip
        async with page_served(chat) as self._visitor:
            try:
                yield lambda: chat.connected
            finally:
                if hurried:
                    await chat._conversation.drain(HURRY)
                await chat.close()
                for task in self._sent:
                    task.cancel()
                await asyncio.gather(*self._sent, return_exceptions=True)

    async def say(self, text: str) -> Any:
        """Send a line; what becomes of it is not waited for, as a person types the next one meanwhile."""
        delivered = f"{next(self._acts):08x}", text, ""
        await self.again(delivered)
        return delivered

    async def again(self, delivered: Any) -> None:
        assert self._visitor is not None
        act, text, thread = delivered
        sending = self._visitor.send("say", {"act": act, "text": text, "thread": thread})
        self._sent.add(asyncio.create_task(sending))

    async def say_below(self, text: str) -> None:
        root = next(reversed(self._sender.room.main(RUNS.id))).id
        await self.again((f"{next(self._acts):08x}", text, root))

    async def told(self, delivered: Any) -> None:
        await asyncio.gather(*self._sent)

    @property
    def public(self) -> list[str]:
        return []

    @property
    def alone(self) -> list[str]:
        found = self._sender.room.since(0)
        assert found is not None
        said = sorted(found[0], key=lambda message: int(message.id))
        return [f"{m.content.heading} {m.content.summary}" for m in said if m.content]

    @property
    def progress(self) -> str:
        return "\n".join([*self.seen, *(text for _, _, text in self._sender.room.working())])

    @property
    def forms(self) -> int:
        found = self._sender.room.since(0)
        contents = [m.content for m in found[0] if m.content] if found else []
        return sum(any(control.opens_form for control in content.controls) for content in contents)


class FakeTalk(Talk):
    """The engine on a surface in memory, whose time passes as it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._clock = ManualClock(eager=True)
        self._chat = FakeChat(clock=self._clock)
        self._surface = FakeSurface(
            chat=self._chat, deadlines=Deadlines(defer=60.0, accept=60.0, progress=0.0)
        )
        self._conversation: Conversation[Thinking] | None = None
        self._keys = count(1)

    @asynccontextmanager
    async def process(
        self, *, hurried: bool = False, connect: bool = True
    ) -> AsyncIterator[Callable[[], bool]]:
        del connect
        stage = Stage(clock=self._clock, service=self.service, memory=self.store, chat=self._chat)
        self._conversation = Conversation(stage.handler, self._surface, self._clock)
        self._conversation.begin()
        try:
            yield lambda: True
        finally:
            await self._conversation.drain(HURRY if hurried else 5)
            await self._conversation.end()

    async def say(self, text: str) -> Any:
        command = self._surface.command(text, key=f"k{next(self._keys)}")
        await self.again(command)
        return command

    async def again(self, delivered: Any) -> None:
        assert self._conversation is not None
        await self._conversation.receive(delivered)

    async def say_below(self, text: str) -> None:
        command = self._surface.command(text, key=f"k{next(self._keys)}")
        thread = next(m.id for m in reversed(self._chat.messages) if m.channel == CHANNEL)
        place = replace(command.invocation.place, thread=thread)
        await self.again(replace(command, invocation=replace(command.invocation, place=place)))

    async def told(self, delivered: Any) -> None:
        """Know that it was: the engine has returned."""

    @property
    def public(self) -> list[str]:
        return [message.payload for message in self._chat.messages]

    @property
    def alone(self) -> list[str]:
        return [plain(card.text) for _, card in self._surface.unseen]

    @property
    def forms(self) -> int:
        return sum(card.form is not None for _, card in self._surface.unseen)

    @property
    def violations(self) -> list[str]:
        return [*self._chat.violations, *self._surface.violations]


@asynccontextmanager
async def in_slack(folder: Path) -> AsyncIterator[Talk]:
    """Talk in a loopback Slack."""
    del folder
    async with serve_slack() as slack:
        yield SlackTalk(slack)


@asynccontextmanager
async def in_discord(folder: Path) -> AsyncIterator[Talk]:
    """Talk in a loopback Discord."""
    del folder
    async with serve_discord() as discord:
        yield DiscordTalk(discord)


@asynccontextmanager
async def in_terminal(folder: Path) -> AsyncIterator[Talk]:
    """Talk on a screen in memory."""
    yield TerminalTalk(folder)


@asynccontextmanager
async def in_browser(folder: Path) -> AsyncIterator[Talk]:
    """Talk on a page over HTTP."""
    yield BrowserTalk(folder)


@asynccontextmanager
async def on_fake(folder: Path) -> AsyncIterator[Talk]:
    """Talk on the fake surface."""
    del folder
    yield FakeTalk()


TALKS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Talk]]] = {
    "browser": in_browser,
    "discord": in_discord,
    "fake": on_fake,
    "slack": in_slack,
    "terminal": in_terminal,
}
