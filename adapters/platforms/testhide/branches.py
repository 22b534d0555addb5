"""The branches of the repositories of a job's project, for completion: what the server does not tell is left out."""

from __future__ import annotations

import asyncio

import msgspec

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import NULL, read, read_struct
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import array_of
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.jobs import Jobs
from adapters.platforms.testhide.launching import LONGEST_BRANCH
from bot.errors import AccessRefused, NotAvailable, NotFound, Rejected
from bot.triage import Branches

MOST = 5  # repositories that are asked for one answer
_UNTOLD = (AccessRefused, NotAvailable, NotFound, Rejected)  # no repositories there, or none for this key


class BranchLists:
    """Reads them; whoever asks keeps them for a while."""

    def __init__(self, caller: Caller, jobs: Jobs) -> None:
        self._caller, self._jobs = caller, jobs

    async def branches(self, launcher_key: str, beginning: str) -> Branches:
        """Return the branches of a job's project, of all projects for "". Raises `ServiceError` where asking again can help."""
        try:
            projects = await self._jobs.projects_of(launcher_key)
            repositories = await self._repositories(projects) if projects else []
            lists = await asyncio.gather(*(self._of(r, beginning) for r in repositories[:MOST]))
        except _UNTOLD:
            return Branches()
        names = dict.fromkeys(name for rows in lists for name in rows if _is_exact(name))
        whole = len(repositories) <= MOST and all(len(rows) < protocol.PAGE for rows in lists)
        return Branches(names=tuple(names), whole=whole)

    async def _repositories(self, projects: tuple[str, ...]) -> list[str]:
        rows = array_of((await self._caller.read(protocol.repositories_request())).body)
        found = (read_struct(row, _Repository) for row in rows)
        return [
            repository
            for row in found
            if row and (repository := id_of(row.id)) and id_of(row.project_id) in projects
        ]

    async def _of(self, repository: str, beginning: str) -> list[str]:
        rows = array_of((await self._caller.read(protocol.branches_request(repository, beginning))).body)
        return [name for row in rows if (name := read(row, str))]


class _Repository(msgspec.Struct):
    id: msgspec.Raw = NULL
    project_id: msgspec.Raw = NULL


def _is_exact(name: str) -> bool:
    """Whether a name can be filled in as it is: one that has to be cleaned first would name another branch."""
    return 0 < len(name) <= LONGEST_BRANCH and shown(name, LONGEST_BRANCH) == name
