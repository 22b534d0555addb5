"""Which connection and run a command is about.

A pasted link or id wins over an explicit argument, an explicit argument over the thread. The connection is the one
that is named, else the thread's, else the one that alone has such an id or launcher, else the channel's, else the
first. Where nothing resolves, the sentence says which piece is missing and how to give it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot import grammar, moments
from bot.analysis import RunAnalysis, analysis_of
from bot.chain import DEPTH
from bot.command import Asked, Services
from bot.errors import ClewError, NotFound, ServiceError, Unreachable
from bot.in_full import in_full
from bot.launchers import is_called, known_launchers, launchers_of
from bot.model import Run, RunQuery
from bot.parsed import Pasted
from bot.platform import Need, Platform, listed
from bot.recent import newest_here
from bot.replies import commands, parts
from bot.replies import finding as replies
from bot.terms import shared

T = TypeVar("T")
Located = tuple[Platform, Run]

_HEX = re.compile(r"[0-9a-f]+(?:-[0-9-]*)?$", re.ASCII)  # the beginning of a random id
SHORTEST_ID = 6  # characters of a run id that are taken as its beginning
RECENT_PAGES = 3  # pages of the run list that a shortened id is looked for in
_ADDRESS = re.compile(r"https?://[^\s<>\"'`|]++")
CUT = "…"  # stands in a shortened id, as cards show it, for its middle


async def platform_of(asked: Asked, services: Services, *, launcher: str = "") -> Platform:
    """Return the connection that is named, the thread's, the one that alone has a launcher, the channel's, or the first."""
    platforms = services.platforms
    name = asked.value("connection") or (asked.context.run.connection if asked.context.run else None)
    if name is not None:
        if name not in platforms:
            raise commands.no_connection(name, platforms)
        return platforms[name]
    having = await having_launcher(launcher, services) if launcher and len(platforms) > 1 else []
    if len(having) == 1:
        return having[0]
    watched = {s.connection or "" for s in await services.store.subscriptions(asked.invocation.place.channel)}
    own = watched.pop() if len(watched) == 1 else ""
    return platforms[own] if own in platforms else next(iter(platforms.values()))


async def having_launcher(launcher: str, services: Services) -> list[Platform]:
    """Return the connections that are known to have a launcher, case aside."""
    platforms = [*services.platforms.values()]
    known = await asyncio.gather(*(known_launchers(platform, services) for platform in platforms))
    return [
        platform
        for platform, names in zip(platforms, known, strict=True)
        if any(is_called(launcher, name) for name in names)
    ]


def require(platform: Platform, need: Need[T], services: Services) -> T:
    """Return a part of a platform. Raises `UserError` where it is not offered, naming the connections that do."""
    found = need.of(platform)
    if found is None:
        having = [other.connection for other in services.platforms.values() if need.of(other) is not None]
        raise parts.lacking(platform, need, having)
    return found


async def platform_with(asked: Asked, services: Services, need: Need[T]) -> tuple[Platform, T]:
    """Return the connection that is meant and its part; where none is named, the first that has it. Raises `UserError`."""
    platform = await platform_of(asked, services)
    if need.of(platform) is None and not asked.value("connection") and asked.context.run is None:
        platform = next((p for p in services.platforms.values() if need.of(p) is not None), platform)
    return platform, require(platform, need, services)


async def run_of(
    asked: Asked, services: Services, position: int | None = 0, *, ended: bool = False
) -> Located:
    """Return the run that a command is about; `position`: where it stands among the positional words.

    `ended`: only an ended run has what is asked for, so "latest" means the newest of those, if there is one.
    """
    pasted = asked.command.pasted
    if pasted is not None and (pasted.run_id or pasted.session_id or pasted.report_url):
        return await _pasted_run(asked, services, pasted)
    token = asked.value("run", position)
    if token is not None:
        if len(named := moments.run_ids(token)) > 1:
            raise replies.several_runs(len(named))
        return await _named_run(asked, services, token, ended=ended)
    if asked.context.run is not None:
        platform = await platform_of(asked, services)
        return platform, await platform.reads.run(asked.context.run.run_id)
    raise replies.which_run(services.terms)


async def analysis_for(
    asked: Asked, services: Services, *, position: int | None = 0, ended: bool = False, depth: int = DEPTH
) -> RunAnalysis:
    """Return the run that a command is about with its results, verdict and diff.

    `position` and `ended` as in `run_of`, `depth` as in `analysis_of`.
    """
    platform, run = await run_of(asked, services, position, ended=ended)
    run = await in_full(platform, run)
    return await analysis_of(platform, services.store, run, depth=depth)


async def meant(asked: Asked, services: Services) -> tuple[Platform, ...]:
    """Return the connections to look in: the one that was named alone, else the likeliest first, then the others."""
    first = await platform_of(asked, services)
    others = () if asked.value("connection") else (p for p in services.platforms.values() if p is not first)
    return (first, *others)


@dataclass(slots=True)
class Search:
    """Looks in several connections; one that does not answer is noted, and takes nothing from what the others found."""

    asked: Asked
    platforms: Sequence[Platform]
    down: dict[str, ServiceError] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)

    async def each(
        self, look: Callable[[Platform], Awaitable[T | None]], among: Sequence[Platform] | None = None
    ) -> list[tuple[Platform, T]]:
        """Ask all of them, or those `among` them, at once; return what was found, in their order."""

        async def ask(platform: Platform) -> T | None:
            try:
                return await look(platform)
            except NotFound:
                return None
            except ServiceError as error:
                self.down.setdefault(platform.connection, error)
                return None

        able = [p for p in (self.platforms if among is None else among) if p.connection not in self.down]
        self.tried |= {platform.connection for platform in able}
        answers = await asyncio.gather(*map(ask, able))
        return [(p, found) for p, found in zip(able, answers, strict=True) if found is not None]

    def told(self) -> None:
        """Let the reply say which connections did not answer: what was found elsewhere is not all there may be."""
        self.asked.remarks.extend(replies.not_asked(name, error.problem) for name, error in self.down.items())

    def nothing(self, error: ClewError) -> ClewError:
        """Return what to say where nothing was found: how far that is known, or why nothing is."""
        if not self.down:
            return error
        if self.tried == self.down.keys():
            return next(iter(self.down.values()))
        return Unreachable(
            replies.not_everywhere(str(error), sorted(self.tried - self.down.keys()), [*self.down])
        )


async def located(
    search: Search,
    look: Callable[[Platform], Awaitable[Run | None]],
    what: str,
    among: Sequence[Platform] | None = None,
) -> Located | None:
    """Return the one run that is found in any connection; the thread's wins. Raises `UserError` where there are several."""
    found = await search.each(look, among)
    if len(found) > 1:
        here = search.asked.context.run
        own = [(p, run) for p, run in found if here is not None and p.connection == here.connection]
        if not own:
            raise replies.several_have(what, [run.ref.text for _, run in found])
        found = own
    if found:
        search.told()
    return found[0] if found else None


