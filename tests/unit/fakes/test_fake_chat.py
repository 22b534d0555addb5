"""The chat in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.cards import Card
from bot.model import Secret
from bot.ports import (
    Chat,
    Delivered,
    Found,
    Halted,
    Lookup,
    Missing,
    NotDelivered,
    Post,
    PostOutcome,
    Unconfirmed,
    Undeliverable,
    Unreadable,
)
from bot.state import MessageRef
from tests.fakes.chat import FakeChat, Posting, Seeing
from tests.fakes.clock import ManualClock
from tests.fakes.crash import Crash

CARD = Card(title=("PASSED",), text=("PASSED: all 3 properties held.",))
CHANNEL = "fake:channel:C1"


def a_post(key: str = "k1", **changes: object) -> Post:
    fields: dict[str, object] = {"channel": CHANNEL, "payload": "{}", "key": key, **changes}
    return Post(**fields)  # type: ignore[arg-type]  # the test's own fields


def a_chat() -> tuple[FakeChat, ManualClock]:
    clock = ManualClock()
    return FakeChat(clock=clock), clock


async def look(chat: Chat, clock: ManualClock, key: str = "k1") -> Lookup:
    return await chat.find_posted(CHANNEL, None, key, clock.now() - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("how", "outcome", "stored"),
    [
        (Posting.NORMAL, Delivered("m1"), 1),
        (Posting.LOST_REPLY, Unconfirmed("the connection broke"), 1),
        (Posting.DROPPED, Unconfirmed("the connection broke"), 0),
        (Posting.NO_CONNECTION, NotDelivered("no connection"), 0),
        (Posting.RATE_LIMITED, NotDelivered("too many messages", 30.0, limits_channel=True), 0),
        (Posting.GONE, Undeliverable("the channel is gone"), 0),
        (Posting.REFUSED, Undeliverable("the message is too long", channel_lost=False), 0),
        (Posting.REVOKED, Halted("the token was revoked"), 0),
    ],
)
async def test_post__answers_and_stores_as_told(how: Posting, outcome: PostOutcome, stored: int) -> None:
    """What is stored and what is answered are two things."""
    chat, _ = a_chat()
    chat.next_posts(how)

    assert outcome == await chat.post(a_post())
    assert stored == len(chat.messages)


@pytest.mark.parametrize(
    ("how", "error", "stored"),
    [
        (Posting.CRASH_BEFORE, Crash, 0),
        (Posting.CRASH_AFTER, Crash, 1),
        (Posting.FAULTY, ValueError, 0),
        (Posting.FAULTY_AFTER, ValueError, 1),
    ],
)
async def test_post__dies_as_told(how: Posting, error: type[BaseException], stored: int) -> None:
    """A death may come before or after the message is there."""
    chat, _ = a_chat()
    chat.next_posts(how)
    with pytest.raises(error):
        await chat.post(a_post())

    assert stored == len(chat.messages)


async def test_post__may_be_stored_late() -> None:
    """A late message is nowhere to be seen until its time has come."""
    chat, clock = a_chat()
    chat.next_posts(Posting.LATE)
    await chat.post(a_post())

    assert Missing() == await look(chat, clock)
    clock.pass_time(chat.late)
    assert Found("m1") == await look(chat, clock)


@pytest.mark.parametrize("how", ["post", "look"])
async def test_hanging__ends_by_cancelling_only(how: str) -> None:
    """A caller without a deadline would wait for ever."""
    chat, clock = a_chat()
    chat.next_posts(Posting.HANGING)
    chat.next_lookups(Seeing.HANGING)
    call = chat.post(a_post()) if how == "post" else look(chat, clock)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.01)

    assert (how == "post") == bool(chat.messages)


async def test_post__doubles_what_is_sent_twice() -> None:
    """There is no idempotency here: the same key twice is two messages."""
    chat, _ = a_chat()
    await chat.post(a_post())
    await chat.post(a_post())

    assert chat.doubled == ("k1",)
    assert chat.keys == ("k1", "k1")


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        (Seeing.UNREADABLE, Unreadable("no history")),
        (Seeing.FORBIDDEN, Unreadable("no history", for_good=True)),
        (Seeing.LOST, Unreadable("no history", channel_lost=True)),
    ],
)
async def test_find_posted__fails_as_told(how: Seeing, answer: Lookup) -> None:
    """A failed look is not an empty history."""
    chat, clock = a_chat()
    chat.next_lookups(how)
    await chat.post(a_post())

    assert answer == await look(chat, clock)
    assert Found("m1") == await look(chat, clock)


@pytest.mark.parametrize(("how", "error"), [(Seeing.FAULTY, ValueError), (Seeing.CRASH, Crash)])
async def test_find_posted__dies_as_told(how: Seeing, error: type[BaseException]) -> None:
    """A look-up may break, or our process with it."""
    chat, clock = a_chat()
    chat.next_lookups(how)
    with pytest.raises(error):
        await look(chat, clock)


async def test_find_posted__sees_its_window_and_thread_only() -> None:
    """A message before `since`, in another thread or deleted is not found."""
    chat, clock = a_chat()
    await chat.post(a_post())
    clock.pass_time(60)

    assert Missing() == await chat.find_posted(CHANNEL, None, "k1", clock.now() - timedelta(seconds=5))
    assert Missing() == await chat.find_posted(CHANNEL, "m1", "k1", clock.now() - timedelta(hours=1))
    chat.delete("k1")
    assert Missing() == await look(chat, clock)


async def test_edit__replaces_a_message() -> None:
    """Only a message that is there can be edited."""
    chat, _ = a_chat()
    await chat.post(a_post())
    outcome = await chat.edit(MessageRef(channel=CHANNEL, message_id="m1"), CARD)

    assert Delivered("m1") == outcome
    assert [chat.render(CARD)] == [message.payload for message in chat.messages]
    lost = await chat.edit(MessageRef(channel=CHANNEL, message_id="m9"), CARD)
    assert Undeliverable("There is no such message.", channel_lost=False) == lost


async def test_is_shared__is_what_the_test_says() -> None:
    """Channels are our own unless told otherwise."""
    chat, _ = a_chat()
    chat.shared.add(CHANNEL)

    assert await chat.is_shared(CHANNEL)
    assert not await chat.is_shared("fake:channel:C2")


@pytest.mark.parametrize(
    "post",
    [
        a_post(channel="other:channel:C1"),
        a_post("not a key"),
        a_post("k" * 25),
        a_post(payload=""),
        a_post(payload='{"url": "https://x.antithesis.com/report/1?auth=v2.public.abc"}'),
        a_post(thread="m99"),
        a_post(channel="fake:channel:SHARED", report_url=Secret("https://x")),
    ],
)
async def test_violations__name_what_nobody_should_send(post: Post) -> None:
    """Each is taken, and remembered."""
    chat, _ = a_chat()
    chat.shared.add("fake:channel:SHARED")
    await chat.post(post)

    assert len(chat.violations) == 1


async def test_violations__name_another_payload_under_a_key() -> None:
    """A re-send is byte for byte the same."""
    chat, _ = a_chat()
    await chat.post(a_post())
    await chat.post(a_post(payload="{ }"))

    assert chat.violations == ["another payload under the key k1"]


async def test_violations__name_bad_cards_and_lookups() -> None:
    """A card says something, and a look-up starts in the past."""
    chat, clock = a_chat()
    chat.render(Card(title=("",), text=("",)))
    await chat.find_posted(CHANNEL, None, "k1", clock.now() + timedelta(hours=1))

    assert len(chat.violations) == 3
