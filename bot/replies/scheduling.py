"""What the bot says of launches that are made at times: when, which, how they stand, and what became of one that was due."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from bot import calendar
from bot.cards import Button, Card, Command, Fact, Item, Line, Pages, Reply, Span, Tone, Untrusted, plain
from bot.cleaning import shorten
from bot.cron import Cron
from bot.errors import Forbidden, UserError
from bot.model import LaunchRequest
from bot.replies import confirming, launching
from bot.replies.wording import (
    clock_time,
    count,
    from_on,
    listed,
    on_days,
    ordinal,
    sentence,
    short_id,
    stopped,
)
from bot.state import Intent, IntentState, Schedule, ScheduleRequest
from bot.terms import Terms

NEXT = 3  # times that are shown
MOST = 20  # schedules of one channel
LISTED = 10
_SHOWN = 60  # characters of what was typed that a sentence quotes
_DIFFERENCES = 6  # that a sentence names
_VALUE = 80  # characters of a value that it quotes
_MONTHS = 12
_HOURS = 24
_DAYS = 31
WHO = "Whoever may launch here can pause, resume and remove it."
NOT_RUNNING = "Clew was not running then, or could not find out in time whether it may launch. What was missed is not made up for."
LIST = Button(label="Schedules", command=Command("launch", {"schedules": "yes"}))


# When --------------------------------------------------------------------------------------------


def times_in_words(times: Cron, zone: str) -> str:
    """Say when it is: "on weekdays at 02:00 Europe/Berlin", "on the 1st of the month at 04:00 UTC"."""
    months = ""
    if len(times.months) < _MONTHS:
        months = f" in {listed([f'{datetime(2000, month, 1):%B}' for month in sorted(times.months)])}"  # noqa: DTZ001 - its name alone
    minute = min(times.minutes)
    clocks = f"at {listed([f'{clock:%H:%M}' for clock in times.clocks])}"
    if len(times.hours) == _HOURS:
        clocks = f"every hour at minute {minute}" if minute else "every hour"
    days = f"{_days(times)}{months}"
    if clocks.startswith("every") and days == "every day":
        return f"{clocks} {zone}"
    return f"{days} {clocks} {zone}"


def _days(times: Cron) -> str:
    whole_month, whole_week = len(times.days) == _DAYS, times.weekdays == calendar.EVERY_DAY
    numbers = f"the {listed([ordinal(number) for number in sorted(times.days)])} of the month"
    if (whole_month and whole_week) or (times.either and (whole_month or whole_week)):
        return "every day"
    if times.either:
        return f"on {numbers}, and also {on_days(times.weekdays)}"
    if whole_month:
        return on_days(times.weekdays)
    return f"on {numbers}" if whole_week else f"{on_days(times.weekdays)} that is {numbers}"


def of_request(request: ScheduleRequest, times: Cron) -> str:
    """Say when a schedule launches."""
    return times_in_words(times, request.zone)


def coming(times: Cron, zone: str, now: datetime) -> list[str]:
    """Return the next few times, as the clocks of the zone show them."""
    return [_at(at, zone, now) for at in islice(times.after(now, zone), NEXT)]


def _at(at: datetime, zone: str, now: datetime) -> str:
    return f"{calendar.local(at, zone):%a} {clock_time(at, zone, besides=now)}"


def changed_clocks(times: Cron, zone: str, now: datetime) -> Iterator[str]:
    """Say what becomes of the times on the days of a year on which clocks are changed."""
    first = calendar.local(now, zone).date()
    for date in (first + timedelta(days=n) for n in range(1, 366)):
        for clock in times.clocks if times.on(date) else ():
            shown = datetime.combine(date, clock)
            if not calendar.exists(shown, zone):
                at = calendar.local(calendar.instant(shown, zone), zone)
                yield (
                    f"On {date.day} {date:%b} clocks are changed and there is no {clock:%H:%M}: that day it is {at:%H:%M}."
                )
            elif calendar.twice(shown, zone):
                yield f"On {date.day} {date:%b} there is {clock:%H:%M} twice: it launches at the first."


# Asking and keeping ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a confirmation shows. `parameters`: as they are sent; `quotas`: which it takes, each time."""

    request: ScheduleRequest
    times: Cron
    parameters: tuple[tuple[str, str], ...]
    cost: str
    terms: Terms
    warnings: tuple[Line, ...] = ()
    quotas: tuple[Fact, ...] = ()
    alone: bool = False
    instead_of: str = ""  # whose schedule it takes the place of


