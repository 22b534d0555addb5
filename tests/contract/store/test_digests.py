"""How far the digests of channels are: one program makes each, with all that it takes the place of, or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from bot.cards import Tone
from bot.model import RunRef, VerdictKind
from bot.ports import Store
from bot.state import ChannelSettings, Delivery, DeliveryState, Digested, Ending, NewDelivery
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, later

DAILY = "08:00 UTC"
ENDING = Ending(
    run=RunRef("demo", "run-1"), verdict=VerdictKind.FAILED, tone=Tone.BAD, outcome=" FAILED", new=("a",)
)


async def begun(store: Store) -> Digested:
    await store.begin_digests(CHANNEL, DAILY, NOW)
    (seen,) = await store.digested("slack")
    return seen


async def an_end(store: Store, number: int, *, held: bool = True) -> Delivery:
    """Record an end, held for a day or posted now."""
    until = NOW + timedelta(days=1) if held else None
    await store.enqueue(a_delivery(f"run-{number}", ending=ENDING, held_until=until), NOW)
    return (await store.announced(CHANNEL, 0))[-1]


def a_digest(number: int = 1) -> NewDelivery:
    return a_delivery(f"digest:{number}:{CHANNEL}", context=None)


async def test_settings__keep_a_digest(store: Store) -> None:
    """Its time, its days, and whether it comes with nothing to tell."""
    settings = ChannelSettings(
        channel=CHANNEL,
        zone="Europe/Berlin",
        digest=time(8, 30),
        digest_days=frozenset({0, 4}),
        digest_empty=True,
    )

    await store.set_channel(settings, NOW)

    assert (settings,) == await store.channel_settings(CHANNEL)


async def test_begin__once_and_anew_with_another_schedule(store: Store) -> None:
    """The same schedule changes nothing; another one counts from now on, and what was not told yet is kept."""
    await an_end(store, 1)
    first = await begun(store)
    await store.begin_digests(CHANNEL, DAILY, later(60))
    assert (first,) == await store.digested("slack")

    await store.begin_digests(CHANNEL, "09:00 UTC", later(60))

    assert (replace(first, schedule="09:00 UTC", after=later(60)),) == await store.digested("slack")
    assert () == await store.digested("other")


async def test_begin__after_a_time_without_any(store: Store) -> None:
    """They begin anew: what was posted by itself meanwhile is told by none."""
    await begun(store)
    await store.begin_digests(CHANNEL, "", later(60))
    between = await an_end(store, 1, held=False)
    await store.begin_digests(CHANNEL, DAILY, later(120))
    (seen,) = await store.digested("slack")

    assert (seen.schedule, seen.after, seen.since) == (DAILY, later(120), later(120))
    assert seen.upto >= between.id
    assert () == await store.announced(CHANNEL, seen.upto)


async def test_announced__is_what_ended_since(store: Store) -> None:
    """Of this channel, whether it was posted or is held; other messages are none."""
    before = await an_end(store, 1)
    seen = await begun(store)
    await store.enqueue(a_delivery("other"), NOW)
    await store.enqueue(a_delivery("elsewhere", channel="slack:channel:T01:C02", ending=ENDING), NOW)
    held, posted = await an_end(store, 4), await an_end(store, 5, held=False)

    assert seen.upto >= before.id
    assert (held, posted) == await store.announced(CHANNEL, seen.upto)
    assert ENDING == held.ending


async def test_make__takes_the_place_of_what_was_held(store: Store) -> None:
    """All in one step; the second that saw the same makes none."""
    seen = await begun(store)
    held = await an_end(store, 1)
    made = replace(seen, after=later(60), since=later(60), upto=held.id)

    first = await store.make_digest(a_digest(), [held], seen=seen, made=made, now=later(60))
    second = await store.make_digest(a_digest(2), [], seen=seen, made=made, now=later(61))

    assert (True, False) == (first, second)
    assert (made,) == await store.digested("slack")
    assert () == await store.held(CHANNEL)
    claimed = await store.claim(CHATS, later(62))
    assert claimed is not None
    assert claimed.key == a_digest().key
    assert DeliveryState.FOLDED is (await store.announced(CHANNEL, 0))[0].state


async def test_make__changes_nothing_where_a_row_is_held_no_more(store: Store) -> None:
    """Another program let it out: neither a digest nor the mark that there was one."""
    seen = await begun(store)
    held, other = await an_end(store, 1), await an_end(store, 2)
    await store.release([held], later(10))

    claimed = await store.claim(CHATS, later(20))
    made = replace(seen, after=later(60))
    whole = await store.make_digest(a_digest(), [held, other], seen=seen, made=made, now=later(60))

    assert claimed is not None
    assert whole is False
    assert (seen,) == await store.digested("slack")
    assert [other.key] == [each.delivery.key for each in await store.held(CHANNEL)]


async def test_make__of_nothing_leaves_a_mark_alone(store: Store) -> None:
    """No message; the next one counts from then on."""
    seen = await begun(store)
    made = replace(seen, after=later(60), since=later(60))

    assert await store.make_digest(None, [], seen=seen, made=made, now=later(60))

    assert (made,) == await store.digested("slack")
    assert await store.claim(CHATS, later(61)) is None


async def test_make__takes_nothing_away_for_a_message_that_is_there(store: Store) -> None:
    """It was posted without these: they stay held."""
    seen = await begun(store)
    await store.enqueue(a_digest(), NOW)
    held = await an_end(store, 1)

    assert not await store.make_digest(
        a_digest(), [held], seen=seen, made=replace(seen, after=later(60)), now=NOW
    )
    assert not await store.fold(a_digest(), [held], NOW)
    assert [held.key] == [each.delivery.key for each in await store.held(CHANNEL)]
