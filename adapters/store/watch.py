"""What the watcher reads and writes: runs, results, watermarks, and a decision in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, bindparam, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.checks import remember
from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.marks import save_states
from adapters.store.mentions import mark_mentioned
from adapters.store.outbox import insert_deliveries
from adapters.store.part import Part, chunks, whole
from adapters.store.publications import add_publications
from adapters.store.results import result_row, stored, upsert_results
from adapters.store.runs import (
    ENDED,
    NEWEST_FIRST,
    RELIABLE,
    SAME_RUN,
    TRACKED,
    follow_again,
    of_series,
    recorded_run,
    run_row,
    tracked_run,
    upsert_runs,
)
from adapters.store.tables import coverage, folded, late_causes, outbox, results, runs, watermarks
from bot.model import Run, RunQuery, RunRef, RunStatus
from bot.state import (
    Coverage,
    DeliveryState,
    Ending,
    LateCause,
    MessageRef,
    PollStep,
    RunChecks,
    StoredResults,
    Stretch,
    TrackedRun,
)


class SqlWatch(Part):
    """Fills `bot.ports.WatchStore`."""

    async def watermark(self, connection: str) -> datetime | None:
        """Return the creation time of the newest run ever recorded; None before the first poll."""
        statement = select(watermarks.c.created_at).where(watermarks.c.connection == connection)
        row = await self._first(statement)
        return None if row is None else row.created_at

    async def tracked(self, connection: str) -> tuple[TrackedRun, ...]:
        """Return runs that have not ended, or ended without their results being known; not the baseline's."""
        statement = (
            select(*TRACKED)
            .where(runs.c.connection == connection, ~runs.c.settled)
            .order_by(runs.c.listed_at, func.length(runs.c.run_id), runs.c.run_id)
        )
        return tuple(tracked_run(row) for row in await self._rows(statement))

    async def known(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, TrackedRun]:
        """Return what is remembered of these runs; runs never seen are left out."""
        here = select(*TRACKED).where(runs.c.connection == connection)
        return {row.run_id: tracked_run(row) for row in await self._of(here, runs, run_ids)}

    @whole
    async def record(self, step: PollStep) -> int:
        """Write one decision whole or not at all; return how many deliveries were new."""
        async with self._db.writing() as session:
            if step.runs:
                rows = [run_row(run, step.now, baseline=step.baseline) for run in step.runs]
                await session.execute(upsert_runs(self._db), rows)
            checks = {each.ref: each for each in step.checks}
            for kept in step.results:
                await self._keep(session, kept, checks.get(kept.ref), step.now, announced=True)
            await _mark_known(session, step.results_known)
            await _mark_announced(session, step.announced)
            await _mark_unfollowed(session, step.unfollowed)
            await self._move_watermark(session, step)
            await self._cover(session, step)
            await add_publications(self._db, session, step.publications)
            await save_states(self._db, session, step.reopened)
            if step.late_causes:
                rows = [_late_row(late) for late in step.late_causes]
                await session.execute(self._db.add(late_causes), rows)
            await mark_mentioned(session, step.mentioned, step.now)
            return await insert_deliveries(self._db, session, step.deliveries, step.now)

    async def late_causes(self, connection: str) -> tuple[LateCause, ...]:
        """Return the announcements that are there, or held, and are to say yet why their runs broke, oldest first."""
        told = outbox.alias("told")
        there = outbox.c.state.in_((DeliveryState.SENT, DeliveryState.HELD)) | (
            (outbox.c.state == DeliveryState.FOLDED) & (told.c.state == DeliveryState.SENT)
        )
        own = [outbox.c[name] for name in ("channel", "message_id", "thread")]
        statement = (
            select(late_causes, *own, told.c.key.label("summary"))
            .join(outbox, outbox.c.key == late_causes.c.key)
            .outerjoin(folded, folded.c.key == late_causes.c.key)
            .outerjoin(told, told.c.key == folded.c.digest)
            .where(late_causes.c.connection == connection, there)
            .order_by(late_causes.c.since, late_causes.c.key)
        )
        return tuple(
            from_row(
                row,
                LateCause,
                run=RunRef(row.connection, row.run_id),
                message=from_row(row, MessageRef) if row.message_id is not None else None,
            )
            for row in await self._rows(statement)
        )

    @whole
    async def tell_late_cause(self, key: str, *, payload: str, ending: Ending) -> bool:
        """Put another text in an announcement that is held, which needs no edit any more then; False where it is not held."""
        held = (outbox.c.key == key) & (outbox.c.state == DeliveryState.HELD)
        async with self._db.writing() as session:
            changed = await session.execute(
                update(outbox).where(held).values(payload=payload, ending=encode(ending))
            )
            if not changed.rowcount:
                return False
            await session.execute(delete(late_causes).where(late_causes.c.key == key))
        return True

    async def end_late_cause(self, late: LateCause) -> None:
        """Say that an announcement needs no such edit any more; one that was asked for again since it was read stays."""
        read = (late_causes.c.key == late.key) & (late_causes.c.since == late.since)
        await self._write(delete(late_causes).where(read))

    async def announcements(self, keys: tuple[str, ...], since: datetime) -> Mapping[str, str | None]:
        """Return which of these announcements were recorded since then, each with the key of the one it corrects."""
        told = outbox.c.state.not_in((DeliveryState.FOLDED, DeliveryState.DROPPED))
        here = select(outbox.c.key, outbox.c.after_key).where(told, outbox.c.recorded_at >= since)
        found: dict[str, str | None] = {}
        async with self._db.reading() as session:
            for some in chunks(keys):
                rows = await session.execute(here.where(outbox.c.key.in_(some)))
                found |= {row.key: row.after_key for row in rows}
        return found

    @whole
    async def edit_announcements(self, edits: tuple[LateCause, ...]) -> None:
        """Have announcements edited; one that waits for that already waits from now on, for what it waited for."""
        if edits:
            async with self._db.writing() as session:
                rows = [_late_row(late) for late in edits]
                await session.execute(self._db.put(late_causes, "since"), rows)

    async def track(self, run: Run, now: datetime) -> None:
        """Follow a run that no list has shown; one that goes on and is no longer followed again."""
        await self._write(follow_again(self._db), run_row(run, now, baseline=False))

    async def coverage(self, connection: str) -> Coverage | None:
        """Return the time over which every run is on record; None where that is not known."""
        statement = select(coverage).where(coverage.c.connection == connection)
        row = await self._first(statement)
        if row is None:
            return None
        return Coverage(row.since, row.until, decode(row.unread, tuple[Stretch, ...]))

    async def earlier(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime,
        after: datetime,
        limit: int,
        *,
        timed: bool = True,
        ended: bool = False,
    ) -> tuple[Run, ...]:
        """Return the runs on record of a series that completed or still go on, newest first; no ephemeral ones."""
        launched_here = (runs.c.launcher == "") & ~ENDED
        statement = (
            select(runs)
            .where(
                runs.c.connection == connection,
                (
                    of_series(series)
                    & (runs.c.created_at.is_not(None) if timed else runs.c.created_at.is_(None))
                )
                | launched_here,
                runs.c.status.not_in(_NO_LINK),
                ~runs.c.ephemeral,
                runs.c.listed_at < before,
                runs.c.listed_at > after,
            )
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        if ended:
            statement = statement.where(runs.c.status == RunStatus.COMPLETED)
        return tuple(recorded_run(row) for row in await self._rows(statement))

    async def last_end(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime | None,
        after: datetime | None = None,
    ) -> Run | None:
        """Return the newest run of a series that ended, however that was."""
        statement = select(runs).where(
            runs.c.connection == connection, of_series(series), ENDED, ~runs.c.ephemeral
        )
        if before is not None:
            statement = statement.where(runs.c.listed_at < before)
        if after is not None:
            statement = statement.where(runs.c.listed_at > after)
        newest = await self._first(statement.order_by(*NEWEST_FIRST).limit(1))
        return None if newest is None else recorded_run(newest)

    async def results_kept(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, StoredResults]:
        """Return by run id the results that may be relied on; those of a run that ended anew may not."""
        reliable = (
            select(results).outerjoin(runs, SAME_RUN).where(results.c.connection == connection, RELIABLE)
        )
        return {row.run_id: stored(row) for row in await self._of(reliable, results, run_ids)}

    async def stored_results(self, ref: RunRef) -> StoredResults | None:
        """Return what was kept of one run's results, where it may be relied on."""
        return next(iter((await self.results_kept(ref.connection, (ref.run_id,))).values()), None)

    async def announced_results(self, ref: RunRef) -> StoredResults | None:
        """Return the results of a run that were announced to channels, even where it ended anew since."""
        statement = select(results).where(
            results.c.connection == ref.connection, results.c.run_id == ref.run_id, results.c.told
        )
        row = await self._first(statement)
        return None if row is None else stored(row)

    @whole
    async def save_results(self, results: StoredResults, checks: RunChecks | None = None) -> None:
        """Keep a run's results for comparing, without announcing anything; what was announced stays as it is."""
        async with self._db.writing() as session:
            await self._keep(session, results, checks, self._now(), announced=False)

    async def missing_results(self, connection: str, depth: int, since: datetime) -> tuple[Run, ...]:
        """Return the runs on record whose results a chain would look for and that nothing is kept of."""
        series = (runs.c.launcher_key, runs.c.source, runs.c.test_name)
        here = runs.c.connection == connection
        linked = here & (runs.c.status == RunStatus.COMPLETED) & ~runs.c.ephemeral
        newest = func.row_number().over(partition_by=series, order_by=runs.c.listed_at.desc())
        newest_ever = func.max(runs.c.listed_at).over(partition_by=series)
        ranked = select(runs, newest.label("place"), newest_ever.label("last_seen")).where(linked).subquery()
        nothing_kept = ~exists().where(
            results.c.connection == ranked.c.connection, results.c.run_id == ranked.c.run_id
        )
        statement = (
            select(ranked)
            .where(ranked.c.place <= depth, ranked.c.last_seen >= since, ranked.c.results_known, nothing_kept)
            .order_by(ranked.c.listed_at.desc())
        )
        return tuple(recorded_run(row) for row in await self._rows(statement))

    async def launchers(self, connection: str) -> tuple[str, ...]:
        """Return the launchers of the runs seen, most recent first."""
        statement = (
            select(runs.c.launcher)
            .where(runs.c.connection == connection, runs.c.launcher != "")
            .group_by(runs.c.launcher)
            .order_by(func.max(runs.c.listed_at).desc())
        )
        return tuple(row.launcher for row in await self._rows(statement))

    async def newest(self, connection: str, query: RunQuery, limit: int) -> tuple[Run, ...]:
        """Return the newest runs on record, newest first, as they were when they were last read."""
        wanted = (
            (runs.c.status, query.status),
            (runs.c.launcher_key, query.launcher_key),
            (runs.c.launcher, query.launcher if query.launcher_key is None else None),
        )
        statement = (
            select(runs)
            .where(runs.c.connection == connection, *(column == value for column, value in wanted if value))
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        return tuple(recorded_run(row) for row in await self._rows(statement))

    async def recorded(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, Run]:
        """Return these runs as they are on record; runs never seen are left out."""
        here = select(runs).where(runs.c.connection == connection)
        return {row.run_id: recorded_run(row) for row in await self._of(here, runs, run_ids)}

    async def _of(self, statement: Select[Any], table: Table, run_ids: Sequence[str]) -> list[Row[Any]]:
        """Read a statement's rows of these runs, some hundreds at a time."""
        rows: list[Row[Any]] = []
        async with self._db.reading() as session:
            for some in chunks(run_ids):
                rows += await session.execute(statement.where(table.c.run_id.in_(some)))
        return rows

    async def _keep(
        self,
        session: AsyncConnection,
        kept: StoredResults,
        checks: RunChecks | None,
        now: datetime,
        *,
        announced: bool,
    ) -> None:
        came = await remember(self._db, session, checks, now) if checks is not None else (None, False)
        await session.execute(upsert_results(self._db), result_row(kept, came, announced=announced))

    async def _move_watermark(self, session: AsyncConnection, step: PollStep) -> None:
        if step.watermark is not None:
            forward = self._db.put(watermarks, where=lambda new: watermarks.c.created_at < new.created_at)
            await session.execute(forward, {"connection": step.connection, "created_at": step.watermark})

    async def _cover(self, session: AsyncConnection, step: PollStep) -> None:
        if step.coverage is not None:
            unread = encode(step.coverage.unread)
            row = to_row(coverage, step.coverage, connection=step.connection, unread=unread)
            await session.execute(self._db.put(coverage), row)


def _late_row(late: LateCause) -> dict[str, Any]:
    return to_row(late_causes, late, connection=late.run.connection, run_id=late.run.run_id)


_NO_LINK = (RunStatus.CANCELLED, RunStatus.INCOMPLETE)  # ends that say nothing of what fails
_THIS_RUN = (runs.c.connection == bindparam("of_connection"), runs.c.run_id == bindparam("of_run"))


async def _mark_known(session: AsyncConnection, refs: Sequence[RunRef]) -> None:
    if refs:
        mark = update(runs).where(*_THIS_RUN).values(results_known=True, settled=ENDED)
        await session.execute(mark, [{"of_connection": ref.connection, "of_run": ref.run_id} for ref in refs])


async def _mark_unfollowed(session: AsyncConnection, refs: Sequence[RunRef]) -> None:
    if refs:
        mark = update(runs).where(*_THIS_RUN, ~ENDED).values(settled=True)
        await session.execute(mark, [{"of_connection": ref.connection, "of_run": ref.run_id} for ref in refs])


async def _mark_announced(session: AsyncConnection, ended: Sequence[tuple[RunRef, RunStatus]]) -> None:
    if ended:
        mark = update(runs).where(*_THIS_RUN).values(announced=bindparam("announced_status"))
        await session.execute(
            mark,
            [
                {"of_connection": ref.connection, "of_run": ref.run_id, "announced_status": status}
                for ref, status in ended
            ],
        )
