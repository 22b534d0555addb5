"""Messages are recorded once, taken by one, and settled by what the chat answered."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import Context, ReportLinks
from bot.model import Moment, RunRef
from bot.ports import Store
from bot.state import Delivery, DeliveryState, MessageRef, OutboxDepth
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, a_message, later

OTHER = "slack:channel:T01:C02"


async def _claimed(store: Store, seconds: float = 0) -> Delivery:
    delivery = await store.claim(CHATS, later(seconds))
    assert delivery is not None
    return delivery


async def _keys(store: Store, seconds: float = 0) -> list[str]:
    """Claim all there is to claim."""
    keys = []
    while (delivery := await store.claim(CHATS, later(seconds))) is not None:
        keys.append(delivery.key)
    return keys


async def test_enqueue__same_key(store: Store) -> None:
    """A second row with a key is never made; the first payload stays."""
    first = await store.enqueue(a_delivery("a", payload="one"), NOW)
    second = await store.enqueue(a_delivery("a", payload="two"), NOW)

    assert (first, second) == (True, False)
    assert (await _claimed(store)).payload == "one"


async def test_claim__everything_comes_back(store: Store) -> None:
    """A claimed row holds all that was recorded, and counts its attempt."""
    context = Context(run=RunRef("demo", "r1"), property_name="p", moment=Moment("-1", "398.48980"))
    report = RunRef("demo", "r1")
    new = a_delivery("a", thread="t1", context=context, report=report, report_links=ReportLinks.PRIVATE)
    await store.enqueue(new, NOW)

    delivery = await _claimed(store, 5)

    assert delivery == Delivery(
        id=delivery.id,
        key="a",
        provider_key="ca978112ca1bbdcafac231b3",  # the start of SHA-256 of "a"
        channel=CHANNEL,
        thread="t1",
        payload="payload of a",
        context=context,
        report=report,
        report_links=ReportLinks.PRIVATE,
        state=DeliveryState.SENDING,
        attempts=1,
        attempt_at=later(5),
        recorded_at=NOW,
    )


async def test_claim__nothing_there(store: Store) -> None:
    """An empty outbox gives none."""
    assert await store.claim(CHATS, NOW) is None


async def test_claim__oldest_first(store: Store) -> None:
    """Rows come in the order they were recorded."""
    for number in range(3):
        await store.enqueue(a_delivery(f"{number}", channel=f"slack:c{number}"), later(-number))

    assert await _keys(store) == ["0", "1", "2"]


async def test_claim__one_of_a_thread_at_a_time(store: Store) -> None:
    """While one is in flight, no other of the same channel and thread is; the top level is a thread too."""
    await store.enqueue(a_delivery("a"), NOW)
    await store.enqueue(a_delivery("b"), NOW)
    await store.enqueue(a_delivery("c", thread="t1"), NOW)
    await store.enqueue(a_delivery("d", thread="t1"), NOW)
    await store.enqueue(a_delivery("e", channel=OTHER), NOW)

    first = await _claimed(store)

    assert await _keys(store) == ["c", "e"]

    await store.mark_sent(first, a_message(first), NOW)

    assert await _keys(store) == ["b"]


async def test_claim__none_of_a_busy_channel(store: Store) -> None:
    """Whoever posts to a channel just now leaves the rest of it alone, in whichever thread it stands."""
    await store.enqueue(a_delivery("a"), NOW)
    await store.enqueue(a_delivery("b", thread="17.5"), NOW)
    await store.enqueue(a_delivery("c", channel=OTHER), NOW)

    here = await store.claim(CHATS, NOW, busy=frozenset({CHANNEL}))
    nowhere = await store.claim(CHATS, NOW, busy=frozenset({CHANNEL, OTHER}))

    assert here is not None
    assert (here.key, nowhere) == ("c", None)
    assert await _keys(store) == ["a", "b"]


async def test_claim__other_chats(store: Store) -> None:
    """Rows of chats that are down stay; a chat is what stands before the first colon."""
    await store.enqueue(a_delivery("a", channel="slackish:c"), NOW)
    await store.enqueue(a_delivery("b", channel="discord:channel:1"), NOW)

    assert await store.claim(CHATS, NOW) is None
    assert await store.claim(frozenset(), NOW) is None

    found = await store.claim(frozenset({"slack", "discord"}), NOW)

    assert found is not None
    assert found.key == "b"


async def test_park_channel__until_its_time(store: Store) -> None:
    """A rate-limited channel gives nothing before its time, others go on; the longer wait wins."""
    await store.enqueue(a_delivery("a"), NOW)
    await store.enqueue(a_delivery("b", channel=OTHER), NOW)
    await store.rate_limit_channel(CHANNEL, later(60))
    await store.rate_limit_channel(CHANNEL, later(30))

    assert await _keys(store) == ["b"]
    assert await _keys(store, 59) == []
    assert await _keys(store, 60) == ["a"]


async def test_settle_sent__channel_waits_from_then_on(store: Store) -> None:
    """The wait of a channel is there as soon as its message is sent, found twice or not; a longer one stays."""
    for key in "abc":
        await store.enqueue(a_delivery(key), NOW)
    first = await _claimed(store)
    await store.mark_sent(first, a_message(first), NOW, channel_waits=later(1))
    await store.mark_sent(first, a_message(first), later(1), channel_waits=later(3))
    await store.mark_sent(first, a_message(first), later(2), channel_waits=later(2))

    assert await _keys(store, 2) == []
    assert await _keys(store, 3) == ["b"]


async def test_claim__after_one_that_waits(store: Store) -> None:
    """A row that belongs into another's thread waits for it, however that one is doing."""
    await store.enqueue(a_delivery("child", after="parent"), NOW)
    await store.enqueue(a_delivery("parent"), NOW)

    assert await _keys(store) == ["parent"]