async def find_run(
    platform: Platform, *, report_url: str | None = None, session_id: str | None = None
) -> Run | None:
    """Find the run of a pasted report link or session id; none where the platform has no such thing."""
    reports = platform.reports
    return await reports.find_run(report_url=report_url, session_id=session_id) if reports else None


async def run_of_session(asked: Asked, services: Services, session_id: str) -> Located | None:
    """Return the run that a session belongs to, in whichever connection; None where none is found. Raises `ServiceError`."""
    search = Search(asked, await meant(asked, services))
    found = await located(search, lambda p: find_run(p, session_id=session_id), session_id)
    if found is None and search.down:
        raise search.nothing(replies.no_run_of("session"))
    return found


async def _pasted_run(asked: Asked, services: Services, pasted: Pasted) -> Located:
    search = Search(asked, await meant(asked, services))
    if pasted.run_id:
        found = await _with_id(search, pasted.run_id)
        if found is None:
            terms = shared([p.terms for p in search.platforms if p.reads.owns(pasted.run_id)])
            raise search.nothing(
                NotFound(replies.no_such_id(pasted.run_id, terms, sessions=True), what="run")
            )
        return found
    url = pasted.report_url.reveal() if pasted.report_url else None
    if url and (leads := addressed(url, search.platforms)):
        return await _named_run(asked, services, leads[0], ended=False)
    session = pasted.session_id
    what = "report" if url else "session"
    found = await located(search, lambda p: find_run(p, report_url=url, session_id=session), f"that {what}")
    if found is None:
        raise search.nothing(replies.no_run_of(what))
    return found


