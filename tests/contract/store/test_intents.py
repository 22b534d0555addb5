"""Costly actions are decided once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from adapters.store.store import SqlStore
from bot.errors import StoreError
from bot.model import DebugRequest, Moment, RunRef
from bot.ports import Store
from bot.state import AuditEntry, AuditQuery, IntentKind, IntentState
from tests.contract.store.kit import NOW, an_intent, later

DRAFT = frozenset({IntentState.DRAFT})
SESSION = DebugRequest(moment=Moment("-1", "398.5"), run_id="r1")


async def test_draft__everything_comes_back(store: Store) -> None:
    """All fields are kept."""
    full = an_intent(
        thread="t1",
        subject="-1@398.5",
        state=IntentState.UNKNOWN,
        posted_at=later(5),
        run_id="r1",
        reason="no answer",
        preset="nightly",
    )
    await store.draft(full)

    assert full == await store.intent("i1")
    assert await store.intent("i2") is None


async def test_draft__id_is_taken(store: Store) -> None:
    """A second request under one id is refused, so a button can never start another one than it showed."""
    await store.draft(an_intent())

    with pytest.raises(StoreError):
        await store.draft(an_intent(request=SESSION))

    assert an_intent() == await store.intent("i1")


async def test_advance__life_of_a_launch(store: Store) -> None:
    """Each step happens from the state it expects; posting notes its time, the run's id stays."""
    await store.draft(an_intent())
    steps = [
        await store.advance("i1", DRAFT, IntentState.CONFIRMED, later(1)),
        await store.advance("i1", frozenset({IntentState.CONFIRMED}), IntentState.POSTING, later(2)),
        await store.advance(
            "i1", frozenset({IntentState.POSTING}), IntentState.UNKNOWN, later(3), run_id="r1", reason="lost"
        ),
        await store.advance("i1", frozenset({IntentState.UNKNOWN}), IntentState.ACCEPTED, later(4)),
    ]
    expected = replace(an_intent(), state=IntentState.ACCEPTED, posted_at=later(2), run_id="r1", reason="")

    assert steps == [True] * 4
    assert expected == await store.intent("i1")


async def test_advance__not_expected(store: Store) -> None:
    """From any other state nothing changes."""
    await store.draft(an_intent(state=IntentState.DECLINED))

    assert not await store.advance("i1", DRAFT, IntentState.CONFIRMED, NOW, reason="late")
    assert not await store.advance("i1", frozenset(), IntentState.CONFIRMED, NOW)
    assert not await store.advance("i2", DRAFT, IntentState.CONFIRMED, NOW)
    assert an_intent(state=IntentState.DECLINED) == await store.intent("i1")


async def test_advance__raced(store: Store) -> None:
    """Of twenty confirmations at the same moment exactly one counts."""
    await store.draft(an_intent())
    won = await asyncio.gather(
        *(store.advance("i1", DRAFT, IntentState.CONFIRMED, later(n)) for n in range(20))
    )

    assert sum(won) == 1


NOTED = AuditEntry(
    at=NOW, actor="slack:user:T01:U02", channel="slack:channel:T01:C01", action="launch", decision="asked"
)


async def trail(store: Store) -> list[AuditEntry]:
    """Return the whole audit trail, oldest first."""
    lines, _ = await store.audit_lines(AuditQuery(), skip=0, limit=9)
    return [line.entry for line in lines][::-1]


async def test_advance__asks_a_second_person(store: Store) -> None:
    """Until when, who decided and the line of the trail are kept with the state; of what did not happen, nothing is."""
    await store.draft(an_intent(preset="nightly", preset_mark="m", second="launch"))
    asked, approved = frozenset({IntentState.ASKED}), replace(NOTED, decision="approved")
    steps = [
        await store.advance(
            "i1", DRAFT, IntentState.ASKED, later(1), reason="r", approve_by=later(9), noted=NOTED
        ),
        await store.advance("i1", DRAFT, IntentState.ASKED, later(2), approve_by=later(99), noted=NOTED),
    ]
    waits = await store.asked_intents()
    steps += [
        bool(await store.confirm("i1", asked, later(3), by=NOTED.actor, noted=approved)),
        bool(await store.confirm("i1", asked, later(4), by="slack:user:T01:U03", noted=approved)),
        await store.advance(
            "i1", asked, IntentState.DECLINED, later(5), by="slack:user:T01:U03", noted=NOTED
        ),
    ]
    after = await store.intent("i1")

    assert steps == [True, False, True, False, False]
    assert waits == (
        an_intent(preset="nightly", preset_mark="m", second="launch", state=IntentState.ASKED, reason="r",
                  approve_by=later(9)),
    )  # fmt: skip
    assert after == replace(waits[0], state=IntentState.CONFIRMED, reason="", decided_by=NOTED.actor)
    assert await store.asked_intents() == ()
    assert await trail(store) == [NOTED, approved]


