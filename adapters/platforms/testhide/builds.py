"""The list of builds. Its rows say neither of which job a build is nor when it was made.

So a row is read by position, and what it leaves out is read by id: once for each build, since a build's job never
changes. Where many are unknown at once, as at the first look, the lists of the single jobs say it with fewer requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct, time_of
from adapters.platforms.http.paging import Listed, walk
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import BuildBody, NodeBody, rows_of, run_of, word_of
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.jobs import Jobs
from bot.errors import AccessRefused, NotFound, RateLimited, ServiceError, UnexpectedAnswer, Unreachable
from bot.model import Run, RunQuery, RunRef, RunStatus

MOST_PAGES = 2_000
MOST_JOB_PAGES = 10  # of one job's list, for finding out of which job builds are
MOST_ROW_PAGES = 3  # of one job's list, for finding the branch of a build
NODE = 120  # characters of the name of one
NODE_SECONDS = 3.0  # for reading that name
REMEMBERED = 50_000  # builds whose job and branch are known
_FILTERS = {RunStatus.STARTING: "queued", RunStatus.IN_PROGRESS: "running"}


@dataclass(slots=True)
class _Joining:
    """One reading of the list down to the newest build that counts; `above`: those of other projects before it."""

    above: set[str] = field(default_factory=set)
    done: bool = False


class Builds:
    """Reads builds of one connection. `waiting`: how many waited in the queue when the list was last read."""

    def __init__(self, connection: str, caller: Caller, jobs: Jobs) -> None:
        self._connection, self._caller, self._jobs = connection, caller, jobs
        self._job_of: dict[str, str] = {}
        self._branch_of: dict[str, str] = {}  # a build that is read alone does not say
        self._nodes: dict[str, str] = {}  # their names by their ids
        self._timed: bool | None = None  # whether rows say when a build was created; None: none was seen yet
        self._above: set[str] = (
            set()
        )  # builds of other projects that stood above the newest of ours, and that one
        self._newest: str | None = None
        self.waiting: int | None = None

    async def one(self, build: str) -> Run:
        """Return a build, one that waits with how many wait before it. Raises `NotFound(what="run")`."""
        body = await self._body(build)
        if body.created_at is not None and self._timed is None:
            await self._page(1, None, None, size=1)
        if body.branch is None and build not in self._branch_of:
            await self._look_for_row(build)
        run = await self._run(body, brief=False)
        if run is None:
            raise NotFound("This build belongs to a project that the settings leave out.", what="run")
        return replace(run, node=await self._node(id_of(body.node_id)))

    async def pages(self, query: RunQuery) -> AsyncGenerator[tuple[Run, ...], None]:
        """Yield pages of builds, newest first. One whose job cannot be read now is `unread`."""
        job, status = await self._jobs.key_of(query), _FILTERS.get(query.status) if query.status else None
        seen: set[str] = set()

        async def page(after: str | None) -> Listed[BuildBody]:
            number = int(after or "1")
            rows, total = await self._page(number, job, status)
            seen.update(id_of(row.id) for row in rows)
            over = (
                not rows or len(seen) == total
            )  # a total may be wrong either way: then an empty page is the end
            return Listed(tuple(rows), str(number + 1), not (over or _is_older(rows, query)), 0)

        everything = job is None and status is None
        first, joins = True, _Joining() if everything and self._jobs.narrowed else None
        async with aclosing(walk(page, lambda row: id_of(row.id), most=MOST_PAGES)) as pages:
            async for rows in pages:
                if first and everything:
                    self.waiting = sum(word_of(row.status) == "queued" for row in rows)
                first = False
                found = await self._runs(rows)
                if joins is not None:
                    found = await self._joined(joins, rows, found)
                    if not found:
                        continue
                yield tuple(run for run in found if run.unread or _fits(run, query))

    async def _joined(self, joins: _Joining, rows: Sequence[BuildBody], found: list[Run]) -> list[Run]:
        """Add the newest of our builds where only others stand above it, as the list showed before.

        A server may have thousands of builds of projects that do not count: nobody reads down through them again.
        """
        if joins.done:
            return found
        own = found[0].ref.run_id if found else None
        above = [build for row in rows if (build := id_of(row.id)) != own]
        if own is not None:
            joins.above |= {*above[: [id_of(row.id) for row in rows].index(own)]}
            self._above, self._newest, joins.done = joins.above, own, True
            return found
        joins.above |= {*above}
        if self._newest is None or self._above.isdisjoint(above):
            return found
        joins.done = True
        self._above |= joins.above
        alone = await self._careful(self._newest)
        run = await self._run(alone, brief=False) if alone is not None else None
        return [run] if run is not None else []

    async def ahead(self, build: str) -> int | None:
        """Return how many builds wait before one, as far as the order of the list tells; None where it is not there."""
        rows, total = await self._page(1, None, "queued")
        ids = [id_of(row.id) for row in rows]
        if build not in ids:
            return None
        return max(total or 0, len(ids)) - 1 - ids.index(build)

    async def _page(
        self, number: int, job: str | None, status: str | None, size: int = protocol.PAGE
    ) -> tuple[list[BuildBody], int | None]:
        answer = await self._caller.read(protocol.builds_request(number, job=job, status=status, size=size))
        items, total = rows_of(answer.body)
        rows = [row for item in items if (row := read_struct(item, BuildBody)) and id_of(row.id)]
        if items and not rows:
            raise UnexpectedAnswer("Testhide answered with a list of builds without ids.")
        if rows:
            self._timed = all(row.created_at is not None for row in rows)
        for row in rows:
            self._remember(id_of(row.id), id_of(row.job_id) or job or "", row.branch)
        return rows, total

    async def _node(self, key: str) -> str | None:
        """Return the name of a node, its id where the server does not say it; what went wrong is not asked anew."""
        if key and key not in self._nodes:
            found = None
            with suppress(ServiceError, TimeoutError):  # a build is told of all the same
                async with asyncio.timeout(NODE_SECONDS):
                    answer = await self._caller.read(protocol.node_request(key))
                found = read_struct(answer.body, NodeBody)
            self._nodes[key] = (shown(found.name, NODE) if found else "") or key
        return self._nodes.get(key)

    async def _body(self, build: str) -> BuildBody:
        answer = await self._caller.read(protocol.build_request(build), what="run")
        body = read_struct(answer.body, BuildBody)
        if body is None or id_of(body.id) != build:
            raise UnexpectedAnswer(
                "Testhide answered with something that is not the build that was asked for."
            )
        self._remember(build, id_of(body.job_id), body.branch)
        return body

    async def _run(self, body: BuildBody, *, brief: bool) -> Run | None:
        key = id_of(body.job_id) or self._job_of.get(id_of(body.id), "")
        if not key:
            raise UnexpectedAnswer("Testhide does not say of which job this build is.")
        name = await self._jobs.name(key)
        if name is None:
            return None
        body.branch = body.branch or self._branch_of.get(id_of(body.id))
        return run_of(body, self._connection, (key, name), brief=brief, timed=bool(self._timed))

    async def _runs(self, rows: Sequence[BuildBody]) -> list[Run]:
        """Return the runs of rows, in their order; a build whose job was read just now is read in full with it."""
        unknown = [build for row in rows if (build := id_of(row.id)) not in self._job_of]
        await self._look_by_job(unknown)
        unknown = [build for build in unknown if build not in self._job_of]
        bodies = dict(zip(unknown, await asyncio.gather(*map(self._careful, unknown)), strict=True))
        found = [
            await self._as_run(row, bodies.get(id_of(row.id)), read_alone=id_of(row.id) in bodies)
            for row in rows
        ]
        return [run for run in found if run is not None]

    async def _as_run(self, row: BuildBody, alone: BuildBody | None, *, read_alone: bool) -> Run | None:
        if read_alone and alone is None:
            build = id_of(row.id)
            return Run(ref=RunRef(self._connection, build), status=RunStatus.UNKNOWN,
                       status_text="not read yet", launcher="", unread=True)  # fmt: skip
        return await self._run(alone or row, brief=alone is None)

    async def _careful(self, build: str) -> BuildBody | None:
        """Read a build that the list shows; what goes wrong with it alone must not hide the others."""
        try:
            body = await self._body(build)
        except (AccessRefused, RateLimited, Unreachable):
            raise
        except ServiceError:
            return None
        return body if build in self._job_of else None

    async def _look_by_job(self, unknown: Sequence[str]) -> None:
        """Find out of which jobs many builds are, by the lists of all jobs."""
        await self._jobs.rows()
        jobs = [*self._jobs.keys]
        if len(unknown) <= max(1, len(jobs)):
            return
        for number in range(1, MOST_JOB_PAGES + 1):
            read = await asyncio.gather(*(self._page(number, job, None) for job in jobs))
            jobs = [job for job, (rows, _) in zip(jobs, read, strict=True) if rows]
            if not jobs or all(build in self._job_of for build in unknown):
                return

    async def _look_for_row(self, build: str) -> None:
        """Find out of which branch a build is: its row among the newest of its job says so."""
        for number in range(1, MOST_ROW_PAGES + 1):
            rows, _ = await self._page(number, self._job_of.get(build), None)
            if not rows or build in self._branch_of:
                return

    def _remember(self, build: str, job: str, branch: str | None) -> None:
        for known, value in ((self._job_of, job), (self._branch_of, branch)):
            if not value:
                continue
            if len(known) >= REMEMBERED and build not in known:
                for old in [*known][: REMEMBERED // 2]:
                    del known[old]
            known[build] = value


def _is_older(rows: Sequence[BuildBody], query: RunQuery) -> bool:
    """Whether a page ends before the time that is asked for, and so all behind it is too: the server filters by none."""
    at = time_of(rows[-1].created_at) if rows else None
    return at is not None and query.created_after is not None and at < query.created_after


def _fits(run: Run, query: RunQuery) -> bool:
    at = run.created_at
    return (
        query.status in {None, run.status}
        and (query.created_after is None or at is None or at >= query.created_after)
        and (query.created_before is None or at is None or at < query.created_before)
    )
