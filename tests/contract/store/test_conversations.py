"""Threads, messages that live on, and words behind buttons."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import Command, Context
from bot.model import Moment, RunRef
from bot.ports import Store
from bot.state import LiveCard, MessageRef
from tests.contract.store.kit import CHANNEL

CONTEXT = Context(run=RunRef("demo", "r1"), property_name="p", moment=Moment("-36255", "398.4898056755774"))
CARD = LiveCard(intent_id="i1", message=MessageRef(channel=CHANNEL, message_id="m1", thread="t1"))


async def test_context__unknown_thread(store: Store) -> None:
    """A thread nobody spoke in speaks of nothing."""
    assert await store.context(CHANNEL, "t1") is None


async def test_set_context__replaces(store: Store) -> None:
    """A thread speaks of the last thing said; the exact digits of a moment stay."""
    await store.set_context(CHANNEL, "t1", Context(property_name="old"))
    await store.set_context(CHANNEL, "t1", CONTEXT)
    await store.set_context(CHANNEL, "t2", Context())

    assert await store.context(CHANNEL, "t1") == CONTEXT
    assert Context() == await store.context(CHANNEL, "t2")
    assert await store.context("slack:other", "t1") is None


async def test_live__edited_and_ended(store: Store) -> None:
    """A live message is kept with what it last said, until it ends."""
    other = LiveCard(intent_id="i2", message=MessageRef(channel=CHANNEL, message_id="m2"), shown="10 %")
    await store.add_live(CARD)
    await store.add_live(other)
    await store.live_shown(CARD, "50 %")

    assert (replace(CARD, shown="50 %"), other) == await store.live()

    await store.end_live(CARD)
    await store.end_live(CARD)

    assert (other,) == await store.live()


async def test_add_live__again(store: Store) -> None:
    """The same message is kept once."""
    await store.add_live(CARD)
    await store.add_live(replace(CARD, shown="now"))

    assert (replace(CARD, shown="now"),) == await store.live()


async def test_live_shown__ended_meanwhile(store: Store) -> None:
    """A message that ended does not come back by an edit."""
    await store.live_shown(CARD, "50 %")

    assert await store.live() == ()


async def test_button__by_token(store: Store) -> None:
    """A token gives what its button asks for, also when it is kept twice, and the text of an earlier version's."""
    asks = Command("logs", {"run": "demo/r1", "property": 'a "b" {"c"}'})
    await store.keep_button("t", asks)
    await store.keep_button("t", asks)
    await store.keep_button("before", "logs demo/r1")

    assert await store.button("t") == asks
    assert await store.button("before") == "logs demo/r1"
    assert await store.button("other") is None


async def test_note__is_the_last_one(store: Store) -> None:
    """What a chat notes takes the place of what it noted under that name before."""
    await store.keep_text("n", "1")
    await store.keep_text("n", "2")

    assert (await store.kept_text("n"), await store.kept_text("other")) == ("2", None)


async def test_story__outlives_the_edits(store: Store) -> None:
    """The first message of an intent in a channel stays known, also when it is edited no more."""
    second = replace(CARD, message=replace(CARD.message, message_id="m9"))
    elsewhere = replace(CARD, message=replace(CARD.message, channel="slack:channel:T01:C09"))
    for card in (CARD, second, elsewhere):
        await store.add_live(card)
        await store.end_live(card)

    assert CARD.message == await store.story(CARD.intent_id, CARD.message.channel)
    assert elsewhere.message == await store.story(CARD.intent_id, "slack:channel:T01:C09")
    assert await store.story("another", CARD.message.channel) is None


async def test_name__the_last_one(store: Store) -> None:
    """A person is called as they were called last."""
    await store.keep_name("slack:user:T01:U01", "Al\x00ice")
    await store.keep_name("slack:user:T01:U01", "Alice B.")

    assert await store.name("slack:user:T01:U01") == "Alice B."
    assert await store.name("slack:user:T01:U02") == ""