def confirmation(intent: Intent, shown: Shown, now: datetime) -> Reply:
    """Show what would be launched, when, and what it costs each time."""
    request, times, terms = shown.request, shown.times, shown.terms
    when = of_request(request, times)
    asked: Line = ("Schedule ", Untrusted(request.name))
    each = f"{shown.cost} each time"
    title: Line = (*asked, "?")
    takeover: tuple[Line, ...] = ()
    if shown.instead_of:
        takeover = (
            (Untrusted(shown.instead_of), " scheduled this. Once you confirm, it launches in your name."),
        )
    facts = [
        Fact("When", (when,)),
        Fact("Next", ("; ".join(coming(times, request.zone, now)),)),
        *((Fact("Preset", (Untrusted(request.preset),)),) if request.preset else ()),
        *launching.facts(
            request.launch, shown.parameters, terms, cost=each, alone=shown.alone, quotas=shown.quotas
        ),
    ]
    mine: Line = (
        "Each launch is made in your name, if your role, the settings and the quotas allow it then.",
    )
    left_out: tuple[Line, ...] = ()
    if len(times.days) < _DAYS and max(times.days) > 28 and not times.either:  # noqa: PLR2004 - February
        left_out = (("A month without that day is left out.",),)
    lines = (
        *takeover,
        *shown.warnings,
        *((each,) for each in changed_clocks(times, request.zone, now)),
        *left_out,
    )
    card = Card(
        title=title,
        text=(
            *asked,
            f" {when}, for {each}? Nothing has been scheduled yet.",
            *(s for line in lines for s in (" ", *line)),
        ),
        tone=Tone.WARNING if shown.warnings else Tone.NEUTRAL,
        body=(
            *lines,
            mine,
            ("These parameters will be sent to the connection ", Untrusted(intent.connection), ":"),
        ),
        facts=tuple(facts),
        buttons=confirming.buttons(intent, "Schedule"),
        footer=(confirming.MINE_ONLY,),
    )
    return Reply(card=card, data=intent)


def scheduled(schedule: Schedule, intent: Intent, now: datetime) -> Reply:
    """Confirm that it is scheduled."""
    when = of_request(schedule.request, schedule.times)
    said = sentence(Untrusted(schedule.request.name), f" is launched {when}")
    first = next(iter(coming(schedule.times, schedule.request.zone, now)), "")
    card = Card(
        title=("Scheduled: ", Untrusted(schedule.request.name)),
        text=(*said, f" The first time is {first}."),
        tone=Tone.GOOD,
        body=(said, (f"The first time is {first}. {WHO}",)),
        buttons=(LIST, _settle(schedule, "pause", "Pause"), _settle(schedule, "off", "Remove")),
        footer=("“launch schedules” lists what is launched in this channel at times.",),
    )
    return Reply(card=card, replace=True, data=intent)


def too_many() -> UserError:
    """Refuse one more schedule."""
    return UserError(
        f"This channel has {MOST} schedules already, and that is the most.",
        "“launch schedules” lists them; remove one first.",
    )


def there_already(schedule: Schedule, when: str) -> UserError:
    """Answer somebody who schedules once more what they scheduled."""
    return UserError(
        f"You have scheduled {shorten(schedule.request.name, _SHOWN)} {when} in this channel already.",
        "“launch schedules” shows how it stands.",
    )


def needs_approval(preset: str) -> Forbidden:
    """Refuse to schedule what a second person has to approve."""
    return Forbidden(
        f"The preset “{shorten(preset, _SHOWN)}” needs a second person's approval, and nobody can be asked at such a time.",
        "Launch it when somebody is there, or schedule a preset without approval.",
        rule=f"preset:{preset}",
        about="approve",
    )


# Listing and changing ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a schedule stands. `by`: who made it; `became`: the launch that the last one was; `differs`: from what was confirmed."""

    schedule: Schedule
    by: str
    differs: Sequence[Line]
    became: Intent | None = None