async def test_claim__after_one_that_was_sent(store: Store) -> None:
    """It goes into the thread of that message, and is remembered there."""
    await store.enqueue(a_delivery("parent"), NOW)
    await store.enqueue(a_delivery("child", after="parent"), NOW)
    parent = await _claimed(store)
    await store.mark_sent(parent, a_message(parent, "m7"), NOW)

    child = await _claimed(store)

    assert (child.key, child.thread) == ("child", "m7")
    assert (child,) == await store.unconfirmed(CHATS, later(30))


async def test_claim__after_one_in_a_thread(store: Store) -> None:
    """A thread has no threads: it goes where its parent stands."""
    await store.enqueue(a_delivery("parent", thread="t1"), NOW)
    await store.enqueue(a_delivery("child", after="parent"), NOW)
    parent = await _claimed(store)
    await store.mark_sent(parent, a_message(parent, "m7"), NOW)

    assert (await _claimed(store)).thread == "t1"


async def test_claim__siblings(store: Store) -> None:
    """Two that belong after the same message are in one thread, so only one is in flight."""
    await store.enqueue(a_delivery("parent"), NOW)
    for key in ("first", "second"):
        await store.enqueue(a_delivery(key, after="parent"), NOW)
    parent = await _claimed(store)
    await store.mark_sent(parent, a_message(parent), NOW)

    assert await _keys(store) == ["first"]


@pytest.mark.parametrize("unknown", [True, False])
async def test_claim__after_one_that_failed(store: Store, unknown: bool) -> None:
    """Where the parent can never be told to be there, it goes to the top level."""
    await store.enqueue(a_delivery("parent"), NOW)
    await store.enqueue(a_delivery("child", after="parent"), NOW)
    await store.mark_dead(await _claimed(store), "channel_not_found", unknown=unknown)

    child = await _claimed(store)

    assert (child.key, child.thread) == ("child", None)


async def test_claim__after_one_never_recorded(store: Store) -> None:
    """A parent that does not exist keeps nothing waiting."""
    await store.enqueue(a_delivery("child", after="nobody"), NOW)

    assert await _keys(store) == ["child"]


