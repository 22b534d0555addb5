"""Which ids are one person's, and codes that say so once."""

from __future__ import annotations

import asyncio

from bot.ports import Store
from tests.contract.store.kit import NOW, later

ANN, ANN_THERE, BO, CY = ("slack:user:T1:ANN", "discord:user:1", "slack:user:T1:BO", "terminal:user:local")


async def groups(store: Store) -> set[frozenset[str]]:
    return {group for group in await store.links() if len(group) > 1}


async def test_link__by_a_code_of_somebody_else_once(store: Store) -> None:
    """Of two who say it at once one is linked; the person of the code cannot use it, and spoils nothing by trying."""
    await store.offer_link("d1", ANN, later(600))

    assert await store.take_link("d1", ANN, NOW) is None
    taken = await asyncio.gather(*(store.take_link("d1", who, NOW) for who in (ANN_THERE, BO)))
    assert sorted(taken, key=str) == [None, ANN]
    assert await store.take_link("d1", CY, NOW) is None
    assert len(await groups(store)) == 1


async def test_link__for_a_short_time_and_the_newest_code_alone(store: Store) -> None:
    """At its end a code is none any more; another one takes its place at once."""
    await store.offer_link("d1", ANN, later(600))
    await store.offer_link("d2", ANN, later(600))

    assert await store.take_link("d1", BO, NOW) is None
    assert await store.take_link("d2", BO, later(600)) is None
    await store.offer_link("d3", ANN, later(600))
    assert await store.take_link("d3", BO, later(599)) == ANN


async def test_link__joins_what_was_linked_before(store: Store) -> None:
    """Both persons with all their ids become one."""
    for digest, one, other in (("d1", ANN, ANN_THERE), ("d2", BO, CY), ("d3", CY, ANN)):
        await store.offer_link(digest, one, later(600))
        assert await store.take_link(digest, other, NOW) == one

    assert await groups(store) == {frozenset({ANN, ANN_THERE, BO, CY})}


async def test_unlink__leaves_the_others_together_for_good(store: Store) -> None:
    """Whoever left and links anew does not come back to them, although the code was theirs."""
    for digest, other in (("d1", ANN_THERE), ("d2", CY)):
        await store.offer_link(digest, ANN, later(600))
        await store.take_link(digest, other, NOW)

    assert await store.unlink(ANN)
    assert not await store.unlink(ANN)
    await store.offer_link("d3", ANN, later(600))
    await store.take_link("d3", BO, NOW)
    assert await groups(store) == {frozenset({ANN_THERE, CY}), frozenset({ANN, BO})}