def listing(standings: Sequence[Standing], now: datetime, begin: int, only: Mapping[str, str]) -> Reply:
    """List what is launched in a channel at times, from the entry `begin` on. `only`: what the list was narrowed by."""
    if not standings:
        said: Line = ("Nothing is launched in this channel at times.",)
        how: Line = ('“launch NAME at="weekdays 02:00"” schedules a launch.',)
        return Reply(
            card=Card(title=("No schedules",), text=(*said, " ", *how), body=(said, how)), private=True
        )
    pages = Pages.of(Command("launch", {**only, "schedules": "yes"}), len(standings), begin, LISTED)
    items = tuple(_item(standings[n - 1], n, now) for n in pages.numbers)
    told = tuple(
        s for item in items for s in (*item.title, ". ", *(x for line in item.lines for x in (*line, " ")))
    )
    card = Card(
        title=(count(len(standings), "schedule"), from_on(begin)),
        text=told,
        body=((WHO,),),
        items=items,
        items_left_out=pages.left_out,
        pages=pages,
    )
    return Reply(card=card, private=True)


def _item(standing: Standing, number: int, now: datetime) -> Item:
    schedule = standing.schedule
    request = schedule.request
    lines: list[Line] = [
        _next(schedule, now),
        ("By ", Untrusted(standing.by), ", connection ", Untrusted(schedule.connection), "."),
    ]
    if (last := _last(standing)) != ():
        lines.append(last)
    lines += standing.differs
    change = (
        _settle(schedule, "resume", "Resume", number)
        if schedule.paused
        else _settle(schedule, "pause", "Pause", number)
    )
    return Item(
        title=(Untrusted(request.name), f" {of_request(request, schedule.times)}"),
        mark="paused" if schedule.paused else "",
        lines=tuple(lines),
        buttons=(change, _settle(schedule, "off", "Remove", number)),
    )


def _next(schedule: Schedule, now: datetime) -> Line:
    if schedule.paused:
        return ("Paused: ", Untrusted(stopped(schedule.paused)))
    at = schedule.next(now)
    return (
        (f"Next: {_at(at, schedule.request.zone, now)}.",)
        if at is not None
        else ("It does not come any more.",)
    )


def _last(standing: Standing) -> Line:
    schedule = standing.schedule
    if schedule.last_due is None:
        return ()
    due = clock_time(schedule.last_due, schedule.request.zone)
    if standing.became is None and schedule.last_intent:
        return (f"Last: {due}, what became of it is not on record any more.",)
    if standing.became is None:
        return (f"Last: {due}, not launched. ", Untrusted(stopped(schedule.last)))
    return (f"Last: {due}, ", *_became(standing.became, schedule.last), ".")


def _became(intent: Intent, last: str) -> Line:
    match intent.state:
        case IntentState.ACCEPTED if intent.run_id:
            return ("launched as run ", Untrusted(short_id(intent.run_id), code=True))
        case IntentState.ACCEPTED:
            return ("launched",)
        case IntentState.REJECTED:
            return ("refused by the platform: ", Untrusted(intent.reason.rstrip(".")))
        case IntentState.UNKNOWN:
            return ("sent, and nobody knows what became of it",)
        case IntentState.EXPIRED | IntentState.DECLINED:
            return ("not launched", *((": ", Untrusted(last.rstrip("."))) if last else ()))
        case _:
            return ("being launched",)


def in_short(schedule: Schedule, by: str, now: datetime) -> str:
    """Say in one line what is launched when, by whom, and whether it is paused."""
    request, at = schedule.request, schedule.next(now)
    coming_at = f"next {_at(at, request.zone, now)}" if at is not None else "never again"
    stands = f"paused: {schedule.paused.rstrip('.')}" if schedule.paused else coming_at
    when = of_request(request, schedule.times)
    return f"launches {request.name} on {schedule.connection} {when}, scheduled by {by}; {stands}"


def differs(request: ScheduleRequest, now: LaunchRequest | None) -> list[Line]:
    """Say what a schedule would launch now where that is not what was confirmed."""
    if now is None:
        gone = (
            "The preset “{}” is gone from the settings." if request.preset else "What it launches on is gone."
        )
        return [(Untrusted(gone.format(request.preset)),)]
    if now == request.launch:
        return []
    before, after = request.launch.values, now.values
    pairs = [("launcher", request.launch.launcher, now.launcher)]
    pairs += [(name, before.get(name, ""), after.get(name, "")) for name in sorted({*before, *after})]
    changed = [(name, old, new) for name, old, new in pairs if old != new]
    told: list[Span] = ["The preset was changed: now "]
    for n, (name, old, new) in enumerate(changed[:_DIFFERENCES]):
        told += ["; " if n else "", Untrusted(name), " is ", *_quoted(new), ", confirmed was ", *_quoted(old)]
    more = len(changed) - _DIFFERENCES
    return [sentence(*told, f"; and {more:,} more" if more > 0 else "")]


