"""Launches that are made at times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.store.store import SqlStore
from bot.errors import StoreError
from bot.model import LaunchRequest
from bot.ports import Store
from bot.state import Intent, IntentState, Schedule, ScheduleRequest
from tests.contract.store.kit import CHANNEL, NOW, a_delivery, later

LAUNCH = LaunchRequest(launcher="basic_test", key="", values={"duration": "30"})
WANTED = ScheduleRequest(
    launch=LAUNCH, times="0 2 * * 1-5", zone="Europe/Berlin", preset="nightly", given={"source": "main"}
)


def a_schedule(number: int = 1, **changes: object) -> Schedule:
    made = Schedule(
        id=f"{number:032x}", channel=CHANNEL, connection="demo", actor="slack:user:T:U",
        principals=frozenset({"slack:user:T:U", "slack:usergroup:T:S"}), request=WANTED,
        made_at=later(number), done_until=later(number),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # the test's own fields


def a_draft(schedule: Schedule) -> Intent:
    return Intent(
        id=schedule.id, connection="demo", actor=schedule.actor, channel=CHANNEL, thread=None,
        request=schedule.request, subject="basic_test", state=IntentState.DRAFT, created_at=NOW,
    )  # fmt: skip


async def made(store: Store, schedule: Schedule) -> Schedule:
    await store.draft(a_draft(schedule))
    assert await store.schedule(schedule, NOW)
    return schedule


async def test_schedule__everything_comes_back(store: Store) -> None:
    """All fields are kept, in the order the schedules were made, and the drafts are accepted."""
    full = a_schedule(
        2, channel="discord:channel:1:2", paused="by Bo", last_due=later(5), last_intent="f" * 32, last="no", told=False
    )  # fmt: skip
    second, first = await made(store, full), await made(store, a_schedule(1))

    assert await store.schedules() == (first, second)
    assert await store.schedules(CHANNEL) == (first,)
    intent = await store.intent(first.id)
    assert intent is not None
    assert (intent.state, intent.request) == (IntentState.ACCEPTED, WANTED)


async def test_schedule__of_what_is_no_draft_any_more(store: Store) -> None:
    """A second press, and one behind a cancellation, keep nothing."""
    schedule = a_schedule()
    await store.draft(a_draft(schedule))
    await store.advance(schedule.id, frozenset({IntentState.DRAFT}), IntentState.DECLINED, NOW)

    assert not await store.schedule(schedule, NOW)
    assert not await store.schedule(a_schedule(7), NOW)  # nobody ever asked for it
    assert await store.schedules() == ()


async def test_schedule__the_same_again_takes_its_place(store: Store) -> None:
    """There is one for the same launch at the same times in a channel; another channel has its own."""
    await made(store, a_schedule(1, paused="by Bo"))
    elsewhere = await made(store, a_schedule(2, channel="slack:channel:T:other"))
    again = await made(store, a_schedule(3, actor="slack:user:T:V"))
    other = await made(store, a_schedule(4, request=replace(WANTED, times="0 3 * * *")))

    assert await store.schedules() == (elsewhere, again, other)


async def test_change_schedule__only_as_it_was_seen(store: Store) -> None:
    """Of two who saw the same one does it, with its draft and its message; the other changes nothing."""
    schedule = await made(store, a_schedule())
    due = replace(schedule, done_until=later(60), last_due=later(60), last_intent="f" * 32, told=False)
    draft = replace(a_draft(schedule), id="f" * 32, request=LAUNCH, preset="nightly")

    one = await store.change_schedule(schedule, due, NOW, draft=draft, message=a_delivery())
    two = await store.change_schedule(
        schedule, replace(schedule, paused="x"), NOW, message=a_delivery(key="b")
    )

    assert (one, two) == (True, False)
    assert await store.schedules() == (replace(due, version=1),)
    assert await store.intent("f" * 32) == draft
    assert [delivery.key for delivery in await store.waiting(CHANNEL)] == ["a"]
    assert await store.change_schedule(replace(due, version=1), schedule, NOW)


async def test_change_schedule__with_a_draft_that_is_there(store: Store) -> None:
    """A due time becomes one launch: nothing is changed where its draft cannot be kept."""
    schedule = await made(store, a_schedule())
    with pytest.raises(StoreError):
        await store.change_schedule(schedule, replace(schedule, told=False), NOW, draft=a_draft(schedule))

    assert await store.schedules() == (schedule,)


async def test_remove_schedule__once(store: Store) -> None:
    """What is gone is not changed any more."""
    schedule = await made(store, a_schedule())

    assert [await store.remove_schedule(schedule) for _ in range(2)] == [True, False]
    assert await store.schedules() == ()
    assert not await store.change_schedule(schedule, replace(schedule, paused="x"), NOW)


async def test_of_channels__schedules_with_who_made_them(database: SqlStore) -> None:
    """A channel that asked for nothing else is there for them, in the order they were made."""
    await database.keep_name("slack:user:T:U", "Alice")
    second, first = (
        await made(database, a_schedule(2, request=replace(WANTED, times="0 3 * * *"))),
        a_schedule(1),
    )
    await made(database, first)

    (channel,), total = await database.of_channels(NOW, limit=9)

    assert ([*channel.schedules], total) == ([first, second], 1)
    assert channel.makers == {"slack:user:T:U": "Alice"}
