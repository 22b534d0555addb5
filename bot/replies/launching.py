"""What the bot says of launches: the form, the confirmation, and the card that follows one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.cards import (
    Button,
    Card,
    Command,
    Context,
    Excerpt,
    Fact,
    Field,
    Form,
    Item,
    Line,
    Progress,
    Reply,
    Tone,
    Untrusted,
)
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError
from bot.habits import Repeated, Unlike
from bot.model import Group, LaunchRequest, Run, RunRef, RunStatus
from bot.replies import confirming, stages
from bot.replies.meant import did_you_mean, mistaken
from bot.replies.outlook import UNKNOWN_OUTLOOK, Outlook, going_on, reruns, stop_told
from bot.replies.runs import checks_done
from bot.replies.runs import waiting as waiting_progress
from bot.replies.wording import (
    age,
    clock_time,
    count,
    duration,
    elapsed,
    last,
    listed,
    minutes,
    number_of,
    run_name,
    sentence,
    short_id,
)
from bot.state import Intent, IntentState
from bot.terms import Terms, worded
from bot.triage import RerunRequest
from bot.usual import Habit, Times

NOT_FINDABLE = "This platform cannot be searched for a launch, so check its own pages."
FINISHING = "finishing: builds and reports take longer than the requested time"
_SHOWN = 60  # characters of what was typed that a sentence quotes
_DIFFERENCES = 6  # from the last run, that a sentence names
_VALUE = 80  # characters of a value that it quotes
_LISTED = 10  # launchers that a sentence names
_ADDRESS = re.compile(r"[^\s@:/;]{1,64}@[^\s@:/;]{1,255}", re.ASCII)  # no image: those have a tag or a digest
COARSE_ABOVE = 10.0  # requested minutes from which progress is told in whole minutes


def missing(
    lacking: Sequence[Field], form: Form, terms: Terms, *, usual: str = "", preset: str = ""
) -> Reply:
    """Ask for what a launch needs and was not given; the form and the words ask for the same.

    `usual`: the command with what most of the launcher's last runs had. `preset`: the one that is launched by.
    """
    names = [worded(field.name, terms) for field in lacking]
    told: Line = (f"To launch {_a(terms.run.one)}, Clew needs {listed([_a(name) for name in names])}.",)
    needed = [field for field in form.fields if field.required and field.name not in {"launcher", "preset"}]
    slots = "".join(f" {field.name}={field.kind.value.upper()}" for field in needed)
    example = Untrusted(
        " ".join([f"launch {preset or 'basic_test'}", *(field.example for field in needed)]), code=True
    )
    for_example: Line = (", for example ", example) if needed else ()
    how: Line = (
        "Use ",
        Untrusted(f"launch {preset or terms.launcher.one.upper()}{slots}", code=True),
        *for_example,
        ".",
    )
    more: Line = ("“help launch” lists everything that can be set.",)
    as_before: Line = (f"As most of its last {terms.run.many} were started: ", Untrusted(usual, code=True))
    body = (told, how, as_before, more) if usual else (told, how, more)
    card = Card(title=("What should be launched?",), text=(*told, " ", *how), body=body, form=form)
    return Reply(card=card, private=True, failed=True)


def confirmation(
    intent: Intent,
    request: LaunchRequest,
    parameters: tuple[tuple[str, str], ...],
    terms: Terms,
    *,
    cost: str,
    alone: bool,
    warnings: tuple[Line, ...] = (),
    differs: tuple[Line, ...] = (),
    findable: bool = True,
    of: Run | None = None,
    quotas: tuple[Fact, ...] = (),
    second: Line = (),
) -> Reply:
    """Show what would be sent, exactly, and what it costs.

    `alone`: nobody but the requester reads it. `differs`: in what from the last run, or from the one that is repeated. `findable`: some list may show what a lost answer left behind. `of`: the
    run that is run again. `quotas`: what is left of them. `second`: who else is needed.
    """
    verb = "Rerun" if of else "Launch"
    what: Line = (f"{verb} ", *(run_name(of) if of else (Untrusted(request.launcher),)))
    asked: Line = (*what, f" for {cost}? Nothing has been started yet.")
    card = Card(
        title=(*what, "?"),
        text=(
            *asked,
            *(
                span
                for line in (second, *warnings, *(differs if of else ()))
                if line
                for span in (" ", *line)
            ),
        ),
        tone=Tone.WARNING if warnings else Tone.NEUTRAL,
        body=(
            *warnings,
            *filter(None, (*differs, second)),
            ("These parameters will be sent to the connection ", Untrusted(intent.connection), ":"),
        ),
        facts=(
            *(
                (Fact("Preset", (Untrusted(intent.preset),)),) if intent.preset and not second else ()
            ),  # it names it
            *facts(request, parameters, terms, cost=cost, alone=alone, quotas=quotas),
        ),
        buttons=confirming.buttons(intent, verb),
        footer=(confirming.MINE_ONLY, "" if findable else f" {lost(terms)}"),
    )
    return Reply(card=card, data=intent)


def facts(
    request: LaunchRequest,
    parameters: tuple[tuple[str, str], ...],
    terms: Terms,
    *,
    cost: str,
    alone: bool = False,
    quotas: tuple[Fact, ...] = (),
) -> tuple[Fact, ...]:
    """Say exactly what a launch sends, and what is left of quotas; `alone`: nobody but the requester reads it."""
    name = request.launcher
    if request.launcher_key and not name.endswith(f"({request.launcher_key})"):
        name = f"{name} ({request.launcher_key})"
    sent = (Fact(name, _value(value, alone=alone)) for name, value in parameters)
    return (Fact(terms.launcher.title, (Untrusted(name, code=True),)), Fact("Cost", (cost,)), *quotas, *sent)


def lost(terms: Terms) -> str:
    """Say what a lost answer means where no list shows what was started."""
    return (
        f"If no answer comes, Clew cannot look it up: {terms.platform} lists no {terms.run.many}. "
        "It is never sent twice."
    )


def _a(name: str) -> str:
    noun = name.replace("_", " ")
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


def not_seen(launcher: str, close: str | None) -> Line:
    """Warn of a launcher that no run was seen of."""
    meant: Line = (" ", Untrusted(did_you_mean(close))) if close else ()
    return ("No run of the launcher “", Untrusted(launcher), "” is known.", *meant)


def no_launcher(name: str, known: Sequence[str], terms: Terms) -> UserError:
    """Answer a launcher that the platform does not list."""
    noun = terms.launcher
    there = f"{noun.titles} are {listed([*known[:_LISTED]])}." if known else f"It lists no {noun.many}."
    problem = f"{terms.platform} lists no {noun.one} “{shorten(name, _SHOWN)}”."
    return mistaken(problem, name, known, there, name="launcher")


def which_connection(launcher: str, names: Sequence[str]) -> UserError:
    """Ask where to launch, where several connections can and none is meant before the others."""
    corrections = tuple(Correction(Part.VALUE, name, "connection") for name in names)
    return UserError(
        f"On which connection should {shorten(launcher, _SHOWN) or 'it'} be launched?",
        f"Add connection=, one of {listed([*names])}.",
        corrections=corrections,
    )


def several_launchers(name: str, having: Sequence[str], terms: Terms) -> UserError:
    """Ask which of several launchers of one name is meant."""
    corrections = tuple(Correction(Part.VALUE, one, "launcher") for one in having)
    problem = f"{terms.platform} has {len(having)} {terms.launcher.many} called “{shorten(name, _SHOWN)}”."
    return UserError(problem, f"Use {' or '.join(f'“{one}”' for one in having)}.", corrections=corrections)


def switched_off(name: str, terms: Terms) -> UserError:
    """Refuse a launcher that the platform would not start."""
    return UserError(
        f"The {terms.launcher.one} “{shorten(name, _SHOWN)}” is disabled on {terms.platform}, so nothing was sent.",
        "Someone with access there can enable it.",
    )


def own_duration(name: str) -> Line:
    """Say that the launcher decides how long it tests, by a parameter of its own."""
    return ("No duration= is given. The launcher decides how long to test; it gets ", Untrusted(name, code=True),
            ".")  # fmt: skip


def under_way(run: Run, terms: Terms) -> Line:
    """Warn that the same launcher is at work already."""
    return (f"{_a(terms.run.one).capitalize()} of ", Untrusted(run.launcher), " is already running: ",
            Untrusted(short_id(run.ref.run_id), code=True), ". This would start another one.")  # fmt: skip


def as_usual(habit: Habit, hint: str, terms: Terms) -> str:
    """Say at a field where its value comes from."""
    came = f"filled in as in {habit.times} of its last {number_of(habit.of, terms.run)}"
    return f"{hint}; {came}" if hint else came


def ephemeral(terms: Terms) -> Line:
    """Warn that a run is left out of the history."""
    return (f"It is ephemeral: no later {terms.run.one} will be compared with it.",)


def no_baseline(group: Group, runs: Sequence[Run], terms: Terms) -> Line:
    """Warn that none of the runs that can be compared with, newest first, is of a launch's series."""
    _, source, test_name = group.series
    of_source = [run for run in runs if (run.source or "") == source]
    word, mine = ("test name", test_name) if of_source else (terms.source.one, source)
    there = of_source or runs
    other = (there[0].test_name if of_source else there[0].source) or ""
    its: Line = (f"The {word} is “", Untrusted(mine), "”") if mine else (f"No {word} is given",)
    had: Line = ("“", Untrusted(other), "” in the newest") if other else ("none in the newest",)
    of_what = terms.source.one if of_source else terms.launcher.one
    many = last(len(there), f"comparable {terms.run.one}", f"comparable {terms.run.many}")
    return (*its, f", unlike in {many} of this {of_what} (", *had, "), so what is new may not be known.")


