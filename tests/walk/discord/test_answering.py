"""Answers and announcements arrive once, whatever happens to the requests that carry them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.chat.discord import buttons, receive
from adapters.chat.surface import Deadlines
from bot.cards import Button, Card, Command, Untrusted
from bot.model import RunRef, Secret
from bot.ports import Delivered, Found, NotDelivered, Post, Unconfirmed
from bot.state import MessageRef
from tests.fakes import discord as faults
from tests.fakes.discord import FakeDiscord, Fault, limited, serve
from tests.fakes.discord_live import Bot, running_bot
from tests.fakes.inbox import left_over
from tests.fakes.runs import MOMENT, a_line, a_run, run_id

MESSAGES = r"/channels/\d+/messages"
ORIGINAL = r"/webhooks/\d+/[^/]+/messages/@original"
CARD = Card(title=("FAILED: ", Untrusted("nightly")), text=("FAILED: 1 of 3 properties fails.",))
KEY = "a" * 24


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    async with running_bot(discord) as bot:
        bot.service.add_run(a_run(1))
        yield bot


def a_post(bot: Bot, key: str = KEY, thread: str | None = None) -> Post:
    return Post(channel=bot.discord.place, payload=bot.chat.chat.render(CARD), key=key, thread=thread)


async def answered(bot: Bot, count: int = 1) -> None:
    """Wait until so many commands were answered to the end."""
    async with asyncio.timeout(20), bot.handler.changed:
        await bot.handler.changed.wait_for(lambda: bot.handler.count >= count)


FAULTS = {
    "reset after acceptance": faults.LOST_REPLY,
    "reset before": faults.DROPPED,
    "502 after it was created": faults.STORED_502,
    "503": Fault(status=503, body="away"),
    "429": limited(0.05),
    "429 from before Discord": limited(0, via=False),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_command__is_answered_once(bot: Bot, discord: FakeDiscord, fault: Fault) -> None:
    """Editing what the interaction was answered with goes on until it is done."""
    discord.fault("PATCH", ORIGINAL, fault)

    discord.slash("status")
    await answered(bot)

    assert len(discord.ours()) == 1
    assert discord.called("POST", MESSAGES) == 0


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_mention__is_answered_once(bot: Bot, discord: FakeDiscord, fault: Fault) -> None:
    """A message with a nonce is there once, however often it has to be sent."""
    discord.fault("POST", MESSAGES, fault)

    discord.mention("status")
    await answered(bot)

    assert len(discord.ours()) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_private_answer__is_repeated_once_where_it_may_be_lost(
    bot: Bot, discord: FakeDiscord, fault: Fault
) -> None:
    """What cannot be looked for is sent once more: a second one hurts nobody, none at all does."""
    discord.fault("POST", r"/webhooks/\d+/[^/]+", fault)

    discord.slash("unwatch")
    await answered(bot)

    hidden = [m for m in discord.ours() if m.flags & 64]
    assert 1 <= len(hidden) <= 1 + fault.store
    assert len([m for m in discord.ours() if not m.flags & 64]) == 0


async def test_first_word__that_was_lost_is_followed_by_the_answer(bot: Bot, discord: FakeDiscord) -> None:
    """Discord took the first word and its reply was lost: the answer is there, once."""
    discord.fault("POST", "/interactions/.*", faults.LOST_REPLY)

    discord.slash("status")
    await answered(bot)

    assert len(discord.ours()) == 1


async def test_first_word__after_a_502_comes_in_time(bot: Bot, discord: FakeDiscord) -> None:
    """The library's one repeat fits into three seconds."""
    discord.fault("POST", "/interactions/.*", Fault(status=502, body="bad gateway"))

    discord.slash("status")
    await answered(bot)

    assert len(discord.ours()) == 1


async def test_slow_discord__holds_up_nobody_else(bot: Bot, discord: FakeDiscord) -> None:
    """While one answer waits for Discord, others are told and answered."""
    gate = asyncio.Event()
    discord.fault("PATCH", ORIGINAL, Fault(gate=gate))
    discord.slash("status")
    await discord.until(lambda: discord.called("PATCH", ORIGINAL) == 1)

    discord.slash("status")
    await answered(bot)
    gate.set()
    await answered(bot, 2)

    assert len(discord.ours()) == 2


