"""Commands act once, however often they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event, text

from adapters.store.replicas import Replica
from adapters.store.store import SqlStore, open_store
from bot.errors import StoreError
from bot.ports import Inbox, Store
from bot.state import Owner
from tests.contract.store.conftest import DATABASES, of_every_kind
from tests.contract.store.kit import NOW, an_invocation, later
from tests.fakes.inbox import ME, unfinished
from tests.fakes.store import MemoryStore


@pytest.fixture(params=["memory", *DATABASES])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore | MemoryStore]:
    """Return an empty inbox of every kind, among programs that run."""
    async with of_every_kind(request, tmp_path, MemoryStore()) as opened:
        yield opened


async def test_accept__same_id_again(store: Store) -> None:
    """A delivery whose id is known is refused, and the first one stays."""
    first = await store.accept("slack", "E1", an_invocation("status"), ME)
    second = await store.accept("slack", "E1", an_invocation("launch"), ME)

    assert (first, second) == (True, False)
    assert (("E1", an_invocation("status")),) == await unfinished(store, "slack", NOW)


async def test_accept__same_id_from_another_source(store: Store) -> None:
    """Ids are compared inside one source only."""
    assert await store.accept("slack", "E1", an_invocation(), ME)
    assert await store.accept("discord", "E1", an_invocation(), ME)


async def test_accept__raced(store: Store) -> None:
    """Of twenty deliveries at the same moment one is taken."""
    taken = await asyncio.gather(*(store.accept("slack", "E1", an_invocation(), ME) for _ in range(20)))

    assert sum(taken) == 1


async def test_accept__many_at_once(store: Store) -> None:
    """Each of those that come at the same moment learns of its own id, also where one comes twice."""
    await store.accept("slack", "E1", an_invocation(), ME)
    ids = [f"E{n % 30}" for n in range(60)]
    found = await asyncio.gather(*(store.accept("slack", id_, an_invocation(id_), ME) for id_ in ids))

    assert found == [n < 30 and n != 1 for n in range(60)]
    assert {key for key, _ in await unfinished(store, "slack", NOW)} == set(ids)


async def test_inbox__shares_commits(database: SqlStore) -> None:
    """A hundred commands at once take two commits: the first does not wait for the others, and those go together."""
    commits = 0

    @event.listens_for(database._db.engine.sync_engine, "commit")
    def committed(_: object) -> None:
        nonlocal commits
        commits += 1

    await asyncio.gather(*(database.accept("slack", f"E{n}", an_invocation(), ME) for n in range(100)))
    assert commits <= 2
    await asyncio.gather(*(database.finish("slack", f"E{n}") for n in range(99)))
    assert commits <= 4

    assert [key for key, _ in await unfinished(database, "slack", NOW)] == ["E99"]


async def test_accept__database_fails(database: SqlStore) -> None:
    """Each of those that come at the same moment is told, and those that come later are accepted again."""
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    failed = await asyncio.gather(
        *(database.accept("slack", f"E{n}", an_invocation(), ME) for n in range(10)), return_exceptions=True
    )
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox"))

    assert [type(error) for error in failed] == [StoreError] * 10
    assert await database.accept("slack", "E1", an_invocation(), ME)


async def test_unfinished__answered_old_and_foreign_ones(store: Store) -> None:
    """Only what this source took since then and nobody answered comes back, oldest first."""
    await store.accept("slack", "old", an_invocation(at=later(-1)), ME)
    await store.accept("slack", "second", an_invocation(at=later(2)), ME)
    await store.accept("slack", "first", an_invocation(at=later(1)), ME)
    await store.accept("slack", "answered", an_invocation(at=later(3)), ME)
    await store.accept("discord", "foreign", an_invocation(at=later(1)), ME)
    await store.finish("slack", "answered")

    found = await unfinished(store, "slack", NOW)

    assert [dedupe_id for dedupe_id, _ in found] == ["first", "second"]


async def test_finish__still_known(store: Store) -> None:
    """An answered command that is delivered again stays refused."""
    await store.accept("slack", "E1", an_invocation(), ME)
    await store.finish("slack", "E1")

    assert not await store.accept("slack", "E1", an_invocation(), ME)


async def test_finish__unknown_id(store: Store) -> None:
    """Finishing what was never taken changes nothing."""
    await store.finish("slack", "E1")

    assert await unfinished(store, "slack", NOW) == ()


async def test_unfinished__a_damaged_row_holds_up_nobody(database: SqlStore) -> None:
    """What cannot be read is left out; the others are answered after a restart."""
    for key in ("bad", "good"):
        await database.accept("slack", key, an_invocation("status"), ME)
    async with database._db.writing() as connection:
        await connection.execute(text("UPDATE inbox SET invocation = '[]' WHERE dedupe_id = 'bad'"))

    assert [key for key, _ in await unfinished(database, "slack", NOW)] == ["good"]


# Whose it is ------------------------------------------------------------------------------------------------

SISTER, HEIR = Owner(id="sister", listed=True), Owner(id="heir", listed=True)
ALIVE = Replica(id=SISTER.id, host="h", place="", pid=1, born="", since=NOW)


async def adopted(store: Inbox, owner: Owner, *, unowned_until: datetime = NOW) -> list[str]:
    """Let somebody adopt what is left of Slack; return the ids."""
    return [key for key, _ in await store.adopt("slack", NOW, owner, unowned_until=unowned_until)]


async def test_adopt__nothing_of_one_that_lives(kept: SqlStore | MemoryStore) -> None:
    """While others see that a program lives its commands are its own, and nobody's once it was found dead or left."""
    await kept.join(ALIVE)
    await kept.accept("slack", "E1", an_invocation(), SISTER)
    before = await adopted(kept, HEIR)
    own = await adopted(kept, SISTER)
    owner = await kept.owner_of("slack", "E1")
    assert await kept.bury((await kept.replicas())[0])
    after = await adopted(kept, HEIR)

    assert (before, own, owner, after) == ([], [], SISTER.id, ["E1"])
    assert await kept.owner_of("slack", "E1") == HEIR.id
    assert await kept.owner_of("slack", "E2") is None


