"""The database of an earlier version, loaded; the platform that it was written against; the buttons of its messages."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection, text

from adapters.configuration.database import SqliteFile, read_address
from adapters.store.database import Database
from adapters.store.schema import MIGRATIONS
from bot.model import Run, RunRef, RunStatus
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_run, run_id, some_results
from tests.fakes.service import FakeRunService

SAMPLE = Path(__file__).parent / "samples" / "database"
SCHEMA = "0007"
LEFT: dict[str, Any] = json.loads((SAMPLE / "messages.json").read_text(encoding="utf-8"))
LEFT_AT = datetime.fromisoformat(LEFT["now"])
CHANCE = "Money is never created or destroyed"
LONG = (
    "Every order that was paid is shipped once, however often the warehouse is cut off and the ledger restarts "
    "in between"
)
LOST = "0000000000000000000000000000c1ed"  # the launch that was sent, with no answer, just before the end


async def load(url: str) -> None:
    """Make the database at an address what the earlier version left."""
    rows = (SAMPLE / "rows.sql").read_text(encoding="utf-8").splitlines()
    address = read_address(url)
    if isinstance(address, SqliteFile):
        with closing(sqlite3.connect(address.path)) as connection:
            schema = (SAMPLE / "schema.sql").read_text(encoding="utf-8")
            connection.executescript("\n".join(("BEGIN;", schema, *rows, "COMMIT;")))
        return
    database = Database(address)
    async with database.writing() as session:
        await session.run_sync(_build)
        await session.run_sync(_fill, rows)
    await database.close()


def a_clock() -> ManualClock:
    """Return a clock that goes on where the earlier version ended."""
    return ManualClock(LEFT_AT)


def platform() -> FakeRunService:
    """Return the platform as it was then."""
    service = FakeRunService(connection="demo", now=LEFT_AT)
    passing = tuple(f"Invariant {n}" for n in range(1, 31))
    for number in (1, 2, 3):
        service.add_run(a_run(number), some_results(a_run(number), passing=passing))
    several = (CHANCE, LONG, 'It is "quoted" \\ so', "Fourth", "Fifth")
    four = service.add_run(a_run(4), some_results(a_run(4), failing=(CHANCE,), passing=passing))
    five = service.add_run(a_run(5), some_results(a_run(5), failing=several, passing=passing[:25]))
    six = service.add_run(a_run(6, status=RunStatus.INCOMPLETE, failure_moment=MOMENT))
    service.add_run(a_run(7, status=RunStatus.IN_PROGRESS, source="feature"))
    service.set_report(five, "https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")
    for run in (four, five, six):
        service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"), a_line("panic", "398.4"))
    for number, failing in ((10, (CHANCE,)), (11, ()), (12, (CHANCE, LONG))):
        run = service.add_run(_ended(number))
        service.set_results(some_results(run, failing=failing, passing=passing))
        service.set_report(run, f"https://demo.antithesis.com/report/{number}?auth=v2.public.CANARY")
    for number, launcher in ((0xF002, "Payments Nightly"), (0xF005, "debugging"), (0xF007, "lost_test")):
        service.add_run(_started(number, launcher))
    service._keys[LOST] = run_id(0xF007, "64-0")
    return service


def _ended(number: int) -> Run:
    started = EPOCH + timedelta(minutes=201, seconds=30 * (number - 10))
    return a_run(
        number, created_at=started, started_at=started, completed_at=started + timedelta(seconds=number)
    )


def _started(number: int, launcher: str) -> Run:
    """Return a run that was started from here and is under way."""
    ref = RunRef("demo", run_id(number, "64-0"))
    status = RunStatus.IN_PROGRESS
    return a_run(number, ref=ref, status=status, launcher=launcher, created_at=LEFT_AT, started_at=LEFT_AT)


def _build(connection: Connection) -> None:
    from alembic import command

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, SCHEMA)


def _fill(connection: Connection, rows: list[str]) -> None:
    for table in ("audit_head", "alembic_version"):
        connection.execute(text(f"DELETE FROM {table}"))
    for row in rows:
        connection.exec_driver_sql(row)
    for table in ("inbox", "subscriptions", "outbox", "live_cards"):
        last = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        connection.exec_driver_sql(last)