def _quoted(value: str) -> Line:
    return (Untrusted(shorten(value, _VALUE), code=True),) if value else ("not given",)


def settled(schedule: Schedule, did: str, by: str = "") -> Reply:
    """Confirm that a schedule was paused, resumed or removed."""
    name: Line = (Untrusted(schedule.request.name),)
    when = of_request(schedule.request, schedule.times)
    said: Line = {
        "paused": sentence(*name, f" is not launched {when} any more, until it is resumed"),
        "resumed": sentence(*name, f" is launched {when} again"),
        "removed": sentence(*name, f" is no longer launched {when}"),
    }[did]
    buttons: tuple[Button, ...] = (LIST,)
    if did == "paused":
        buttons = (_settle(schedule, "resume", "Resume"), LIST)
    body: tuple[Line, ...] = (said, *(((Untrusted(by), " had scheduled it."),) if by else ()))
    return Reply(card=Card(title=(f"Schedule {did}",), text=said, tone=Tone.GOOD, body=body, buttons=buttons))


def is_so(schedule: Schedule) -> Reply:
    """Answer somebody who pauses what is paused, or resumes what goes on."""
    state = "is paused already" if schedule.paused else "is not paused"
    return _nothing_to_change(sentence("The schedule of ", Untrusted(schedule.request.name), f" {state}"))


def all_so(asked: str) -> Reply:
    """Answer somebody who pauses or resumes one of several where there is none left to."""
    state = "paused already" if asked == "pause" else "on"
    return _nothing_to_change((f"All schedules that could be meant are {state}.",))


def _nothing_to_change(said: Line) -> Reply:
    return Reply(
        card=Card(title=("Nothing to change",), text=said, body=(said,), buttons=(LIST,)), private=True
    )


def which(meant: Collection[Schedule], asked: str) -> Reply:
    """Ask which of several schedules is meant, all of which can be changed so."""
    said: Line = (f"{count(len(meant), 'schedule')} could be meant. Which one?",)
    label = {"off": "Remove", "pause": "Pause", "resume": "Resume"}[asked]
    items = tuple(
        Item(
            title=(Untrusted(s.request.name), f" {of_request(s.request, s.times)}"),
            buttons=(_settle(s, asked, label, n),),
        )
        for n, s in enumerate(meant, 1)
    )
    return Reply(
        card=Card(title=("Which schedule?",), text=said, body=(said,), items=items), private=True, failed=True
    )


def none_meant(name: str) -> UserError:
    """Answer a schedule that this channel does not have."""
    of = f" of “{shorten(name, _SHOWN)}”" if name else ""
    return UserError(f"This channel has no schedule{of}.", "“launch schedules” lists what it has.")


def no_such(schedule: str) -> UserError:
    """Answer the id of a schedule that is not there, or was removed."""
    return UserError(
        f"There is no schedule “{shorten(schedule, _SHOWN)}” in this channel any more.",
        "“launch schedules” lists what it has.",
    )


def cannot_resume(schedule: Schedule, why: Sequence[Line]) -> UserError:
    """Refuse to go on with a schedule of which nobody can say what it would launch."""
    return UserError(
        f"The schedule of {shorten(schedule.request.name, _SHOWN)} cannot be resumed. {' '.join(map(plain, why))}",
        "Remove it, or ask whoever runs Clew to put that back.",
    )


def changed_meanwhile() -> UserError:
    """Answer somebody whose change met another one."""
    return UserError(
        "The schedule changed in this very moment.", "Look at “launch schedules”, and try again."
    )


def _settle(schedule: Schedule, what: str, label: str, entry: int | None = None) -> Button:
    command = Command("launch", {"schedule": schedule.id, "at": what})
    return Button(label=label, entry=entry, command=command)


def paused_by(name: str) -> str:
    """Say who paused a schedule."""
    return f"{name} paused it."


# What became of one that was due -------------------------------------------------------------------