async def test_intent_beginning__of_one_channel(store: Store) -> None:
    """The one whose id begins so, whatever state it is in; of several none, and nothing stands for any text."""
    await store.draft(an_intent("abc1" + "0" * 28, state=IntentState.ACCEPTED))
    await store.draft(an_intent("abc2" + "0" * 28))
    await store.draft(an_intent("abc1" + "1" * 28, channel="slack:channel:T01:OTHER"))
    here = an_intent().channel

    found = [await store.intent_beginning(start, here) for start in ("abc1", "abc", "abd", "a%1", "a_c1")]
    assert [intent and intent.id[:4] for intent in found] == ["abc1", None, None, None, None]


async def test_asked_intents__oldest_first(store: Store) -> None:
    """Those that wait for a second person come, and no others."""
    for number, state in enumerate(IntentState):
        await store.draft(an_intent(f"{state}", state=state))
        await store.draft(an_intent(f"older {state}", state=state, created_at=later(-number)))

    assert [intent.id for intent in await store.asked_intents()] == ["older asked", "asked"]


async def test_open_intents__oldest_first(store: Store) -> None:
    """Only intents whose outcome is open come, oldest first."""
    for number, state in enumerate(IntentState):
        await store.draft(an_intent(f"{state}", state=state, created_at=later(-number)))

    found = [intent.id for intent in await store.open_intents()]

    assert found == ["unknown", "posting", "confirmed"]


async def test_sent__newest_first_of_those_that_may_have_started(store: Store) -> None:
    """What was confirmed for a subject comes, but for what was never sent or was rejected."""
    for number, state in enumerate(IntentState):
        await store.draft(
            an_intent(f"{state}", request=SESSION, subject="m", state=state, created_at=later(number))
        )
    await store.draft(an_intent("launch", subject="m", created_at=later(90)))
    await store.draft(an_intent("elsewhere", request=SESSION, subject="n", created_at=later(90)))
    await store.draft(an_intent("other", request=SESSION, connection="x", subject="m", created_at=later(90)))

    found = await store.sent(IntentKind.DEBUG, "demo", "m", NOW)

    assert [intent.id for intent in found] == ["unknown", "accepted", "posting", "confirmed"]
    assert await store.sent(IntentKind.DEBUG, "demo", "m", later(len(IntentState))) == ()


async def test_intent_of_run__by_address(store: Store) -> None:
    """A run's intent is found by connection and id."""
    await store.draft(an_intent("i1", run_id="r1"))
    await store.draft(an_intent("i2", run_id="r1", connection="other"))
    await store.draft(an_intent("i3"))

    assert an_intent("i1", run_id="r1") == await store.intent_of_run(RunRef("demo", "r1"))
    assert await store.intent_of_run(RunRef("demo", "r2")) is None


async def test_intents__a_damaged_row_holds_up_nobody(database: SqlStore) -> None:
    """One request that cannot be read is an error where it is asked for, and is left out where all are; none is lost."""
    for intent_id in ("good", "bad"):
        await database.draft(an_intent(intent_id, state=IntentState.POSTING))
    async with database._db.writing() as connection:
        await connection.execute(text("UPDATE intents SET request = '{' WHERE id = 'bad'"))

    assert [intent.id for intent in await database.open_intents()] == ["good"]
    with pytest.raises(StoreError, match="cannot be read"):
        await database.intent("bad")
    assert await database.advance("bad", frozenset({IntentState.POSTING}), IntentState.UNKNOWN, NOW)
