"""What webhooks told: each once, kept until a poll has answered it, and so many at most."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.store import hints, tables
from adapters.store.store import SqlStore, open_store
from adapters.store.upkeep import HINTED
from bot.ports import Store
from bot.state import Hint
from tests.contract.store.kit import NOW, later
from tests.contract.store.test_wakeups import an_ear
from tests.fakes import store_hints

LONG_AGO = NOW - timedelta(minutes=10)


def a_hint(digest: str = "d1", *run_ids: str, connection: str = "qa", after: float = 0.0) -> Hint:
    return Hint(connection=connection, digest=digest, at=later(after), run_ids=run_ids)


async def test_keep_hint__waits_until_it_is_answered(store: Store) -> None:
    """Whoever polls the connection finds them, oldest first, with the runs that they name; once answered, no more."""
    second, first = a_hint("d2", "r2", "r1", after=1), a_hint("d1")
    other = a_hint("d1", connection="ath")
    kept = [await store.keep_hint(hint, repeats=LONG_AGO) for hint in (second, first, other)]
    waiting = await store.hints("qa")
    await store.answer_hints([first])
    await store.answer_hints([])

    assert kept == [True] * 3
    assert waiting == (first, second)
    assert await store.hints("qa") == (second,)
    assert await store.hints("ath") == (other,)
    assert await store.hints("nobody") == ()


async def test_keep_hint__the_same_again(store: Store) -> None:
    """It is known, answered or not, until it is old enough; then it is a hint again, with what it names."""
    first, again = a_hint("d1", "r1"), a_hint("d1", "r1", after=600)
    kept = [await store.keep_hint(first, repeats=LONG_AGO), await store.keep_hint(first, repeats=LONG_AGO)]
    await store.answer_hints([first])
    kept.append(await store.keep_hint(a_hint("d1", "r1", after=599), repeats=later(-1)))
    kept.append(await store.keep_hint(again, repeats=NOW))

    assert kept == [True, False, False, True]
    assert await store.hints("qa") == (again,)


async def test_answer_hints__not_one_that_came_again_meanwhile(store: Store) -> None:
    """A poll that began before it came again has not answered that."""
    first, again = a_hint("d1", "r1"), a_hint("d1", "r1", after=700)
    await store.keep_hint(first, repeats=LONG_AGO)
    await store.keep_hint(again, repeats=later(100))
    await store.answer_hints([first])

    assert await store.hints("qa") == (again,)


async def test_keep_hint__at_the_same_moment(store: Store) -> None:
    """Of many deliveries of one thing one is kept."""
    kept = await asyncio.gather(*(store.keep_hint(a_hint("d1"), repeats=LONG_AGO) for _ in range(8)))

    assert sorted(kept) == [False] * 7 + [True]


async def test_keep_hint__of_two_programs(url: str) -> None:
    """Whichever of them it came to: each finds what the other one took, and knows it."""
    async with open_store(url) as one, open_store(url) as two:
        both = [s.keep_hint(a_hint("d1", "r1"), repeats=LONG_AGO) for s in (one, two)]
        kept = await asyncio.gather(*both)
        await one.answer_hints(await two.hints("qa"))

        assert sorted(kept) == [False, True]
        assert not await two.keep_hint(a_hint("d1", "r1"), repeats=LONG_AGO)
        assert await two.hints("qa") == await one.hints("qa") == ()


async def test_keep_hint__ids_are_clean(store: Store) -> None:
    """What no database takes is replaced in it, and nothing of it is lost beside."""
    await store.keep_hint(a_hint("d1", "a\0b", "c\ud800", "ü😀'\""), repeats=LONG_AGO)
    (kept,) = await store.hints("qa")

    assert kept.run_ids[2] == "ü😀'\""
    assert not any("\0" in run_id or "\ud800" in run_id for run_id in kept.run_ids)


async def test_keep_hint__so_many_of_a_connection(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Beyond the bound the oldest go, answered ones first; where one goes that waits the log says so."""
    for module in (hints, store_hints):
        monkeypatch.setattr(module, "MOST", 3)
    many = [a_hint(f"d{number}", after=number) for number in range(6)]
    await store.keep_hint(a_hint("other", connection="ath"), repeats=LONG_AGO)
    for hint in many[:3]:
        await store.keep_hint(hint, repeats=LONG_AGO)
    await store.answer_hints([many[2]])
    await store.keep_hint(many[3], repeats=LONG_AGO)
    before, quiet = await store.hints("qa"), "are forgotten" not in caplog.text
    for hint in many[4:]:
        await store.keep_hint(hint, repeats=LONG_AGO)

    assert before == (many[0], many[1], many[3])
    assert await store.hints("qa") == tuple(many[3:])
    assert len(await store.hints("ath")) == 1
    assert await store.keep_hint(many[2], repeats=LONG_AGO)  # it was forgotten
    if isinstance(store, SqlStore):
        assert quiet
        assert "qa: 1 hints of webhooks are forgotten: too many wait to be answered" in caplog.text


async def test_keep_hint__keeps_no_more_than_that_it_came(database: SqlStore) -> None:
    """Of one that is answered nothing is left but its digest, and that for some days."""
    await database.keep_hint(a_hint("d1", "r1"), repeats=LONG_AGO)
    await database.answer_hints(await database.hints("qa"))
    async with database._db.reading() as connection:
        (row,) = (await connection.execute(tables.hints.select())).all()
    young = await database.prune(NOW + HINTED)
    old = await database.prune(NOW + HINTED + timedelta(seconds=1))

    assert (row.run_ids, row.answered) == ("[]", True)
    assert (young.hints, old.hints) == (0, 1)


async def test_keep_hint__tells_the_others(postgresql: str) -> None:
    """Who polls hears of a hint with the commit that keeps it; of one that is known nobody hears."""
    async with open_store(postgresql) as one, open_store(postgresql) as two, an_ear(two) as ear:
        await one.keep_hint(a_hint("d1"), repeats=LONG_AGO)
        await one.keep_hint(a_hint("d1"), repeats=LONG_AGO)
        await one.keep_hint(a_hint("d2"), repeats=LONG_AGO)

        assert [await ear.hears(), await ear.hears()] == ["hints", "hints"]
        assert len(await two.hints("qa")) == 2
    assert ear.words.empty()
