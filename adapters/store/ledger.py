"""What was written into platforms that do not let it be read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.database import Database
from adapters.store.part import Part, whole
from adapters.store.tables import ledger_results, ledger_runs
from bot.model import RunRef
from bot.publication import LedgerResult, LedgerRun


class SqlLedger(Part):
    """Fills `bot.ports.Ledger`."""

    async def write_run(self, run: LedgerRun) -> None:
        """Keep a record, in place of what was kept of it before."""
        await self._write(self._db.put(ledger_runs), to_row(ledger_runs, run, **asdict(run.ref)))

    async def written_run(self, ref: RunRef) -> LedgerRun | None:
        """Return a record, None where nothing is known of it."""
        statement = select(ledger_runs).where(
            ledger_runs.c.connection == ref.connection, ledger_runs.c.run_id == ref.run_id
        )
        row = await self._first(statement)
        return None if row is None else _run(row)

    @whole
    async def write_results(self, results: Sequence[LedgerResult]) -> None:
        """Keep results, in place of what was kept of them; when one was first written stays."""
        async with self._db.writing() as connection:
            await put_results(self._db, connection, results)

    async def written_results(self, ref: RunRef) -> tuple[LedgerResult, ...]:
        """Return the results of a record that are known, in the order in which they were first written."""
        statement = (
            select(ledger_results)
            .where(ledger_results.c.connection == ref.connection, ledger_results.c.run_id == ref.run_id)
            .order_by(ledger_results.c.written_at, ledger_results.c.result_id)
        )
        return tuple(from_row(row, LedgerResult) for row in await self._rows(statement))


async def put_results(db: Database, connection: AsyncConnection, results: Sequence[LedgerResult]) -> None:
    """Keep results inside a transaction that is open already."""
    if results:
        put = db.put(
            ledger_results, "run_id", "name", "status", "excused", "ended_at", by=("connection", "result_id")
        )
        await connection.execute(put, [to_row(ledger_results, result) for result in results])


def _run(row: Row[Any]) -> LedgerRun:
    return from_row(row, LedgerRun, ref=RunRef(row.connection, row.run_id))
