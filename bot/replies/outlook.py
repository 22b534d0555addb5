"""What is known beforehand of something that was asked for, and what can be done with a run that goes on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards import Button, Command, Fact, Untrusted
from bot.model import Run, RunRef
from bot.terms import PLAIN, Terms
from bot.usual import UNKNOWN, Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a platform says of what was asked for: its cost, "" where unknown; whether a lost launch can be looked up.

    `offers`: where it cannot, whether runs that it may have become can be shown; `offered`: these are. `stops`,
    `shows_logs`: whether a run that goes on can be stopped, and its own log read. `usage`: lines for a shell with which
    people go on, where the platform runs nothing itself. `reports`: a report is made after the tests. `usual`: how long
    runs like it take.
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


UNKNOWN_OUTLOOK = Outlook()


def going_on(run: RunRef, outlook: Outlook) -> tuple[Button, ...]:
    """Offer what can be done with a run that goes on, of what its platform offers."""
    ways = (
        ("Status", "status", True),
        ("Log", "logs", outlook.shows_logs),
        (outlook.terms.stop.capitalize(), "cancel", outlook.stops),
    )
    return tuple(
        Button(label=label, command=Command.of_run(verb, run)) for label, verb, there in ways if there
    )


def reruns(run_id: str) -> Fact:
    """Say which run is run again."""
    return Fact("Reruns", (Untrusted(run_id, code=True),))
