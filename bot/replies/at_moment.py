"""Buttons that look at a moment, and why there is none to look at.

A button that stands beside a property carries it: whoever presses it reads of that property in the answer, and
the answer's thread goes on speaking of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.analysis import RunAnalysis
from bot.cards import Button, Command, Context, Line
from bot.model import NOTHING, Availability, Check, Moment, Run
from bot.platform import DEBUGS, MOMENT_LOGS, Need, Platform

OFFERED: tuple[tuple[Need[object], str, str], ...] = (
    (MOMENT_LOGS, "Logs", "logs"),
    (DEBUGS, "Debug", "debug"),
)


def buttons(
    about: Context, platform: Platform, *, number: int | None = None, named: Mapping[str, str] = NOTHING
) -> tuple[Button, ...]:
    """Offer the log before a moment and a session at it.

    `number`: the entry of a list that they stand in; `named`: other labels, by verb.
    """
    if about.moment is None:
        return _lines_of_check(about, platform, number)
    return tuple(
        Button(label=named.get(verb, label), entry=number, command=command(verb, about))
        for need, label, verb in OFFERED
        if need.of(platform) is not None
    )


def further(about: Context, platform: Platform, check: Check) -> tuple[Button, ...]:
    """Offer what a property is looked into with: beside a passing example, by more instances, by somebody else."""
    found: list[Button] = []
    if about.moment is not None and platform.moment_logs is not None and check.held:
        found.append(Button(label="Compare", command=command("logs", about, compare="yes")))
    return (*found, *instances(about, platform, check), *hand_over(about, platform))


def instances(
    about: Context, platform: Platform, check: Check, *, number: int | None = None, rare: bool = False
) -> tuple[Button, ...]:
    """Offer more instances of a check; `number`: the entry of a list that it stands in, `rare` as there."""
    if platform.instances is None or not check.is_event:
        return ()
    return (
        Button(label="More instances", entry=number, command=command("logs", about, events="yes"), rare=rare),
    )


def hand_over(about: Context, platform: Platform, **more: str) -> tuple[Button, ...]:
    """Offer all that is known as a file, where there is a log; of a platform with moments only of a failure that has one."""
    there = platform.run_logs if platform.moment_logs is None else about.moment
    if there is None:
        return ()
    return (Button(label="Hand over", command=command("logs", about, handover="yes", **more)),)


def page(platform: Platform, run: Run | None, moment: Moment) -> Line:
    """Link the platform's own page of a moment, which asks for a login; empty where there is none."""
    found = (
        platform.elsewhere.page(run, moment) if platform.elsewhere is not None and run is not None else None
    )
    return (found, " (asks for a login)") if found is not None else ()


def _lines_of_check(about: Context, platform: Platform, number: int | None) -> tuple[Button, ...]:
    """Offer the lines of a check where a run's log is read by those."""
    if about.run is None or about.property_name is None or platform.moment_logs is not None:
        return ()
    if platform.run_logs is None or "check" not in platform.run_logs.narrows:
        return ()
    return (Button(label="Log", entry=number, command=command("logs", about)),)


def command(verb: str, about: Context, **more: str) -> Command:
    """Ask for something at a moment: its run, its exact numbers, and its property."""
    values = {"run": about.run.text} if about.run is not None else {}
    values |= {"moment": about.moment.text} if about.moment is not None else {}
    values |= more
    values |= {"property": about.property_name} if about.property_name is not None else {}
    return Command(verb, values)


def no_moment(found: RunAnalysis) -> str:
    """Say why a run has no moment to look at."""
    checks = found.terms.check
    if not found.run.status.terminal:
        return f"This {found.terms.run.one} has not ended, so it has no moments yet."
    if found.run.failure_unpinned:
        return "This run was killed or timed out without a pinned moment."
    if found.results is None or found.results.availability is not Availability.READY:
        return f"The {checks.many} of this {found.terms.run.one} cannot be read, so no moment is known."
    if found.failing:
        return f"No failing {checks.one} of this {found.terms.run.one} has a moment."
    return f"No {checks.one} of this {found.terms.run.one} fails, so there is no moment to look at."
