"""What the bot says of why a run did not get through: in a word, in a sentence that tells where it is from, and as lines."""

from __future__ import annotations

import json
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.cards import Excerpt, Line, Untrusted, joined
from bot.causes import Basis, How, RunCause
from bot.cleaning import shorten
from bot.model import Run, VerdictKind
from bot.platform import has_moments
from bot.replies import logs
from bot.replies.wording import clock_time, last, sentence, virtual
from bot.severity import Severity
from bot.terms import Terms

LONGEST_QUOTE = 200
LONGEST_STATUS = 40


def word(found: RunAnalysis) -> str:
    """Say in a word or two how a run broke: "setup failed"; "" where that is not known."""
    return found.cause.how.value if found.cause is not None and found.cause.how is not None else ""


def why(found: RunAnalysis) -> Line:
    """Tell how far a run came, why it broke, and what says so; empty for one that got through."""
    if found.verdict.kind is not VerdictKind.INCOMPLETE:
        return ()
    how = word(found) or ("it stopped" if found.run.failure_moment is not None else "")
    at = _at(found)
    lead = f"The {found.terms.run.one} did not complete{f': {how}{at}' if how else ''}."
    return joined(((lead if not found.verdict.contradicts else "",), *_details(found)), " ")


def details(found: RunAnalysis) -> Line:
    """Tell the same beside a title that says already that it did not complete, and in a word how."""
    if found.verdict.kind is not VerdictKind.INCOMPLETE:
        return ()
    at = _at(found)
    return joined(((f"It stopped{at}." if at else "",), *_details(found)), " ")


def _at(found: RunAnalysis) -> str:
    moment = found.run.failure_moment
    return f" at {virtual(moment)} of virtual time" if moment is not None else ""


def _details(found: RunAnalysis) -> tuple[Line, ...]:
    return (_told(found, found.cause), _read(found, found.cause)) if found.cause is not None else ()


def _told(found: RunAnalysis, cause: RunCause) -> Line:
    """Say what the platform says itself."""
    platform = found.terms.platform
    if cause.reason:
        return sentence(f"{platform} gives the reason “", Untrusted(cause.reason), "”")
    if cause.how is How.STOPPED:  # the only thing that says so is that there is no moment
        return (
            f"{platform} pins no failure moment, as for {found.terms.run.many} that were killed or timed out.",
        )
    if cause.status:
        return sentence(f"{platform} reports it as “", Untrusted(cause.status), "”")
    return ()


def _read(found: RunAnalysis, cause: RunCause) -> Line:
    """Say what was read of a log, and how far."""
    name = _log(found, cause)
    if cause.late:
        return _late(cause, name)
    if cause.trouble or cause.basis is None:
        return (Untrusted(cause.trouble),) if cause.trouble else ()
    if cause.cut and not cause.looked_at:
        unknown = "could not be read to its end, so what happened last is unknown: "
        return sentence(f"The {name} {unknown}", Untrusted(cause.cut))
    if cause.key is None:
        lines = last(cause.looked_at, "line")
        return (
            f"There is no error in {lines} of {_of(cause, name)}."
            if cause.looked_at
            else f"The {name} is empty.",
        )
    sure = cause.severity >= Severity.ERROR
    what = f"error in {_of(cause, name)}" if sure else f"line in {_of(cause, name)} that mentions an error"
    return sentence(f"The last {what} is “", Untrusted(_gist(cause.key.text)), "”")


def _late(cause: RunCause, name: str) -> Line:
    slow = f"could not be read within {cause.waited:g} seconds" if cause.waited else "has not been read yet"
    said: Line = (Untrusted(cause.trouble),) if cause.trouble else (f"The {name} {slow}.",)
    return (*said, " This message will be updated.") if cause.awaited else said


def _of(cause: RunCause, name: str) -> str:
    return f"the part of the {name} that could be read" if cause.cut else f"the {name}"


def _log(found: RunAnalysis, cause: RunCause) -> str:
    """Name the log that was read for the cause, or would have been."""
    pinned = found.run.failure_moment is not None and found.platform.moment_logs is not None
    if cause.basis is Basis.MOMENT or (cause.basis is None and pinned):
        return "log before that moment"
    return "build log" if has_moments(found.platform) else "log"


def _gist(text: str) -> str:
    """Return what a line says, of a JSON logger's its message and error."""
    if text.startswith("{"):
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            fields = {}
        said = [fields.get(name) for name in ("msg", "message", "event", "error", "err")]
        text = ": ".join(part for part in said if isinstance(part, str) and part) or text
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def goes_on(run: Run, terms: Terms, now: datetime) -> str:
    """Say of a run whose end was announced that it goes on after all: its log says nothing of an end."""
    status = shorten(run.status_text, LONGEST_STATUS).replace("_", " ")
    return f"{terms.platform} took that back: at {clock_time(now)} it reported the {terms.run.one} as “{status}”."


def evidence(found: RunAnalysis) -> Excerpt | None:
    """Show the lines of a log that say why a run broke, or how the log ends; None where none was read."""
    cause = found.cause
    if cause is None or not cause.evidence:
        return None
    name = _log(found, cause)
    title = (
        f"Last error in the {name}"
        if cause.severity >= Severity.ERROR
        else f"End of the {name}"
        if cause.key is None
        else f"From the {name}"
    )
    return Excerpt(lines=logs.written(cause.evidence), title=title)
