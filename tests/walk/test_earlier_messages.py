"""Buttons, menus and forms of messages that an earlier version posted go on working, in every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.terminal.app import TerminalChat
from adapters.clock import SystemClock
from adapters.store.store import SqlStore, open_store
from bot.access import Policy
from bot.command import Services
from bot.handler import Handler
from bot.ports import Post
from tests.earlier import LEFT, LEFT_AT, a_clock, load, platform
from tests.fakes.discord import serve as serve_discord
from tests.fakes.discord_live import running_bot as running_discord
from tests.fakes.inbox import unfinished
from tests.fakes.slack import FakeSlack
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_bot import Bot
from tests.fakes.slack_bot import running_bot as running_slack
from tests.fakes.slack_world import MAIN, Message
from tests.unit.terminal.cards import a_chat, a_screen

SESSION = "no second one was opened|Open a debugging session"  # after six hours it is over
PRESSES = (
    ("run", "Failing", "5 failing properties in"),
    ("run", "Logs", "of “Every order that was paid"),
    ("run", "Debug", SESSION),
    ("run", "Open report", "ready to open"),
    ("run incomplete", "Logs at the failure", "balance is off by 3"),
    ("run incomplete", "Build log", "build log"),
    ("runs", "Status", "is in progress|running: "),
    ("property", "Debug 2", SESSION),
    ("logs", "Wider window", "lines"),
    ("moment", "Logs", "Logs before 398.489 s"),
    ("launch accepted", "Status", "Payments Nightly"),
    ("launch unknown", "Check again", "Still unconfirmed"),
    ("launch unknown", "Launch again", "Launch basic_test?|mail may only go to the requester"),
    ("debug rejected", "Failing properties", "5 failing properties in"),
    ("correction by a flag", "Watch it all the same", "nothing_like_it"),
    ("watch", "Only when something changes", "new failures"),
    ("help", "Help: logs", "grep="),
    ("too old", "Ask again", "FAILED: Payments Nightly"),
    ("many runs ended", "Recent runs", "Recent runs"),
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Open what was left; nobody waits for an answer any more."""
    url = f"sqlite:///{tmp_path}/clew.db"
    await load(url)
    async with open_store(url, now=a_clock().now) as store:
        for chat in ("slack", "discord", "terminal"):
            for key, _ in await unfinished(store, chat, LEFT_AT - timedelta(days=1)):
                await store.finish(chat, key)
        yield store


def elements(name: str, chat: str) -> list[Any]:
    """Return the buttons of a message of then."""
    found: list[Any] = LEFT["messages"][name][chat]
    return found


# Slack ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serve_slack() as slack:
        yield slack
        assert slack.world.violations == []


@pytest.fixture
async def bot(slack: FakeSlack, store: SqlStore) -> AsyncIterator[Bot]:
    """Run the bot some seconds after the earlier one ended."""
    async with running_slack(slack, store=store, service=platform()) as bot:
        bot.clock.ahead = LEFT_AT + timedelta(seconds=10) - SystemClock().now()
        bot.service.now = bot.clock.now()
        mailed = frozenset({"example.com"})  # as the settings of then
        bot.handler.services = replace(bot.handler.services, recipient_domains=mailed)
        yield bot


def posted(slack: FakeSlack, buttons: list[Any]) -> Message:
    """Let a message of then stand in the channel."""
    blocks = [{"type": "actions", "elements": buttons}]
    message = Message(ts=slack.world.ts(), channel=MAIN, text="From before", blocks=blocks)
    slack.world.messages.append(message)
    return message


async def press(slack: FakeSlack, name: str, label: str) -> int:
    """Press a button of a message of then; return which of our messages that is."""
    message = posted(slack, elements(name, "slack"))
    assert (await slack.press(message, label)).taken
    return slack.world.ours().index(message)


async def told(slack: FakeSlack, expected: str, at: int) -> bool:
    """Wait for an answer that says this, or one of several things."""
    ways = expected.split("|")

    def found() -> bool:
        return any(way in m.words for m in slack.world.ours()[at:] for way in ways)

    try:
        return bool(await slack.world.until(found))
    except TimeoutError:
        return False


async def test_slack__every_button(bot: Bot, slack: FakeSlack) -> None:
    """Each says what it said then."""
    for name, label, expected in PRESSES:
        at = await press(slack, name, label)
        assert await told(slack, expected, at + 1), (name, label, slack.world.ours()[-1].words)


async def test_slack__confirmation(bot: Bot, slack: FakeSlack) -> None:
    """The question of then becomes what was launched."""
    at = await press(slack, "launch draft", "Launch")

    await slack.world.answer("drafted_test is launched", at=at)
    assert [r.launcher for r in bot.service.launches] == ["drafted_test"]


