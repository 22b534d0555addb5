"""Which run, property and moment a command is about.

A pasted moment or link wins over an explicit argument, an explicit argument over the thread. Where nothing
resolves, the sentence says which piece is missing and how to give it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot import grammar, moments
from bot.cards import Context
from bot.commands.verb import Asked, Desk
from bot.errors import NotAvailable, NotFound, UserError
from bot.findings import Findings, findings_of
from bot.model import Capability, Moment, Property, Run, RunQuery
from bot.ports import RunService
from bot.wordlike import nearest

GIVE_RUN = "Give a run id, “latest”, or “latest LAUNCHER”; inside a run's thread none is needed."
GIVE_MOMENT = (
    "Paste the text of the report's copy-moment button, or say it in the thread of a failing property."
)
SHORTEST_ID = 6  # characters of a run id that are taken as its beginning
RECENT_PAGES = 3  # pages of the run list that a shortened id is looked for in


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A moment to look at: in a run, or in a session whose run is not known."""

    service: RunService
    moment: Moment
    run: Run | None = None
    session_id: str | None = None
    property_name: str | None = None
    others: int = 0  # further failing properties that have a moment
    warning: str = ""

    @property
    def context(self) -> Context:
        """What a message about it speaks of."""
        run = self.run.ref if self.run else None
        return Context(run=run, property_name=self.property_name, moment=self.moment)


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


async def run_of(asked: Asked, desk: Desk, position: int | None = 0) -> tuple[RunService, Run]:
    """Return the run that a command is about; `position`: where it stands among the positional words."""
    service = service_of(asked, desk)
    pasted = asked.words.pasted
    if pasted is not None and (pasted.run_id or pasted.session_id or pasted.report_url):
        return await _pasted_run(asked, desk, pasted)
    token = asked.value("run", position)
    if token is not None:
        return await _named_run(asked, desk, service, token)
    if asked.context.run is not None:
        return service, await service.run(asked.context.run.run_id)
    raise UserError("Which run?", GIVE_RUN)


async def findings_for(asked: Asked, desk: Desk) -> tuple[RunService, Findings]:
    """Return the run that a command is about with its results, verdict and diff."""
    service, run = await run_of(asked, desk)
    return service, await findings_of(service, desk.store, run)


async def moment_of(asked: Asked, desk: Desk) -> Aim:
    """Return the moment that a command is about, and the run it lies in."""
    pasted = asked.words.pasted or _given_moment(asked)
    if pasted is not None and pasted.moment is not None:
        return await _pasted_aim(asked, desk, pasted)
    explicit = asked.value("run", 0) or (pasted is not None) or asked.value("property")
    if not explicit and asked.context.moment is not None and asked.context.run is not None:
        service = service_of(asked, desk)
        run = await service.run(asked.context.run.run_id)
        name = asked.context.property_name
        return Aim(service=service, run=run, moment=asked.context.moment, property_name=name)
    if not explicit and asked.context.run is None:
        raise UserError("Which moment?", GIVE_MOMENT)
    service, found = await findings_for(asked, desk)
    of_thread = asked.context.property_name if found.run.ref == asked.context.run else None
    return _aim_in(service, found, asked.value("property") or of_thread)


