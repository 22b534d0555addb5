"""What confirmed runs take of quotas is reserved with their confirmation, and never more than there is."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.store.store import SqlStore, open_store
from bot.errors import StoreError
from bot.ports import Store
from bot.state import Full, IntentState, Overtaken, Per, Reservation, Seen, Share, Used
from tests.contract.store.kit import CHANNEL, NOW, an_intent, later

DRAFT = frozenset({IntentState.DRAFT})
CONFIRMED = frozenset({IntentState.CONFIRMED})
ANN, BO = "slack:user:T01:U01", "slack:user:T01:U02"
RUN = Reservation(
    actor=ANN, channel=CHANNEL, launcher="payments nightly", connection="demo", minutes=30, at=NOW
)
DAY = Share(per=Per.CHANNEL, names=frozenset({CHANNEL}), since=NOW, until=NOW + timedelta(days=1), runs=1)
UNLIMITED = replace(DAY, runs=None)


async def reserve(
    store: Store, intent_id: str = "i1", run: Reservation = RUN, *shares: Share
) -> bool | Full | Overtaken:
    """Draft an intent and confirm it."""
    await store.draft(an_intent(intent_id))
    return await store.confirm(intent_id, DRAFT, run.at, reservation=run, shares=shares)


async def used(store: Store, share: Share = UNLIMITED) -> Used:
    """Return what is reserved of one share."""
    (found,) = await store.used((share,))
    return found


async def test_confirm__reserves_in_the_same_step(store: Store) -> None:
    """A confirmed intent counts from then on; nothing of an intent changes but its state."""
    assert await reserve(store, "i1", RUN, DAY) is True

    assert await store.intent("i1") == an_intent(state=IntentState.CONFIRMED)
    assert await used(store) == Used(runs=1, minutes=30)


async def test_confirm__without_a_reservation(store: Store) -> None:
    """What starts no run takes nothing."""
    await store.draft(an_intent())

    assert await store.confirm("i1", DRAFT, NOW) is True
    assert await used(store) == Used()


async def test_confirm__no_room(store: Store) -> None:
    """Where one share has no room nothing changes, and what is used of each is told."""
    await reserve(store)
    full = await reserve(store, "i2", RUN, UNLIMITED, DAY)

    assert full == Full((Used(runs=1, minutes=30), Used(runs=1, minutes=30)))
    assert await store.intent("i2") == an_intent("i2")
    assert await used(store) == Used(runs=1, minutes=30)


@pytest.mark.parametrize(("minutes", "room"), [(90, True), (91, False), (None, True)])
async def test_confirm__minutes(store: Store, minutes: int | None, room: bool) -> None:
    """Minutes fit up to the last one; those that nobody knows take none."""
    share = replace(DAY, runs=None, minutes=120)
    await reserve(store)
    done = await reserve(store, "i2", replace(RUN, minutes=minutes), share)

    assert done is True if room else isinstance(done, Full)


async def test_confirm__unknown_minutes_that_count(store: Store) -> None:
    """Where the rule says as what an unknown length counts, it does, of runs before and of this one."""
    share, unknown = replace(DAY, runs=None, minutes=120, untimed=50), replace(RUN, minutes=None)
    done = [await reserve(store, f"i{n}", unknown, share) for n in range(3)]

    assert done == [True, True, Full((Used(runs=2, untimed=2),))]


@pytest.mark.parametrize("nothing", [replace(DAY, runs=0), replace(DAY, runs=None, minutes=0)])
async def test_confirm__a_share_of_nothing(store: Store, nothing: Share) -> None:
    """Nothing fits in a share of 0, also not what takes no minutes of it."""
    assert await reserve(store, "i1", replace(RUN, minutes=None), nothing) == Full((Used(),))


async def test_confirm__not_expected(store: Store) -> None:
    """From any other state nothing is confirmed or reserved, whether there is room or not."""
    await store.draft(an_intent(state=IntentState.DECLINED))

    assert await store.confirm("i1", DRAFT, NOW, reservation=RUN, shares=(UNLIMITED,)) is False
    assert await store.confirm("i1", DRAFT, NOW, reservation=RUN, shares=(replace(DAY, runs=0),)) is False
    assert await store.confirm("i2", DRAFT, NOW, reservation=RUN) is False
    assert await used(store) == Used()


@pytest.mark.parametrize("state", list(IntentState))
async def test_used__released_by_what_certainly_did_not_start(store: Store, state: IntentState) -> None:
    """A refused or expired run gives back what it took; one of unknown outcome does not."""
    await reserve(store)
    await store.advance("i1", CONFIRMED, state, later(1))
    released = {
        IntentState.DRAFT,
        IntentState.ASKED,
        IntentState.DECLINED,
        IntentState.EXPIRED,
        IntentState.REJECTED,
    }

    assert (await used(store)).runs == (0 if state in released else 1)


async def test_used__refused_after_all(store: Store) -> None:
    """What was unknown and is proved to have been refused gives back what it took."""
    await reserve(store)
    await store.advance("i1", CONFIRMED, IntentState.UNKNOWN, later(1))
    before = await used(store)
    await store.advance("i1", frozenset({IntentState.UNKNOWN}), IntentState.REJECTED, later(2))

    assert (before.runs, (await used(store)).runs) == (1, 0)


async def test_used__by_whom_where_and_of_what(store: Store) -> None:
    """Each kind counts by its own name, and a person by all of theirs."""
    runs = {
        "i1": RUN,
        "i2": replace(RUN, actor=BO, minutes=None),
        "i3": replace(RUN, channel="c2", launcher="smoke", minutes=5),
        "i4": replace(RUN, connection="other", actor="x"),
    }
    for intent_id, run in runs.items():
        await reserve(store, intent_id, run)
    shares = [
        replace(UNLIMITED, per=per, names=frozenset(names))
        for per, names in (
            (Per.PERSON, {ANN}),
            (Per.PERSON, {ANN, BO}),
            (Per.CHANNEL, {CHANNEL}),
            (Per.LAUNCHER, {"payments nightly"}),
            (Per.CONNECTION, {"demo"}),
            (Per.CONNECTION, {"nobody's"}),
        )
    ]

    assert await store.used(shares) == (
        Used(runs=2, minutes=35),
        Used(runs=3, minutes=35, untimed=1),
        Used(runs=3, minutes=60, untimed=1),
        Used(runs=3, minutes=60, untimed=1),
        Used(runs=3, minutes=35, untimed=1),
        Used(),
    )


async def test_used__on_the_day(store: Store) -> None:
    """A day's first moment belongs to it, its end does not."""
    moments = {"before": later(-0.000001), "first": NOW, "last": later(86_399.9), "next": later(86_400)}
    for intent_id, at in moments.items():
        await reserve(store, intent_id, replace(RUN, at=at))

    assert (await used(store)).runs == 2
    assert (await used(store, replace(UNLIMITED, since=later(86_400), until=later(99_999)))).runs == 1