async def test_post__whose_reply_was_lost_is_found_and_never_doubled(bot: Bot, discord: FakeDiscord) -> None:
    """It is perhaps there; looking tells; sending it again gives the same message."""
    since = faults.WallClock().now() - timedelta(minutes=1)
    discord.fault("POST", MESSAGES, faults.LOST_REPLY)

    outcome = await bot.chat.chat.post(a_post(bot))
    found = await bot.chat.chat.find_posted(discord.place, None, KEY, since)
    again = await bot.chat.chat.post(a_post(bot))

    assert isinstance(outcome, Unconfirmed)
    assert isinstance(found, Found)
    assert Delivered(found.message_id) == again
    assert len(discord.ours()) == 1


async def test_post__is_found_among_many_that_are_younger(bot: Bot, discord: FakeDiscord) -> None:
    """The history is read page by page, and messages of people are passed by."""
    since = faults.WallClock().now() - timedelta(minutes=1)
    for number in range(130):
        discord.backend.create_message(discord.main, discord.alice, f"talk {number}")
    posted = await bot.chat.chat.post(a_post(bot))

    found = await bot.chat.chat.find_posted(discord.place, None, KEY, since)

    assert isinstance(posted, Delivered)
    assert Found(posted.message_id) == found


async def test_post__opens_its_thread_and_finds_what_is_in_it(bot: Bot, discord: FakeDiscord) -> None:
    """A thread has the id of its message, and is there after the first message into it."""
    since = faults.WallClock().now() - timedelta(minutes=1)
    top = await bot.chat.chat.post(a_post(bot))
    assert isinstance(top, Delivered)

    reply = await bot.chat.chat.post(a_post(bot, "reply", thread=top.message_id))
    found = await bot.chat.chat.find_posted(discord.place, top.message_id, "reply", since)

    assert isinstance(reply, Delivered)
    assert Found(reply.message_id) == found
    assert [m.id for m in discord.ours(int(top.message_id))] == [int(reply.message_id)]


async def test_post__while_not_connected_waits(discord: FakeDiscord) -> None:
    """Before Discord has let us in, nothing is lost and nothing is in doubt."""
    discord.gate.refuse = 10_000
    discord.fault("GET", "/users/@me", *[Fault(status=503, body="away")] * 10_000)
    async with running_bot(discord, connect=False) as bot:
        outcome = await bot.chat.chat.post(a_post(bot))

    assert isinstance(outcome, NotDelivered)


async def test_report__is_filled_in_at_sending_only(bot: Bot, discord: FakeDiscord) -> None:
    """The frozen payload holds no signed link; the posted button does, and the text never."""
    button = Button(
        label="Open report", command=Command("report", {"run": "1"}), report=RunRef("demo", run_id(1))
    )
    payload = bot.chat.chat.render(Card(title=CARD.title, text=CARD.text, buttons=(button,)))
    url = "https://demo.antithesis.com/report/x?auth=v2.public.CANARY"

    post = Post(channel=discord.place, payload=payload, key=KEY, report_url=Secret(url))
    await bot.chat.chat.post(post)

    (message,) = discord.ours()
    shown = message.components[0]["components"][0]
    assert "CANARY" not in payload
    assert (shown["style"], shown["url"]) == (5, url)


async def test_report__too_long_for_a_button_is_left_to_the_click(bot: Bot, discord: FakeDiscord) -> None:
    """Discord takes 512 characters; the click is answered privately then."""
    button = Button(
        label="Open report", command=Command("report", {"run": "1"}), report=RunRef("demo", run_id(1))
    )
    payload = bot.chat.chat.render(Card(title=CARD.title, text=CARD.text, buttons=(button,)))
    url = "https://demo.antithesis.com/report/x?auth=v2.public." + "A" * 600

    await bot.chat.chat.post(Post(channel=discord.place, payload=payload, key=KEY, report_url=Secret(url)))

    (message,) = discord.ours()
    asked = buttons.read(message.components[0]["components"][0]["custom_id"], None)
    assert asked is not None
    assert asked.command == Command("report", {"run": "1"})


async def test_long_answer__goes_along_as_a_file(bot: Bot, discord: FakeDiscord) -> None:
    """Cut at line ends, with the count of what was left out, and the whole as a file of the same message."""
    run = bot.service.add_run(a_run(2))
    lines = [a_line(f"line {n} of a long story", f"{390 + n / 100:.2f}") for n in range(300)]
    bot.service.set_log(run, MOMENT, *lines)

    discord.slash("logs", run=run.ref.run_id, moment=MOMENT.text, lines=300)
    answer = await discord.answer("earlier lines left out")

    assert [a["filename"] for a in answer.attachments] == ["details.txt"]
    assert "line 299 of" in discord.words(answer)


