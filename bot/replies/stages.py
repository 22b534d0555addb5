"""How far something that was asked for is, stage by stage, and how long that usually takes."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.cards import Fact, Line, Untrusted
from bot.model import Run, RunStatus
from bot.replies.outlook import Outlook
from bot.replies.wording import duration, listed, number_of, took
from bot.state import Intent

SHORT = timedelta(seconds=30)  # a wait for the start that nobody has to be told of


def of(intent: Intent, run: Run | None, outlook: Outlook, *, finishing: bool = False) -> tuple[Fact, ...]:
    """Say what a run has behind it, where it is, and what follows; nothing where nothing runs by itself.

    `run`: None where it was taken and is not seen yet. `finishing`: it was tested as long as was asked for.
    """
    if outlook.usage:
        return ()
    behind = [f"asked {_at(intent.created_at)}", "accepted"]
    going = run is not None and run.status is RunStatus.IN_PROGRESS
    if going and run is not None:
        behind.append(f"started {_at(run.started_at)}".strip() if run.started_at else "started")
    if finishing:
        behind.append("tested")
    ahead = ["testing"] if run is None or run.status is RunStatus.STARTING else []
    ahead += ["report"] if outlook.reports and not finishing else []
    here = _here(run, outlook, finishing=finishing)
    line: Line = (f"{listed(behind)}; ", *here, f" now; then {listed([*ahead, 'verdict'])}")
    return (Fact("Stages", line),)


def _here(run: Run | None, outlook: Outlook, *, finishing: bool) -> Line:
    if finishing:
        return ("finishing, report" if outlook.reports else "finishing",)
    if run is None or run.status_text == "starting":
        return ("being set up",)
    return ("testing",) if run.status is RunStatus.IN_PROGRESS else (Untrusted(run.status_text),)


def _at(time: datetime) -> str:
    return f"{time:%H:%M} UTC"


def usually(outlook: Outlook) -> tuple[Fact, ...]:
    """Say how long runs like it take, by the median of enough of them, else by the last one."""
    usual = outlook.usual
    if usual.last is not None:
        return (Fact("Last one took", (took(usual.last),)),)
    if usual.whole is None:
        return ()
    waits = f"starts after {duration(usual.start)}, then " if usual.start and usual.start >= SHORT else ""
    of_runs = number_of(usual.runs, outlook.terms.run)
    return (Fact("Usually", (f"{waits}takes {duration(usual.whole)} (median of the last {of_runs})",)),)