async def _with_id(search: Search, run_id: str) -> Located | None:
    """Return the run with that id in any of the connections, else the one whose session has it: the two look alike.

    Only connections that may own the id are asked: ids of one platform are no business of another one's vendor.
    """
    owners = [platform for platform in search.platforms if platform.reads.owns(run_id)]
    found = await located(search, lambda p: p.reads.run(run_id), run_id, owners)
    if found is None and moments.is_platform_id(run_id):
        found = await located(search, lambda p: find_run(p, session_id=run_id), run_id, owners)
    return found


def addressed(text: str, platforms: Sequence[Platform]) -> tuple[str, ...]:
    """Return the runs that the web addresses in a text lead to, each once; with its connection where only one has it."""
    found: list[str] = []
    for address in _ADDRESS.findall(text):
        ids = {p.connection: run_id for p in platforms if p.addresses and (run_id := p.addresses(address))}
        found += ids.values() if len(ids) > 1 else (f"{name}/{run_id}" for name, run_id in ids.items())
    return tuple(dict.fromkeys(found))


async def _named_run(asked: Asked, services: Services, text: str, *, ended: bool) -> Located:
    """Return the run that a text names: an id or its beginning, its address, "latest", or a launcher's name for its latest."""
    platforms = await meant(asked, services)
    if _ADDRESS.match(text):
        leads = addressed(text, platforms)
        if len(leads) != 1:
            raise replies.several_runs(len(leads)) if leads else replies.foreign_address(services.terms)
        text = leads[0]
    named, slash, rest = text.partition("/")
    if slash and named in services.platforms and not await having_launcher(text, services):
        platforms, text = (services.platforms[named],), rest
    first, _, launcher = text.partition(" ")
    if first.casefold() == "latest":
        launcher = launcher.strip() or asked.value("launcher") or ""
        platform = platforms[0]
        if launcher and len(platforms) > 1:
            platform = await platform_of(asked, services, launcher=launcher)
        return platform, await _latest(services, platform, launcher, ended=ended)
    search = Search(asked, platforms)
    readers = [_by_id, _by_launcher] if _HEX.match(text) or CUT in text else [_by_launcher, _by_id]
    for read in readers:
        found = await read(text, search, services, ended=ended)
        if found is not None:
            return found
    raise search.nothing(await _unclear(text, platforms, services))


async def _by_id(text: str, search: Search, services: Services, *, ended: bool) -> Located | None:
    """Return the run with that id in any of the connections, else the one whose id begins so."""
    if " " in text:
        return None
    if CUT not in text:
        found = await _with_id(search, grammar.run_id(text, like=services.terms.run_id))
    else:
        found = None
    return found or await _begins_with(search, services, text)


async def _by_launcher(text: str, search: Search, services: Services, *, ended: bool) -> Located | None:
    """Return the latest run of the launcher with that name, case aside: of the likeliest connection that has one."""
    if not grammar.is_launcher(text):
        return None

    async def newest(platform: Platform) -> Run | None:
        known = {name.casefold(): name for name in await launchers_of(platform, services)}
        launcher = known.get(text.casefold(), text)
        return await _newest(platform, services, launcher, ended=ended)

    found = await search.each(newest)
    if found:
        search.told()
    return found[0] if found else None


