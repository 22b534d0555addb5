"""Commands act once, however often they come."""

from __future__ import annotations

import asyncio

from sqlalchemy import event, text

from adapters.store.store import SqlStore
from bot.errors import StoreError
from bot.ports import Store
from tests.contract.store.kit import NOW, an_invocation, later


async def test_accept__same_id_again(store: Store) -> None:
    """A delivery whose id is known is refused, and the first one stays."""
    first = await store.accept("slack", "E1", an_invocation("status"))
    second = await store.accept("slack", "E1", an_invocation("launch"))

    assert (first, second) == (True, False)
    assert (("E1", an_invocation("status")),) == await store.unfinished("slack", NOW)


async def test_accept__same_id_from_another_source(store: Store) -> None:
    """Ids are compared inside one source only."""
    assert await store.accept("slack", "E1", an_invocation())
    assert await store.accept("discord", "E1", an_invocation())


async def test_accept__raced(store: Store) -> None:
    """Of twenty deliveries at the same moment one is taken."""
    taken = await asyncio.gather(*(store.accept("slack", "E1", an_invocation()) for _ in range(20)))

    assert sum(taken) == 1


async def test_accept__many_at_once(store: Store) -> None:
    """Each of those that come at the same moment learns of its own id, also where one comes twice."""
    await store.accept("slack", "E1", an_invocation())
    ids = [f"E{n % 30}" for n in range(60)]
    found = await asyncio.gather(*(store.accept("slack", id_, an_invocation(id_)) for id_ in ids))

    assert found == [n < 30 and n != 1 for n in range(60)]
    assert {key for key, _ in await store.unfinished("slack", NOW)} == set(ids)


async def test_inbox__shares_commits(database: SqlStore) -> None:
    """A hundred commands at once take two commits: the first does not wait for the others, and those go together."""
    commits = 0

    @event.listens_for(database._db.engine.sync_engine, "commit")
    def committed(_: object) -> None:
        nonlocal commits
        commits += 1

    await asyncio.gather(*(database.accept("slack", f"E{n}", an_invocation()) for n in range(100)))
    assert commits <= 2
    await asyncio.gather(*(database.finish("slack", f"E{n}") for n in range(99)))
    assert commits <= 4

    assert [key for key, _ in await database.unfinished("slack", NOW)] == ["E99"]


async def test_accept__database_fails(database: SqlStore) -> None:
    """Each of those that come at the same moment is told, and those that come later are accepted again."""
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    failed = await asyncio.gather(
        *(database.accept("slack", f"E{n}", an_invocation()) for n in range(10)), return_exceptions=True
    )
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox"))

    assert [type(error) for error in failed] == [StoreError] * 10
    assert await database.accept("slack", "E1", an_invocation())


async def test_unfinished__answered_old_and_foreign_ones(store: Store) -> None:
    """Only what this source took since then and nobody answered comes back, oldest first."""
    await store.accept("slack", "old", an_invocation(at=later(-1)))
    await store.accept("slack", "second", an_invocation(at=later(2)))
    await store.accept("slack", "first", an_invocation(at=later(1)))
    await store.accept("slack", "answered", an_invocation(at=later(3)))
    await store.accept("discord", "foreign", an_invocation(at=later(1)))
    await store.finish("slack", "answered")

    found = await store.unfinished("slack", NOW)

    assert [dedupe_id for dedupe_id, _ in found] == ["first", "second"]


async def test_finish__still_known(store: Store) -> None:
    """An answered command that is delivered again stays refused."""
    await store.accept("slack", "E1", an_invocation())
    await store.finish("slack", "E1")

    assert not await store.accept("slack", "E1", an_invocation())


async def test_finish__unknown_id(store: Store) -> None:
    """Finishing what was never taken changes nothing."""
    await store.finish("slack", "E1")

    assert await store.unfinished("slack", NOW) == ()


async def test_unfinished__a_damaged_row_holds_up_nobody(database: SqlStore) -> None:
    """What cannot be read is left out; the others are answered after a restart."""
    for key in ("bad", "good"):
        await database.accept("slack", key, an_invocation("status"))
    async with database._db.writing() as connection:
        await connection.execute(text("UPDATE inbox SET invocation = '[]' WHERE dedupe_id = 'bad'"))

    assert [key for key, _ in await database.unfinished("slack", NOW)] == ["good"]
