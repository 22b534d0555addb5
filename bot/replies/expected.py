"""What the bot says of runs that a channel expects: that none started, that one takes long, and that it is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot import calendar
from bot.cards import Button, Card, Command, Context, Item, Line, Reply, Span, Tone, Untrusted, plain
from bot.cleaning import shorten
from bot.errors import UserError
from bot.expecting import WINDOW, UsualStart
from bot.model import Run
from bot.platform import Platform
from bot.replies.outlook import Outlook, going_on
from bot.replies.wording import clock_time, duration, number_of, on_days, ordinal, run_name, sentence, stopped
from bot.state import Expectation, Notice, WhyNot
from bot.usual import Times

FACTOR = 2  # times its usual time, as `described` says: from then on a run takes unusually long
_SHOWN = 60  # characters of what was typed that a sentence quotes
_EXAMPLE = 'watch expect="Payments Nightly by 03:00"'


def shown(at: time) -> str:
    """Write a time of day."""
    return f"{at:%H:%M}"


def deadline(expectation: Expectation) -> str:
    """Say by when a run has to start: "by 03:00 UTC", "between 01:00 and 03:00 Europe/Berlin on weekdays"; "" where no time is set."""
    e = expectation
    if e.by is None:
        return ""
    times = f"between {shown(e.begins)} and {shown(e.by)}" if e.begins is not None else f"by {shown(e.by)}"
    days = "" if e.days == calendar.EVERY_DAY else f" {on_days(e.days)}"
    return f"{times} {e.zone}{days}"


def name_of(expectation: Expectation) -> Line:
    """Name what is expected: "Payments Nightly", "Payments Nightly from main"."""
    source: Line = (" from ", Untrusted(expectation.source)) if expectation.source is not None else ()
    return (Untrusted(expectation.launcher), *source)


def described(expectation: Expectation) -> Line:
    """Say what is expected, as the end of a sentence."""
    e = expectation
    name = (*name_of(e), " on ", Untrusted(e.connection))
    too_long = "takes twice its usual time"
    if e.by is None:
        return ("a run of ", *name, f" {too_long}")
    return ("no run of ", *name, f" starts {deadline(e)}, or one {too_long}")


# Setting and listing ----------------------------------------------------------------------------


def expecting_now(
    expectation: Expectation,
    *,
    new: bool,
    there: bool,
    usual: UsualStart | None = None,
    shifts: str = "",
    dropped: Expectation | None = None,
) -> Reply:
    """Confirm an expectation; `there`: just so before; `shifts`: what changed clocks do to its deadline.

    `dropped`: the one before, where it had a deadline and this one has none.
    """
    e = expectation
    told = sentence("This channel is notified when ", *described(e))
    counts: Line = ()
    if e.by is not None and e.begins is None:
        counts = (f"A start up to {duration(WINDOW)} before counts.",)
    habit: Line = (stopped(habit_of(usual)),) if usual is not None else ()
    ends: Line = (
        (f"That it starts {deadline(dropped)} is no longer expected.",) if dropped is not None else ()
    )
    further = tuple(line for line in (ends, counts, habit, (shifts,) if shifts else ()) if line)
    card = Card(
        title=("Expecting" if new else "Expecting already" if there else "Expectation changed",),
        text=told,
        tone=Tone.GOOD,
        body=(told, *further),
        buttons=(end_button(e),),
        footer=("“watching” lists what this channel is notified of.",),
    )
    return Reply(card=card)


def no_longer(gone: Sequence[Expectation]) -> Reply:
    """Confirm that nothing of that is expected any more."""
    told = sentence("This channel is no longer notified when ", *joined(gone))
    return Reply(card=Card(title=("No longer expecting",), text=told, body=(told,)))


def also_no_longer(reply: Reply, gone: Sequence[Expectation]) -> Reply:
    """Say beside the end of a subscription what is no longer expected."""
    if not gone:
        return reply
    told = sentence("This channel is no longer notified when ", *joined(gone))
    card = replace(reply.card, text=(*reply.card.text, " ", *told), body=(*reply.card.body, told))
    return replace(reply, card=card)


Proposal = tuple[Line, Button]
"""What a channel may want to expect, as a sentence, and the button that sets it."""


def with_proposals(reply: Reply, proposals: Sequence[Proposal]) -> Reply:
    """Add what the channel may want to expect."""
    if not proposals:
        return reply
    card = reply.card
    body = (*card.body, *(line for line, _ in proposals))
    return replace(reply, card=replace(card, body=body, buttons=(*card.buttons, *(b for _, b in proposals))))


def joined(expectations: Sequence[Expectation]) -> Line:
    """Join what several expect to the end of one sentence."""
    spans: list[Span] = []
    for expectation in expectations:
        spans += [", or when " if spans else "", *described(expectation)]
    return tuple(spans)


def item(expectation: Expectation, alarms: Collection[Notice]) -> Item:
    """Show an expectation in a list, with what is wrong now."""
    lines: list[Line] = [(Untrusted(alarm.problem),) for alarm in alarms]
    if expectation.from_settings:
        lines.append(("From the settings file",))
    buttons = () if expectation.from_settings else (end_button(expectation),)
    return Item(title=("when ", *described(expectation)), lines=tuple(lines), buttons=buttons)


def values_of(expectation: Expectation, expect: str) -> Command:
    """Return the command that sets `expect=` for the same launcher, source and connection."""
    e = expectation
    source = {"source": e.source} if e.source is not None else {}
    return Command("watch", {"launcher": e.launcher, "connection": e.connection, **source, "expect": expect})


def end_button(expectation: Expectation) -> Button:
    """Offer to expect it no more."""
    return Button(label="Stop expecting", command=values_of(expectation, "off"))


def habit_of(usual: UsualStart) -> str:
    """Say when a launcher usually starts: "It has started at about 02:00 on 14 of 14 days"."""
    days = "weekdays" if usual.days == calendar.WEEKDAYS else "days"
    return f"It has started at about {shown(usual.at)} on {usual.times} of the last {usual.of} {days}"


def proposed(expectation: Expectation, usual: UsualStart, *, name: bool) -> Proposal:
    """Propose to expect what is usual; `name`: say of which launcher that is."""
    e = expectation
    said = habit_of(usual)
    about: Line = (*name_of(e), f" {said.removeprefix('It ')}") if name else (said,)
    days = "" if usual.days == calendar.EVERY_DAY else f" {on_days(usual.days)}"
    wanted = f"by {shown(usual.by)} {e.zone}{days}"
    line: Line = (*about, f" ({e.zone}). This channel can be notified when it does not.")
    return line, Button(label=f"Expect it {shorten(wanted, 50)}", command=values_of(e, wanted))


def unexpected(connection: str, launcher: str, usual: UsualStart) -> tuple[str, str]:
    """Say to whoever runs Clew what nobody would hear of, and how a channel would."""
    said = f"{habit_of(usual)} ({connection}, UTC). No channel is notified when it does not."
    days = "" if usual.days == calendar.EVERY_DAY else f" {on_days(usual.days)}"
    return said, f'In a channel: watch expect="{launcher} by {shown(usual.by)} UTC{days}".'


def shifts(expectation: Expectation, at: datetime, day: date) -> str:
    """Say what becomes of a deadline on a day on which the clocks of its zone never show it; `at`: when it is then."""
    by = shown(expectation.by) if expectation.by is not None else ""
    moved = shown(calendar.local(at, expectation.zone).time())
    return f"On {day.day} {day:%b} clocks are changed and there is no {by}: that day it is {moved}."


# What is wrong with what was typed --------------------------------------------------------------


def not_read(text: str) -> UserError:
    """Answer what says neither a launcher nor a time."""
    return UserError(
        f"expect= is “{text[:_SHOWN]}”.",
        f"Say a launcher and by when it starts: {_EXAMPLE}. “expect=off” ends it.",
    )


def two_launchers(one: str, other: str) -> UserError:
    """Answer two launchers in one command."""
    return UserError(
        f"Two launchers are named: “{one[:_SHOWN]}” and “{other[:_SHOWN]}”.", f"Name one: {_EXAMPLE}."
    )


def no_window(text: str) -> UserError:
    """Answer a window without length."""
    return UserError(f"expect= is “{text[:_SHOWN]}”: the window has no length.", "Give two different times.")


def nothing_expected() -> UserError:
    """Answer that nothing of that is expected here."""
    return UserError(
        "This channel does not expect that.", f"“watching” lists what it is notified of; {_EXAMPLE} adds one."
    )


def in_settings() -> UserError:
    """Answer that an expectation comes from the settings."""
    return UserError(
        "This channel's expectations come from the settings file.", "Whoever runs Clew can remove them there."
    )


def cannot_expect(platform: Platform, why: WhyNot) -> UserError:
    """Say why nobody could tell that a run of a connection did not start."""
    return {WhyNot.UNLISTED: _unlisted, WhyNot.UNTIMED: _untimed}[why](platform)


def _unlisted(platform: Platform) -> UserError:
    """Answer where no list shows which runs there are."""
    runs = platform.terms.run.many
    return UserError(
        f"{platform.connection} lists no {runs}, so Clew cannot tell that one did not start.",
        "“watch” notifies this channel of those that Clew knows of.",
    )


def _untimed(platform: Platform) -> UserError:
    """Answer where runs do not say when they were created."""
    runs = platform.terms.run.many
    return UserError(
        f"The {runs} of {platform.connection} do not say when they started, so Clew cannot tell whether one was in time.",
        "“watch” notifies this channel when they end.",
    )


# Alarms -----------------------------------------------------------------------------------------


def missing(
    expectation: Expectation, due: datetime, in_a_row: int, last: datetime | None, platform: Platform
) -> Card:
    """Say that nothing started by a deadline; `last`: when something did before, None where that is not known."""
    e = expectation
    problem = missing_problem(e, due)
    row: Line = (f"That is the {ordinal(in_a_row)} time in a row.",) if in_a_row > 1 else ()
    before: Line = ()
    if last is not None:
        before = (f"The last one started {clock_time(last, e.zone)}, {duration(due - last)} before.",)
    return Card(
        title=(*name_of(e), " did not start"),
        text=(problem, *((" ", *row) if row else ())),
        tone=Tone.WARNING,
        body=tuple(line for line in ((problem,), row, before) if line),
        buttons=(*_launch(e, platform), _recent(e, platform.terms.run.many), end_button(e)),
    )


def missing_problem(expectation: Expectation, due: datetime) -> str:
    """Say in one sentence that nothing started by a deadline."""
    return plain((*name_of(expectation), f" did not start by {clock_time(due, expectation.zone)}."))


def started(expectation: Expectation, due: datetime, at: datetime, *, told: bool, again: bool) -> Card:
    """Say that a run started after all; `told`: the channel was notified of the deadline before; `again`: another night's."""
    e = expectation
    when = clock_time(at, e.zone)
    if at <= due:
        word, said = "started in time", f"It started at {when}, in time. The platform listed it later."
    elif again:
        word = "started again"
        said = f"It started at {when}. The run that was due {clock_time(due, e.zone)} never came."
    else:
        word, said = "started late", f"It started at {when}, {duration(at - due)} late."
    unseen: Line = () if told else ("Clew could not read the list in between, so it is said only now.",)
    return Card(
        title=(*name_of(e), f" {word}"),
        text=(*name_of(e), f": {said[0].lower()}{said[1:]}"),
        tone=Tone.NEUTRAL if told else Tone.WARNING,
        body=tuple(line for line in ((said,), unseen) if line),
        buttons=(_recent(e),),
    )


