"""What the bot says of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from bot.cards import Card, Item, Line, Pages, Reply, Untrusted
from bot.errors import UserError
from bot.replies.meant import mistaken
from bot.replies.wording import clock_time, count, from_on, when
from bot.state import AuditLine, Switched

COMPARE = "The audit trail was changed. Compare the database with a backup or an earlier export."
HOW_FAR = "Whoever can write the whole database can also write a new trail. Keep exports elsewhere: their hashes show that."
CHANGED = "`clew audit verify` checks that no line was changed or removed."
_SHOWN = 60  # characters of what was typed that a sentence quotes
Between = tuple[datetime | None, datetime | None]  # since when, and before when


def nobody(word: str, known: Iterable[str]) -> UserError:
    """Answer a name of nobody who stands in the trail."""
    return mistaken(
        f"Nobody called “{word[:_SHOWN]}” is in the audit trail.",
        word,
        known,
        "Give an id, as in slack:user:TEAM:USER.",
    )


def no_action(word: str, known: Iterable[str]) -> UserError:
    """Answer a word that is no verb and nothing else that is noted."""
    return mistaken(f"“{word[:_SHOWN]}” is no verb.", word, known, "“help” lists them.", name="verb")


def nothing_about(word: str, known: Iterable[str]) -> UserError:
    """Answer a word that is no verb, nobody's name and no run that the trail knows."""
    return mistaken(
        f"Nothing in the audit trail is about “{word[:_SHOWN]}”: it is no verb, nobody's name and no run there.",
        word,
        known,
        name="about",
    )


not_looked_up = partial(
    UserError, "No platform is asked here, so “latest” means no run.", "Give the run's id."
)
no_time_between = partial(UserError, "until= is not later than since=.", "Nothing is between them.")


def which(word: str) -> UserError:
    """Ask what a word stands for beside everything that is given by name."""
    return UserError(f"What is “{word[:_SHOWN]}”?", "Give it by name: person=, run= or verb=.")


def no_such_entry(first: int, total: int) -> UserError:
    """Refuse a page behind the end."""
    return UserError(f"There is no entry {first:,}: the list has {total:,}.", "Leave “from=” out.")


def listing(
    lines: Sequence[AuditLine],
    names: Mapping[str, str],
    about: str,
    between: Between,
    pages: Pages,
) -> Reply:
    """List lines of the trail, newest first; `about`: what was asked for, "" for everything."""
    scope, time = _scope(about, between)
    if not lines:
        said: Line = (Untrusted(nothing(about, between)),)
        return Reply(card=Card(title=("Audit trail",), text=said, body=(said,)), private=True)
    said = (f"{count(pages.total, 'line')} of the audit trail", Untrusted(scope), f"{time}, newest first.")
    card = Card(
        title=("Audit trail", from_on(pages.first)),
        text=said,
        body=(said,),
        items=tuple(_item(line, names) for line in lines),
        items_left_out=pages.left_out,
        pages=pages,
        footer=(CHANGED,),
    )
    return Reply(card=card, private=True)


def nothing(about: str, between: Between) -> str:
    """Say that no line fits."""
    scope, time = _scope(about, between)
    return f"Nothing{scope} is in the audit trail{time}."


def _scope(about: str, between: Between) -> tuple[str, str]:
    since, until = between
    begin = f" since {clock_time(since)}" if since else ""
    end = f" before {clock_time(until)}" if until else ""
    return f" about “{about[:_SHOWN]}”" if about else "", f"{begin}{end}"


def more(number: int, total: int) -> str:
    """Say that a list goes on."""
    return f"… and {number:,} more; --limit {total} shows them all."


def holds(lines: int) -> str:
    """Say that no line was changed."""
    return f"The audit trail holds: {count(lines, 'line')}, and each follows the one before."


def further(number: int) -> tuple[str, ...]:
    """Count the breaks that are not named."""
    return (f"And {number:,} more.",) if number > 0 else ()


def switched(
    now_on: Switched | None, before: Switched | None, *, changed: bool, in_settings: bool, now: datetime
) -> Reply:
    """Say whether anything can be changed from now on; `in_settings`: the settings say that nothing can."""
    if now_on is not None and not changed:
        said: Line = ("Clew is read-only already", *_since(before, now), ".")
    elif now_on is not None:
        said = (
            "Clew is read-only now: nothing is started or changed until an admin says ",
            Untrusted("audit read_only=off", code=True),
            ".",
        )
    elif in_settings:
        said = ("Clew stays read-only: its settings say so. Whoever runs Clew can change them.",)
    elif changed:
        said = ("Clew is not read-only any more; who may do what is as before.",)
    else:
        said = ("Clew was not read-only.",)
    title = "Read-only" if now_on is not None or in_settings else "Not read-only"
    return Reply(card=Card(title=(title,), text=said, body=(said,)), private=True)


def _since(on: Switched | None, now: datetime) -> Line:
    if on is None:
        return ()
    return (
        ", since ",
        *when(on.at, now),
        ", by ",
        Untrusted(on.by) if on.by else Untrusted(on.actor, code=True),
    )


def _item(line: AuditLine, names: Mapping[str, str]) -> Item:
    entry = line.entry
    where: Line = ("in ", Untrusted(entry.channel, code=True)) if entry.channel else ()
    name = names.get(entry.actor, "")
    who = Untrusted(name) if name else Untrusted(entry.actor, code=True)
    known: Line = (Untrusted(entry.actor, code=True),) if name else ()
    whence: Line = (*known, " ", *where) if known and where else known or where
    detail: tuple[Line, ...] = ((Untrusted(entry.detail),),) if entry.detail else ()
    return Item(
        title=(f"{full_time(entry.at)}, line {line.number}: ", Untrusted(entry.action), " by ", who),
        mark=entry.decision,
        lines=(*detail, *((whence,) if whence else ())),
    )


def full_time(at: datetime) -> str:
    """Write a time with its seconds, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def text_of(line: AuditLine, names: Mapping[str, str]) -> str:
    """Write a line of the trail on one line of a terminal."""
    entry, name = line.entry, names.get(line.entry.actor, "")
    who = f"{name} ({entry.actor})" if name else entry.actor
    where = f" in {entry.channel}" if entry.channel else ""
    detail = f": {entry.detail}" if entry.detail else ""
    return (
        f"{line.number:>7}  {full_time(entry.at)}  {entry.decision:<9} {entry.action} by {who}{where}{detail}"
    )
