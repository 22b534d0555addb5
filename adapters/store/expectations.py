"""Which runs channels expect to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, select, update

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import expectations as table
from adapters.store.text import clean
from bot.state import Expectation


class SqlExpectations(Part):
    """Fills `bot.ports.Expectations`."""

    async def expectations(self, channel: str | None = None) -> tuple[Expectation, ...]:
        """Return all expectations, or those of one channel, in the order they were made."""
        statement = select(table).order_by(table.c.id)
        if channel is not None:
            statement = statement.where(table.c.channel == channel)
        return tuple(map(read_expectation, await self._rows(statement)))

    @whole
    async def expect(self, expectation: Expectation) -> bool:
        """Add it, or replace the one that expects the same and keep its place; True if new."""
        values = _values(expectation)
        change = update(table).where(table.c.wants == values["wants"]).values(values)
        async with self._db.writing() as connection:
            new = (await connection.execute(self._db.add(table), values)).first() is not None
            if not new:
                await connection.execute(change)
        return new

    async def stop_expecting(self, expectation: Expectation) -> bool:
        """Remove one made in chat; False where there was none."""
        wanted = table.c.wants == _wants(expectation)
        return await self._write(delete(table).where(wanted, ~table.c.from_settings)) > 0

    @whole
    async def configure_expectations(self, configured: Sequence[Expectation]) -> None:
        """Make the expectations of the settings file exactly these; one that is there as it is keeps its `since`."""
        wanted = {_wants(expectation): expectation for expectation in configured}
        gone = delete(table).where(table.c.from_settings, table.c.wants.not_in(wanted))
        there = select(table).where(table.c.wants.in_(wanted))
        changed = [name for name in table.c.keys() if name not in {"id", "wants"}]  # noqa: SIM118 - not a mapping
        async with self._db.writing() as connection:
            await connection.execute(gone)
            known = {row.wants: read_expectation(row) for row in await connection.execute(there)}
            for wants, expectation in wanted.items():
                if wants not in known or replace(known[wants], since=expectation.since) != expectation:
                    put = self._db.put(table, *changed, by=("wants",))
                    await connection.execute(put, _values(expectation))


def _wants(expectation: Expectation) -> str:
    """Join what makes an expectation unique, as it is kept."""
    e = expectation
    source = None if e.source is None else clean(e.source)
    kept = replace(
        e, channel=clean(e.channel), connection=clean(e.connection), launcher=clean(e.launcher), source=source
    )
    return kept.subject


def _values(expectation: Expectation) -> dict[str, Any]:
    e = expectation
    return to_row(
        table,
        e,
        wants=_wants(e),
        by=e.by and e.by.isoformat(),
        begins=e.begins and e.begins.isoformat(),
        days=",".join(map(str, sorted(e.days))),
    )


def read_expectation(row: Row[Any]) -> Expectation:
    """Read a row."""
    return from_row(row, Expectation, days=[int(day) for day in row.days.split(",")])
