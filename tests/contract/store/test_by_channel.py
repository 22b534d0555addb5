"""What an operator looks through: channels and what people said of properties, a page at a time, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from adapters.store.store import SqlStore
from bot.state import (
    ChannelSettings,
    DeliveryState,
    Expectation,
    MentionRule,
    Mute,
    PropertyState,
    Subscription,
    Word,
)
from tests.contract.store.kit import NOW, a_delivery, a_run, a_step, later

A, B, C, D = (f"slack:channel:T1:C{letter}" for letter in "ABCD")
WATCH = Subscription(channel=A, launcher="Nightly")
EXPECT = Expectation(channel=A, connection="demo", launcher="Nightly", by=time(3), since=NOW)
RULE = MentionRule(channel=B, who="slack:usergroup:T1:S1")
MUTE = Mute(channel=B, until=later(60), since=NOW)
QUIET = ChannelSettings(channel=C, quiet_from=time(22), quiet_to=time(7))


async def _furnish(database: SqlStore) -> None:
    await database.subscribe(WATCH, NOW)
    await database.expect(EXPECT)
    await database.add_mention(RULE, NOW)
    await database.mute(MUTE, NOW)
    await database.mute(replace(MUTE, channel="slack:channel:T1:OVER", until=NOW), NOW)
    await database.set_channel(QUIET, NOW)
    await database.enqueue(replace(a_delivery("one"), channel=D), NOW)
    await database.rate_limit_channel(D, later(60))


async def test_of_channels__all_of_each(database: SqlStore) -> None:
    """Every channel that asked for something or that something waits for, once, with all of it; a mute that is over is nothing."""
    await _furnish(database)

    found, total = await database.of_channels(later(1), limit=10)

    assert (total, [each.channel for each in found]) == (4, [A, B, C, D])
    a, b, c, d = found
    assert ([*a.subscriptions], [*a.expectations]) == ([WATCH], [EXPECT])
    assert ([rule.who for rule in b.mentions], [*b.mutes]) == ([RULE.who], [MUTE])
    assert c.settings == QUIET
    ((waiting,), held) = d.waiting, d.held_until
    assert (waiting.state, waiting.messages, held) == (DeliveryState.PENDING, 1, later(60))
    assert (a.settings, a.waiting, d.subscriptions) == (None, (), ())


@pytest.mark.parametrize(
    ("naming", "skip", "limit", "channels", "total"),
    [("", 1, 2, [B, C], 4), ("t1:cb", 0, 9, [B], 1), ("%", 0, 9, [], 0), ("", 9, 9, [], 4)],
)
async def test_of_channels__a_page(
    database: SqlStore, naming: str, skip: int, limit: int, channels: list[str], total: int
) -> None:
    """By a part of the id, in capitals or not, and none of it is a pattern."""
    await _furnish(database)

    found, every = await database.of_channels(later(1), naming=naming, skip=skip, limit=limit)

    assert ([each.channel for each in found], every) == (channels, total)


async def test_all_property_states(database: SqlStore) -> None:
    """Of all connections, without those that were cleared, each with what its launcher is called now."""
    await database.record(a_step(runs=(replace(a_run(1), launcher="Nightly", launcher_key="17"),)))
    state = PropertyState(connection="demo", launcher_key="17", name="No torn page", word=Word.KNOWN)
    for each in (
        state,
        replace(state, name="x", launcher_key="A", owner="o"),
        replace(state, connection="b"),
    ):
        assert await database.save_property_state(each)
    assert await database.save_property_state(replace(state, name="cleared", word=None))

    found, total = await database.all_property_states(skip=0, limit=2)
    named, one = await database.all_property_states(naming="TORN", skip=1, limit=2)
    by_launcher, _ = await database.all_property_states(naming="nightly", skip=0, limit=2)
    await database.save_property_state(replace(state, name="Überlauf"))
    _, umlaut = await database.all_property_states(naming="Überlauf", skip=0, limit=2)

    assert (total, one) == (3, 2)
    assert [(s.connection, s.name, launcher) for s, launcher in found] == [
        ("b", "No torn page", "17"), ("demo", "No torn page", "Nightly"),
    ]  # fmt: skip
    assert [(s.connection, s.name) for s, _ in named] == [("demo", "No torn page")]
    assert [launcher for _, launcher in by_launcher] == ["Nightly"]
    assert umlaut == 1
