"""Which connection and run a command is about.

A pasted link or id wins over an explicit argument, an explicit argument over the thread. Where nothing
resolves, the sentence says which piece is missing and how to give it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from bot import grammar, moments
from bot.analysis import RunAnalysis, analysis_of, with_moment
from bot.chain import DEPTH
from bot.command import Asked, Services
from bot.errors import ClewError, NotFound
from bot.launchers import launchers_of
from bot.model import Capability, Run, RunQuery
from bot.parsed import Pasted
from bot.ports import RunService
from bot.replies import commands
from bot.replies import finding as replies

_HEX = re.compile(r"[0-9a-f]+(?:-[0-9-]*)?$", re.ASCII)  # the beginning of a platform's id
SHORTEST_ID = 6  # characters of a run id that are taken as its beginning
RECENT_PAGES = 3  # pages of the run list that a shortened id is looked for in


def service_of(asked: Asked, services: Services) -> RunService:
    """Return the connection that is asked for, the thread's, or the first one."""
    name = asked.value("connection")
    if name is None and asked.context.run is not None:
        name = asked.context.run.connection
    if name is None:
        return next(iter(services.platforms.values()))
    if name not in services.platforms:
        raise commands.no_connection(name, services.platforms)
    return services.platforms[name]


def require(service: RunService, capability: Capability) -> None:
    """Refuse what the platform behind a connection does not offer."""
    if capability not in service.capabilities:
        raise commands.not_offered(service.connection, capability.value)


async def run_of(
    asked: Asked, services: Services, position: int | None = 0, *, ended: bool = False
) -> tuple[RunService, Run]:
    """Return the run that a command is about; `position`: where it stands among the positional words.

    `ended`: only an ended run has what is asked for, so "latest" means the newest of those, if there is one.
    """
    service = service_of(asked, services)
    pasted = asked.command.pasted
    if pasted is not None and (pasted.run_id or pasted.session_id or pasted.report_url):
        return await _pasted_run(asked, services, pasted)
    token = asked.value("run", position)
    if token is not None:
        if len(named := moments.run_ids(token)) > 1:
            raise replies.several_runs(len(named))
        return await _named_run(asked, services, service, token, ended=ended)
    if asked.context.run is not None:
        return service, await service.run(asked.context.run.run_id)
    raise replies.which_run()


async def analysis_for(
    asked: Asked, services: Services, *, ended: bool = False, depth: int = DEPTH
) -> tuple[RunService, RunAnalysis]:
    """Return the run that a command is about with its results, verdict and diff.

    `ended` as in `run_of`, `depth` as in `analysis_of`.
    """
    service, run = await run_of(asked, services, ended=ended)
    run = await with_moment(service, run)
    return service, await analysis_of(service, services.store, run, depth=depth)


async def _pasted_run(asked: Asked, services: Services, pasted: Pasted) -> tuple[RunService, Run]:
    if pasted.run_id:
        return await _run_with_id(asked, services, pasted.run_id)
    url = pasted.report_url.reveal() if pasted.report_url else None
    session = pasted.session_id
    found = await somewhere(asked, services, lambda s: s.find_run(report_url=url, session_id=session))
    if found is None:
        raise replies.no_run_of("report" if url else "session")
    return found


async def _run_with_id(asked: Asked, services: Services, run_id: str) -> tuple[RunService, Run]:
    """Return the run with that id, wherever it is. Raises `NotFound`."""
    found = await _with_id(meant(asked, services), run_id)
    if found is None:
        raise NotFound(replies.no_such_id(run_id), what="run")
    return found


async def _with_id(platforms: Collection[RunService], run_id: str) -> tuple[RunService, Run] | None:
    """Return the run with that id in any of the connections, else the one whose session has it: the two look alike."""
    for service in platforms:
        with suppress(NotFound):
            return service, await service.run(run_id)
    for service in platforms if moments.is_platform_id(run_id) else ():
        if run := await service.find_run(session_id=run_id):
            return service, run
    return None


def meant(asked: Asked, services: Services) -> tuple[RunService, ...]:
    """Return the connections to look in: the one that was named alone, else the likeliest first, then the others."""
    first = service_of(asked, services)
    others = () if asked.value("connection") else (s for s in services.platforms.values() if s is not first)
    return (first, *others)


async def somewhere(
    asked: Asked, services: Services, look: Callable[[RunService], Awaitable[Run | None]]
) -> tuple[RunService, Run] | None:
    """Look in the connection that is meant and, unless it was named, in the others: what is pasted names none."""
    for service in meant(asked, services):
        run = await look(service)
        if run is not None:
            return service, run
    return None


