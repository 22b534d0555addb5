"""What nobody needs any more goes, in small steps; what is needed stays, however old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select

from adapters.store import upkeep
from adapters.store.store import SqlStore, open_store
from adapters.store.tables import inbox, metadata, results
from bot.cards import Command, Context
from bot.model import RunRef
from bot.state import (
    AuditEntry,
    Hint,
    IntentState,
    LateCause,
    LiveCard,
    MessageRef,
    Reservation,
    Subscription,
)
from tests.contract.store.kit import (
    CHANNEL,
    CHATS,
    NOW,
    a_check,
    a_delivery,
    a_message,
    a_publication,
    a_record,
    a_run,
    a_step,
    a_written_result,
    an_intent,
    results_of,
)

LATER = NOW + timedelta(days=401)


@pytest.fixture
async def times() -> list[datetime]:
    """Return the store's wall clock: its last entry."""
    return [NOW]


@pytest.fixture
async def old(url: str, times: list[datetime]) -> AsyncIterator[SqlStore]:
    """Return a store that a year ago got one of everything."""
    async with open_store(url, unconfirmed_after=30, now=lambda: times[-1]) as store:
        yield store


async def _rows(store: SqlStore) -> dict[str, int]:
    async with store._db.reading() as connection:
        return {
            name: int(await connection.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in metadata.tables.items()
        }


async def _fill(store: SqlStore) -> None:
    await store.enqueue(a_delivery("sent", context=Context(run=RunRef("demo", "r1"))), NOW)
    sent = await store.claim(CHATS, NOW)
    assert sent is not None
    await store.mark_sent(sent, a_message(sent), NOW)
    await store.enqueue(a_delivery("folded"), NOW)
    await store.fold(a_delivery("digest"), await store.waiting(CHANNEL), NOW)
    digest = await store.claim(CHATS, NOW)
    assert digest is not None
    await store.mark_repeat(digest, "?", NOW)
    again = await store.claim(CHATS, NOW)
    assert again is not None
    await store.mark_sent(again, a_message(again), NOW)
    await store.record(a_step(late_causes=(_late("folded"),)))
    await store.set_context(CHANNEL, "t", Context())
    await store.keep_button("token", Command("status"))
    for name, state in (("no", IntentState.EXPIRED), ("yes", IntentState.ACCEPTED)):
        await store.draft(an_intent(id=name, state=state))
    run = Reservation(actor="a", channel=CHANNEL, launcher="x", connection="demo", minutes=30, at=NOW)
    await store.draft(an_intent(id="reserved"))
    await store.confirm("reserved", frozenset({IntentState.DRAFT}), NOW, reservation=run)
    await store.advance(
        "reserved", frozenset({IntentState.CONFIRMED}), IntentState.ACCEPTED, NOW, run_id="r2"
    )
    card = LiveCard(intent_id="yes", message=MessageRef(channel=CHANNEL, message_id="m"))
    await store.add_live(card)
    await store.end_live(card)
    await store.plan_publication(a_publication(), (a_check(),), NOW)
    await store.write_run(a_record())
    await store.write_results([a_written_result()])
    for body in ("waits", "is answered"):
        await store.keep_hint(Hint(connection="qa", digest=body, at=NOW), repeats=NOW)
    await store.answer_hints((await store.hints("qa"))[:1])


def _late(key: str) -> LateCause:
    return LateCause(key=key, run=a_run(1).ref, since=NOW)


async def _keep(store: SqlStore) -> None:
    """Put in what stays for good."""
    await store.audit(AuditEntry(at=NOW, actor="a", channel="c", action="x", decision="y"))
    await store.subscribe(Subscription(channel=CHANNEL), NOW)
    await store.keep_name("slack:user:T:U", "Ann")
    await store.record(a_step(runs=(a_run(1),)))
    await store.enqueue(a_delivery("dead", thread="t2"), NOW)
    dead = await store.claim(CHATS, NOW)
    assert dead is not None
    await store.mark_dead(dead, "no")
    await store.record(a_step(late_causes=(_late("dead"),)))
    await store.enqueue(a_delivery("waiting", channel="discord:channel:1:2"), NOW)
    await store.draft(an_intent(id="open", state=IntentState.CONFIRMED))
    await store.draft(an_intent(id="live", state=IntentState.ACCEPTED))
    await store.add_live(LiveCard(intent_id="live", message=MessageRef(channel=CHANNEL, message_id="l")))


async def test_prune__every_table(old: SqlStore, times: list[datetime]) -> None:
    """A year later all is gone that nobody can ask for, with what belonged to it; what stays for good is there."""
    await _keep(old)
    kept = await _rows(old)
    await _fill(old)
    times.append(LATER)

    pruned = await old.prune(LATER)

    assert await _rows(old) == kept
    assert (pruned.messages, pruned.intents, pruned.threads, pruned.short_texts) == (3, 3, 2, 1)
    assert (pruned.reservations, pruned.hints) == (1, 2)
    assert await old.verify_audit() == 1
    assert await old.prune(LATER) == upkeep.Pruned(
        commands=0,
        payloads=0,
        rate_limits=0,
        messages=0,
        intents=0,
        threads=0,
        short_texts=0,
        checks=0,
        results=0,
        publications=0,
        ledger=0,
        reservations=0,
        hints=0,
        rest=0,
    )


async def test_prune__not_yet(old: SqlStore) -> None:
    """Within the year keys stay although their payloads went, so that no message is made a second time."""
    await _fill(old)

    pruned = await old.prune(NOW + timedelta(days=89))

    assert (pruned.messages, pruned.intents, pruned.threads, pruned.short_texts) == (0, 0, 0, 0)
    assert pruned.payloads > 0
    assert not await old.enqueue(a_delivery("sent"), LATER)
    assert not await old.enqueue(a_delivery("folded"), LATER)


async def test_prune__what_is_used_stays(old: SqlStore, times: list[datetime]) -> None:
    """A thread and a button that were kept anew are young again."""
    await _fill(old)
    times.append(LATER)
    await old.set_context(CHANNEL, "t", Context())
    await old.keep_button("token", Command("status"))

    await old.prune(LATER)

    assert await old.context(CHANNEL, "t") is not None
    assert await old.button("token") == Command("status")


async def test_prune__results_that_a_later_run_is_compared_with(old: SqlStore) -> None:
    """Of a series that slept for a year the newest stay, and of another one nothing is taken for it."""
    many = upkeep.CHAIN + 3
    for number in range(many):
        run = a_run(number, launcher="nightly", created_at=NOW + timedelta(hours=number))
        await old.record(a_step(runs=(run,), results=(results_of(number),)))
    lone = a_run(many, launcher="weekly", created_at=NOW)
    await old.record(a_step(runs=(lone,), results=(results_of(many),)))

    pruned = await old.prune(NOW + timedelta(days=500))

    assert pruned.results == 3
    async with old._db.reading() as connection:
        left = set(await connection.scalars(select(results.c.run_id)))
    assert left == {a_run(number).ref.run_id for number in range(3, many + 1)}


async def test_prune__in_small_steps(old: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction lets go of more than a step, and no call of more than its share; the next goes on."""
    monkeypatch.setattr(upkeep, "STEPS", 3)
    row = {"source": "s", "received_at": NOW, "finished": True, "invocation": "{}"}
    many = [row | {"dedupe_id": str(number)} for number in range(3 * upkeep.STEP + 7)]
    async with old._db.writing() as connection:
        await connection.execute(insert(inbox), many)
    steps: list[int] = []

    @event.listens_for(old._db.engine.sync_engine, "after_cursor_execute")
    def written(_connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM inbox"):
            steps.append(cursor.rowcount)  # type: ignore[attr-defined]  # every driver's cursor has it

    first, second = await old.prune(LATER), await old.prune(LATER)

    assert (first.commands, second.commands) == (3 * upkeep.STEP, 7)
    assert steps == [upkeep.STEP] * 3 + [7]
