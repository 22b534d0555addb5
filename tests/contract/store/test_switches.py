"""The read-only switch: for every program on the database at once, each change noted with it or not at all."""

from __future__ import annotations

import asyncio

from sqlalchemy import event

from adapters.store.store import SqlStore, open_store
from bot.ports import Store
from bot.state import AuditEntry, AuditLine, AuditQuery, Switched
from tests.contract.store.kit import NOW, later

ON = Switched(at=NOW, actor="slack:user:T01:ADA", by="Ada")
NOTED = AuditEntry(at=NOW, actor=ON.actor, channel="slack:c", action="read-only", decision="on")


async def test_switch__on_and_off(store: Store) -> None:
    """It says who and when; what was so already changes nothing and is not noted."""
    assert await store.read_only() is None
    assert await store.switch_read_only(ON, NOTED)
    assert await store.read_only() == ON
    assert not await store.switch_read_only(Switched(at=later(1), actor="x"), NOTED)
    assert await store.read_only() == ON
    assert await store.switch_read_only(None, NOTED)
    assert not await store.switch_read_only(None, NOTED)
    assert await store.read_only() is None

    lines, _ = await store.audit_lines(AuditQuery(), skip=0, limit=9)
    assert lines == (AuditLine(2, NOTED), AuditLine(1, NOTED))


async def test_switch__for_another_program(url: str) -> None:
    """What one switches holds for the other at once, and after a restart."""
    async with open_store(url) as one, open_store(url) as other:
        await one.switch_read_only(ON, NOTED)
        assert await other.read_only() == ON
    async with open_store(url) as again:
        assert await again.read_only() == ON
        assert await again.verify_audit() == 1


async def test_read_only__many_at_once(database: SqlStore) -> None:
    """Who asks at the same moment shares one look; none of them is told what stood before they asked."""
    looks = 0

    @event.listens_for(database._db.engine.sync_engine, "after_cursor_execute")
    def looked(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal looks
        looks += statement.startswith("SELECT")

    before = [asyncio.create_task(database.read_only()) for _ in range(50)]
    await asyncio.sleep(0)
    switched = asyncio.create_task(database.switch_read_only(ON, NOTED))
    await asyncio.gather(*before)
    assert looks <= 2 + 1  # the trail of what was switched is looked at once

    await switched
    assert set(await asyncio.gather(*(database.read_only() for _ in range(50)))) == {ON}
