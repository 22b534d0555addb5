"""How channels want to be notified is kept, and what is held of them is let out once."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from bot.cards import Mention, Tone
from bot.model import RunRef, VerdictKind
from bot.ports import Store
from bot.state import ChannelSettings, Delivery, DeliveryState, Ending, Mute, NewDelivery, Outcome
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, a_message, later

OTHER = "slack:channel:T01:C02"
NIGHT = ChannelSettings(channel=CHANNEL, zone="Europe/Berlin", quiet_from=time(22), quiet_to=time(7, 30))
MUTE = Mute(channel=CHANNEL, since=NOW, until=later(3600), by="slack:user:T01:U01", launcher="Nightly")
ENDING = Ending(
    run=RunRef("demo", "r1"),
    verdict=VerdictKind.FAILED,
    tone=Tone.BAD,
    outcome=": 1 new failure",
    launcher="Nightly",
    source="main",
    outcomes=frozenset({Outcome.ALL, Outcome.NEW_FAILURES}),
    new=("a \u202e check",),
    new_count=1,
    unsure=("b",),
    unsure_count=1,
    failing=2,
    report=True,
    because="no disk",
    mentions=(Mention("slack:user:T01:U01", "For"),),
)


async def _held(store: Store, *keys: str, **changes: object) -> list[Delivery]:
    for key in keys:
        await store.enqueue(a_delivery(key, held_until=later(600), **changes), NOW)
    return [each.delivery for each in await store.held(CHANNEL)]


async def _claimed(store: Store) -> list[str]:
    keys = []
    while (delivery := await store.claim(CHATS, NOW)) is not None:
        keys.append(delivery.key)
        await store.mark_sent(delivery, a_message(delivery, delivery.key), NOW)
    return keys


async def test_settings__come_back_and_replace_those_before(store: Store) -> None:
    """Of a channel there is one row; others are not touched."""
    await store.set_channel(NIGHT, NOW)
    await store.set_channel(ChannelSettings(channel=OTHER), NOW)
    await store.set_channel(replace(NIGHT, zone="UTC", quiet_from=None, quiet_to=None), NOW)

    assert await store.channel_settings(CHANNEL) == (ChannelSettings(channel=CHANNEL),)
    assert len(await store.channel_settings()) == 2


async def test_configure_channels__are_exactly_these_and_those_of_chat_stay(store: Store) -> None:
    """What the file no longer has is gone; what somebody set in chat is not in the file and stays."""
    mine, gone = ChannelSettings(channel=OTHER, zone="Asia/Tokyo"), "slack:channel:T01:C03"
    await store.set_channel(mine, NOW)
    await store.configure_channels((ChannelSettings(channel=gone, from_settings=True),), NOW)
    await store.configure_channels((replace(NIGHT, from_settings=True),), NOW)

    assert await store.channel_settings() == (replace(NIGHT, from_settings=True), mine)


async def test_mutes__one_of_a_scope(store: Store) -> None:
    """A new end takes the place of the old one; another scope is another mute, and so is one of everything."""
    longer = replace(MUTE, until=later(7200))
    everything = replace(MUTE, launcher=None)

    assert await store.mute(MUTE, NOW)
    assert not await store.mute(longer, NOW)
    assert await store.mute(everything, NOW)
    assert await store.mute(replace(MUTE, channel=OTHER), NOW)
    assert await store.mutes(CHANNEL) == (longer, everything)
    assert not await store.unmute(MUTE), "it ends at another time by now"
    assert await store.unmute(longer)
    assert len(await store.mutes()) == 2


async def test_held__is_not_claimed_and_comes_back_whole(store: Store) -> None:
    """Nothing sends it, whatever the time; it waits for its channel's rules."""
    await store.enqueue(a_delivery("b", ending=ENDING), NOW)
    await _held(store, "a", ending=ENDING)
    (held,) = await store.held(CHANNEL)

    assert await _claimed(store) == ["b"]
    assert (held.delivery.state, held.delivery.ending) == (DeliveryState.HELD, ENDING)
    assert (held.since, held.due, held.after) == (NOW, later(600), None)
    assert (await store.depth()).waiting == 0
    assert await store.held_channels(CHATS, NOW) == ()
    assert await store.held_channels(CHATS, later(600)) == (CHANNEL,)
    assert await store.held_channels(frozenset({"discord"}), later(600)) == ()


async def test_held_channels__has_those_whose_mute_is_over(store: Store) -> None:
    """The end of a mute is announced although nothing ended meanwhile."""
    await store.mute(MUTE, NOW)

    assert await store.held_channels(CHATS, NOW) == ()
    assert await store.held_channels(CHATS, MUTE.until) == (CHANNEL,)


