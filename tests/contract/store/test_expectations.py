"""Which runs channels expect to start."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from adapters.store.store import SqlStore
from bot.ports import Store
from bot.state import Cause, Expectation, Notice
from tests.contract.store.kit import CHANNEL, NOW, a_delivery, later

NIGHTLY = Expectation(
    channel=CHANNEL,
    connection="demo",
    launcher="Payments Nightly",
    by=time(3),
    since=NOW,
    zone="Europe/Berlin",
)
FULL = replace(
    NIGHTLY, launcher="weekly", source="main", begins=time(22, 30), days=frozenset({0, 4}), from_settings=True
)


async def test_expect__everything_comes_back(store: Store) -> None:
    """All fields are kept, in the order the expectations were made."""
    elsewhere = replace(NIGHTLY, channel="discord:channel:1:2", by=None)
    made = [await store.expect(e) for e in (FULL, NIGHTLY, elsewhere)]

    assert made == [True, True, True]
    assert await store.expectations() == (FULL, NIGHTLY, elsewhere)
    assert await store.expectations(CHANNEL) == (FULL, NIGHTLY)


@pytest.mark.parametrize(
    "changes", [{"channel": "x"}, {"connection": "x"}, {"launcher": "x"}, {"source": "x"}], ids=str
)
async def test_expect__one_of_each_launcher_and_source(store: Store, changes: dict[str, str]) -> None:
    """Another deadline takes the place of the first; another channel, connection, launcher or source stands beside it."""
    later_one = replace(NIGHTLY, by=time(4), since=later(60))
    other = replace(NIGHTLY, **changes)  # type: ignore[arg-type]  # each is a text
    made = [await store.expect(e) for e in (NIGHTLY, other, later_one)]

    assert made == [True, True, False]
    assert await store.expectations() == (later_one, other)


async def test_stop_expecting__what_was_made_in_chat(store: Store) -> None:
    """What the settings expect stays until they no longer do."""
    for expectation in (NIGHTLY, FULL):
        await store.expect(expectation)

    gone = [await store.stop_expecting(e) for e in (NIGHTLY, NIGHTLY, FULL)]

    assert gone == [True, False, False]
    assert await store.expectations() == (FULL,)


async def test_configure_expectations__exactly_these(store: Store) -> None:
    """One that stays as it was keeps when it began: a restart behind a deadline does not forget it."""
    dropped, changed = replace(FULL, launcher="dropped"), replace(FULL, launcher="changed")
    await store.expect(NIGHTLY)
    await store.configure_expectations((FULL, dropped, changed))
    restart = later(600)
    moved = replace(changed, by=time(5), since=restart)

    await store.configure_expectations((replace(FULL, since=restart), moved))

    assert await store.expectations() == (NIGHTLY, FULL, moved)


async def test_open_notice__knows_its_channel(store: Store) -> None:
    """It is told where it was expected, not to the operator."""
    notice = Notice(
        cause=Cause.MISSING, subject="demo nightly", problem="It did not start.", since=NOW, channel=CHANNEL
    )

    told = [await store.open_notice(notice, a_delivery(), later(5)) for _ in range(2)]

    assert told == [True, False]
    assert await store.notices() == (notice,)
    assert [delivery.key for delivery in await store.waiting(CHANNEL)] == ["a"]


async def test_open_notice__its_message_waits_since_now(database: SqlStore) -> None:
    """A deadline that passed while nobody looked makes no message that seems to be stuck."""
    notice = Notice(cause=Cause.MISSING, subject="x", problem="It did not start.", since=NOW, channel=CHANNEL)

    await database.open_notice(notice, a_delivery(), later(7200))

    (queue,) = await database.queues()
    assert queue.recorded_at == later(7200)
