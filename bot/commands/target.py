"""Which connection and run a command is about.

A pasted link or id wins over an explicit argument, an explicit argument over the thread. Where nothing
resolves, the sentence says which piece is missing and how to give it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot import grammar, moments
from bot.commands.verb import Asked, Desk
from bot.errors import NotFound, UserError
from bot.findings import Findings, findings_of
from bot.model import Capability, Run, RunQuery
from bot.ports import RunService
from bot.wordlike import nearest

GIVE_RUN = "Give a run id, “latest”, or “latest LAUNCHER”; inside a run's thread none is needed."
SHORTEST_ID = 6  # characters of a run id that are taken as its beginning
RECENT_PAGES = 3  # pages of the run list that a shortened id is looked for in


def service_of(asked: Asked, desk: Desk) -> RunService:
    """Return the connection that is asked for, the thread's, or the first one."""
    name = asked.value("connection")
    if name is None and asked.context.run is not None:
        name = asked.context.run.connection
    if name is None:
        return next(iter(desk.services.values()))
    if name not in desk.services:
        known = ", ".join(desk.services)
        raise UserError(f"There is no connection “{name[:40]}”.", f"Connections are: {known}.")
    return desk.services[name]


def require(service: RunService, capability: Capability) -> None:
    """Refuse what the platform behind a connection does not offer."""
    if capability not in service.capabilities:
        raise UserError(f"The connection “{service.connection}” does not offer {capability.value}.")


async def run_of(
    asked: Asked, desk: Desk, position: int | None = 0, *, ended: bool = False
) -> tuple[RunService, Run]:
    """Return the run that a command is about; `position`: where it stands among the positional words.

    `ended`: only an ended run has what is asked for, so "latest" means the newest of those, if there is one.
    """
    service = service_of(asked, desk)
    pasted = asked.words.pasted
    if pasted is not None and (pasted.run_id or pasted.session_id or pasted.report_url):
        return await _pasted_run(asked, desk, pasted)
    token = asked.value("run", position)
    if token is not None:
        return await _named_run(asked, desk, service, token, ended=ended)
    if asked.context.run is not None:
        return service, await service.run(asked.context.run.run_id)
    raise UserError("Which run?", GIVE_RUN)


async def findings_for(asked: Asked, desk: Desk, *, ended: bool = False) -> tuple[RunService, Findings]:
    """Return the run that a command is about with its results, verdict and diff; `ended` as in `run_of`."""
    service, run = await run_of(asked, desk, ended=ended)
    return service, await findings_of(service, desk.store, run)


async def _pasted_run(asked: Asked, desk: Desk, pasted: moments.Pasted) -> tuple[RunService, Run]:
    if pasted.run_id:
        return await _run_with_id(asked, desk, pasted.run_id)
    url = pasted.report_url.reveal() if pasted.report_url else None
    session = pasted.session_id
    found = await somewhere(asked, desk, lambda s: s.find_run(report_url=url, session_id=session))
    if found is None:
        what = "report" if url else "session"
        raise UserError(
            f"No recent run belongs to that {what}.",
            "It may be older, or of another tenant. Give the run id: it stands at the bottom of the report.",
        )
    return found


async def _run_with_id(asked: Asked, desk: Desk, run_id: str) -> tuple[RunService, Run]:
    """Return the run with that id, wherever it is. Raises `NotFound`."""

    async def look(service: RunService) -> Run | None:
        try:
            return await service.run(run_id)
        except NotFound:
            return None

    found = await somewhere(asked, desk, look)
    if found is None:
        raise NotFound(f"There is no run {run_id}.", what="run")
    return found


async def somewhere(
    asked: Asked, desk: Desk, look: Callable[[RunService], Awaitable[Run | None]]
) -> tuple[RunService, Run] | None:
    """Look in the connection that is meant and, unless it was named, in the others: what is pasted names none."""
    first = service_of(asked, desk)
    others = () if asked.value("connection") else (s for s in desk.services.values() if s is not first)
    for service in (first, *others):
        run = await look(service)
        if run is not None:
            return service, run
    return None


async def _named_run(
    asked: Asked, desk: Desk, service: RunService, token: str, *, ended: bool
) -> tuple[RunService, Run]:
    named, slash, rest = token.partition("/")
    if slash and named in desk.services:
        service, token = desk.services[named], rest
    if token.casefold() == "latest":
        return service, await _latest(asked, desk, service, ended=ended)
    run_id = grammar.run_id(token)
    try:
        return (service, await service.run(run_id)) if slash else await _run_with_id(asked, desk, run_id)
    except NotFound:
        full = await _begins_with(service, run_id)
        if full is None and len(run_id) < SHORTEST_ID:
            too_short = f"“{run_id}” is too short to tell runs apart."
            raise UserError(too_short, f"Give at least {SHORTEST_ID} characters of the run id.") from None
        if full is None:
            raise
    return service, await service.run(full)


async def launchers_of(service: RunService, desk: Desk) -> tuple[str, ...]:
    """Return the launchers that are known: the API has no list, so those of the settings and of runs seen."""
    known = dict.fromkeys(
        (*desk.launchers.get(service.connection, ()), *await desk.store.launchers(service.connection))
    )
    if not known:
        async for page in service.runs(RunQuery()):
            known = dict.fromkeys(run.launcher for run in page)
            break
    return tuple(known)


async def _latest(asked: Asked, desk: Desk, service: RunService, *, ended: bool) -> Run:
    positional = asked.words.positional
    after = positional[1:] if positional and positional[0].casefold() == "latest" else ()
    launcher = asked.value("launcher") or " ".join(after) or None
    async for page in service.runs(RunQuery(launcher=launcher)):
        if page:
            over = (run for run in page if run.status.terminal) if ended else iter(page)
            return next(over, page[0])
    if launcher is None:
        raise UserError("There are no runs yet.", "Start one with “launch”.")
    close = nearest(launcher, await launchers_of(service, desk))
    meant = f"Did you mean “{close}”? " if close else ""
    raise UserError(f"The launcher “{launcher[:60]}” has no runs.", f"{meant}Launcher names are exact.")


async def _begins_with(service: RunService, start: str) -> str | None:
    """Find the one recent run whose id starts so: cards show only the first characters of an id."""
    if len(start) < SHORTEST_ID:
        return None
    found: list[str] = []
    pages = 0
    async for page in service.runs(RunQuery()):
        found += [run.ref.run_id for run in page if run.ref.run_id.startswith(start)]
        pages += 1
        if pages == RECENT_PAGES:
            break
    if len(found) > 1:
        raise UserError(f"{len(found)} runs begin with “{start}”.", "Give more of the run id.")
    return found[0] if found else None