async def test_confirm__twenty_at_once_for_one_that_is_left(store: Store) -> None:
    """Of twenty confirmations of as many launches exactly one gets the last run."""
    for number in range(20):
        await store.draft(an_intent(f"i{number}"))
    done = await asyncio.gather(
        *(store.confirm(f"i{n}", DRAFT, NOW, reservation=RUN, shares=(DAY,)) for n in range(20))
    )

    assert done.count(True) == 1
    assert sum(isinstance(one, Full) for one in done) == 19
    assert (await used(store)).runs == 1


async def test_confirm__twenty_presses_of_one(store: Store) -> None:
    """Of twenty confirmations of one launch one counts, and the others hear that it was confirmed, not of the quota."""
    await store.draft(an_intent())
    done = await asyncio.gather(
        *(store.confirm("i1", DRAFT, NOW, reservation=RUN, shares=(DAY,)) for _ in range(20))
    )

    assert sorted(done, key=bool) == [False] * 19 + [True]


async def test_confirm__two_programs_for_one_that_is_left(url: str) -> None:
    """Through two programs over one database it is one too, whichever rule is asked for."""
    by_person = replace(DAY, per=Per.PERSON, names=frozenset({ANN}))
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        for number in range(20):
            await stores[0].draft(an_intent(f"i{number}"))
        done = await asyncio.gather(
            *(
                stores[n % 2].confirm(
                    f"i{n}", DRAFT, NOW, reservation=RUN, shares=((DAY,), (by_person,))[n // 2 % 2]
                )
                for n in range(20)
            )
        )
        held = await used(stores[1])

    assert done.count(True) == held.runs == 1


async def test_confirm__one_like_it_that_nobody_saw(store: Store) -> None:
    """One that was confirmed since somebody looked for its like is not passed over; what is unlike it does not count."""
    nothing = Seen(since=NOW, ids=frozenset())
    await store.draft(an_intent("i1"))
    await store.draft(an_intent("i2"))
    await store.draft(replace(an_intent("other"), subject="other"))
    await store.draft(replace(an_intent("late"), created_at=later(1)))

    assert await store.confirm("i1", DRAFT, NOW, seen=nothing) is True
    assert await store.confirm("i2", DRAFT, NOW, seen=nothing) == Overtaken()
    assert await store.confirm("other", DRAFT, NOW, seen=nothing) is True
    assert await store.confirm("late", DRAFT, NOW, seen=replace(nothing, since=later(1))) is True
    assert await store.confirm("i2", DRAFT, NOW, seen=Seen(since=NOW, ids=frozenset({"i1", "late"}))) is True


async def test_confirm__two_programs_for_the_same(url: str) -> None:
    """Of twenty people who ask two programs for the same at the same moment one gets it, and the others see that."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        for number in range(20):
            await stores[0].draft(an_intent(f"i{number}"))
        nothing = Seen(since=NOW, ids=frozenset())
        done = await asyncio.gather(
            *(stores[n % 2].confirm(f"i{n}", DRAFT, NOW, seen=nothing) for n in range(20))
        )

    assert (done.count(True), done.count(Overtaken())) == (1, 19)


async def test_confirm__a_reservation_that_fails_confirms_nothing(database: SqlStore) -> None:
    """Both are one transaction: what cannot be reserved is not confirmed."""
    await database.draft(an_intent())
    async with database._db.writing() as connection:
        await connection.execute(text("DROP TABLE reservations"))
    with pytest.raises(StoreError):
        await database.confirm("i1", DRAFT, NOW, reservation=RUN)

    assert await database.intent("i1") == an_intent()
