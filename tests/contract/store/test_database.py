"""What only a real database can promise: it survives, it is whole, and it says clearly what is wrong."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Delete, Update, delete, select, text, update

from adapters.store.audit import TrailBroken
from adapters.store.store import SqlStore, open_store
from adapters.store.tables import audit, audit_head, inbox, outbox
from bot.errors import StoreError
from bot.state import AuditEntry, AuditLine, AuditQuery, IntentState
from bot.triage import CancelRequest
from tests.contract.store.kit import (
    CHATS,
    NOW,
    a_context,
    a_delivery,
    a_message,
    a_run,
    a_step,
    an_intent,
    an_invocation,
    later,
    results_of,
)
from tests.fakes.inbox import ME, unfinished

LINE = AuditEntry(
    at=NOW, actor="slack:user:T01:U01", channel="slack:c", action="launch", decision="allowed", detail="x"
)

# Stands for the instant in which another program's claim of the same thread was committed first.
REFUSE_CLAIMS = {
    "sqlite": [
        """CREATE TRIGGER taken BEFORE UPDATE ON outbox WHEN NEW.state = 'sending'
        BEGIN SELECT RAISE(ABORT, 'taken'); END"""
    ],
    "postgresql": [
        "CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$",
        "CREATE TRIGGER taken BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION taken()",
    ],
}


async def test_open_store__again(url: str) -> None:
    """All that was written is there after a restart, a claim in doubt too."""
    async with open_store(url, unconfirmed_after=30) as store:
        await store.accept("slack", "E1", an_invocation(), ME)
        await store.record(a_step(runs=(a_run(1),), watermark=NOW, deliveries=(a_delivery(),)))
        await store.save_results(results_of(2, "p"))
        await store.draft(an_intent())
        claimed = await store.claim(CHATS, NOW)
    async with open_store(url) as store:
        assert (("E1", an_invocation()),) == await unfinished(store, "slack", NOW)
        assert await store.watermark("demo") == NOW
        assert len(await store.tracked("demo")) == 1
        assert results_of(2, "p") == await store.stored_results(a_run(2).ref)
        assert an_intent() == await store.intent("i1")
        assert (claimed,) == await store.unconfirmed(CHATS, later(30))


async def test_claim__two_programs(url: str) -> None:
    """Two programs that claim at once take each of 200 rows exactly once."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        deliveries = tuple(a_delivery(f"{n}", channel=f"slack:c{n % 50}") for n in range(200))
        await stores[0].record(a_step(deliveries=deliveries))
        taken: list[str] = []

        async def work(store: SqlStore) -> None:
            while (delivery := await store.claim(CHATS, NOW)) is not None:
                taken.append(delivery.key)
                await store.mark_sent(delivery, a_message(delivery, delivery.key), NOW)

        while (
            await stores[0].depth()
        ).waiting:  # a worker may find nothing while the others hold each thread
            await asyncio.gather(*(work(store) for store in stores for _ in range(3)))

    assert sorted(d.key for d in deliveries) == sorted(taken)


async def test_claim__one_thread_and_two_programs(url: str) -> None:
    """Of many claimers in two programs one gets a row of the thread; the others get none, and no error."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        for number in range(10):
            await stores[0].enqueue(a_delivery(f"{number}"), NOW)
        taken = await asyncio.gather(*(store.claim(CHATS, NOW) for store in stores for _ in range(5)))

    assert sum(delivery is not None for delivery in taken) == 1


async def test_advance__two_programs(url: str) -> None:
    """Of twenty confirmations through two programs exactly one counts."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        await stores[0].draft(an_intent())
        draft = frozenset({IntentState.DRAFT})
        won = await asyncio.gather(
            *(stores[n % 2].advance("i1", draft, IntentState.CONFIRMED, later(n)) for n in range(20))
        )

    assert sum(won) == 1


async def test_open_store__two_programs_at_once(url: str) -> None:
    """Programs that start at the same moment on an empty database all find it ready."""

    async def start(number: int) -> None:
        async with open_store(url) as store:
            await store.enqueue(a_delivery(f"{number}"), NOW)

    await asyncio.gather(*(start(n) for n in range(4)))

    async with open_store(url) as store:
        assert (await store.depth()).waiting == 4