async def test_settle_later__due_again(store: Store) -> None:
    """It was not delivered: pending, not before its time, and the next attempt counts."""
    await store.enqueue(a_delivery(), NOW)
    await store.mark_retry(await _claimed(store), "connect refused", later(10))

    assert await store.claim(CHATS, later(9)) is None

    again = await _claimed(store, 10)

    assert (2, later(10), "connect refused") == (again.attempts, again.attempt_at, again.error)


async def test_in_doubt__after_a_crash(store: Store) -> None:
    """A row that nobody settled is in doubt some seconds after its claim, and only then."""
    await store.enqueue(a_delivery(), NOW)
    delivery = await _claimed(store)

    assert await store.unconfirmed(CHATS, later(29)) == ()
    assert (delivery,) == await store.unconfirmed(CHATS, later(30))
    assert await store.unconfirmed(frozenset({"discord"}), later(30)) == ()
    assert await store.claim(CHATS, later(60)) is None


async def test_settle_doubt__stays_in_flight(store: Store) -> None:
    """It may be there: not sent again, in doubt at the time given."""
    await store.enqueue(a_delivery(), NOW)
    await store.mark_unconfirmed(await _claimed(store), "reply lost", later(7))

    assert await store.unconfirmed(CHATS, later(6)) == ()
    assert [d.error for d in await store.unconfirmed(CHATS, later(7))] == ["reply lost"]
    assert await _keys(store, 60) == []


async def test_settle_sent__thread_speaks_of_it(store: Store) -> None:
    """The message's thread speaks of what the delivery speaks of."""
    context = Context(run=RunRef("demo", "r1"))
    await store.enqueue(a_delivery(context=context), NOW)
    delivery = await _claimed(store)
    await store.mark_sent(delivery, a_message(delivery, "m7"), later(1))

    assert context == await store.context(CHANNEL, "m7")
    assert (await store.depth()).waiting == 0


async def test_settle_sent__without_context(store: Store) -> None:
    """A message that speaks of nothing leaves its thread without a context."""
    await store.enqueue(a_delivery(), NOW)
    delivery = await _claimed(store)
    await store.mark_sent(delivery, a_message(delivery, "m7"), later(1))

    assert await store.context(CHANNEL, "m7") is None


async def test_settle_sent__twice(store: Store) -> None:
    """What is sent stays sent: neither a second message nor a later failure changes it."""
    await store.enqueue(a_delivery("parent"), NOW)
    await store.enqueue(a_delivery("child", after="parent"), NOW)
    delivery = await _claimed(store)
    await store.mark_sent(delivery, a_message(delivery, "m1"), NOW)
    await store.mark_sent(delivery, a_message(delivery, "m2"), NOW)
    await store.mark_dead(delivery, "too late")
    await store.mark_retry(delivery, "too late", NOW)

    assert (await _claimed(store)).thread == "m1"
    assert OutboxDepth(waiting=1, oldest=NOW, unknown=0, dead=0) == await store.depth()


async def test_settle__by_an_older_attempt(store: Store) -> None:
    """A claim that was given up and taken again is settled by its new owner only, but for a message that is there."""
    await store.enqueue(a_delivery(), NOW)
    old = await _claimed(store)
    await store.mark_retry(old, "not there", NOW)
    new = await _claimed(store)

    await store.mark_retry(old, "late", NOW)
    await store.mark_dead(old, "late")
    await store.mark_unconfirmed(old, "late", NOW)

    assert await store.count_fault(old, "late", NOW) == 0
    assert (new,) == await store.unconfirmed(CHATS, later(30))

    await store.mark_sent(old, a_message(old), NOW)

    assert (await store.depth()).waiting == 0


async def test_count_fault__three_times(store: Store) -> None:
    """Faults are counted over the attempts; then it can be given up although it is pending."""
    await store.enqueue(a_delivery(), NOW)
    counts = [await store.count_fault(await _claimed(store), "cannot be drawn", NOW) for _ in range(2)]
    third = await _claimed(store)
    counts.append(await store.count_fault(third, "cannot be drawn", NOW))
    await store.mark_dead(third, "cannot be drawn")

    assert counts == [1, 2, 3]
    assert third.faults == 2
    assert OutboxDepth(waiting=0, oldest=None, unknown=0, dead=1) == await store.depth()


