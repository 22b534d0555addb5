"""The jobs of a server: their names, which two of them may share, and whose builds count."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import msgspec

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct, readable
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import NAME, JobBody, array_of
from adapters.platforms.testhide.ids import id_of
from bot.errors import AccessRefused, NotFound, Rejected, ServiceError
from bot.launchers import told_apart
from bot.model import RunQuery
from bot.replies.launching import several_launchers
from bot.terms import Terms
from bot.triage import LauncherRow

KEPT = 60.0  # seconds; jobs are seldom made


class Jobs:
    """Reads the list of jobs, and keeps it for a minute; `projects`: the only ones that count, all where none is named."""

    def __init__(self, caller: Caller, projects: Collection[int], terms: Terms) -> None:
        self._caller, self._terms = caller, terms
        self._projects = frozenset(map(str, projects))
        self._lock = asyncio.Lock()
        self._read_at: float | None = None
        self._rows: tuple[LauncherRow, ...] = ()
        self._names: Mapping[str, str] = {}
        self._project_of: Mapping[str, str] = {}
        self.keys: tuple[str, ...] = ()  # of all jobs, those of other projects too
        self._unlisted: set[str] = set()  # keys that the list lacked when it was read for them

    @property
    def narrowed(self) -> bool:
        """Whether builds of some jobs are left out."""
        return bool(self._projects)

    async def rows(self) -> tuple[LauncherRow, ...]:
        """Return the jobs that count. Raises `ServiceError` where there is no list yet and none can be read."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._read_at is None or now - self._read_at >= KEPT:
                try:
                    self._take(array_of((await self._caller.read(protocol.jobs_request())).body))
                except AccessRefused:
                    raise
                except ServiceError:
                    if self._read_at is None:
                        raise
                self._read_at = now
            return self._rows

    async def name(self, key: str) -> str | None:
        """Return the name that a job is shown with, None for one whose builds are left out.

        A job that is not listed any more is called by its number; one that is new is looked for once.
        """
        await self.rows()
        if key not in {*self.keys, *self._unlisted} and self._read_at is not None:
            self._read_at -= KEPT
            await self.rows()
            self._unlisted |= {key} - {*self.keys}
        return self._names.get(key, None if self.narrowed else f"job {key}")

    async def key_of(self, query: RunQuery) -> str | None:
        """Return the key of the job that a query is about, None for any.

        Raises `NotFound` for a name that no job has, `Rejected` for one that several have.
        """
        if query.launcher_key is not None or query.launcher is None:
            return query.launcher_key
        said = query.launcher.casefold()
        rows = await self.rows()
        found = [row for row in rows if said in {row.name.casefold(), self._names[row.key].casefold()}]
        if len(found) > 1:
            error = several_launchers(query.launcher, [self._names[row.key] for row in found], self._terms)
            raise Rejected(f"{error.problem} {error.hint}")
        if not found:
            raise NotFound(f"There is no job “{query.launcher[:60]}”.", what="launcher")
        return found[0].key

    async def projects_of(self, key: str) -> tuple[str, ...]:
        """Return the project of a job, those of all jobs for ""; none where the server does not say."""
        await self.rows()
        found = self._project_of.values() if not key else filter(None, (self._project_of.get(key),))
        return tuple(dict.fromkeys(found))

    def _take(self, items: list[msgspec.Raw]) -> None:
        found = [body for item in items if (body := read_struct(item, JobBody)) and id_of(body.id)]
        bodies = readable(found, items, "jobs")
        self.keys = tuple(id_of(body.id) for body in bodies)
        self._rows = tuple(
            LauncherRow(
                key=id_of(body.id),
                name=" ".join(shown(body.name, NAME).split()),
                enabled=body.enabled is not False,
            )
            for body in bodies
            if not self._projects or id_of(body.project_id) in self._projects
        )
        self._names = told_apart(self._rows)
        listed, projects = {row.key for row in self._rows}, {id_of(b.id): id_of(b.project_id) for b in bodies}
        self._project_of = {key: project for key, project in projects.items() if project and key in listed}