async def test_edits__in_a_hurry_end_with_the_newest(bot: Bot, discord: FakeDiscord) -> None:
    """Of many edits of one message those that nobody would see are not sent."""
    posted = await bot.chat.chat.post(a_post(bot))
    assert isinstance(posted, Delivered)
    ref = MessageRef(channel=discord.place, message_id=posted.message_id)
    cards = [Card(title=(f"step {n}",), text=(f"step {n}",)) for n in range(20)]

    await asyncio.gather(*(bot.chat.chat.edit(ref, card) for card in cards))

    assert "step 19" in discord.words(discord.ours()[0])
    assert discord.called("PATCH", MESSAGES + r"/\d+") < 5


async def test_burst__of_answers_never_sleeps_inside_the_library(bot: Bot, discord: FakeDiscord) -> None:
    """Posts keep their own pace per channel, below Discord's; channels do not wait for each other."""
    other = discord.backend.create_channel(discord.guild, "other")
    posts = [a_post(bot, f"key-{n}") for n in range(8)]
    elsewhere = Post(
        channel=f"discord:channel:{discord.guild}:{other.id}",
        payload=bot.chat.chat.render(CARD),
        key="elsewhere",
    )

    outcomes = await asyncio.gather(*(bot.chat.chat.post(p) for p in [*posts, elsewhere]))

    assert all(isinstance(o, Delivered) for o in outcomes)
    assert len(discord.ours()) == 8
    assert len(discord.ours(other.id)) == 1


async def test_slow_database__does_not_hold_up_the_first_word(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord is told before the command is kept; the work begins only after."""
    gate, accept = asyncio.Event(), bot.handler.accept

    async def slowly(*said: Any) -> bool:
        await gate.wait()
        return await accept(*said)

    monkeypatch.setattr(bot.handler, "accept", slowly)
    discord.slash("status")
    await discord.until(lambda: discord.called("POST", "/interactions/.*") == 1)
    asked = list(bot.service.calls)
    gate.set()
    await answered(bot)

    assert asked == []
    assert len(discord.ours()) == 1


async def test_slow_database__that_never_comes_is_said_and_nothing_is_done(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person hears it; what is kept too late is not taken up after a restart."""
    gate, accept, finish = asyncio.Event(), bot.handler.accept, bot.store.finish
    finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def slowly(*said: Any) -> bool:
        await gate.wait()
        return await accept(*said)

    async def finishing(source: str, key: str) -> None:
        await finish(source, key)
        finished.set_result(key)

    monkeypatch.setattr(bot.handler, "accept", slowly)
    monkeypatch.setattr(bot.store, "finish", finishing)
    monkeypatch.setattr(bot.chat._surface, "deadlines", Deadlines(defer=0.05, accept=0.05))
    discord.slash("watch")
    await discord.answer("took too long to save")
    gate.set()
    await finished

    assert await bot.store.subscriptions() == ()
    assert await left_over(bot.handler, "discord", faults.WallClock().now() - timedelta(minutes=1)) == ()


async def test_slow_database__that_never_says_what_a_button_holds_is_said_in_time(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord waits three seconds for the initial response, however long the database takes."""
    discord.slash("status")
    await answered(bot)

    async def hanging(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bot.store, "button", hanging)
    monkeypatch.setattr(receive, "STORED_SECONDS", 0.05)
    discord.click(discord.ours()[0], f"key:1:{'0' * 32}")

    assert await discord.answer("took too long to look up")


@pytest.mark.parametrize("way", ["slash", "mention"])
async def test_note__says_what_goes_on_and_gives_way_to_the_answer(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Work that takes long is shown in the place of the answer, which replaces it."""
    gate, handle = asyncio.Event(), bot.handler.handle

    async def waiting(*arguments: Any, **more: Any) -> Any:
        await gate.wait()
        return await handle(*arguments, **more)

    monkeypatch.setattr(bot.handler, "handle", waiting)
    (discord.slash if way == "slash" else discord.mention)("status")
    await discord.answer("Working on it")
    gate.set()
    await answered(bot)

    (message,) = discord.ours()
    assert "Payments Nightly" in discord.words(message)


async def test_stop__says_that_the_answer_comes_later(
    bot: Bot, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be finished in time is announced, and taken up by the next process, once."""

    async def hanging(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(bot.handler, "handle", hanging)
    monkeypatch.setattr(bot.chat, "_timing", replace(bot.chat._timing, drain=0.1))
    discord.slash("status")
    await discord.answer("Working on it")
    await bot.chat.close()
    stopped = discord.words(discord.ours()[0])
    async with running_bot(discord, store=bot.store, service=bot.service):
        await discord.answer("Payments Nightly")

    assert "will continue with this afterwards" in stopped