def not_known(expectation: Expectation, due: datetime, whole_since: datetime) -> Card:
    """Say that nobody knows whether a run started, since a part of the list could not be read."""
    e = expectation
    said = plain((*name_of(e), f": it is not known whether a run started by {clock_time(due, e.zone)}."))
    why = f"Runs created before {clock_time(whole_since, e.zone)} are not all on record."
    return Card(
        title=("Not known: ", *name_of(e)),
        text=(f"{said} {why}",),
        tone=Tone.WARNING,
        body=((said,), (why,)),
        buttons=(_recent(e), end_button(e)),
    )


def long_problem(run: Run, usual: Times, going: timedelta) -> str:
    """Say in a sentence that a run takes unusually long."""
    whole = usual.whole or timedelta()
    return plain(
        (*run_name(run), f" has been running for {duration(going)}; usually it takes {duration(whole)}.")
    )


def overlong(run: Run, usual: Times, going: timedelta, outlook: Outlook) -> Card:
    """Say that a run takes at least twice its usual time, with what can be done."""
    said = long_problem(run, usual, going)
    basis = f"That is the median of the last {number_of(usual.runs, outlook.terms.run)} like it."
    return Card(
        title=(*run_name(run), " takes unusually long"),
        text=(said,),
        tone=Tone.WARNING,
        body=((said,), (basis,)),
        buttons=going_on(run.ref, outlook),
        context=Context(run=run.ref),
    )


