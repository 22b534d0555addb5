"""Which connection and run a command is about.

A pasted link or id wins over an explicit argument, an explicit argument over the thread. Where nothing
resolves, the sentence says which piece is missing and how to give it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import TypeVar

from bot import grammar, moments
from bot.analysis import RunAnalysis, analysis_of, with_moment
from bot.chain import DEPTH
from bot.command import Asked, Services
from bot.errors import ClewError, NotFound
from bot.launchers import launchers_of
from bot.model import Run, RunQuery
from bot.parsed import Pasted
from bot.platform import Need, Platform, listed
from bot.replies import commands, parts
from bot.replies import finding as replies

T = TypeVar("T")

_HEX = re.compile(r"[0-9a-f]+(?:-[0-9-]*)?$", re.ASCII)  # the beginning of a platform's id
SHORTEST_ID = 6  # characters of a run id that are taken as its beginning
RECENT_PAGES = 3  # pages of the run list that a shortened id is looked for in


def service_of(asked: Asked, services: Services) -> Platform:
    """Return the connection that is asked for, the thread's, or the first one."""
    name = asked.value("connection")
    if name is None and asked.context.run is not None:
        name = asked.context.run.connection
    if name is None:
        return next(iter(services.platforms.values()))
    if name not in services.platforms:
        raise commands.no_connection(name, services.platforms)
    return services.platforms[name]


def require(platform: Platform, need: Need[T], services: Services) -> T:
    """Return a part of a platform. Raises `UserError` where it is not offered, naming the connections that do."""
    found = need.of(platform)
    if found is None:
        having = [other.connection for other in services.platforms.values() if need.of(other) is not None]
        raise parts.lacking(platform.connection, need, having)
    return found


async def run_of(
    asked: Asked, services: Services, position: int | None = 0, *, ended: bool = False
) -> tuple[Platform, Run]:
    """Return the run that a command is about; `position`: where it stands among the positional words.

    `ended`: only an ended run has what is asked for, so "latest" means the newest of those, if there is one.
    """
    platform = service_of(asked, services)
    pasted = asked.command.pasted
    if pasted is not None and (pasted.run_id or pasted.session_id or pasted.report_url):
        return await _pasted_run(asked, services, pasted)
    token = asked.value("run", position)
    if token is not None:
        if len(named := moments.run_ids(token)) > 1:
            raise replies.several_runs(len(named))
        return await _named_run(asked, services, platform, token, ended=ended)
    if asked.context.run is not None:
        return platform, await platform.reads.run(asked.context.run.run_id)
    raise replies.which_run()


async def analysis_for(
    asked: Asked, services: Services, *, ended: bool = False, depth: int = DEPTH
) -> RunAnalysis:
    """Return the run that a command is about with its results, verdict and diff.

    `ended` as in `run_of`, `depth` as in `analysis_of`.
    """
    platform, run = await run_of(asked, services, ended=ended)
    run = await with_moment(platform, run)
    return await analysis_of(platform, services.store, run, depth=depth)


async def _pasted_run(asked: Asked, services: Services, pasted: Pasted) -> tuple[Platform, Run]:
    if pasted.run_id:
        return await _run_with_id(asked, services, pasted.run_id)
    url = pasted.report_url.reveal() if pasted.report_url else None
    session = pasted.session_id
    found = await somewhere(asked, services, lambda p: find_run(p, report_url=url, session_id=session))
    if found is None:
        raise replies.no_run_of("report" if url else "session")
    return found


async def _run_with_id(asked: Asked, services: Services, run_id: str) -> tuple[Platform, Run]:
    """Return the run with that id, wherever it is. Raises `NotFound`."""
    found = await _with_id(meant(asked, services), run_id)
    if found is None:
        raise NotFound(replies.no_such_id(run_id), what="run")
    return found


async def _with_id(platforms: Collection[Platform], run_id: str) -> tuple[Platform, Run] | None:
    """Return the run with that id in any of the connections, else the one whose session has it: the two look alike."""
    for platform in platforms:
        with suppress(NotFound):
            return platform, await platform.reads.run(run_id)
    for platform in platforms if moments.is_platform_id(run_id) else ():
        if run := await find_run(platform, session_id=run_id):
            return platform, run
    return None


async def find_run(
    platform: Platform, *, report_url: str | None = None, session_id: str | None = None
) -> Run | None:
    """Find the run of a pasted report link or session id; none where the platform has no such thing."""
    reports = platform.reports
    return await reports.find_run(report_url=report_url, session_id=session_id) if reports else None