async def test_claim__gives_way(database: SqlStore) -> None:
    """A claim that loses its thread to another program again and again gives way, and a later one succeeds."""
    await database.enqueue(a_delivery(), NOW)
    async with database._db.writing() as connection:
        for statement in REFUSE_CLAIMS[connection.dialect.name]:
            await connection.execute(text(statement))

    assert await database.claim(CHATS, NOW) is None

    async with database._db.writing() as connection:
        on = " ON outbox" if connection.dialect.name == "postgresql" else ""
        await connection.execute(text(f"DROP TRIGGER taken{on}"))

    assert await database.claim(CHATS, NOW) is not None


async def test_claim__database_fails(database: SqlStore) -> None:
    """Any other failure of a claim is told."""
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))

    with pytest.raises(StoreError, match="refused the request"):
        await database.claim(CHATS, NOW)


async def test_record__second_write_fails(database: SqlStore) -> None:
    """When the deliveries cannot be written, neither run nor watermark is there."""
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))

    with pytest.raises(StoreError):
        await database.record(a_step(runs=(a_run(1),), watermark=NOW, deliveries=(a_delivery(),)))

    assert await database.watermark("demo") is None
    assert await database.tracked("demo") == ()


async def test_settle_sent__second_write_fails(database: SqlStore) -> None:
    """When the context cannot be written, the delivery is not marked as sent."""
    await database.enqueue(a_delivery(context=a_context()), NOW)
    claimed = await database.claim(CHATS, NOW)
    assert claimed is not None
    async with database._db.writing() as connection:
        await connection.execute(text("ALTER TABLE threads RENAME TO elsewhere"))

    with pytest.raises(StoreError):
        await database.mark_sent(claimed, a_message(claimed), NOW)

    assert (claimed,) == await database.unconfirmed(CHATS, later(30))


@pytest.mark.parametrize("turns", [1, 4, 16, 64])
async def test_record__cancelled(database: SqlStore, turns: int) -> None:
    """A caller that is cancelled leaves its step whole or undone, and the next writer goes on at once."""
    many = tuple(a_run(n) for n in range(300))
    task = asyncio.create_task(database.record(a_step(runs=many, deliveries=(a_delivery(),))))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    written = (len(await database.tracked("demo")), (await database.depth()).waiting)

    assert written in {(0, 0), (300, 1)}
    assert await database.enqueue(a_delivery("next"), NOW)


@pytest.mark.parametrize("turns", [1, 4, 16, 64])
async def test_tracked__cancelled(database: SqlStore, turns: int) -> None:
    """A reader that is cancelled holds nobody up."""
    await database.record(a_step(runs=tuple(a_run(n) for n in range(300))))
    task = asyncio.create_task(database.tracked("demo"))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert await database.enqueue(a_delivery("next"), NOW)
    assert len(await database.tracked("demo")) == 300


async def test_prune__what_is_no_longer_needed(database: SqlStore) -> None:
    """Old commands and payloads go; keys, young rows and rows that wait stay."""
    for name, days in {"young": 1, "old": 8, "waiting": 8, "abandoned": 31}.items():
        await database.accept("slack", name, an_invocation(at=NOW - timedelta(days=days)), ME)
    await database.finish("slack", "young")
    await database.finish("slack", "old")
    for key, days in {"sent": 31, "fresh": 1}.items():
        await database.enqueue(a_delivery(key, channel=f"slack:{key}"), NOW - timedelta(days=days))
        claimed = await database.claim(CHATS, NOW)
        assert claimed is not None
        await database.mark_sent(claimed, a_message(claimed), NOW - timedelta(days=days))
    await database.enqueue(a_delivery("pending"), NOW - timedelta(days=90))
    await database.rate_limit_channel("slack:x", NOW)

    pruned = await database.prune(NOW)
    async with database._db.reading() as connection:
        commands = set(await connection.scalars(select(inbox.c.dedupe_id)))
        payloads = {row.key: row.payload for row in await connection.execute(select(outbox))}

    assert (pruned.commands, pruned.payloads, pruned.rate_limits) == (2, 1, 1)
    assert {"young", "waiting"} == commands
    assert payloads == {"sent": "", "fresh": "payload of fresh", "pending": "payload of pending"}
    assert not await database.enqueue(a_delivery("sent"), NOW)
    assert (await database.prune(NOW)).payloads == 0