async def test_adopt__one_of_two_at_once(url: str) -> None:
    """Of two programs that look at the same moment each command goes to one."""
    async with open_store(url) as one, open_store(url) as two:
        for heir in ("one", "two"):
            await one.join(replace(ALIVE, id=heir))
        for number in range(50):
            await one.accept("slack", f"E{number}", an_invocation(f"{number}"), SISTER)
        got = await asyncio.gather(
            *(
                adopted(store, Owner(id=name))
                for store, name in ((one, "one"), (two, "two"))
                for _ in range(3)
            )
        )

    assert sorted(key for keys in got for key in keys) == sorted(f"E{number}" for number in range(50))


async def test_adopt__what_an_earlier_version_accepted_in_its_time(database: SqlStore) -> None:
    """A row without an owner is left to the version that wrote it for a while."""
    await database.accept("slack", "E1", an_invocation(at=later(10)), SISTER)
    async with database._db.writing() as connection:
        await connection.execute(text("UPDATE inbox SET owner = NULL"))

    assert await adopted(database, HEIR, unowned_until=later(10)) == []
    assert await adopted(database, HEIR, unowned_until=later(11)) == ["E1"]


async def test_accept__by_one_that_was_found_dead(kept: SqlStore | MemoryStore) -> None:
    """Whoever is not sure to be alive is asked for; one that was found dead accepts nothing until it has joined anew."""
    doubtful = replace(SISTER, sure=lambda: False)
    await kept.join(ALIVE)
    alive = await kept.accept("slack", "E1", an_invocation(), doubtful)
    await kept.leave(SISTER.id)
    with pytest.raises(StoreError, match="found this one dead"):
        await kept.accept("slack", "E2", an_invocation(), doubtful)

    assert alive
    assert await kept.owner_of("slack", "E2") is None
