"""What is known beforehand of something that was asked for, and what can be done with a run that goes on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards import Button, Command, Fact, Line, Untrusted
from bot.model import Run, RunRef
from bot.replies.wording import clock_time
from bot.state import StopAsked
from bot.terms import PLAIN, Terms
from bot.usual import UNKNOWN, Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a platform says of what was asked for: its cost, "" where unknown; whether a lost launch can be looked up.

    `offers`: where it cannot, whether runs that it may have become can be shown; `offered`: these are. `stops`,
    `shows_logs`: whether a run that goes on can be stopped, and its own log read. `usage`: lines for a shell with which
    people go on, where the platform runs nothing itself. `reports`: a report is made after the tests. `usual`: how long
    runs like it take. `stop`: that it was asked to stop already.
    """

    cost: str = ""
    findable: bool = True
    offers: bool = False
    offered: tuple[Run, ...] = ()
    stops: bool = False
    shows_logs: bool = False
    terms: Terms = PLAIN
    usage: tuple[str, ...] = ()
    reports: bool = False
    usual: Times = UNKNOWN
    stop: StopAsked | None = None


UNKNOWN_OUTLOOK = Outlook()


def going_on(run: RunRef, outlook: Outlook) -> tuple[Button, ...]:
    """Offer what can be done with a run that goes on, of what its platform offers."""
    ways = (
        ("Status", "status", True),
        ("Log", "logs", outlook.shows_logs),
        (outlook.terms.stop.capitalize(), "cancel", outlook.stops and outlook.stop is None),
    )
    return tuple(
        Button(label=label, command=Command.of_run(verb, run)) for label, verb, there in ways if there
    )


def stop_told(stop: StopAsked, terms: Terms) -> Line:
    """Say of a run that goes on that it was asked to stop: that alone does not end it."""
    at = clock_time(stop.at)
    if not stop.taken:
        sent = f"A request to {terms.stop} it was sent at {at}, but no answer came. It may go on to its end."
        return (sent,)
    who: Line = (
        (Untrusted(stop.by), f" asked to {terms.stop} it at {at}")
        if stop.by
        else (f"It was asked to {terms.stop} at {at}",)
    )
    return (*who, ", and it has not ended yet.")


def reruns(run_id: str) -> Fact:
    """Say which run is run again."""
    return Fact("Reruns", (Untrusted(run_id, code=True),))