def repeated(found: Repeated, terms: Terms, *, alone: bool) -> tuple[Line, ...]:
    """Say in what a launch differs from the run that it repeats, and what of that run is not known."""
    shown = [*found.values.items()][:_DIFFERENCES]
    told = tuple(
        span
        for place, (name, pair) in enumerate(shown)
        for span in ("; " if place else "", Untrusted(shorten(name, _VALUE)), *_instead(*pair, alone=alone))
    )
    more = len(found.values) - len(shown)
    unlike = sentence(f"Unlike that {terms.run.one}: ", *told, f"; and {more:,} more" if more else "")
    whole = not (found.unread or found.untold)
    same = f"{'No' if whole else 'No other'} difference from that {terms.run.one} is known."
    unread = listed([*found.unread[:_DIFFERENCES], *_and_more(found.unread)])
    unsent = f"Of what it was given, Clew cannot read {unread}, so {'that is' if len(found.unread) == 1 else 'those are'} not sent."
    untold = (
        f"{terms.platform} does not tell of {_a(terms.run.one)} which {listed([*found.untold])} it was given."
    )
    return (
        *(((Untrusted(unsent),),) if found.unread else ()),
        *(((untold,),) if found.untold else ()),
        unlike if told else (same,),
    )


def _and_more(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - _DIFFERENCES
    return (f"{more:,} more",) if more > 0 else ()


def launcher_unknown(run: Run, terms: Terms) -> UserError:
    """Refuse to repeat a run of which nobody knows what it was started from."""
    which = f"{terms.platform} does not tell which {terms.launcher.one} {terms.run.one} {short_id(run.ref.run_id)} is of"
    return UserError(f"{which}, so it cannot be launched again from here.", "Use “launch” with its name.")


def cannot_repeat(run: Run, lacking: Sequence[Field], terms: Terms) -> UserError:
    """Refuse to repeat a run of which its platform does not tell what it was given, and a launch needs some of that."""
    needed = " ".join(field.example or f"{field.name}=…" for field in lacking)
    return UserError(
        f"{terms.platform} does not tell what {terms.run.one} {short_id(run.ref.run_id)} was given, and a launch needs "
        f"{listed([_a(field.name) for field in lacking])}.",
        f"Give it yourself: launch {run.launcher[:_SHOWN]} {needed}",
    )


def preset_gone(preset: str) -> Line:
    """Say that a launch came by a preset of which the settings know nothing any more."""
    return (
        "The preset ",
        Untrusted(preset, code=True),
        " that it came by is no longer in the settings, so its rules do not apply.",
    )


def unlike(found: Unlike, labels: Mapping[str, str], now: datetime, terms: Terms) -> Line:
    """Say in what a launch differs from the last run; empty where that is not known."""
    which = (
        f"last comparable {terms.run.one}"
        if found.comparable
        else f"last {terms.run.one} of this {terms.launcher.one}"
    )
    at = age(found.run, now)
    name: Line = (Untrusted(short_id(found.run.ref.run_id), code=True), *((" (", *at, ")") if at else ()))
    if not found.values:
        return (f"No difference from the {which}, ", *name, ", is known.") if found.alike else ()
    shown = [*found.values.items()][:_DIFFERENCES]
    told = tuple(
        span
        for place, (parameter, pair) in enumerate(shown)
        for span in ("; " if place else "", Untrusted(labels.get(parameter, parameter)), *_instead(*pair))
    )
    more = len(found.values) - len(shown)
    return sentence(f"Unlike the {which}, ", *name, ": ", *told, f"; and {more:,} more" if more else "")


def _instead(now: str | None, then: str | None, *, alone: bool = True) -> Line:
    new, old = (_value(shorten(value or "", _VALUE), alone=alone) for value in (now, then))
    if now is None:
        return (" is not given, it was ", *old)
    return (" is ", *new, ", it was not given") if then is None else (" is ", *new, ", it was ", *old)


def undecided(launcher: str) -> Line:
    """Warn that an earlier launch of the same launcher may yet turn out to have started."""
    return ("An earlier launch of ", Untrusted(launcher), " was sent, and its outcome is not known yet.")


def no_preset(name: str, known: list[str]) -> UserError:
    """Answer a preset that the settings do not have."""
    there = f"Presets are {listed(known)}." if known else "The settings have no presets."
    return mistaken(f"There is no preset “{shorten(name, _SHOWN)}”.", name, known, there, name="preset")


def preset_and_launcher(preset: str, launcher: str) -> UserError:
    """Answer a launch that names both a preset and a launcher."""
    return UserError(
        f"The launch names both the preset “{shorten(preset, _SHOWN)}” and “{shorten(launcher, _SHOWN)}”.",
        "A preset has its own launcher, so give only one of them.",
    )


def too_many_parameters(number: int, most: int) -> UserError:
    """Refuse a launch with too many further parameters."""
    return UserError(f"There are {number} further parameters; {most} is the most.")


def no_log_filter(name: str) -> UserError:
    """Refuse the platform's filter of log lines."""
    return UserError(
        f"{name[:_SHOWN]}= cannot be given here: a pattern that matches everything would hide every log "
        "line, and Clew cannot check the platform's kind of pattern (RE2).",
        "Set it in the launcher itself, or launch with the platform's own command line.",
    )


def secret_name(name: str) -> UserError:
    """Refuse a parameter that is called like a secret."""
    return _secret(name, "looks like a secret")


def secret_value(name: str) -> UserError:
    """Refuse a parameter whose value looks like a credential: it would be shown and kept."""
    return _secret(name, "has a value that looks like a secret")


def _secret(name: str, what: str) -> UserError:
    return UserError(
        f"“{name[:_SHOWN]}=” {what}, and messages stay in the chat, so Clew does not accept it.",
        "Set it in the launcher itself.",
    )


def waiting(number: int, terms: Terms) -> Line:
    """Say how many runs waited when the list was last read."""
    return (
        f"When Clew last looked, {count(number, f'{terms.run.one} was', f'{terms.run.many} were')} waiting.",
    )


def unknown_parameter(name: str, known: Sequence[str], further: Iterable[str], own: str = "") -> UserError:
    """Answer a parameter that no launch takes; `own`: how those of a team are called, where it takes some."""
    takes = f"It takes {', '.join((*known, *further))}{f', and any {own}' if own else ''}."
    problem = f"launch has no parameter “{name[:_SHOWN]}=”."
    return mistaken(problem, name, known, takes, part=Part.NAME, name=name)


nothing_to_launch_on = partial(UserError, "No connection starts runs.")
not_a_launch = partial(UserError, "There is no launch under that token.", "Use “launch” to start one.")


def sent(intent: Intent, outlook: Outlook) -> Card:
    """Say how a launch stands before its run is seen: sent, accepted, refused or of unknown outcome."""
    match intent.state:
        case IntentState.ACCEPTED:
            return _accepted(intent, outlook)
        case IntentState.REJECTED:
            return _rejected(intent)
        case IntentState.UNKNOWN:
            return unknown(intent, outlook)
        case _:
            return _checking(intent, findable=outlook.findable)


def progress(intent: Intent, run: Run, outlook: Outlook, now: datetime) -> Card:
    """Say how far a launched run is, in the platform's word, and in checks that are done or elapsed against requested time."""
    terms = outlook.terms
    counted = checks_done(run, terms)
    shown = counted or waiting_progress(run, terms) or _progress(run, now, outlook.usual)
    known = (
        counted or run.launcher_key
    )  # the platform lists its launchers: what it costs is no length of time
    state: Line = (Untrusted(run.status_text.replace("_", " ")),)
    stop = stop_told(outlook.stop, terms) if outlook.stop else ()
    return Card(
        title=(*run_name(run), " is ", *state),
        text=(*run_name(run), " is ", *state, f": {shown.text}.", *((" ", *stop) if stop else ())),
        tone=Tone.RUNNING,
        body=(stop,) if stop else (),
        facts=(
            Fact(terms.run.title, (Untrusted(run.ref.run_id, code=True),)),
            *((Fact(terms.source.title, (Untrusted(run.source),)),) if run.source and known else ()),
            *((Fact("Node", (Untrusted(run.node),)),) if run.node else ()),
            *_asked_for(intent, run, "" if known else outlook.cost),
            *stages.of(intent, run, outlook, finishing=_tested(run, now)),
            *stages.usually(outlook),
        ),
        progress=shown,
        excerpt=_lines(outlook),
        buttons=going_on(run.ref, outlook),
        footer=confirming.correlation(intent),
        context=Context(run=run.ref),
    )


def _asked_for(intent: Intent, run: Run, cost: str) -> tuple[Fact, ...]:
    """Say what was asked for: the run that is run again, and how long to test."""
    again = (reruns(intent.request.run_id),) if isinstance(intent.request, RerunRequest) else ()
    length = minutes(run.requested_minutes) if run.requested_minutes else cost
    return (*again, Fact("Requested", (length,))) if length else again


def unknown(intent: Intent, outlook: Outlook) -> Card:
    """Say that nobody knows whether a launch started, and what can be done."""
    findable, terms = outlook.findable, outlook.terms
    hint = f"Clew cannot tell for sure which {terms.run.one} it became." if outlook.offers else NOT_FINDABLE
    so = (
        "no matching run has appeared. It may still have been started. Clew keeps looking for it for a day and never "
        "launches it again by itself."
        if findable
        else f"it may have been started. {hint} Clew never launches it again by itself."
    )
    said: Line = (
        "The launch of ",
        Untrusted(intent.request_as(LaunchRequest).launcher),
        f" was sent, but no answer came and {so}",
    )
    return Card(
        title=("Launch of ", Untrusted(intent.request_as(LaunchRequest).launcher), " unconfirmed"),
        text=said,
        tone=Tone.WARNING,
        body=(
            said,
            ("Check the platform's list of runs before you launch again: a second run costs money too.",),
        ),
        items=tuple(_offered(intent, run, n, terms) for n, run in enumerate(outlook.offered, start=1)),
        buttons=(
            *(
                (Button(label="Check again", command=confirming.settle("check", intent)),)
                if findable or outlook.offers
                else ()
            ),
            *confirming.again(intent),
        ),
        footer=confirming.correlation(intent),
    )


def _offered(intent: Intent, run: Run, number: int, terms: Terms) -> Item:
    """Offer a run that a launch may have become: it is of the same, and came after it was sent."""
    mine = Command("check", {"request": intent.id, "run": run.ref.run_id})
    source: Line = (f"{terms.source.one} ", Untrusted(run.source), ", ") if run.source else ()
    return Item(
        mark="may be it",
        title=run_name(run),
        lines=((*source, Untrusted(run.status_text)),),
        buttons=(
            Button(label="Status", entry=number, command=Command.of_run("status", run.ref)),
            Button(label="This is it", entry=number, command=mine),
        ),
    )


def taken(intent: Intent, run: RunRef, terms: Terms) -> Card:
    """Confirm that somebody said which run a launch became."""
    said: Line = (f"From now on {terms.run.one} ", Untrusted(run.run_id, code=True), " counts as this launch of ",
                  Untrusted(intent.request_as(LaunchRequest).launcher), ".")  # fmt: skip
    return _card(
        intent,
        (f"Launched as {terms.run.one} ", Untrusted(run.run_id, code=True)),
        said,
        Tone.RUNNING,
        run=run,
    )


def no_candidate(run_id: str, terms: Terms) -> UserError:
    """Refuse a run that a launch cannot have become, or cannot any more."""
    return UserError(f"The {terms.run.one} {run_id[:_SHOWN]} cannot be this launch: it is of something else, was there "
                     "before, or belongs to another launch.")  # fmt: skip


def appeared(intent: Intent, run: Run, *, now: datetime) -> Card:
    """Report that a launch of unknown outcome turned out to have started."""
    waited = f" {duration(now - intent.posted_at)} after it was sent" if intent.posted_at else ""
    said: Line = ("The launch of ", Untrusted(intent.request_as(LaunchRequest).launcher), f" did start: its run appeared{waited}, as ",
                  Untrusted(run.ref.run_id, code=True), ".")  # fmt: skip
    return _card(intent, (*run_name(run), " did start"), said, Tone.RUNNING, run=run.ref)


def still_unknown(intent: Intent, *, findable: bool) -> Reply:
    """Answer a look that found nothing, or that nothing can be looked up."""
    said: Line = (
        "No run of this launch of ",
        Untrusted(intent.request_as(LaunchRequest).launcher),
        " has appeared so far. Clew keeps looking." if findable else f" is known. {NOT_FINDABLE}",
    )
    return Reply(card=_card(intent, ("Still unconfirmed",), said, Tone.WARNING), private=True)


def _card(
    intent: Intent,
    title: Line,
    said: Line,
    tone: Tone,
    *,
    progress: Progress | None = None,
    run: RunRef | None = None,
    outlook: Outlook = UNKNOWN_OUTLOOK,
) -> Card:
    """Say one thing of a launch, with the way to its run where that is known."""
    return Card(
        title=title,
        text=said,
        tone=tone,
        body=(said,),
        progress=progress,
        buttons=going_on(run, outlook) if run else (),
        footer=confirming.correlation(intent),
        context=Context(run=run) if run else None,
    )


def _accepted(intent: Intent, outlook: Outlook) -> Card:
    cost = outlook.cost
    run = RunRef(intent.connection, intent.run_id or "")
    if outlook.usage:
        return _opened(intent, run, outlook)
    said: Line = ("Launched ", Untrusted(intent.request_as(LaunchRequest).launcher), f" for {cost}" if cost else "", f": {outlook.terms.run.one} ",
                  Untrusted(run.run_id, code=True), " is being set up.")  # fmt: skip
    set_up = Progress(fraction=None, text="being set up")
    title: Line = (Untrusted(intent.request_as(LaunchRequest).launcher), " is launched")
    card = _card(intent, title, said, Tone.RUNNING, progress=set_up, run=run, outlook=outlook)
    return replace(card, facts=stages.of(intent, None, outlook))


def _opened(intent: Intent, run: RunRef, outlook: Outlook) -> Card:
    """Say that a record is there which nobody fills by itself, and how to report into it."""
    launcher, noun = Untrusted(intent.request_as(LaunchRequest).launcher), outlook.terms.run.one
    said: Line = (f"Opened the {noun} ", Untrusted(run.run_id, code=True), " in ", launcher,
                  ". It runs nothing by itself: report your results into it.")  # fmt: skip
    card = _card(
        intent,
        (f"{outlook.terms.run.title} opened in ", launcher),
        said,
        Tone.RUNNING,
        run=run,
        outlook=outlook,
    )
    facts = (Fact(outlook.terms.run.title, (Untrusted(run.run_id, code=True),)),)
    return replace(card, facts=facts, excerpt=_lines(outlook))


def _lines(outlook: Outlook) -> Excerpt | None:
    """Show how to go on, to be copied."""
    return Excerpt(lines=outlook.usage, title="How to report") if outlook.usage else None


def _rejected(intent: Intent) -> Card:
    said: Line = (
        *sentence("The platform refused to launch ", Untrusted(intent.request_as(LaunchRequest).launcher)),
        " Nothing was started.",
    )
    why: Line = sentence("It said: ", Untrusted(intent.reason)) if intent.reason else ()
    return Card(
        title=(Untrusted(intent.request_as(LaunchRequest).launcher), " was not launched"),
        text=(*said, " ", *why),
        tone=Tone.BAD,
        body=(said, why) if why else (said,),
        buttons=confirming.again(intent),
        footer=confirming.correlation(intent),
    )


def _checking(intent: Intent, *, findable: bool) -> Card:
    at = f" at {clock_time(intent.posted_at)}" if intent.posted_at else ""
    looking = "Clew is looking for it and will update this message." if findable else NOT_FINDABLE
    said: Line = ("The launch of ", Untrusted(intent.request_as(LaunchRequest).launcher), (f" was sent{at}. Its run is not known yet."
                  f" {looking} It is never sent twice."))  # fmt: skip
    checking = Progress(fraction=None, text="sent, no answer yet, checking")
    title: Line = ("Launching ", Untrusted(intent.request_as(LaunchRequest).launcher))
    return _card(intent, title, said, Tone.RUNNING, progress=checking)


def _progress(run: Run, now: datetime, usual: Times) -> Progress:
    requested = run.requested_minutes
    passed = elapsed(run, now)
    if run.started_at is None and run.status_text == "starting":
        return Progress(fraction=None, text="being set up")
    if passed is None or not requested:
        return _beside_usual(run, passed, usual)
    if _tested(run, now):
        return Progress(fraction=1.0, text=FINISHING)
    shown = _coarse(passed, requested)
    return Progress(
        fraction=shown / timedelta(minutes=requested), text=f"{duration(shown)} of {minutes(requested)}"
    )


def _tested(run: Run, now: datetime) -> bool:
    """Whether a run has been tested as long as was asked for."""
    passed, requested = elapsed(run, now), run.requested_minutes
    return bool(requested) and passed is not None and passed >= timedelta(minutes=requested or 0)


def _beside_usual(run: Run, passed: timedelta | None, usual: Times) -> Progress:
    """Say how long a run of no set length goes on, beside how long it usually takes."""
    going = run.status is RunStatus.IN_PROGRESS and run.started_at is not None
    if passed is None or usual.whole is None or not going:
        return Progress(fraction=None, text=run.status.value.replace("_", " "))
    shown = _coarse(passed, usual.whole / timedelta(minutes=1))
    if shown >= usual.whole:
        return Progress(fraction=None, text=f"running for {duration(shown)}, longer than usual")
    return Progress(
        fraction=shown / usual.whole, text=f"{duration(shown)} of usually {duration(usual.whole)}"
    )


def _coarse(passed: timedelta, requested: float) -> timedelta:
    """Round down, so that a card changes once a minute and not with every look."""
    step = 60 if requested > COARSE_ABOVE else 5
    return timedelta(seconds=passed.total_seconds() // step * step)


def test_time(requested: str | None) -> str:
    """Say how long a run tests: in minutes as decimal text, None where its launcher decides."""
    if requested is None:
        return "the launcher's own duration"
    whole, rest = divmod(round(float(requested) * 60), 60)
    said = [count(whole, "minute")] if whole or not rest else []
    return f"{listed([*said, count(rest, 'second')] if rest else said)} of test time"


def _value(value: str, *, alone: bool) -> Line:
    addresses = [address.strip() for address in value.split(";")]
    if not alone and all(map(_ADDRESS.fullmatch, addresses)):
        return (Untrusted("; ".join(map(masked, addresses))),)
    return (Untrusted(value, code=True),)


def masked(address: str) -> str:
    """Shorten a mail address so that its owner still knows it: "a…@example.com"."""
    name, at, domain = address.strip().partition("@")
    return f"{name[:1]}…{at}{domain}"


def addresses(recipients: tuple[str, ...], *, alone: bool) -> str:
    """Name who gets mail, in full only where nobody else reads it."""
    return listed([address if alone else masked(address) for address in recipients])
