"""What the bot says of how checks stand: one entry for each, what has no entry, and how far that is known."""

from __future__ import annotations

from bot.cards import Button, Command, Context, Item, Line, Untrusted, joined
from bot.replies.endings import TermsOf
from bot.replies.history import stands
from bot.replies.wording import count, series_name, titled
from bot.standings import RECENT, SERIES_FOR, Standing, Standings

_NAMED = 3  # series of which it is not known what fails that a sentence names


def entry(number: int, each: Standing, terms: TermsOf, *, kind: str, own: bool = False) -> Item:
    """Show how a check stands; `kind`: why it is shown, `own`: whoever presses it may take care of it."""
    title, place = titled(each.name)
    ref = each.run.ref
    said: Line = ("It ", *stands(each.history, each.run, terms(ref.connection)), ".")
    owning = Command.of_run("mark", ref, **{"property": each.name, "as": "own"})
    history = Command.of_run("history", ref, property=each.name)
    return Item(
        mark=f"{number} {kind}",
        title=(title,),
        lines=tuple(line for line in (place, said) if line),
        buttons=(
            *((Button(label="Own", entry=number, command=owning),) if own else ()),
            Button(label="History", entry=number, command=history),
        ),
        context=Context(run=ref, property_name=each.name),
    )


def beside(stand: Standings, not_shown: int = 0) -> list[Line]:
    """Count what has no entry; `not_shown`: those of its unowned ones that have none either."""
    notes: list[Line] = []
    if more := stand.more_unowned + not_shown:
        notes.append((f"{count(more, 'more failure')} that nobody owns.",))
    if stand.cared_for:
        number = f"{stand.cared_for:,} other failure{'s' if stand.cared_for > 1 else ''}"
        notes.append((f"{number}: owned, snoozed, known or not a bug.",))
    return notes


def unknown(stand: Standings) -> list[Line]:
    """Say where it is not known what fails."""
    notes: list[Line] = []
    if stand.unread:
        series = [series_name(run) for run in stand.unread[:_NAMED]]
        more = len(stand.unread) - len(series)
        rest = f" and {more:,} more." if more else "."
        notes.append(("It is not known what fails now in ", *joined(series, "; "), rest))
    if stand.cut:
        of = f"runs of the last {SERIES_FOR.days} days"
        names = [Untrusted(name) for name in stand.cut]
        notes.append(
            (
                f"There are more {of}: only the newest {RECENT} were looked at of ",
                *joined([(n,) for n in names], ", "),
                ".",
            )
        )
    return notes