def ended(run: Run, took: timedelta | None) -> Card:
    """Say that a run which took unusually long has ended; `took`: None where the platform does not say."""
    length = f" after {duration(took)}" if took is not None else ""
    said = sentence(*run_name(run), f" has ended{length}")
    return Card(
        title=(*run_name(run), " has ended"),
        text=said,
        body=(said,),
        buttons=going_on(run.ref, Outlook()),
        context=Context(run=run.ref),
    )


def unread_problem(connection: str, age: timedelta, problem: str) -> str:
    """Say in full sentences that a connection could not be read for long."""
    why = f": {stopped(problem)}" if problem else "."
    return f"Clew could not read runs from {connection} for {duration(age)}{why}"


def unread(connection: str, problem: str) -> Card:
    """Say that silence does not mean that all is well."""
    meanwhile = "What started or ended since then is not known. It is announced once Clew can read it; nothing is lost."
    return Card(
        title=("Runs of ", Untrusted(connection), " cannot be read"),
        text=(Untrusted(problem), f" {meanwhile}"),
        tone=Tone.WARNING,
        body=((Untrusted(problem),), (meanwhile,)),
        buttons=(Button(label="Try now", command=Command("status", {"connection": connection})),),
    )


def read_again(connection: str, since: datetime, now: datetime) -> Card:
    """Say that a connection is read again."""
    said = sentence("Clew reads runs from ", Untrusted(connection), " again")
    meanwhile = f"It was silent for {duration(now - since)} after it was reported. What ended meanwhile is announced now."
    return Card(
        title=("Runs of ", Untrusted(connection), " are read again"),
        text=(*said, f" {meanwhile}"),
        body=(said, (meanwhile,)),
    )


def _launch(expectation: Expectation, platform: Platform) -> tuple[Button, ...]:
    """Offer to launch it where the platform can."""
    if platform.launches is None:
        return ()
    values = {"launcher": expectation.launcher, "connection": expectation.connection}
    return (Button(label="Launch", command=Command("launch", values), opens_form=True),)


def _recent(expectation: Expectation, runs: str = "runs") -> Button:
    """Show what did start; `runs`: what the platform calls them."""
    e = expectation
    source = {"source": e.source} if e.source is not None else {}
    command = Command("status", {"launcher": e.launcher, "connection": e.connection, **source})
    return Button(label=f"Recent {runs}", command=command)
