"""Buttons for working on failures: each stands only where the platform offers what it asks for."""

from __future__ import annotations

from contextlib import suppress

from bot.analysis import RunAnalysis
from bot.cards import Button, Command, Context
from bot.errors import Rejected, UserError
from bot.model import LaunchRequest, Run, RunRef, VerdictKind
from bot.platform import LAUNCHES_AGAIN, Platform, can_stop, has_moments
from bot.triage import RerunScope

_BROKEN = frozenset({VerdictKind.FAILED, VerdictKind.INCOMPLETE, VerdictKind.ENVIRONMENT})


def beside_run(found: RunAnalysis) -> tuple[Button, ...]:
    """Offer the log of a run, to stop it while it goes on, and, where it failed, a diagnosis and to run it again."""
    run, platform = found.run.ref, found.platform
    logs = log(run, platform) if _leads_to_log(found) else ()
    if not found.run.status.terminal:
        return logs if found.stop else (*logs, *stop(run, platform))
    if found.verdict.kind not in _BROKEN:
        return logs
    again = rerun_failed(run, platform) if found.failing else rerun(run, platform)
    return (*logs, *diagnose(run, platform), *again)


def _leads_to_log(found: RunAnalysis) -> bool:
    """Whether a run by itself leads to a log: where only checks have one, to that of a failing one, or its own as one."""
    files = found.platform.files
    return files is None or not files.of_checks or found.run.single or bool(found.failing)


def beside_check(about: Context, platform: Platform, *, number: int | None = None) -> tuple[Button, ...]:
    """Offer to say what a failure is, and to keep it from counting; `number`: the entry of a list that they stand in."""
    if about.run is None or about.property_name is None:
        return ()
    offered = (
        ("Classify", "classify", platform.classifies is not None),
        ("Quarantine", "quarantine", platform.quarantines is not None),
    )
    return tuple(
        Button(
            label=label,
            entry=number,
            command=Command.of_run(verb, about.run, property=about.property_name),
            opens_form=True,
        )
        for label, verb, there in offered
        if there
    )


def history(about: Context, *, number: int | None = None, rare: bool = False) -> tuple[Button, ...]:
    """Offer what became of a check over the last runs; `number`: the entry of a list that it stands in, `rare` as there."""
    if about.run is None or about.property_name is None:
        return ()
    command = Command.of_run("history", about.run, property=about.property_name)
    return (Button(label="History", entry=number, command=command, rare=rare),)


def mark(about: Context, *, number: int | None = None, rare: bool = False) -> tuple[Button, ...]:
    """Offer to say what a failure is, or who takes care of it; `number`, `rare` as in `history`."""
    if about.run is None or about.property_name is None:
        return ()
    command = Command.of_run("mark", about.run, property=about.property_name)
    return (Button(label="Mark", entry=number, command=command, opens_form=True, rare=rare),)


def log(run: RunRef, platform: Platform) -> tuple[Button, ...]:
    """Offer a run's own log where that is the only one."""
    return (Button(label="Log", command=Command.of_run("logs", run)),) if _has_log_alone(platform) else ()


def stop(run: RunRef, platform: Platform) -> tuple[Button, ...]:
    """Offer to stop a run that goes on."""
    return (
        (Button(label=platform.terms.stop.capitalize(), command=Command.of_run("cancel", run)),)
        if can_stop(platform, run.run_id)
        else ()
    )


def _has_log_alone(platform: Platform) -> bool:
    return platform.run_logs is not None and not has_moments(platform)


def diagnose(run: RunRef, platform: Platform) -> tuple[Button, ...]:
    """Offer the opinion of the platform's model, or to set an agent to work."""
    if platform.debugs is not None:
        return ()
    if platform.diagnoses is not None:
        return (Button(label="Diagnose", command=Command.of_run("debug", run)),)
    if platform.agents is not None:
        return (Button(label="Ask an agent", command=Command.of_run("debug", run), opens_form=True),)
    return ()


def rerun_failed(run: RunRef, platform: Platform) -> tuple[Button, ...]:
    """Offer to run again what failed, or all of it where only that can be."""
    if platform.reruns is None or RerunScope.FAILED not in platform.reruns.scopes:
        return rerun(run, platform)
    return (Button(label="Rerun failed", command=Command.of_run("rerun", run, failed="yes")),)


def rerun(run: RunRef, platform: Platform, *, rare: bool = False) -> tuple[Button, ...]:
    """Offer to run it again, where the platform has a call for that."""
    if platform.reruns is None:
        return ()
    return (Button(label="Rerun", command=Command.of_run("rerun", run), rare=rare),)


def once_more(found: RunAnalysis) -> tuple[Button, ...]:
    """Offer an ended run once more where nothing beside it does: by the platform's own call, else by launching it again."""
    run, platform = found.run, found.platform
    if not run.status.terminal:
        return ()
    if platform.reruns is not None:
        return () if found.verdict.kind in _BROKEN else rerun(run.ref, platform, rare=True)
    if not _launchable(run, platform):
        return ()
    return (Button(label="Launch again", command=Command.of_run("rerun", run.ref), rare=True),)


def _launchable(run: Run, platform: Platform) -> bool:
    """Whether runs like it are launched: debugging sessions, and runs of which nobody knows the launcher, are not."""
    launches = LAUNCHES_AGAIN.of(platform)
    if launches is None or not run.launcher:
        return False
    with suppress(UserError, Rejected):
        return bool(launches.tested(LaunchRequest(launcher=run.launcher, key="")))
    return False
