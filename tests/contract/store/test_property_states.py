"""What people said of single properties: the same in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.ports import Store
from bot.ratio import Ratio
from bot.state import PropertyState, Reopened, Why, Word
from tests.contract.store.kit import NOW, a_delivery, a_run, a_step, later

ANN, BEN = "slack:user:T01:U0ANN", "discord:user:77"
WHOLE = PropertyState(
    connection="demo",
    launcher_key="Payments Nightly",
    name="no torn page",
    owner=ANN,
    owned_at=NOW,
    word=Word.SNOOZED,
    said_by=BEN,
    said_at=later(5),
    ticket="https://jira.example.com/browse/JIRA-12",
    until=later(3600),
    runs=3,
    places=("ledger.go:42", "other.go:7"),
    ratio=Ratio.RARE,
    counts_from=later(-60),
    reopened=Reopened(why=Why.PLACE, run_id="r7", now="other.rs:12"),
)
KEY = ("demo", "Payments Nightly", "no torn page")


async def test_state__comes_back_whole(store: Store) -> None:
    """Every field is kept, with one version more; before that there is an empty one."""
    before = await store.property_state(*KEY)
    assert (before.empty, before.version) == (True, 0)
    assert await store.save_property_state(WHOLE)

    read = await store.property_state(*KEY)
    assert read == replace(WHOLE, version=1)
    assert read.reopened is not None
    assert read.reopened.why is Why.PLACE  # a text is equal to it, and no card would say it
    assert await store.property_states("demo") == (replace(WHOLE, version=1),)


async def test_states__of_launcher_and_of_connection(store: Store) -> None:
    """By launcher and name; other connections, and what was cleared, are left out."""
    for launcher, name in (("B", "x"), ("A", "y"), ("A", "x")):
        await store.save_property_state(replace(WHOLE, launcher_key=launcher, name=name))
    await store.save_property_state(replace(WHOLE, connection="other"))
    y = await store.property_state("demo", "A", "y")
    assert await store.save_property_state(replace(y, owner="", word=None))

    assert [(s.launcher_key, s.name) for s in await store.property_states("demo")] == [("A", "x"), ("B", "x")]
    assert [s.name for s in await store.property_states("demo", "A")] == ["x"]


async def test_save__the_first_wins(store: Store) -> None:
    """Of two people who read the same state one is told that it was changed; also where it was cleared in between."""
    read = await store.property_state(*KEY)
    took = await asyncio.gather(
        *(store.save_property_state(replace(read, owner=who, owned_at=NOW)) for who in (ANN, BEN))
    )
    assert sorted(took) == [False, True]
    kept = await store.property_state(*KEY)
    assert await store.save_property_state(replace(kept, owner=""))
    assert not await store.save_property_state(replace(kept, owner="somebody else"))
    assert not await store.save_property_state(replace(read, owner="somebody else"))

    assert (await store.property_state(*KEY)).empty


async def test_record__reopens_with_the_announcement(store: Store) -> None:
    """Both are in one write; what a person said since it was read stays, and the announcement goes out all the same."""
    await store.save_property_state(replace(WHOLE, reopened=None))
    read = await store.property_state(*KEY)
    step = a_step(
        runs=(a_run(1),), deliveries=(a_delivery("one"),), reopened=(replace(read, reopened=WHOLE.reopened),)
    )
    await store.record(step)
    assert (await store.property_state(*KEY)).reopened == WHOLE.reopened
    cleared = replace(await store.property_state(*KEY), word=None, owner="")
    await store.save_property_state(cleared)

    assert await store.record(replace(step, deliveries=(a_delivery("two"),))) == 1
    assert (await store.property_state(*KEY)).empty


@pytest.mark.parametrize("name", ["x" * 20_000, "nul\0 and \ud800", "' OR 1=1 --", ""])
async def test_state__any_name(store: Store, name: str) -> None:
    """A name of any length and make is found by itself."""
    await store.save_property_state(replace(WHOLE, name=name))

    found = await store.property_state("demo", "Payments Nightly", name)
    assert found.owner == ANN
    assert await store.save_property_state(replace(found, owner=BEN))
