"""What the bot says of how things stand for a person: in a list of runs, and on the page that a chat has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count as numbers

from bot.cards import Button, Command, Context, Item, Line, Reply, Untrusted, joined
from bot.marks import Mark
from bot.model import RunRef
from bot.overview import Expected, Muted, Overview
from bot.replies import marks, muting, standings
from bot.replies.endings import TermsOf
from bot.replies.expected import deadline, name_of
from bot.replies.history import stands
from bot.replies.wording import clock_time, count, number_of, titled
from bot.standings import Owned
from bot.state import Cause, Notice
from bot.terms import Terms

Named = Callable[[str], Line]
"""Names a channel by its id, to stand behind what is said of it; nothing where all of it is about one channel."""


def nowhere(_: str) -> Line:
    """Name no channel: what is said is about the one in which it stands."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The entries of each kind, numbered through, and the sentences that go with them."""

    unowned: tuple[Item, ...]
    owned: tuple[Item, ...]
    expected: tuple[Item, ...]
    muted: tuple[Item, ...]
    notes: tuple[Line, ...]  # of what is unowned and has no entry
    unknown: tuple[Line, ...]  # where nobody knows what fails


def parts(found: Overview, terms: TermsOf, *, most: int, named: Named = nowhere) -> Parts:
    """Make entries of at most `most` of each kind; of what is muted all that ends soonest."""
    number = numbers(1)
    return Parts(
        unowned=tuple(
            standings.entry(
                next(number), each, terms, kind="new, unowned" if each.new else "unowned", own=True
            )
            for each in found.standings.unowned[:most]
        ),
        owned=tuple(_owned(next(number), each, found.owner, terms) for each in found.owned[:most]),
        expected=tuple(_expectations(found, number, named))[:most],
        muted=tuple(_muted(each, named) for each in found.muted[:most]),
        notes=tuple(standings.beside(found.standings, len(found.standings.unowned[most:]))),
        unknown=tuple(standings.unknown(found.standings)),
    )


def _owned(number: int, each: Owned, owner: str, terms: TermsOf) -> Item:
    state, of = each.state, terms(each.state.connection)
    title, place = titled(state.name)
    said = marks.said(Mark(state=state, owner=owner), of)
    if each.standing is None:
        where: Line = (f"No {of.run.one} of ", Untrusted(state.launcher_key), " is on record.")
        lines = (place, said, where)
        return Item(mark=f"{number} owned", title=(title,), lines=tuple(filter(None, lines)))
    ref = each.standing.run.ref
    how: Line = ("It ", *stands(each.standing.history, each.standing.run, of), ".")
    history = Command.of_run("history", ref, property=state.name)
    mark = Command.of_run("mark", ref, property=state.name)
    return Item(
        mark=f"{number} owned, {'fails' if each.fails else 'does not fail now'}",
        title=(title,),
        lines=tuple(filter(None, (place, said, how))),
        buttons=(
            Button(label="History", entry=number, command=history),
            Button(label="Mark", entry=number, command=mark, opens_form=True),
        ),
        context=Context(run=ref, property_name=state.name),
    )


def _expectations(found: Overview, number: Iterator[int], named: Named) -> Iterator[Item]:
    """Show what did not happen, what else is wrong, then what is expected next."""
    for each in found.expected:
        if each.alarm is not None:
            yield _expected(next(number), each, named)
    for alarm in found.alarms:
        yield _alarm(next(number), alarm, named)
    for each in found.expected:
        if each.alarm is None:
            yield _expected(next(number), each, named)


def _expected(number: int, each: Expected, named: Named) -> Item:
    e = each.expectation
    runs = {"launcher": e.launcher, "connection": e.connection}
    title: Line = (*name_of(e), " on ", Untrusted(e.connection), *named(e.channel))
    what = (
        f"It is expected to start {deadline(e)}"
        if e.by is not None
        else "Only how long it takes is looked at"
    )
    coming = f"; next {clock_time(each.next, e.zone)}" if each.next is not None else ""
    lines: tuple[Line, ...] = ((f"{what}{coming}.",),)
    if each.alarm is not None:
        lines = ((Untrusted(each.alarm.problem),), *lines)
    return Item(
        mark=f"{number} {'missing' if each.alarm else 'expected'}",
        title=title,
        lines=lines,
        buttons=(Button(label="Recent runs", entry=number, command=Command("status", runs)),),
    )


def _alarm(number: int, alarm: Notice, named: Named) -> Item:
    _, connection, *run = alarm.about
    if alarm.cause is Cause.LONG and run:
        word, label, command = "takes long", "Status", Command.of_run("status", RunRef(connection, run[0]))
    else:
        word, label, command = "not read", "Try now", Command("status", {"connection": connection})
    return Item(
        mark=f"{number} {word}",
        title=(Untrusted(alarm.problem), *named(alarm.channel)),
        buttons=(Button(label=label, entry=number, command=command),),
    )


def _muted(each: Muted, named: Named) -> Item:
    """Show a mute; what is said in another place than its channel cannot end it."""
    item = muting.item(each.mute, each.zone)
    where = named(each.mute.channel)
    return replace(item, title=(*item.title, *where), buttons=()) if where else item


def with_overview(
    reply: Reply, found: Overview, name: str, shared: Terms, terms: TermsOf, *, most: int
) -> Reply:
    """Add how things stand to a list of runs: in a sentence, and behind the runs an entry for each; `name`: of who asks."""
    made = parts(found, terms, most=most)
    items = (*made.unowned, *made.owned, *made.expected, *made.muted)
    notes = made.notes if made.unowned else ()
    told = [*_counted(found, name, shared, most), *notes, *made.unknown]
    if not told:
        return reply
    card = reply.card
    told_all = joined(told, " ")
    return replace(
        reply,
        card=replace(
            card,
            text=(*card.text, " ", *told_all),
            body=(*card.body, told_all),
            items=(*card.items, *items),
        ),
    )


def _counted(found: Overview, name: str, shared: Terms, most: int) -> Iterator[Line]:
    """Say how much there is of each kind, and of what has no entry how it is reached."""
    stand = found.standings
    if unowned := len(stand.unowned) + stand.more_unowned:
        new = sum(each.new for each in stand.unowned)
        least = "at least " if new == len(stand.unowned) and stand.more_unowned else ""
        yield (f"Nobody owns {count(unowned, 'failure')}{f', {least}{new:,} of them new' if new else ''}.",)
    if owned := len(found.owned) + found.more_owned:
        more = " “mark list” lists all." if owned > most else ""
        yield ((Untrusted(name), " owns") if name else ("You own",)) + (
            f" {number_of(owned, shared.check)}.{more}",
        )
    yield from _of_channel(found, most)


def _of_channel(found: Overview, most: int) -> Iterator[Line]:
    """Say what the channel expects, and what it is not notified of."""
    missing = sum(each.alarm is not None for each in found.expected)
    rest = len(found.expected) + len(found.alarms) > most or len(found.muted) > most
    if found.expected:
        what = f"{missing:,} {'is' if missing == 1 else 'are'} missing" if missing else "none is missing"
        yield (f"Of {count(len(found.expected), 'expected run')} {what}.",)
    if found.alarms:
        yield (f"{count(len(found.alarms), 'other alarm is', 'other alarms are')} open.",)
    if found.muted:
        yield ("Muted: ", *joined([_muted(each, nowhere).title for each in found.muted[:most]], "; "), ".")
    if rest:
        yield ("“watching” lists all that this channel expects and mutes.",)