@pytest.mark.parametrize("what", ["settings", "mute", "file"])
async def test_change__makes_what_is_held_due(store: Store, what: str) -> None:
    """Who ends a mute or changes hours does not wait for the time that was decided before."""
    await store.enqueue(a_delivery("elsewhere", channel=OTHER, held_until=later(600)), NOW)
    await _held(store, "a")
    if what == "settings":
        await store.set_channel(NIGHT, later(5))
    elif what == "mute":
        await store.mute(MUTE, later(5))
    else:
        await store.configure_channels((replace(NIGHT, from_settings=True),), later(5))

    assert [each.due for each in await store.held(CHANNEL)] == [later(5)]
    assert [each.due for each in await store.held(OTHER)] == [later(600)]


async def test_hold__moves_when_it_is_looked_at(store: Store) -> None:
    """Only of what is held: a message on its way has a time of its own."""
    await _held(store, "a", "b")
    await store.enqueue(a_delivery("c"), NOW)
    await store.hold(("a", "c", "not there"), later(60))

    assert [(each.delivery.key, each.due) for each in await store.held(CHANNEL)] == [
        ("a", later(60)),
        ("b", later(600)),
    ]
    assert await _claimed(store) == ["c"]


async def test_release__whole_or_not_at_all(store: Store) -> None:
    """Two processes let a message out once."""
    first, second = await _held(store, "a", "b")

    assert await store.release((first,), NOW)
    assert not await store.release((first, second), NOW)
    assert await _claimed(store) == ["a"]
    assert [each.delivery.key for each in await store.held(CHANNEL)] == ["b"]


async def test_fold__what_is_held_and_the_mute_that_is_over(store: Store) -> None:
    """One message takes the place of both; a second process makes none, and what they were stays on record."""
    held = await _held(store, "a", "b", ending=ENDING)
    await store.mute(MUTE, NOW)

    assert await store.fold(a_delivery("digest:1"), held, NOW, over=(MUTE,))
    assert not await store.fold(a_delivery("digest:1"), held, NOW, over=(MUTE,))
    assert await store.mutes() == ()
    assert await _claimed(store) == ["digest:1"]
    assert await store.held(CHANNEL) == ()


@pytest.mark.parametrize("moved", ["row", "mute"])
async def test_fold__nothing_where_anything_moved(store: Store, moved: str) -> None:
    """A mute that was prolonged, or a row that was sent, stays as it is, and so does all else."""
    held = await _held(store, "a", "b")
    await store.mute(MUTE, NOW)
    if moved == "row":
        await store.release(held[:1], NOW)
        await _claimed(store)
    else:
        await store.mute(replace(MUTE, until=later(7200)), NOW)

    assert not await store.fold(a_delivery("digest:1"), held, NOW, over=(MUTE,))
    assert len(await store.mutes()) == 1
    assert [each.delivery.key for each in await store.held(CHANNEL)][-1] == "b"
    assert "digest:1" not in await _claimed(store)


async def test_fold__the_end_of_a_mute_alone(store: Store) -> None:
    """It is announced once although nothing is in its place."""
    await store.mute(MUTE, NOW)

    assert await store.fold(a_delivery("digest:1"), (), NOW, over=(MUTE,))
    assert not await store.fold(a_delivery("digest:1"), (), NOW, over=(MUTE,))
    assert await _claimed(store) == ["digest:1"]


async def test_claim__a_reply_waits_for_what_is_held(store: Store) -> None:
    """It stands in the thread of its message, so it never comes first."""
    (parent,) = await _held(store, "a")
    await store.enqueue(NewDelivery(key="b", channel=CHANNEL, payload="late", after="a"), NOW)
    assert await _claimed(store) == []
    await store.release((parent,), NOW)
    first = await store.claim(CHATS, NOW)
    assert first is not None
    await store.mark_sent(first, a_message(first, "m1"), NOW)
    second = await store.claim(CHATS, NOW)

    assert second is not None
    assert (second.key, second.thread) == ("b", "m1")


async def test_channel_settings__of_some_channels(store: Store) -> None:
    """What was set and muted of several channels is read at once, and nothing of others."""
    there = replace(NIGHT, channel=OTHER)
    for settings in (there, NIGHT, replace(NIGHT, channel="slack:third")):
        await store.set_channel(settings, NOW)
    mutes = (replace(MUTE, channel=OTHER), MUTE)
    for mute in (*mutes, replace(MUTE, channel="slack:third")):
        await store.mute(mute, NOW)

    assert await store.channel_settings(OTHER, CHANNEL) == (NIGHT, there)
    assert await store.mutes(OTHER, CHANNEL) == mutes
    assert await store.channel_settings("slack:fourth") == ()
