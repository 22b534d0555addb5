"""Which moment and property a command is about, and the run they lie in.

A pasted moment wins over an explicit argument, an explicit argument over the thread. With only a run given, it
is the first failing property that has a moment, newly failing first, else where an incomplete run broke.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot import moments
from bot.cards import Context
from bot.commands.target import GIVE_RUN, findings_for, run_of, service_of, somewhere
from bot.commands.verb import Asked, Desk
from bot.errors import NotAvailable, UserError
from bot.findings import Findings
from bot.model import Moment, Property, Run
from bot.ports import RunService
from bot.wordlike import mistaken

GIVE_MOMENT = (
    "Paste the text of the report's copy-moment button, or say it in the thread of a failing property."
)


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
    service, found = await findings_for(asked, desk, ended=True)
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
    problem = f"No failing property matches “{wanted[:60]}”."
    raise mistaken(problem, wanted, [p.name for p in failing], "Say “failing” for the list.", name="property")


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
        found = await somewhere(asked, desk, lambda s: s.find_run(session_id=session))
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