async def test_slack__forms(bot: Bot, slack: FakeSlack) -> None:
    """A button that opened a form opens it, filled in as it was; a form that was open then is taken."""
    await press(slack, "form to correct", "Correct the form")
    view = await slack.view("Launch a test run")
    filled = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
    await slack.submit(
        {**LEFT["forms"]["slack"], "id": "V-then"}, {"launcher": "basic_test", "duration": "30"}
    )

    await slack.world.answer("Launch basic_test?")
    assert filled["launcher"]["initial_option"]["value"] == "basic_test"
    assert filled["duration"]["initial_value"] == "soon"
    assert filled["custom.seed"]["initial_value"] == "7"


@pytest.mark.parametrize(
    ("label", "expected"), [("Recent runs", "Recent runs"), ("Help", "What Clew can do")]
)
async def test_slack__home(bot: Bot, slack: FakeSlack, label: str, expected: str) -> None:
    """A home that was drawn then may be looked at for days."""
    message = posted(slack, LEFT["home"])

    await slack.press(message, label)

    assert await told(slack, expected, slack.world.ours().index(message) + 1)


# Discord ----------------------------------------------------------------------------------------------------

NOT_THEIRS = "can confirm or cancel this launch"


async def test_discord__every_button(store: SqlStore) -> None:
    """Each says what it said then: its words in its id, or those that the database has under its token."""
    async with serve_discord() as discord, running_discord(discord, store=store, service=platform()) as bot:
        message = discord.backend.create_message(discord.main, discord.backend.bot_user.id, "From before")
        asked = 0
        for name, label, expected in (*PRESSES, ("launch draft discord", "Launch", NOT_THEIRS)):
            button = next((b for b in elements(name, "discord") if b.get("label") == label), None)
            if button is None:  # a menu of many
                continue
            before = len(discord.requests)
            discord.click(message, button["custom_id"])
            asked += 1
            await bot.answered(asked)
            said = str(discord.requests[before:]).replace("\\", "")
            assert any(way in said for way in expected.split("|")), (name, label, said[-3000:])
        menu = next(c for c in elements("failing", "discord") if c["placeholder"] == "Logs…")
        before = len(discord.requests)
        data = {"custom_id": menu["custom_id"], "component_type": 3, "values": [menu["options"][3]["value"]]}
        discord.interact(3, data)
        await bot.answered(asked + 1)

    assert asked == len(PRESSES)  # without the one that was in a menu, with the confirmation
    assert "quoted" in str(discord.requests[before:])
    assert discord.violations == []


async def test_discord__forms(store: SqlStore) -> None:
    """A button that opened a form opens it, filled in as it was; a form that was open then is taken."""
    (button,) = elements("form to correct", "discord")
    form = LEFT["forms"]["discord"]
    values = {"launcher": "basic_test", "duration": "30"}
    fields = [
        {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
        for name, value in values.items()
    ]
    async with serve_discord() as discord, running_discord(discord, store=store, service=platform()) as bot:
        message = discord.backend.create_message(discord.main, discord.backend.bot_user.id, "From before")
        discord.click(message, button["custom_id"])
        await discord.until(lambda: "soon" in str(discord.requests))
        discord.interact(5, {"custom_id": form["custom_id"], "components": fields})
        await bot.answered(1)

    assert "Launch basic_test?" in str(discord.requests).replace("\\", "")


# Terminal ---------------------------------------------------------------------------------------------------


async def test_terminal__announcement_of_then(store: SqlStore, tmp_path: Path) -> None:
    """What waited in the outbox is shown as it was written, and its buttons are pressed by their numbers."""
    later = LEFT_AT + timedelta(hours=2)
    (row,) = await store.unconfirmed(frozenset({"terminal"}), later)
    screen, stream = a_screen()
    clock, keys = a_clock(), count(0xD000)
    services = Services(
        platforms={"demo": platform().platform},
        store=store,
        clock=clock,
        policy=Policy(),
        new_key=lambda: f"{next(keys):032x}",
    )
    chat = a_chat(screen, tmp_path / "files")
    terminal = TerminalChat(chat, Handler(services), clock).receiver
    await chat.post(Post(channel=row.channel, payload=row.payload, key=row.provider_key))
    numbers = {
        label: 1 + [c.label for c in chat.transcript.messages[0].content.controls].index(label)
        for label in ("Failing", "Open report", "Only when something changes")
    }
    for label, expected in (
        ("Failing", "1 failing property in"),
        ("Open report", "ready to open"),
        ("Only when something changes", "new failures"),
    ):
        before = len(stream.getvalue())
        await terminal.line(str(numbers[label]))
        assert expected in " ".join(stream.getvalue()[before:].split()), label