async def test_settle_later__long_reason(store: Store) -> None:
    """A reason is kept up to a bound."""
    await store.enqueue(a_delivery(), NOW)
    await store.mark_retry(await _claimed(store), "x" * 10_000, NOW)

    assert (await _claimed(store)).error == "x" * 499 + "…"


async def test_depth__by_state(store: Store) -> None:
    """Pending and sending wait; unknown and dead are counted apart."""
    for number in range(5):
        await store.enqueue(a_delivery(f"{number}", channel=f"slack:c{number}"), later(number))
    await store.mark_dead(await _claimed(store, 9), "gone")
    await store.mark_dead(await _claimed(store, 9), "cannot look", unknown=True)
    await _claimed(store, 9)

    assert OutboxDepth(waiting=3, oldest=later(2), unknown=1, dead=1) == await store.depth()


async def test_depth__empty(store: Store) -> None:
    """An empty outbox waits for nothing."""
    assert OutboxDepth(waiting=0, oldest=None, unknown=0, dead=0) == await store.depth()


async def test_claim__raced(store: Store) -> None:
    """Twenty claimers at once take each row exactly once."""
    for number in range(40):
        await store.enqueue(a_delivery(f"{number}", channel=f"slack:c{number}"), NOW)

    taken = [key for keys in await asyncio.gather(*(_keys(store) for _ in range(20))) for key in keys]

    assert sorted(f"{n}" for n in range(40)) == sorted(taken)


async def test_settle_sent__in_a_direct_message(store: Store) -> None:
    """Context hangs on the place where the message really is."""
    await store.enqueue(a_delivery(context=Context(property_name="p")), NOW)
    delivery = await _claimed(store)
    await store.mark_sent(delivery, MessageRef(channel="slack:dm:D1", message_id="m1"), NOW)

    assert Context(property_name="p") == await store.context("slack:dm:D1", "m1")
    assert await store.context(CHANNEL, "m1") is None


async def test_claim__waits_by_another_clock(store: Store) -> None:
    """Waits are kept by the time that is given for it; what was never tried is due whatever that says."""
    await store.enqueue(a_delivery(), NOW)
    tried = await store.claim(CHATS, NOW, due_by=later(-3600))
    assert tried is not None
    await store.mark_retry(tried, "later", NOW)

    assert await store.claim(CHATS, NOW, due_by=later(-3600)) is None
    again = await store.claim(CHATS, later(-3600), due_by=NOW)
    assert again is not None
    assert again.attempt_at == later(-3600)


async def test_bound_waits__rows_and_channels_of_these_chats(store: Store) -> None:
    """No wait of theirs lasts beyond the bound; other chats' waits stay."""
    elsewhere = "discord:channel:1:2"
    for channel in (CHANNEL, OTHER, elsewhere):
        await store.enqueue(a_delivery(channel, channel=channel), NOW)
    await store.mark_retry(await _claimed(store), "later", later(86_400))
    for channel in (OTHER, elsewhere):
        await store.rate_limit_channel(channel, later(86_400))
    await store.bound_waits(CHATS, later(900))
    both = CHATS | {"discord"}

    assert await store.claim(both, NOW, due_by=later(899)) is None
    found = [await store.claim(both, NOW, due_by=later(900)) for _ in range(3)]
    assert [delivery.channel for delivery in found if delivery] == [CHANNEL, OTHER]


async def test_settle_repeat__is_remembered(store: Store) -> None:
    """A row that may be there already says so at every later claim, and when it is in doubt again."""
    await store.enqueue(a_delivery(), NOW)
    first = await _claimed(store)
    await store.mark_repeat(first, "no history", NOW)
    again = await _claimed(store)
    await store.mark_unconfirmed(again, "no answer", NOW)

    assert [first.repeat, again.repeat] == [False, True]
    assert [row.repeat for row in await store.unconfirmed(CHATS, NOW)] == [True]