def meant(asked: Asked, services: Services) -> tuple[Platform, ...]:
    """Return the connections to look in: the one that was named alone, else the likeliest first, then the others."""
    first = service_of(asked, services)
    others = () if asked.value("connection") else (s for s in services.platforms.values() if s is not first)
    return (first, *others)


async def somewhere(
    asked: Asked, services: Services, look: Callable[[Platform], Awaitable[Run | None]]
) -> tuple[Platform, Run] | None:
    """Look in the connection that is meant and, unless it was named, in the others: what is pasted names none."""
    for platform in meant(asked, services):
        run = await look(platform)
        if run is not None:
            return platform, run
    return None


async def _named_run(
    asked: Asked, services: Services, platform: Platform, text: str, *, ended: bool
) -> tuple[Platform, Run]:
    """Return the run that a text names: an id or its beginning, "latest", or a launcher's name for its latest."""
    named, slash, rest = text.partition("/")
    if slash and named in services.platforms:
        platform, text = services.platforms[named], rest
        platforms: tuple[Platform, ...] = (platform,)
    else:
        platforms = meant(asked, services)
    first, _, launcher = text.partition(" ")
    if first.casefold() == "latest":
        launcher = launcher.strip() or asked.value("launcher") or ""
        return platform, await _latest(services, platform, launcher, ended=ended)
    readers = [_by_id, _by_launcher] if _HEX.match(text) else [_by_launcher, _by_id]
    for read in readers:
        found = await read(text, platforms, services, ended=ended)
        if found is not None:
            return found
    raise await _unclear(text, platforms, services)


async def _by_id(
    text: str, platforms: tuple[Platform, ...], services: Services, *, ended: bool
) -> tuple[Platform, Run] | None:
    """Return the run with that id in any of the connections, else the one whose id begins so."""
    if " " in text:
        return None
    run_id = grammar.run_id(text)
    return await _with_id(platforms, run_id) or await _begins_with(platforms, run_id)


async def _by_launcher(
    text: str, platforms: tuple[Platform, ...], services: Services, *, ended: bool
) -> tuple[Platform, Run] | None:
    """Return the latest run of the launcher with that name, case aside."""
    if not grammar.is_launcher(text):
        return None
    for platform in platforms:
        known = {name.casefold(): name for name in await launchers_of(platform, services)}
        run = await _newest(platform, known.get(text.casefold(), text), ended=ended)
        if run is not None:
            return platform, run
    return None


async def _unclear(text: str, platforms: tuple[Platform, ...], services: Services) -> ClewError:
    """Say that a text names no run, and offer the launchers that may be meant."""
    known = [name for platform in platforms for name in await launchers_of(platform, services)]
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


async def _latest(services: Services, platform: Platform, launcher: str, *, ended: bool) -> Run:
    run = await _newest(platform, launcher or None, ended=ended)
    if run is not None:
        return run
    if not launcher:
        raise replies.no_runs()
    raise replies.no_runs_of(launcher, await launchers_of(platform, services))


async def _newest(platform: Platform, launcher: str | None, *, ended: bool) -> Run | None:
    """Return the newest run; `ended`: the newest of those that have ended, if the first page has one."""
    async for page in listed(platform, RunQuery(launcher=launcher)):
        if page:
            over = (run for run in page if run.status.terminal) if ended else iter(page)
            return next(over, page[0])
    return None


async def _begins_with(platforms: Collection[Platform], start: str) -> tuple[Platform, Run] | None:
    """Find the one recent run whose id starts so: cards show only the first characters of an id."""
    if len(start) < SHORTEST_ID:
        return None
    found = await runs_beginning_with(platforms, (start,))
    if len(found) > 1:
        ids = [run.ref.text if len(platforms) > 1 else run.ref.run_id for _, run in found]
        raise replies.several_begin(start, ids)
    return (found[0][0], await found[0][0].reads.run(found[0][1].ref.run_id)) if found else None


async def runs_beginning_with(
    platforms: Collection[Platform], starts: Collection[str]
) -> list[tuple[Platform, Run]]:
    """Return the recent runs whose id, or whose session's id, begins with one of these texts, as listed."""
    found: list[tuple[Platform, Run]] = []
    for platform in platforms if starts else ():
        pages = 0
        async for page in listed(platform, RunQuery()):
            found += [(platform, run) for run in page if _begins(run, starts)]
            pages += 1
            if pages == RECENT_PAGES:
                break
    return found


def _begins(run: Run, starts: Collection[str]) -> bool:
    ids = (run.ref.run_id, run.session_id or "")
    return any(name.startswith(start) for name in ids for start in starts)
