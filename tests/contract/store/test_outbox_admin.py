"""What an operator does with messages, beside a program that delivers them."""

from __future__ import annotations

import pytest

from adapters.store.store import SqlStore
from bot.state import AuditQuery, Delivery, DeliveryState, Subscription
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, a_message, later

ADMIN = "terminal:user:local"


async def _claimed(store: SqlStore, key: str, seconds: float = 0) -> Delivery:
    await store.enqueue(a_delivery(key), later(seconds))
    delivery = await store.claim(CHATS, later(seconds))
    assert delivery is not None
    assert delivery.key == key
    return delivery


async def _put(store: SqlStore, key: str, state: DeliveryState) -> Delivery:
    """Bring a message into a state the way the deliverer does."""
    if state is DeliveryState.PENDING:
        await store.enqueue(a_delivery(key), NOW)
        (delivery,) = [d for d in await store.waiting(CHANNEL) if d.key == key]
        return delivery
    delivery = await _claimed(store, key)
    if state is DeliveryState.SENT:
        await store.mark_sent(delivery, a_message(delivery), NOW)
    elif state is not DeliveryState.SENDING:
        await store.mark_dead(delivery, "no", unknown=state is DeliveryState.UNKNOWN)
    return delivery


async def test_entries__what_needs_a_person_stands_first(database: SqlStore) -> None:
    """Dead ones, then unknown ones, then what is on its way; what was sent is not listed, and the rest is counted."""
    for key, state in (("a", "sent"), ("b", "unknown"), ("c", "dead"), ("d", "sending"), ("e", "pending")):
        await _put(database, key, DeliveryState(state))

    entries, total = await database.entries(3)

    assert [entry.delivery.key for entry in entries] == ["c", "b", "d"]
    assert total == 4


@pytest.mark.parametrize(
    ("state", "repeat"),
    [(DeliveryState.DEAD, False), (DeliveryState.UNKNOWN, True), (DeliveryState.PENDING, False)],
)
async def test_retry__goes_out_again(database: SqlStore, state: DeliveryState, repeat: bool) -> None:
    """The very next claim takes it; one that may be there says that it may be a repeat."""
    delivery = await _put(database, "a", state)

    before = await database.retry(delivery.id, later(5), by=ADMIN)
    claimed = await database.claim(CHATS, later(5))

    assert before is state
    assert claimed is not None
    assert (claimed.key, claimed.payload, claimed.repeat) == ("a", "payload of a", repeat)


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT])
async def test_change__leaves_alone_what_is_not_a_persons(database: SqlStore, state: DeliveryState) -> None:
    """What is on its way is the deliverer's, and what was delivered is not sent twice."""
    delivery = await _put(database, "a", state)

    assert await database.retry(delivery.id, later(5), by=ADMIN) is state
    assert await database.drop(delivery.id, later(5), by=ADMIN) is state
    entry = await database.entry(delivery.id)
    assert entry is not None
    assert entry.delivery.state is state
    assert await database.claim(CHATS, later(5)) is None
    assert await database.audit_lines(AuditQuery(), skip=0, limit=9) == ((), 0)


async def test_drop__is_for_good(database: SqlStore) -> None:
    """Nothing of it is kept but its key, so that the same message is not made again; what came after it goes out."""
    await database.enqueue(a_delivery("child", after="a"), NOW)
    delivery = await _put(database, "a", DeliveryState.PENDING)

    before = await database.drop(delivery.id, NOW, by=ADMIN)

    assert before is DeliveryState.PENDING
    assert not await database.enqueue(a_delivery("a"), later(9))
    claimed = await database.claim(CHATS, later(9))
    assert claimed is not None
    assert claimed.key == "child"
    entry = await database.entry(delivery.id)
    assert entry is not None
    assert (entry.delivery.state, entry.delivery.payload) == (DeliveryState.DROPPED, "")
    lines, _ = await database.audit_lines(AuditQuery(), skip=0, limit=9)
    (line,) = (line.entry for line in lines)
    assert (line.actor, line.channel, line.action, line.detail) == (
        ADMIN,
        CHANNEL,
        "outbox drop",
        str(delivery.id),
    )


async def test_drop__while_it_is_being_sent(database: SqlStore) -> None:
    """Whoever is first wins: a claim that was made before the operator looked is settled as ever."""
    delivery = await _claimed(database, "a")

    assert await database.drop(delivery.id, NOW, by=ADMIN) is DeliveryState.SENDING
    await database.mark_sent(delivery, a_message(delivery), NOW)

    entry = await database.entry(delivery.id)
    assert entry is not None
    assert entry.delivery.state is DeliveryState.SENT


@pytest.mark.parametrize(("problem", "held"), [("not in the channel", False), ("", True)])
async def test_retry__a_lost_channel_at_once_but_no_wait_that_was_asked_for(
    database: SqlStore, problem: str, held: bool
) -> None:
    """A channel that refused us is tried now; one whose chat asked us to wait is waited for."""
    await database.subscribe(Subscription(channel=CHANNEL, problem=problem), NOW)
    delivery = await _put(database, "a", DeliveryState.DEAD)
    await database.rate_limit_channel(CHANNEL, later(60))

    await database.retry(delivery.id, NOW, by=ADMIN)

    assert (await database.claim(CHATS, later(1)) is None) is held
    assert (CHANNEL in await database.holds(later(1))) is held


async def test_change__no_such_message(database: SqlStore) -> None:
    """A number that is not there is told apart from everything else."""
    assert await database.retry(7, NOW, by=ADMIN) is None
    assert await database.drop(7, NOW, by=ADMIN) is None
    assert await database.entry(7) is None
