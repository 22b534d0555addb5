"""What the bot says of runs that a channel is not notified of for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Button, Card, Command, Item, Line, Reply, Span, Untrusted, When, plain
from bot.cleaning import shorten
from bot.errors import UserError
from bot.replies.watching import scope
from bot.replies.wording import clock_time, listed
from bot.state import Mute

_SHOWN = 60  # characters of a name that a sentence of an error quotes


def what(mute: Mute) -> Line:
    """Name what a mute is about: "all runs", "Payments Nightly from source main"."""
    parts: list[Span] = [Untrusted(mute.launcher) if mute.launcher is not None else "all runs"]
    for word, value in ((" from source ", mute.source), (" on ", mute.connection)):
        if value is not None:
            parts += [word, Untrusted(value)]
    return tuple(parts)


def until_in_short(mute: Mute, now: datetime) -> Line:
    """Say beside a post until when something is muted: "muted until 15:00 UTC: Payments Nightly"."""
    until = f"{mute.until:%H:%M} UTC" if mute.until.date() == now.date() else clock_time(mute.until)
    return ("muted until ", When(mute.until, until), ": ", *what(mute))


def is_over(mute: Mute) -> Line:
    """Say that a mute ended."""
    return ("The mute of ", *what(mute), " is over.")


def noted(mute: Mute, zone: str) -> str:
    """Say for the audit trail what was muted."""
    return f"mute: {plain(what(mute))} until {clock_time(mute.until, zone)}"


def muted(mute: Mute, zone: str, *, before: Mute | None) -> Reply:
    """Confirm a mute; `before`: what it was."""
    told: Line = (
        "Muted in this channel until ", _at(mute, zone), ": ", *what(mute),
        ". One message then says what ended meanwhile.",
    )  # fmt: skip
    title = "Muted" if before is None else "Muted already" if before.until == mute.until else "Mute changed"
    card = Card(
        title=(title,),
        text=told,
        body=(told,),
        buttons=(_off(mute),),
        footer=("What is still posted says so; “watching” lists what is muted.",),
    )
    return Reply(card=card)


def unmuted(
    mutes: Sequence[Mute], *, held: bool, still: Mute | None, later: datetime | None, zone: str
) -> Reply:
    """Confirm that mutes ended; `held`: something ended meanwhile, `later`: by when it follows, where that is not now.

    `still`: another mute that is about some of the same runs and goes on.
    """
    names = _joined([what(mute) for mute in mutes])
    told: Line = ("This channel is notified of ", *names, " again.")
    if still is not None:
        told = (
            "The mute of ",
            *names,
            " is over. Still muted until ",
            _at(still, zone),
            ": ",
            *what(still),
            ".",
        )
    at_once = "What ended meanwhile follows." if held else "No run that was held back ended meanwhile."
    by: Line = (
        ("What ended meanwhile follows by ", When(later, clock_time(later, zone)), ".") if later else ()
    )
    rest = by or (at_once,)
    card = Card(title=("No longer muted",), text=(*told, " ", *rest), body=(told, rest))
    return Reply(card=card)


def item(mute: Mute, zone: str) -> Item:
    """List a mute among what a channel watches."""
    return Item(mark="muted", title=(*what(mute), " until ", _at(mute, zone)), buttons=(_off(mute),))


def alone(name: str) -> UserError:
    """Answer something beside `mute=` that is about what a channel is notified of."""
    return UserError(
        f"mute= and {name}= cannot be set together.",
        "A mute changes no subscription: set one after the other.",
    )


def nothing_watched() -> UserError:
    """Answer a mute in a channel that is notified of nothing."""
    return UserError("This channel watches nothing, so there is nothing to mute.", "“watch” starts it.")


def not_muted(there: Sequence[Mute]) -> UserError:
    """Answer the end of a mute that is not there."""
    if not there:
        return UserError("Nothing is muted in this channel.", "“watching” lists what it is notified of.")
    names = listed([f"“{shorten(plain(what(mute)), _SHOWN)}”" for mute in there])
    return UserError(
        "There is no such mute in this channel.", f"Muted here: {names}. “watch mute=off” ends all."
    )


def _at(mute: Mute, zone: str) -> When:
    return When(mute.until, clock_time(mute.until, zone))


def _off(mute: Mute) -> Button:
    return Button(label="Unmute", command=Command("watch", {"mute": "off", **scope(mute)}))


def _joined(lines: Sequence[Line]) -> Line:
    parts: list[Span] = []
    for n, line in enumerate(lines):
        parts += ["" if n == 0 else " and " if n == len(lines) - 1 else ", ", *line]
    return tuple(parts)
