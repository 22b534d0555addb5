"""Live arrival: nothing is lost and nothing comes twice, however the connection breaks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.browser import room as rooms
from adapters.chat.browser.room import Room
from adapters.chat.browser.stream import Feed
from bot.cards import Card
from bot.state import MessageRef
from tests.fakes.runs import EPOCH
from tests.unit.browser.pages import CHANGES, RUNS, Page, a_card, a_page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with a_page(tmp_path) as page:
        yield page


async def test_events__arrive_as_they_happen(page: Page) -> None:
    """A message, its edit, and what is unread."""
    async with page.visitor.hearing() as events:
        message = await page.announce(a_card("Nightly: 1 new failure"), channel=CHANGES.id)
        arrived = await events.next("message")
        beside = await events.next("beside")
        await page.chat.chat.edit(
            MessageRef(channel=CHANGES.id, message_id=message), a_card("Nightly passed")
        )
        edited = await events.next("message")

    assert (arrived["id"], arrived["channel"], arrived["new"]) == (message, "changes", True)
    assert "Nightly: 1 new failure" in arrived["html"]
    assert beside["unread"] == {"runs": 0, "changes": 1}
    assert (edited["id"], edited["new"]) == (message, False)
    assert "Nightly passed" in edited["html"]


async def test_events__after_a_break_are_neither_lost_nor_doubled(page: Page) -> None:
    """A page that comes again says what it had last, and gets what it lacks, each as it is by now."""
    async with page.visitor.hearing() as events:
        first = await page.announce(a_card("first"))
        await events.next("message")
        await events.next("beside")
    second, third = await page.announce(a_card("second")), await page.announce(a_card("third"))
    await page.chat.chat.edit(MessageRef(channel=RUNS.id, message_id=second), a_card("second, edited"))

    heard: list[dict[str, Any]] = []
    async with page.visitor.hearing(headers={"Last-Event-ID": events.last}) as again:
        fourth = await page.announce(a_card("fourth"))
        while not heard or heard[-1]["id"] != fourth:
            heard.append(await again.next("message"))

    assert first not in {one["id"] for one in heard}
    assert [one["id"] for one in heard] == [third, second, fourth]
    assert all(one["new"] for one in heard)
    assert "second, edited" in heard[1]["html"]


def test_feed__has_what_changes_while_it_is_sent() -> None:
    """A page that reads slowly lets its events wait; what comes meanwhile is neither lost nor taken for sent."""
    room = Room()
    for text in ("first", "second"):
        room.say(RUNS.id, None, key=text, at=EPOCH, text=text)
    feed = Feed(room, lambda message: message.typed, 0)

    news = feed.news()
    sent = [next(news)]
    room.say(RUNS.id, None, key="third", at=EPOCH, text="third")
    sent += [*news]
    sent += feed.news()

    assert _shown(sent) == ["first", "second", "third"]


def test_feed__says_what_went_before_a_break_can_hide_it() -> None:
    """Whoever heard of a later change and comes again has heard of what went before it."""
    room = Room()
    for text in ("first", "second"):
        room.say(RUNS.id, None, key=text, at=EPOCH, text=text)
    version = room.version
    room.remove("1")
    room.say(RUNS.id, None, key="third", at=EPOCH, text="third")

    heard: list[str] = []
    for event in Feed(room, lambda message: message.typed, version).news():
        heard.append(event)
        if "event: message" in event:
            break
    last = int(heard[-1].split()[1])
    heard += Feed(room, lambda message: message.typed, last).news()

    assert 'data: ["1"]' in "".join(heard)


def _shown(events: list[str]) -> list[str]:
    return re.findall(r'"html": "(\w+)"', "".join(events))


async def test_events__of_several_tabs_are_the_same(page: Page) -> None:
    async with page.visitor.hearing() as one, page.visitor.hearing() as other:
        message = await page.announce(a_card())

        assert (await one.next("message"))["id"] == message
        assert (await other.next("message"))["id"] == message


async def test_events__briefly_end_by_themselves(page: Page) -> None:
    """A tab that nobody looks at keeps no connection."""
    await page.announce(a_card())
    async with page.visitor.hearing("0&brief") as events:
        assert (await events.next("message"))["new"]
        await events.next("beside")
        with pytest.raises(EOFError):
            await events.next("message")


@pytest.mark.parametrize("after", ["999", "-1", "", "x", "9" * 30])
async def test_events__of_another_page_are_told_to_begin_anew(page: Page, after: str) -> None:
    """A version that this page never had."""
    async with page.visitor.hearing(after) as events:
        await events.next("stale")


async def test_events__end_with_the_page(page: Page) -> None:
    """A page that is open does not hold Clew up."""
    async with page.visitor.hearing() as events:
        await events.next("beside")
        async with asyncio.timeout(5):
            await page.chat.close()
            with pytest.raises(EOFError):
                await events.next("message")


async def test_events__say_what_is_being_worked_on(page: Page) -> None:
    async with page.visitor.hearing() as events:
        await events.next("beside")
        page.room.work("k", RUNS.id, None, "Reading the log…")
        assert (await events.next("beside"))["working"] == [
            {"channel": "runs", "thread": None, "text": "Reading the log…"}
        ]
        page.room.done("k")
        assert (await events.next("beside"))["working"] == []


async def test_room__that_is_full_drops_the_oldest_with_its_thread(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages hear what went; what belongs to a thread that went is shown in the channel all the same."""
    monkeypatch.setattr(rooms, "MOST", 4)
    first = await page.announce(a_card("first"))
    reply = await page.announce(a_card("reply"), thread=first)
    async with page.visitor.hearing(page.room.version) as events:
        for name in ("second", "third", "fourth"):
            await page.announce(a_card(name))
        gone = await events.next("gone")
    late = await page.announce(a_card("late reply"), thread=first)

    assert gone == [first, reply]
    assert len(page.messages) <= 4
    there = page.room.message(late)
    assert there is not None
    assert there.thread is None


def test_room__counts_the_replies_that_are_left() -> None:
    """A reply that is taken back is not counted any more, and pages hear that of the message it hung on."""
    room = Room()
    for text, thread in (("root", None), ("one", "1"), ("two", "1")):
        room.say(RUNS.id, thread, key=text, at=EPOCH, text=text)
    version = room.version
    room.remove("2")

    found = room.since(version)
    assert found is not None
    assert [(message.typed, message.replies) for message in found[0]] == [("root", 1)]
    assert found[1] == ["2"]


def test_room__knows_when_it_does_not_know_what_went(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that was away for too long begins anew, instead of keeping messages that are gone."""
    monkeypatch.setattr(rooms, "MOST", 1)
    monkeypatch.setattr(rooms, "REMEMBERED", 1)
    room = Room()
    for number in range(4):
        room.say(RUNS.id, None, key=str(number), at=EPOCH, text="said")

    assert room.since(1) is None
    assert room.since(room.version) == ([], [])


async def test_article__of_a_card_is_the_same_each_time(page: Page) -> None:
    """So that nothing moves that did not change."""
    message = await page.announce(Card(title=("t",), text=("t",)))
    before = page.room.version
    await page.chat.chat.edit(
        MessageRef(channel=RUNS.id, message_id=message), Card(title=("t",), text=("t",))
    )

    assert page.room.version == before
