"""The projects that a key sees."""

from __future__ import annotations

from adapters.platforms.automated_future import protocol
from adapters.platforms.automated_future.decode import projects_of
from adapters.platforms.http.caller import Caller
from bot.errors import UnexpectedAnswer
from bot.in_full import OF_ONE_RUN
from bot.triage import LauncherRow

PAGES = 100


class Projects:
    """Lists them."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._names: dict[str, str] = {}

    async def all(self) -> tuple[LauncherRow, ...]:
        """Return every project, each once. Raises `UnexpectedAnswer` for a list that does not end."""
        found: dict[str, LauncherRow] = {}
        after: str | None = None
        for _ in range(PAGES):
            answer = await self._caller.read(protocol.projects_request(after))
            rows, following = projects_of(answer.body)
            new = [row for row in rows if row.key not in found]
            found |= {row.key: row for row in new}
            if following is None or not new:
                self._names |= {row.key: row.name for row in found.values()}
                return tuple(found.values())
            after = following
        raise UnexpectedAnswer("Automated Future's list of projects does not end.")

    async def name(self, project: str) -> str:
        """Return the name of a project, its id where the key does not see it, or no list can be read. Raises `ServiceError`."""
        if project not in self._names:
            try:
                await self.all()
            except OF_ONE_RUN:
                return project
        return self._names.setdefault(project, project)