async def test_audit__chain_holds(url: str) -> None:
    """Lines of two programs at once form one chain."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url)) for _ in range(2)]
        await asyncio.gather(*(stores[n % 2].audit(LINE) for n in range(20)))

        assert await stores[0].verify_audit() == 20
        lines, total = await stores[1].audit_lines(AuditQuery(), skip=0, limit=2)
        assert (lines, total) == ((AuditLine(20, LINE), AuditLine(19, LINE)), 20)


async def test_verify_audit__empty(database: SqlStore) -> None:
    """A trail without lines holds."""
    assert await database.verify_audit() == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (update(audit).where(audit.c.seq == 2).values(decision="denied"), ["Line 2 was changed."]),
        (update(audit).where(audit.c.seq == 1).values(at=later(1)), ["Line 1 was changed."]),
        (
            update(audit).where(audit.c.seq == 3).values(hash="0" * 64),
            ["Line 3 was changed.", "Line 4 does not follow line 3: one of them was changed."],
        ),
        (
            update(audit).where(audit.c.seq == 1).values(prev_hash="1" * 64),
            ["Line 1 does not follow the beginning: one of them was changed.", "Line 1 was changed."],
        ),
        (delete(audit).where(audit.c.seq == 2), ["Line 2 was removed."]),
        (delete(audit).where(audit.c.seq <= 2), ["Lines 1 to 2 were removed."]),
        (delete(audit).where(audit.c.seq.between(2, 3)), ["Lines 2 to 3 were removed."]),
        (delete(audit).where(audit.c.seq == 5), ["Line 5 was removed."]),
        (delete(audit).where(audit.c.seq >= 4), ["Lines 4 to 5 were removed."]),
        (delete(audit), ["Lines 1 to 5 were removed."]),
        (delete(audit).where(audit.c.seq.in_([2, 4])), ["Line 2 was removed.", "Line 4 was removed."]),
        (
            update(audit_head).values(seq=4),
            [
                "Line 4 is not the end that was kept: the line or the end was changed.",
                "Line 5 stands behind the end that was kept.",
            ],
        ),
        (
            update(audit_head).values(hash="0" * 64),
            ["Line 5 is not the end that was kept: the line or the end was changed."],
        ),
        (
            update(audit).where(audit.c.seq == 3).values(seq=-3),
            ["Line -3 was added: lines are counted from 1.", "Line 3 was removed."],
        ),
    ],
)
async def test_verify_audit__changed(
    database: SqlStore, damage: Update | Delete, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line that was changed, added or removed is named, at the end and in the middle, across batches."""
    monkeypatch.setattr("adapters.store.audit.BATCH", 2)
    for _ in range(5):
        await database.audit(LINE)
    async with database._db.writing() as connection:
        await connection.execute(damage)

    with pytest.raises(TrailBroken) as caught:
        await database.verify_audit()

    assert caught.value.breaks == said
    assert " ".join(said) in str(caught.value)


async def test_verify_audit__renumbered(database: SqlStore) -> None:
    """Lines moved up to close a gap are changed lines: the number is a part of the hash."""
    for _ in range(4):
        await database.audit(LINE)
    async with database._db.writing() as connection:
        await connection.execute(delete(audit).where(audit.c.seq == 2))
        await connection.execute(update(audit).where(audit.c.seq == 3).values(seq=2))
        await connection.execute(update(audit).where(audit.c.seq == 4).values(seq=3))
        await connection.execute(update(audit_head).values(seq=3))

    with pytest.raises(TrailBroken, match=r"Line 2 does not follow line 1.* Line 2 was changed"):
        await database.verify_audit()


async def test_verify_audit__bounded(database: SqlStore) -> None:
    """Where everything was changed, the first lines are named and the others counted."""
    for _ in range(25):
        await database.audit(LINE)
    async with database._db.writing() as connection:
        await connection.execute(update(audit).values(detail="y"))

    with pytest.raises(TrailBroken, match=r"Line 20 was changed\. And 5 more\."):
        await database.verify_audit()


async def test_verify_audit__many_lines(database: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trail is read in batches."""
    monkeypatch.setattr("adapters.store.audit.BATCH", 2)
    for _ in range(5):
        await database.audit(LINE)

    assert await database.verify_audit() == 5
    assert [line.seq async for line in database.chained_lines()] == [1, 2, 3, 4, 5]


async def test_store_error__shows_no_value(database: SqlStore) -> None:
    """What was to be written is in no error, nor in its causes."""
    await database.draft(an_intent(request=CancelRequest(run_id="CANARY")))

    with pytest.raises(StoreError) as caught:
        await database.draft(an_intent(request=CancelRequest(run_id="CANARY")))

    chain, error = "", caught.value
    while error is not None:
        chain, error = chain + repr(error) + str(error), error.__cause__  # type: ignore[assignment]  # ends with None

    assert "refused the request" in str(caught.value)
    assert "CANARY" not in chain