async def _named_run(
    asked: Asked, services: Services, service: RunService, text: str, *, ended: bool
) -> tuple[RunService, Run]:
    """Return the run that a text names: an id or its beginning, "latest", or a launcher's name for its latest."""
    named, slash, rest = text.partition("/")
    if slash and named in services.platforms:
        service, text = services.platforms[named], rest
        platforms: tuple[RunService, ...] = (service,)
    else:
        platforms = meant(asked, services)
    first, _, launcher = text.partition(" ")
    if first.casefold() == "latest":
        launcher = launcher.strip() or asked.value("launcher") or ""
        return service, await _latest(services, service, launcher, ended=ended)
    readers = [_by_id, _by_launcher] if _HEX.match(text) else [_by_launcher, _by_id]
    for read in readers:
        found = await read(text, platforms, services, ended=ended)
        if found is not None:
            return found
    raise await _unclear(text, platforms, services)


async def _by_id(
    text: str, platforms: tuple[RunService, ...], services: Services, *, ended: bool
) -> tuple[RunService, Run] | None:
    """Return the run with that id in any of the connections, else the one whose id begins so."""
    if " " in text:
        return None
    run_id = grammar.run_id(text)
    return await _with_id(platforms, run_id) or await _begins_with(platforms, run_id)


async def _by_launcher(
    text: str, platforms: tuple[RunService, ...], services: Services, *, ended: bool
) -> tuple[RunService, Run] | None:
    """Return the latest run of the launcher with that name, case aside."""
    if not grammar.is_launcher(text):
        return None
    for service in platforms:
        known = {name.casefold(): name for name in await launchers_of(service, services)}
        run = await _newest(service, known.get(text.casefold(), text), ended=ended)
        if run is not None:
            return service, run
    return None


async def _unclear(text: str, platforms: tuple[RunService, ...], services: Services) -> ClewError:
    """Say that a text names no run, and offer the launchers that may be meant."""
    known = [name for service in platforms for name in await launchers_of(service, services)]
    error = replies.neither_run_nor_launcher(text, known)
    if error.corrections or " " in text:
        return error
    if len(text) < SHORTEST_ID and _HEX.match(text):
        return replies.too_short(text, SHORTEST_ID)
    if not _HEX.match(text):
        return error
    if moments.is_platform_id(text):
        return NotFound(replies.no_such_id(text), what="run")
    return replies.begins_no_recent(text)


async def _latest(services: Services, service: RunService, launcher: str, *, ended: bool) -> Run:
    run = await _newest(service, launcher or None, ended=ended)
    if run is not None:
        return run
    if not launcher:
        raise replies.no_runs()
    raise replies.no_runs_of(launcher, await launchers_of(service, services))


async def _newest(service: RunService, launcher: str | None, *, ended: bool) -> Run | None:
    """Return the newest run; `ended`: the newest of those that have ended, if the first page has one."""
    async for page in service.runs(RunQuery(launcher=launcher)):
        if page:
            over = (run for run in page if run.status.terminal) if ended else iter(page)
            return next(over, page[0])
    return None


async def _begins_with(platforms: Collection[RunService], start: str) -> tuple[RunService, Run] | None:
    """Find the one recent run whose id starts so: cards show only the first characters of an id."""
    if len(start) < SHORTEST_ID:
        return None
    found = await runs_beginning_with(platforms, (start,))
    if len(found) > 1:
        ids = [run.ref.text if len(platforms) > 1 else run.ref.run_id for _, run in found]
        raise replies.several_begin(start, ids)
    return (found[0][0], await found[0][0].run(found[0][1].ref.run_id)) if found else None


async def runs_beginning_with(
    platforms: Collection[RunService], starts: Collection[str]
) -> list[tuple[RunService, Run]]:
    """Return the recent runs whose id, or whose session's id, begins with one of these texts, as listed."""
    found: list[tuple[RunService, Run]] = []
    for service in platforms if starts else ():
        pages = 0
        async for page in service.runs(RunQuery()):
            found += [(service, run) for run in page if _begins(run, starts)]
            pages += 1
            if pages == RECENT_PAGES:
                break
    return found


def _begins(run: Run, starts: Collection[str]) -> bool:
    ids = (run.ref.run_id, run.session_id or "")
    return any(name.startswith(start) for name in ids for start in starts)
