"""Why a run did not get through, as far as the platform's own words and its logs tell.

What is said first counts: the platform's reason or status, then the log before a real failure moment, then the run's own
log. Only what was read is concluded from, and of a log that was cut only its end is no longer known.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.errors import NotAvailable, NotFound, ServiceError
from bot.in_full import OF_ONE_RUN
from bot.model import LineKind, LogExcerpt, LogLine, LogQuery, Moment, Run, RunLogQuery
from bot.platform import MomentLogs, Platform
from bot.ports import report_to_nobody
from bot.severity import Severity, incidents, is_crash

READ_WITHIN: Final = 20.0  # seconds that a person, or a channel, is made to wait for it
WINDOW: Final = 10.0  # virtual seconds before a failure moment
LOOKED_AT: Final = 200  # lines of a log's end
EVIDENCE: Final = 3  # lines that are shown of it


class How(StrEnum):
    """How a run broke; `STOPPED`: one of two, and nobody says which."""

    SETUP = "setup failed"
    KILLED = "killed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    STOPPED = "killed or timed out"


class Basis(StrEnum):
    """What a log was read of."""

    MOMENT = "the log before the failure moment"
    RUN = "the log of the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCause:
    """Why a run did not get through. `how` is None where nothing tells.

    `reason`: the platform's own words, "" for none; `status`: its word for how the run stands, where that tells how.
    `basis`: which log was read; None: none. `severity`: how bad what
    the evidence begins with says that it is; NONE: the evidence is only the end of the log. `key`: the line of it that
    says what happened. `looked_at`: how many lines it was looked for in. `trouble`: why a log could not be read, as a
    full sentence. `late`: reading took longer than `waited` seconds or the platform could not be asked, so a later try may
    succeed; `awaited`: one is made, and the message that says so is edited.
    """

    how: How | None = None
    reason: str = ""
    status: str = ""
    basis: Basis | None = None
    severity: Severity = Severity.NONE
    key: LogLine | None = None
    evidence: tuple[LogLine, ...] = ()
    looked_at: int = 0
    cut: str | None = None
    trouble: str = ""
    late: bool = False
    waited: float = 0.0
    awaited: bool = False


async def cause_of(platform: Platform, run: Run, *, began: bool, within: float = READ_WITHIN) -> RunCause:
    """Find out why a run that ended did not get through; never raises for what the platform does.

    `began`: something of it was tested, so its setup got through. `within`: seconds for reading, 0 for reading nothing.
    """
    told = _told(run)
    if platform.run_logs is None and (platform.moment_logs is None or run.failure_moment is None):
        return told
    if not within:
        return replace(told, late=True)
    try:
        async with asyncio.timeout(within):
            read = await _read(platform, run)
    except TimeoutError:
        return replace(told, late=True, waited=within)
    except OF_ONE_RUN as error:
        return replace(told, trouble=error.problem)
    except ServiceError as error:
        return replace(told, trouble=error.problem, late=True)
    setup = platform.moment_logs is not None and run.failure_moment is None and not began
    how = told.how if told.how or told.reason else _by_log(read, setup=setup)
    return replace(read, how=how, reason=told.reason, status=told.status)


def _told(run: Run) -> RunCause:
    """Take what the platform says itself; one that answers with the 0/0 placeholder says two ways at once."""
    reason = run.failure_reason or ""
    how = _by_words(reason or run.status_text)
    return RunCause(
        how=how or (How.STOPPED if run.failure_unpinned else None),
        reason=reason,
        status=run.status_text if how is not None and not reason else "",
    )


async def _read(platform: Platform, run: Run) -> RunCause:
    """Look for the cause in the log before the failure moment, where that has a line, else in the log of the run."""
    if run.failure_moment is not None and platform.moment_logs is not None:
        found = await _before(platform.moment_logs, run, run.failure_moment)
        if found is not None or platform.run_logs is None:
            return found or RunCause(basis=Basis.MOMENT)
    if platform.run_logs is None:  # the caller looked
        return RunCause()
    log = await platform.run_logs.run_log(
        RunLogQuery(run_id=run.ref.run_id, lines=LOOKED_AT), report_to_nobody
    )
    return RunCause() if log.instead else evidence_in(log, Basis.RUN)


async def _before(logs: MomentLogs, run: Run, moment: Moment) -> RunCause | None:
    """Read the window before a moment; None where there is none: moments go stale, and some have no line."""
    query = LogQuery(run_id=run.ref.run_id, moment=moment, window=WINDOW, lines=LOOKED_AT, file=False)
    try:
        log = await logs.logs(query, report_to_nobody)
    except (NotFound, NotAvailable):
        return None
    return evidence_in(log, Basis.MOMENT) if log.total or log.cut else None


def evidence_in(log: LogExcerpt, basis: Basis) -> RunCause:
    """Pick the lines of a log that say most of what went wrong: the last of the worst, else its end.

    The window before a moment that was cut holds its begin, so nothing in it is known to be near the moment.
    """
    if basis is Basis.MOMENT and log.cut:
        return RunCause(basis=basis, cut=log.cut)
    found = RunCause(basis=basis, looked_at=len(log.lines), cut=log.cut)
    told = (incident for incident in incidents(log.lines) if not _is_asked_for(log.lines[incident.key]))
    worst = max(told, key=lambda incident: (incident.severity, incident.positions[0]), default=None)
    if worst is None or worst.severity in {Severity.NONE, Severity.WARNING}:
        return replace(found, evidence=log.lines[-EVIDENCE:])
    return replace(
        found,
        severity=worst.severity,
        key=log.lines[worst.key],
        evidence=_shown(log.lines, worst.positions, worst.key),
    )


def _is_asked_for(line: LogLine) -> bool:
    """Whether a container was ended from outside, as faults and the end of a run do: that is no failure of its own."""
    return line.kind is LineKind.CONTAINER and _ENDED_FROM_OUTSIDE.search(line.text) is not None


_ENDED_FROM_OUTSIDE: Final = re.compile(r"exit code (?:137|143)$")  # SIGKILL and SIGTERM


def _shown(lines: Sequence[LogLine], own: Sequence[int], key: int) -> tuple[LogLine, ...]:
    """Return what is shown of an incident: its begin and the line that matters, filled up with those around it."""
    chosen = [*own[:EVIDENCE]] if key in own[:EVIDENCE] else [*own[: EVIDENCE - 1], key]
    around = [n for n, line in enumerate(lines) if line.source == lines[key].source and n not in own]
    after = [n for n in around if n > own[-1]]
    before = [n for n in around if n < own[0]]
    room = EVIDENCE - len(chosen)
    if room:
        chosen += (after[:1] + before[::-1] + after[1:])[:room]
    return tuple(lines[n] for n in sorted(chosen))


_TOLD: Final = (
    (How.SETUP, re.compile(r"(?i)\bset-?\s?up\b|\b(?:build|image|pull) failed\b|\bfailed to (?:build|pull)\b")),
    (How.TIMED_OUT, re.compile(r"(?i)\btime[d_ -]*out\b|\bdeadline exceeded\b")),
    (How.KILLED, re.compile(r"(?i)\bkill(?:ed)?\b|\bout of memory\b|\boom\b|\bSIGKILL\b|\bevicted\b")),
    (How.CRASHED, re.compile(r"(?i)\bcrash(?:ed)?\b|\bpanic(?:ked)?\b|\bSIG(?:SEGV|ABRT|BUS|ILL|FPE)\b|\bsegmentation\b")),
)  # fmt: skip
_OUT_OF_MEMORY: Final = re.compile(r"(?i)\bout of memory: kill|\boom-?kill|\S oom$")


def _by_words(text: str) -> How | None:
    """Read how a run broke from the platform's own words; None where they name none of the ways, or several."""
    found = [how for how, pattern in _TOLD if pattern.search(text.replace("_", " "))]
    return found[0] if len(found) == 1 else None


def _by_log(read: RunCause, *, setup: bool) -> How | None:
    """Conclude from the evidence; `setup`: no moment is known and nothing was tested, so an error is the setup's."""
    if read.key is None or read.severity < Severity.MENTION:
        return None
    if _OUT_OF_MEMORY.search(read.key.text):
        return How.KILLED
    if read.basis is Basis.MOMENT:
        return How.CRASHED if is_crash(read.evidence[0]) or is_crash(read.key) else None
    return How.SETUP if setup and read.severity >= Severity.ERROR and not read.cut else None
