"""Programs on one database: who is there, who may do what, and that nobody writes under a lease that he lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.store.fence import TakenOver, fenced
from adapters.store.replicas import Lease, Replica
from adapters.store.store import SqlStore, open_store
from bot.state import DeliveryState, MessageRef
from tests.contract.store.conftest import DATABASES, of_every_kind
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, later
from tests.fakes.store_replicas import MemoryReplicas

ONE = Replica(id="one", host="a", place="boot 1", pid=7, born="100", since=NOW, version="0.3")
TWO = replace(ONE, id="two", host="b", pid=8, since=later(1))
POLL = "poll prod"


@pytest.fixture(params=["memory", *DATABASES])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore | MemoryReplicas]:
    """Return an empty table of programs of every kind."""
    async with of_every_kind(request, tmp_path, MemoryReplicas()) as opened:
        yield opened


async def test_join__the_eldest_first(kept: SqlStore | MemoryReplicas) -> None:
    """Everybody sees who runs, how often each has shown life, and what it said with it."""
    await kept.join(TWO)
    await kept.join(ONE)

    assert await kept.beat("one", '{"halted": "no\x00pe"}')
    assert not await kept.beat("nobody", "")
    assert await kept.replicas() == (replace(ONE, beats=1, report='{"halted": "nope"}'), TWO)


async def test_take_lease__one_of_many(kept: SqlStore | MemoryReplicas) -> None:
    """However many want it at once, one gets it, and the others see who."""
    many = [replace(ONE, id=f"r{n}") for n in range(8)]
    for one in many:
        await kept.join(one)
    got = await asyncio.gather(*(kept.take_lease(POLL, one.id, 0) for one in many))

    assert sorted(map(str, got)) == ["1", *["None"] * 7]
    assert await kept.leases() == (Lease(POLL, many[got.index(1)].id, 1),)


async def test_take_lease__only_as_it_was_seen(kept: SqlStore | MemoryReplicas) -> None:
    """One that was held and freed since is another one, also where nobody holds it now."""
    for one in (ONE, TWO):
        await kept.join(one)
    await kept.take_lease(POLL, "one", 0)

    assert await kept.take_lease(POLL, "two", 1) is None, "it is held"
    assert not await kept.drop_lease(POLL, "two", 1), "by another"
    assert await kept.drop_lease(POLL, "one", 1)
    assert not await kept.drop_lease(POLL, "one", 1), "once"
    assert await kept.leases() == (Lease(POLL, None, 2),)
    assert [await kept.take_lease(POLL, "two", seen) for seen in (0, 1, 2)] == [None, None, 3]


async def test_bury__one_that_shows_life(kept: SqlStore | MemoryReplicas) -> None:
    """A beat between the look and the burial keeps it and what it holds."""
    await kept.join(ONE)
    await kept.take_lease(POLL, "one", 0)
    (seen,) = await kept.replicas()
    await kept.beat("one", "")

    assert not await kept.bury(seen)
    assert await kept.leases() == (Lease(POLL, "one", 1),)


async def test_bury__frees_what_it_held(kept: SqlStore | MemoryReplicas) -> None:
    """All of it at once, and nothing of the others'; whoever was only frozen hears of it, and takes nothing more."""
    for one in (ONE, TWO):
        await kept.join(one)
    await kept.take_lease(POLL, "one", 0)
    await kept.take_lease("live", "one", 0)
    await kept.take_lease("tidy", "two", 0)

    assert [await kept.bury(ONE), await kept.bury(ONE)] == [True, False]
    assert await kept.replicas() == (TWO,)
    assert await kept.leases() == (Lease("live", None, 2), Lease(POLL, None, 2), Lease("tidy", "two", 1))
    assert not await kept.beat("one", "")
    assert await kept.take_lease(POLL, "one", 2) is None
    assert not await kept.drop_lease(POLL, "one", 1)


async def test_leave__hands_on_at_once(kept: SqlStore | MemoryReplicas) -> None:
    """An end in good order frees everything too, once."""
    await kept.join(ONE)
    await kept.take_lease(POLL, "one", 0)

    assert [await kept.leave("one"), await kept.leave("one")] == [True, False]
    assert await kept.replicas() == ()
    assert await kept.leases() == (Lease(POLL, None, 2),)


async def test_fenced__who_lost_the_lease_writes_nothing(database: SqlStore) -> None:
    """What it decided long ago is not written, also while nobody has the lease; it reads on."""
    for one in (ONE, TWO):
        await database.join(one)
    await database.take_lease(POLL, "one", 0)
    with fenced(POLL, 1):
        assert await database.enqueue(a_delivery("while it holds it"), NOW)
    await database.bury(ONE)
    with fenced(POLL, 1):
        with pytest.raises(TakenOver, match="“poll prod”"):
            await database.enqueue(a_delivery("too late"), NOW)
        assert (await database.depth()).waiting == 1
    await database.take_lease(POLL, "two", 2)
    with fenced(POLL, 1), pytest.raises(TakenOver):
        await asyncio.create_task(database.enqueue(a_delivery("in a task of its own"), NOW))
    with fenced(POLL, 3):
        assert await database.enqueue(a_delivery("by the new holder"), NOW)

    assert await database.enqueue(a_delivery("under no lease"), NOW)
    assert (await database.depth()).waiting == 3


async def test_fenced__what_was_posted_is_recorded_all_the_same(database: SqlStore) -> None:
    """The message is there, whoever delivers by now: to forget that would post it twice."""
    await database.join(ONE)
    await database.take_lease("deliver slack", "one", 0)
    await database.enqueue(a_delivery(), NOW)
    with fenced("deliver slack", 1):
        claimed = await database.claim(CHATS, NOW)
    assert claimed is not None
    await database.leave("one")
    with fenced("deliver slack", 1):
        with pytest.raises(TakenOver):
            await database.mark_retry(claimed, "not there", NOW)
        await database.mark_sent(claimed, MessageRef(channel=CHANNEL, message_id="1"), NOW)
    entry = await database.entry(claimed.id)

    assert entry is not None
    assert entry.delivery.state is DeliveryState.SENT


async def test_bury__waits_for_what_is_being_written(url: str) -> None:
    """A write under a lease and the end of that lease never cross: the lease is free once it was written, or before."""
    async with open_store(url) as first, open_store(url) as second:
        await first.join(ONE)
        await first.take_lease(POLL, "one", 0)
        with fenced(POLL, 1):
            async with first._db.writing():
                burying = asyncio.create_task(second.bury(ONE))
                done, _ = await asyncio.wait({burying}, timeout=0.2)
                assert not done
                assert await second.leases() == (Lease(POLL, "one", 1),)
            assert await burying

        assert await first.leases() == (Lease(POLL, None, 2),)