def choose_property(found: Findings, wanted: str) -> Property:
    """Return the failing property with that name or number, as the list of failing ones shows them."""
    failing = found.failing
    if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(failing):
        return failing[int(wanted) - 1]
    exact = [p for p in failing if p.name == wanted]
    alike = exact or [p for p in failing if wanted.casefold() in p.name.casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UserError(
            f"{len(alike)} failing properties match “{wanted[:60]}”.",
            "Give more of the name, or its number in “failing”.",
        )
    close = nearest(wanted, [p.name for p in failing])
    meant = f"Did you mean “{close}”? " if close else ""
    raise UserError(f"No failing property matches “{wanted[:60]}”.", f"{meant}Say “failing” for the list.")


def _given_moment(asked: Asked) -> moments.Pasted | None:
    text = asked.value("moment")
    if text is None:
        return None
    found = moments.find(text)
    if found is None or found.moment is None:
        raise UserError("That moment could not be read.", GIVE_MOMENT)
    return found


async def _pasted_aim(asked: Asked, desk: Desk, pasted: moments.Pasted) -> Aim:
    service = service_of(asked, desk)
    moment = pasted.moment
    if moment is None:  # the caller looked
        raise UserError("Which moment?", GIVE_MOMENT)
    if moment.placeholder:
        raise UserError(
            "The moment 0/0 stands for “no moment”: this run has no pinned failure moment.",
            "Ask for `logs RUN build=yes` to see its build log.",
        )
    if pasted.session_id and not pasted.run_id:
        session = pasted.session_id
        found = await _somewhere(asked, desk, lambda s: s.find_run(session_id=session))
        service, run = found or (service, None)
        return Aim(service=service, run=run, session_id=session, moment=moment, warning=pasted.warning)
    if pasted.run_id is None and asked.value("run", 0) is None and asked.context.run is None:
        raise UserError("That moment does not say which run it is in.", GIVE_RUN)
    service, run = await run_of(asked, desk)
    return Aim(service=service, run=run, moment=moment, warning=pasted.warning)


def _aim_in(service: RunService, found: Findings, wanted: str | None) -> Aim:
    run = found.run
    if wanted is not None:
        chosen = choose_property(found, wanted)
        if chosen.moment is None:
            raise UserError(
                f"“{chosen.name[:80]}” has no moment: it is judged on the whole run.",
                "Choose another property of “failing”.",
            )
        return Aim(service=service, run=run, moment=chosen.moment, property_name=chosen.name)
    with_moment = [(p.name, p.moment) for p in found.failing if p.moment is not None]
    if with_moment:
        (name, moment), *others = with_moment
        return Aim(service=service, run=run, moment=moment, property_name=name, others=len(others))
    if run.failure_moment is not None:
        return Aim(service=service, run=run, moment=run.failure_moment)
    raise NotAvailable(_no_moment(found))


def _no_moment(found: Findings) -> str:
    if not found.run.status.terminal:
        return "This run has not ended, so it has no moments yet. Ask again when it is done."
    if found.run.failure_unpinned:
        return (
            "This run was killed or timed out without a pinned moment. “logs build=yes” shows its build log."
        )
    return "No failing property of this run has a moment. “failing” shows what there is."


async def _pasted_run(asked: Asked, desk: Desk, pasted: moments.Pasted) -> tuple[RunService, Run]:
    if pasted.run_id:
        return await _run_with_id(asked, desk, pasted.run_id)
    url = pasted.report_url.reveal() if pasted.report_url else None
    session = pasted.session_id
    found = await _somewhere(asked, desk, lambda s: s.find_run(report_url=url, session_id=session))
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

    found = await _somewhere(asked, desk, look)
    if found is None:
        raise NotFound(f"There is no run {run_id}.", what="run")
    return found


async def _somewhere(
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


async def _named_run(asked: Asked, desk: Desk, service: RunService, token: str) -> tuple[RunService, Run]:
    named, slash, rest = token.partition("/")
    if slash and named in desk.services:
        service, token = desk.services[named], rest
    if token.casefold() == "latest":
        return service, await _latest(asked, desk, service)
    run_id = grammar.run_id(token)
    try:
        return (service, await service.run(run_id)) if slash else await _run_with_id(asked, desk, run_id)
    except NotFound:
        full = await _begins_with(service, run_id)
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


async def _latest(asked: Asked, desk: Desk, service: RunService) -> Run:
    positional = asked.words.positional
    after = positional[1:] if positional and positional[0].casefold() == "latest" else ()
    launcher = asked.value("launcher") or " ".join(after) or None
    async for page in service.runs(RunQuery(launcher=launcher)):
        if page:
            return page[0]
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
