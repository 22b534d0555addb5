"""What the bot says before and beside a change of the quarantine; `acting` says how one stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Fact, Line, Reply, Untrusted
from bot.cleaning import shorten
from bot.errors import UserError
from bot.replies.acting import confirmation as asking_first
from bot.replies.wording import duration, titled
from bot.state import Intent
from bot.terms import Terms
from bot.triage import Quarantined, QuarantineRequest

_SHOWN = 60  # characters of a name that a sentence quotes
_NAMED = 5  # entries


def confirmation(
    intent: Intent, request: QuarantineRequest, held: Sequence[Quarantined], terms: Terms, now: datetime
) -> Reply:
    """Ask before a check is quarantined or taken out, naming the launcher and how many it has there."""
    check, launcher = titled(request.check)[0], Untrusted(request.launcher)
    counts = f"Its failures will {'count again' if request.remove else 'no longer count there'}."
    facts = [
        Fact(terms.check.title, (Untrusted(request.check, code=True),)),
        Fact(terms.launcher.title, (launcher,)),
        Fact("Quarantined there", (_held(held, now),)),
        Fact("Connection", (Untrusted(intent.connection),)),
    ]
    if request.reason:
        facts.insert(2, Fact("Reason", (Untrusted(request.reason),)))
    if request.remove:
        title: Line = ("Take “", check, "” out of the quarantine of ", launcher, "?")
    else:
        title = ("Quarantine “", check, "” in ", launcher, "?")
    yes = "Take it out" if request.remove else "Quarantine"
    return asking_first(intent, title, tuple(facts), yes=yes, says=(counts,))


def _held(held: Sequence[Quarantined], now: datetime) -> str:
    oldest = min((entry.since for entry in held if entry.since), default=None)
    return f"{len(held):,}, the oldest for {duration(now - oldest)}" if oldest else f"{len(held):,}"


def is_so_already(
    check: str, launcher: str, held: Sequence[Quarantined], terms: Terms, *, remove: bool
) -> UserError:
    """Answer a change that would change nothing, naming what is quarantined where something was to be taken out."""
    name, where = shorten(check, _SHOWN), shorten(launcher, _SHOWN)
    if remove:
        names = [shorten(entry.check, _SHOWN) for entry in held[:_NAMED]]
        more = f" and {len(held) - _NAMED:,} more" if len(held) > _NAMED else ""
        there = f"Quarantined there: {', '.join(names)}{more}." if names else "Nothing is quarantined there."
        return UserError(f"“{name}” is not quarantined in {where}.", there)
    return UserError(
        f"“{name}” is already quarantined in {where}.",
        f"With remove=yes the failures of this {terms.check.one} count again.",
    )


def which_reason(reasons: Sequence[str]) -> UserError:
    """Ask why."""
    return UserError("A reason is missing.", f"Add reason={'|'.join(reasons)}.")


def no_launcher_known(terms: Terms) -> UserError:
    """Say that it cannot be told where to quarantine."""
    return UserError(
        f"{terms.platform} does not say which {terms.launcher.one} this {terms.run.one} belongs to.",
        f"Add {terms.named('launcher')}=NAME with the {terms.launcher.one}.",
    )


def perhaps_later(terms: Terms) -> str:
    """Say that a quarantine may be younger than the end of the run that it excuses a failure in."""
    run, check = terms.run.one, terms.check.one
    return f"{terms.platform} does not say when this {run} ended, so a {check} may have been {terms.excused} only afterwards."