def by_schedule(card: Card, schedule: Schedule, due: datetime, by: str) -> Card:
    """Say on the card of a launch by which schedule, and of whom, it was made."""
    when = of_request(schedule.request, schedule.times)
    at = clock_time(due, schedule.request.zone)
    name = Untrusted(schedule.request.name)
    line: Line = ("Launched by the schedule of ", name, f" ({when}) by ", Untrusted(by), f", due {at}.")
    return replace(card, text=(*card.text, " ", *line), body=(line, *card.body))


def missed(schedule: Schedule, dues: Sequence[datetime], by: str, why: str) -> Card:
    """Say that a time passed at which nothing was launched, or several."""
    zone = schedule.request.zone
    name: Line = (Untrusted(schedule.request.name),)
    if len(dues) == 1:
        when = f"at {clock_time(dues[0], zone)}"
    else:
        when = f"{count(len(dues), 'time')} from {clock_time(dues[0], zone)} to {clock_time(dues[-1], zone)}"
    said: Line = (*name, f" was due {when} and was not launched.")
    return _not_done(schedule, (*name, " was not launched"), (said, (Untrusted(why),)), by)


def not_launched(schedule: Schedule, due: datetime, by: str, why: str) -> Card:
    """Say why what was due was not launched, and whether its schedule goes on."""
    name: Line = (Untrusted(schedule.request.name),)
    said: Line = (*name, f" was due at {clock_time(due, schedule.request.zone)} and was not launched.")
    return _not_done(schedule, (*name, " was not launched"), (said, (Untrusted(stopped(why)),)), by)


def suspended(schedule: Schedule, by: str, why: Sequence[Line]) -> Card:
    """Say that a schedule was paused, since it would not launch what was confirmed."""
    name: Line = (Untrusted(schedule.request.name),)
    said: Line = ("The schedule of ", *name, " would not launch what was confirmed any more.")
    return _not_done(schedule, ("The schedule of ", *name, " is paused"), (said, *why), by)


def _not_done(schedule: Schedule, title: Line, lines: tuple[Line, ...], by: str) -> Card:
    when = of_request(schedule.request, schedule.times)
    whose: Line = (f"It is scheduled {when} by ", Untrusted(by), ".")
    paused: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = (_launch(schedule), LIST)
    if schedule.paused:
        paused = (("The schedule is paused: nothing is launched by it until somebody resumes it.",),)
        buttons = (_settle(schedule, "resume", "Resume"), _settle(schedule, "off", "Remove"), LIST)
    body = (*lines, *paused, whose)
    return Card(
        title=title,
        text=tuple(span for n, line in enumerate((*lines, *paused)) for span in ((" ",) if n else ()) + line),
        tone=Tone.WARNING,
        body=body,
        buttons=buttons,
    )


def _launch(schedule: Schedule) -> Button:
    """Offer to launch it now, as it was confirmed, with a confirmation of its own."""
    request = schedule.request
    what = {"preset": request.preset, **request.given} if request.preset else {
        "launcher": request.launch.launcher, **request.launch.values
    }  # fmt: skip
    return Button(label="Launch now", command=Command("launch", {**what, "connection": schedule.connection}))


def answered(by: str, text: str) -> str:
    """Quote what was answered to the person in whose name something was to be launched."""
    return f"The answer to {by}: {text}"


def just_launched(warning: Line) -> str:
    """Say that the same was launched by somebody a moment ago, without asking for another one."""
    return f"{plain(warning).partition('. ')[0]}."


def may_not(by: str, rule: str, reason: str, chat: str) -> str:
    """Say why somebody may not launch any more; `rule`, `reason`: what they would be told."""
    said = {
        "account": f"{by} has left: {chat} says that the account is deactivated or no member any more.",
        "guest": f"{by} is a guest or of another organisation by now, and guests cannot launch.",
        "read-only": "Clew is read-only.",
        "permissions-unknown": f"{chat} did not say whether {by} may still launch.",
    }
    kind = rule.partition(":")[0]
    also = {
        "role": f"{by} has no role that allows launches any more.",
        "place": "Launches are not allowed in this channel any more.",
        "no-roles": "Nobody has a role in the settings any more.",
    }
    return said.get(rule) or also.get(kind) or answered(by, reason)


def preset_not_for(by: str, preset: str) -> str:
    """Say that a preset is for others by now."""
    return f"The preset “{preset}” is not for {by} any more."


def gone(connection: str) -> str:
    """Say that a connection is not there any more."""
    return f"The connection “{connection}” is no longer configured."