async def _unclear(text: str, platforms: tuple[Platform, ...], services: Services) -> ClewError:
    """Say that a text names no run, and offer the launchers that may be meant."""
    names = {platform.connection: await known_launchers(platform, services) for platform in platforms}
    having = [p for p in platforms if any(is_called(text, name) for name in names[p.connection])]
    if having:
        whole = all(platform.lists is not None for platform in having)
        return replies.no_runs_of(text, (), shared([p.terms for p in having]), whole=whole)
    known = [name for platform in platforms for name in names[platform.connection]]
    error = replies.neither_run_nor_launcher(text, known, services.terms)
    if error.corrections or " " in text:
        return error
    owners = [platform.terms for platform in platforms if platform.reads.owns(text)]
    if owners:
        said = replies.no_such_id(text, shared(owners), sessions=moments.is_platform_id(text))
        return NotFound(said, what="run")
    if CUT in text or (_HEX.match(text) and len(text) >= SHORTEST_ID):
        return replies.begins_no_recent(text)
    return replies.too_short(text, SHORTEST_ID) if _HEX.match(text) else error


async def _latest(services: Services, platform: Platform, launcher: str, *, ended: bool) -> Run:
    run = await _newest(platform, services, launcher or None, ended=ended)
    if run is not None:
        return run
    if not launcher:
        raise replies.no_runs(platform.terms)
    known = [name for name in await launchers_of(platform, services) if not is_called(launcher, name)]
    raise replies.no_runs_of(launcher, known, platform.terms, whole=platform.lists is not None)


async def _newest(platform: Platform, services: Services, launcher: str | None, *, ended: bool) -> Run | None:
    """Return the newest run; `ended`: the newest of those that have ended, if the first page has one.

    Of a platform without a list it is the newest on record, read anew.
    """
    query = RunQuery(launcher=launcher)
    if platform.lists is None:
        recorded = await newest_here(platform, services.store, query, anew=False)
        if launcher and not recorded:  # it may be a launcher's id, or the runs are called otherwise
            query = RunQuery(launcher_key=await _key_of(launcher, platform))
            recorded = await newest_here(platform, services.store, query, anew=False)
        run = _of_page(recorded, ended=ended)
        return await platform.reads.run(run.ref.run_id) if run else None
    async for page in listed(platform, query):
        if page:
            return _of_page(page, ended=ended)
    return None


async def _key_of(launcher: str, platform: Platform) -> str:
    """Return the id of the launcher with that name, where one alone is listed; else the text itself."""
    rows = await platform.lists_launchers.launchers() if platform.lists_launchers is not None else ()
    keys = [row.key for row in rows if is_called(launcher, row.name)]
    return keys[0] if len(keys) == 1 else launcher


def _of_page(page: Sequence[Run], *, ended: bool) -> Run | None:
    over = (run for run in page if run.status.terminal) if ended else iter(page)
    return next(over, page[0] if page else None)


async def _begins_with(search: Search, services: Services, start: str) -> Located | None:
    """Find the one recent run whose id starts so, or is shortened so: cards show no more of a long id."""
    others = [platform for platform in search.platforms if not platform.reads.owns(start)]
    found = await runs_beginning_with(search, services, (start,), others) if len(start) >= SHORTEST_ID else []
    if len(found) > 1:
        ids = [run.ref.text if len(search.platforms) > 1 else run.ref.run_id for _, run in found]
        raise replies.several_begin(start, ids)
    return (found[0][0], await found[0][0].reads.run(found[0][1].ref.run_id)) if found else None


async def runs_beginning_with(
    search: Search, services: Services, starts: Collection[str], among: Sequence[Platform] | None = None
) -> list[Located]:
    """Return the recent runs whose id, or whose session's id, begins with one of these texts, as listed."""

    async def beginning(platform: Platform) -> list[Run]:
        recent = await newest_here(platform, services.store, RunQuery(), RECENT_PAGES, anew=False)
        return [run for run in recent if _begins(run, starts)]

    everywhere = await search.each(beginning, among) if starts else []
    found = [(platform, run) for platform, runs in everywhere for run in runs]
    if found:
        search.told()
    return found


def _begins(run: Run, starts: Collection[str]) -> bool:
    ids = (run.ref.run_id, run.session_id or "")
    ends = [(head, tail) for head, _, tail in (start.partition(CUT) for start in starts)]
    return any(name.startswith(head) and name.endswith(tail) for name in ids for head, tail in ends)