async def test_settle_repeat__a_later_claim_owns_it(store: Store) -> None:
    """Who lost the row to another claim marks nothing."""
    await store.enqueue(a_delivery(), NOW)
    stale = await _claimed(store)
    await store.mark_retry(stale, "later", NOW)
    await _claimed(store)
    await store.mark_repeat(stale, "no history", NOW)

    assert [row.repeat for row in await store.unconfirmed(CHATS, later(60))] == [False]


async def test_unpark_channel__at_once(store: Store) -> None:
    """A channel that waits no more is claimed for at once."""
    await store.enqueue(a_delivery(), NOW)
    await store.rate_limit_channel(CHANNEL, later(3600))
    await store.clear_rate_limit(CHANNEL)

    assert await _keys(store) == ["a"]


async def test_fold__one_in_the_place_of_many(store: Store) -> None:
    """What is folded is never sent; the summary is, and knows what it stands for until then."""
    for key in ("a", "b", "c"):
        await store.enqueue(a_delivery(key), NOW)
    await store.enqueue(a_delivery("elsewhere", channel=OTHER), NOW)
    first = await store.waiting(CHANNEL)
    assert await store.fold(a_delivery("digest:1"), first, NOW)
    await store.enqueue(a_delivery("d"), NOW)
    waiting = await store.waiting(CHANNEL)
    rows = [d for d in waiting if not d.key.startswith("digest:")]
    assert await store.fold(a_delivery("digest:2"), rows, NOW)

    assert [d.key for d in first] == ["a", "b", "c"]
    assert {d.key for d in waiting} == {"a", "b", "c", "digest:1", "d"}
    assert {d.key for d in await store.waiting(CHANNEL)} == {"a", "b", "c", "d", "digest:2"}
    assert not await store.enqueue(a_delivery("a"), NOW), "its key is never used again"
    assert (await store.depth()).waiting == 2
    claimed = [await store.claim(CHATS, NOW) for _ in range(3)]
    assert {d.key for d in claimed if d} == {"elsewhere", "digest:2"}
    assert await store.waiting(CHANNEL) == ()


async def test_crowded__counts_what_waits_outside_threads(store: Store) -> None:
    """A channel where more waits than that, of the chats that are asked about; what is sent or folded waits no more."""
    for number in range(4):
        await store.enqueue(a_delivery(f"many-{number}"), NOW)
        await store.enqueue(a_delivery(f"thread-{number}", channel=OTHER, thread="m1"), NOW)
    for number in range(3):
        await store.enqueue(a_delivery(f"few-{number}", channel=OTHER), NOW)
    elsewhere = await store.crowded(frozenset({"elsewhere"}), 0)
    before = await store.crowded(CHATS, 3)
    both = await store.crowded(CHATS, 2)
    await store.claim(CHATS, NOW)

    assert (elsewhere, before, both) == ((), (CHANNEL,), tuple(sorted((CHANNEL, OTHER))))
    assert await store.crowded(CHATS, 3) == ()


async def test_fold__thousands_of_rows(store: Store) -> None:
    """A week's backlog becomes one message, and with what came since it becomes another one."""
    for key in range(1_200):
        await store.enqueue(a_delivery(f"{key}"), NOW)
    assert await store.fold(a_delivery("digest:1"), await store.waiting(CHANNEL), NOW)
    await store.enqueue(a_delivery("late"), NOW)
    rows = [d for d in await store.waiting(CHANNEL) if not d.key.startswith("digest:")]
    assert await store.fold(a_delivery("digest:2"), rows, NOW)

    assert len(rows) == 1_201
    assert await _keys(store) == ["digest:2"]


async def test_fold__whole_or_not_at_all(store: Store) -> None:
    """Where one of the rows was claimed meanwhile, nothing is folded and no summary is made."""
    for key in ("a", "b"):
        await store.enqueue(a_delivery(key), NOW)
    rows = await store.waiting(CHANNEL)
    await _claimed(store)

    assert not await store.fold(a_delivery("digest:1"), rows, NOW)
    assert [d.key for d in await store.waiting(CHANNEL)] == ["b"]
