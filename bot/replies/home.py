"""What a person sees of Clew at a glance, in a chat that has a page for it: one card for each part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Button, Card, Command, Item, Line, Tone, Untrusted
from bot.overview import Overview
from bot.recent import Recent
from bot.replies import runs, watching
from bot.replies.overview import Parts
from bot.replies.wording import age
from bot.state import Subscription

NAME = "Clew"
RUNS_UNKNOWN = "Unknown, because not all runs can be listed."
CHANNELS_UNKNOWN = "Unknown, because the chat does not list all of your channels."
NO_ROOM = "Some entries do not fit here."
MORE_RUNNING = "These are the newest; “Recent runs” lists more."
MORE_CHANNELS = "“/clew watching” in a channel lists what it is notified of."
ALL_CARED_FOR = "Nothing that is known to fail is without an owner or a mark."
NOT_KNOWN = "Beside that, nothing is known to fail without an owner or a mark."
OWNS_NOTHING = "You own none. “Own” beside a failure makes it yours."
EXPECTS_NOTHING = "None of your channels expects a run. “/clew watch expect=” in one makes it expect one."
MUTES_NOTHING = "Nothing is muted in your channels."
UNMUTE = "“/clew watch mute=off” in the channel ends a mute."
NOT_ALL = "The chat does not list all of your channels, so there may be more."


def first(problems: tuple[Line, ...]) -> Card:
    """Begin with the ways in, and with what could not be asked."""
    buttons = (
        Button(label="Launch a test run", command=Command("launch"), opens_form=True),
        Button(label="Recent runs", command=Command("status")),
        Button(label="Help", command=Command("help")),
    )
    tone = Tone.WARNING if problems else Tone.NEUTRAL
    return Card(title=(NAME,), text=(NAME,), tone=tone, body=problems, buttons=buttons)


def standing(found: Overview, parts: Parts, checks: str, *, known: bool) -> tuple[Card, ...]:
    """Show how things stand for a person; `known`: all of their channels are. `checks`: what their users call those."""
    where = "all runs" if found.everything else "the runs that your channels are notified of"
    none = () if parts.unowned else ((NOT_KNOWN if parts.unknown else ALL_CARED_FOR,),)
    basis: Line = (f"Of {where}, as far as they are on record.",)
    unsure = () if known else ((NOT_ALL,),)
    more_owned = len(found.owned) + found.more_owned - len(parts.owned)
    alarms = len(found.expected) + len(found.alarms) - len(parts.expected)
    return (
        _said("New and unowned", parts.unowned, (basis, *unsure, *parts.unknown, *none, *parts.notes)),
        _said(f"Your {checks}", parts.owned, () if parts.owned else ((OWNS_NOTHING,),), more_owned),
        _said("Expected runs", parts.expected, _or(parts.expected, EXPECTS_NOTHING, known=known), alarms),
        _said(
            "Muted", parts.muted, ((UNMUTE,),) if parts.muted else _or((), MUTES_NOTHING, known=known),
            len(found.muted) - len(parts.muted),
        ),
    )  # fmt: skip


def _or(items: tuple[Item, ...], none: str, *, known: bool) -> tuple[Line, ...]:
    """Say that there is none, where that is known."""
    if items:
        return () if known else ((NOT_ALL,),)
    return ((none if known else CHANNELS_UNKNOWN,),)


def _said(title: str, items: tuple[Item, ...], body: tuple[Line, ...], left_out: int = 0) -> Card:
    return Card(title=(title,), text=(title,), body=body, items=items, items_left_out=left_out)


def running(items: tuple[Item, ...], *, known: bool, cut: bool) -> Card:
    """Show what is running; `known`: every connection was asked, `cut`: there may be more."""
    body = MORE_RUNNING if cut else "" if items else "Nothing is running." if known else RUNS_UNKNOWN
    return _part("Running now", items, body)


def ended(items: tuple[Item, ...], *, known: bool) -> Card:
    """Show what came of recent runs; `known`: every connection was asked."""
    return _part(
        "Recent verdicts", items, "" if items else "No recent run has ended." if known else RUNS_UNKNOWN
    )


def subscriptions(items: tuple[Item, ...], *, left_out: int, known: bool) -> Card:
    """Show what one's channels are notified of; `known`: all of one's channels."""
    none = (
        "None of your channels is notified of runs. Use “/clew watch” in one." if known else CHANNELS_UNKNOWN
    )
    body = (MORE_CHANNELS if left_out else "") if items else none
    return _part("Notifications in your channels", items, body, left_out=left_out)


def run(recent: Recent, now: datetime, *, connection: bool) -> Item:
    """Show a run with its verdict and the ways into it; `connection`: there are several, so name its own."""
    where: Line = (" · ", Untrusted(recent.run.ref.connection)) if connection else ()
    when = age(recent.run, now)
    title: Line = (*runs.summary(recent), *((" · ", *when) if when else ()), *where)
    return Item(title=title, buttons=runs.ways_in(recent))


def subscription(wanted: Subscription, channel: str, left_out: Sequence[str]) -> Item:
    """Show what a channel is notified of, by the channel's name; `left_out`: connections that have to be named."""
    problem: Line = (" (cannot be reached: ", Untrusted(wanted.problem), ")") if wanted.problem else ()
    told = watching.described(wanted, left_out)
    return Item(title=("#", Untrusted(channel), " is notified of ", *told, *problem))


def refused(reason: str) -> Card:
    """Tell somebody who may not read why there is nothing to see."""
    return Card(title=(NAME,), text=(reason,), body=((reason,),))


def _part(title: str, items: tuple[Item, ...], body: str, *, left_out: int = 0) -> Card:
    return _said(title, items, ((body,),) if body else (), left_out)
