"""What the bot says of one check over the runs of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.cards import Button, Card, Chart, Command, Context, Fact, Item, Line, Reply, Tone, Untrusted, plain
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError
from bot.history import History, Quiet, Told, told
from bot.marks import Mark
from bot.model import Run
from bot.replies import finding, marks, ways
from bot.replies.charts import FEWEST
from bot.replies.comparing import in_a_row, streak_of
from bot.replies.meant import mistaken
from bot.replies.wording import (
    ago,
    check_name,
    count,
    day,
    listed,
    number_of,
    run_name,
    series_name,
    short_id,
    titled,
)
from bot.state import KnownCheck
from bot.terms import Noun, Terms

_SHOWN = 60  # characters of a name that a sentence quotes
OFFERED = 5  # launchers that have the check, to choose from
FAILED, PASSED, NOTHING = "failed", "passed", "no result"

_SILENT: Mapping[Told, tuple[str, str]] = {
    Told.SKIPPED: ("skipped it", "skipped it"),
    Told.NO_RESULT: ("has no result of it", "have no result of it"),
    Told.ABSENT: ("does not name it", "do not name it"),
    Told.UNHEALTHY: ("had an environment problem", "had an environment problem"),
    Told.INCOMPLETE: ("did not complete", "did not complete"),
    Told.CANCELLED: ("was cancelled", "were cancelled"),
    Told.UNREAD: ("has no results on record", "have no results on record"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown: a check in the series of a run.

    `check`: what is kept of it over all runs of its launcher, `mark`: what people say of it. `begins`: since when the record has checks of that launcher.
    `renamed`: checks at the same place in the code, and whether this one came after them (else before).
    `holes_before`: before this time the record may lack runs. `unlisted`: the platform lists no runs, so the record has only those followed.
    `several`: there are other connections too.
    """

    connection: str
    run: Run
    terms: Terms
    check: KnownCheck
    history: History
    begins: datetime
    mark: Mark
    renamed: Sequence[tuple[KnownCheck, bool]] = ()
    holes_before: datetime | None = None
    unlisted: bool = False
    several: bool = False


def one(shown: Shown, now: datetime) -> Reply:
    """Show what became of a check: bars, counts, and how much its being quiet says."""
    history, name = shown.history, shown.check.name
    title, place = titled(name)
    of = series_name(shown.run)
    said: Line = ("“", check_name(name), "” ", *stands(shown.history, shown.run, shown.terms), ".")
    failures = history.failures
    last = failures[0].run.ref if failures else None
    about = Context(run=shown.run.ref, property_name=name)
    card = Card(
        title=("History of ", Untrusted(shorten(title.text, _SHOWN))),
        subtitle=of,
        text=said,
        tone=Tone.BAD if history.streak else Tone.NEUTRAL,
        body=(said, *_notes(shown)),
        facts=tuple(fact for fact in _facts(shown, place, now) if fact.value),
        items=_renamed(shown),
        chart=_chart(shown),
        buttons=(
            *(
                (Button(label="Last failure", command=Command.of_run("failing", last, property=name)),)
                if last
                else ()
            ),
            *ways.mark(about),
        ),
        context=about,
    )
    return Reply(card=card, data=shown)


def stands(history: History, run: Run, terms: Terms) -> Line:
    """Say how a check stands now in the series of a run, and how often it failed; a chance only where the record can tell one."""
    runs = terms.run
    of: Line = (" of ", *series_name(run))
    failed, known = len(history.failures), history.counting + history.silent[Told.NOT_FAILED]
    if not known:
        return ("has no result in any ", runs.one, *of, " on record")
    if not failed:
        return (f"has not failed in {number_of(known, runs)}", *of)
    often = f"; it failed in {failed} of {number_of(known, runs)}"
    if known == 1:
        often = f"; it failed in the only {runs.one} whose result is on record"
    if history.streak is not None:
        row = f", {in_a_row(history.streak, terms)}" if history.streak.runs > 1 else ""
        return (f"fails in the newest {runs.one}", *of, f"{row}{often}")
    if history.quiet is not None:
        return (f"is quiet in {number_of(history.quiet.runs, runs)}", *of, _luck(history.quiet, runs))
    if not history.since:
        return (f"failed in the newest {runs.one}", *of, f" whose results are on record{often}")
    newest = (
        f"the newest {runs.one}" if history.since == 1 else f"the newest {number_of(history.since, runs)}"
    )
    ran = "it ran" if history.since == 1 else "it ran in all of them"
    return (f"has not failed in {newest}", *of, f", and it is not known whether {ran}{often}")


def _luck(quiet: Quiet, runs: Noun) -> str:
    before = f"; it failed in {quiet.failed} of the {quiet.before} before"
    if quiet.failed == quiet.before:
        before = (
            "; it failed in the one before"
            if quiet.before == 1
            else f"; it failed in all {quiet.before} before"
        )
    if quiet.luck is None:
        return before
    happen = (
        f"{quiet.runs} quiet {runs.one} happens"
        if quiet.runs == 1
        else f"{quiet.runs} quiet {runs.many} happen"
    )
    return f"{before}, so {happen} by luck {_percent(quiet.luck)} of the time"


def _percent(share: float) -> str:
    whole = round(share * 100)
    return {0: "less than 1 %", 100: "more than 99 %"}.get(whole, f"{whole} %")


def _notes(shown: Shown) -> tuple[Line, ...]:
    """Say what the numbers rest on: what a chance assumes, which runs say nothing, what the record lacks."""
    history, terms = shown.history, shown.terms
    runs, not_failed = terms.run, history.silent[Told.NOT_FAILED]
    silent: dict[Told, int] = {each: n for each, n in history.silent.items() if each is not Told.NOT_FAILED}
    notes: list[Line] = [line] if (line := _not_counted(shown)) else []
    if history.quiet is not None:
        notes.append((assumption(history.quiet, runs),))
    if not_failed:
        notes.append(
            (f"In {number_of(not_failed, runs)} it did not fail, and it is not known whether it ran.",)
        )
    if silent:
        notes.append((_silence(silent, runs),))
    if shown.check.groups:
        groups = listed([f"“{shorten(group, _SHOWN)}”" for group in shown.check.groups])
        notes.append((f"{len(shown.check.groups)} {terms.check.many} have this name, in the groups ", Untrusted(groups),
                      f". A {runs.one} counts as failed where one of them fails."))  # fmt: skip
    if shown.holes_before is not None:
        notes.append((f"The record may lack {runs.many} before {day(shown.holes_before)}.",))
    if shown.unlisted:
        notes.append(finding.lists_none(shown.connection, terms))
    return tuple(notes)


def _not_counted(shown: Shown) -> Line:
    """Say of the run that was named why it is none of those that are counted; empty where it is one."""
    run, noun = shown.run, shown.terms.run
    if any(one.run.ref == run.ref for one in shown.history.runs):
        return ()
    oldest = shown.history.runs[-1].run.created_at if shown.history.more else None
    why = (
        "is ephemeral"
        if run.ephemeral
        else "has not ended"
        if not run.status.terminal
        else "is older than those shown"
        if oldest and run.created_at and run.created_at < oldest
        else "is not on record yet"
    )
    return (f"{noun.title} ", *run_name(run), f" {why}, so it is not counted here.")


def _silence(silent: Mapping[Told, int], runs: Noun) -> str:
    """Say why some runs are neither failures nor passes."""
    total = sum(silent.values())
    if total == 1:
        return f"1 more {runs.one} says nothing of it: it {_SILENT[next(iter(silent))][0]}."
    most_first = sorted(silent.items(), key=lambda pair: -pair[1])
    why = [f"{number:,} {_SILENT[each][number != 1]}" for each, number in most_first]
    return f"{total:,} more {runs.many} say nothing of it: {listed(why)}."


def assumption(quiet: Quiet, runs: Noun) -> str:
    """Say what a chance takes for granted, or why there is none."""
    if quiet.luck is None:
        return f"The record is too thin to say how often {quiet.runs} quiet {runs.one if quiet.runs == 1 else runs.many} would come by luck."
    return f"By luck means: nothing changed, and each {runs.one} fails independently of the others, as often as before."


def _facts(shown: Shown, place: Line, now: datetime) -> tuple[Fact, ...]:
    history, check, terms = shown.history, shown.check, shown.terms
    known = history.counting + history.silent[Told.NOT_FAILED]
    excused = f", {terms.excused} in {history.excused} of them" if history.excused else ""
    failed = f"{len(history.failures)} of {number_of(known, terms.run)}{excused}" if known else ""
    last = history.failures[0].run if history.failures else None
    anywhere = f" (any {terms.run.one} of this {terms.launcher.one})"
    first = history.failures[-1].run if history.failures else None
    here = first is not None and check.first_failed == first.ordered_by
    begins = " or earlier: the record begins then" if check.first_seen <= shown.begins else ""
    return (
        Fact("Marked", marks.said(shown.mark, terms)),
        Fact("Failed in", (failed,) if failed else ()),
        Fact("In a row", _rows(history, terms)),
        Fact(
            "First failed", (day(check.first_failed), "" if here else anywhere) if check.first_failed else ()
        ),
        Fact("Last failed", _last(last, check.last_failed, anywhere, now)),
        Fact("First seen", (day(check.first_seen), begins or anywhere)),
        Fact("Connection", (Untrusted(shown.connection),) if shown.several else ()),
        Fact("Where", (Untrusted(check.place, code=True),) if check.place else place),
    )


def _rows(history: History, terms: Terms) -> Line:
    if history.longest is None:
        return ()
    longest = f"longest: {streak_of(history.longest, terms)}"
    return (f"{streak_of(history.streak, terms)} now; {longest}" if history.streak else longest,)


def _last(run: Run | None, ever: datetime | None, where: str, now: datetime) -> Line:
    """Say when it failed last, in a run of the series where one is on record."""
    if run is None:
        return (day(ever), where) if ever else ()
    at = run.ordered_by
    when = (f"{day(at)}, {ago(at, now)}, in ",) if at else ()
    return (*when, Untrusted(short_id(run.ref.run_id), code=True))


def _renamed(shown: Shown) -> tuple[Item, ...]:
    """Offer the histories of what may be the same check under another name."""
    return tuple(
        Item(
            mark="maybe its earlier name" if after else "maybe its later name",
            title=(f"{number}. ", titled(other.name)[0]),
            lines=(
                (
                    "At the same place: ",
                    Untrusted(other.place, code=True),
                    f"; no {shown.terms.run.one} has both.",
                ),
            ),
            buttons=(
                Button(
                    label="History",
                    entry=number,
                    command=Command.of_run("history", shown.run.ref, property=other.name),
                ),
            ),
        )
        for number, (other, after) in enumerate(shown.renamed, 1)
    )


def _chart(shown: Shown) -> Chart | None:
    """Draw each run as a bar where it failed, none where it passed, and a gap where it says neither; None for too few."""
    course = tuple(reversed(shown.history.runs))
    if len(course) < FEWEST:
        return None
    words = [_word(told(one)) for one in course]
    runs = number_of(len(course), shown.terms.run)
    said = ", ".join(f"{word} in {len(list(alike))}" for word, alike in groupby(words))
    of = plain(series_name(shown.run))
    return Chart(
        title=f"Last {runs}",
        values=tuple({FAILED: 1, PASSED: 0}.get(word) for word in words),
        labels=tuple(short_id(one.run.ref.run_id) for one in course),
        text=f"{shorten(shown.check.name, _SHOWN)} in the last {runs} of {of}, oldest first: {said}.",
        stands_for=(FAILED, PASSED, NOTHING),
    )


def _word(each: Told) -> str:
    return {Told.FAILED: FAILED, Told.PASSED: PASSED}.get(each, NOTHING)


def no_such_check(wanted: str, known: Sequence[str], run: Run, terms: Terms) -> UserError:
    """Say that no run of a launcher named such a check, and offer the nearest."""
    of = f"the {terms.launcher.one} “{shorten(run.launcher, _SHOWN)}”"
    if not known:
        return UserError(
            f"No {terms.check.many} of {of} are on record.",
            f"They are kept from the next {terms.run.one} on that ends with readable {terms.check.many}.",
        )
    problem = f"No {terms.check.one} of {of} on record is called “{shorten(wanted, _SHOWN)}”."
    return mistaken(problem, wanted, known, finding.FAILING_LISTS, name="property")


def several_checks(wanted: str, names: Sequence[str], terms: Terms) -> UserError:
    """Ask which of several checks is meant whose names hold a text."""
    offered = tuple(Correction(Part.VALUE, name, "property") for name in names[:OFFERED])
    problem = (
        f"{count(len(names), terms.check.one, terms.check.many)} on record match “{shorten(wanted, _SHOWN)}”."
    )
    return UserError(problem, "Give more of the name.", corrections=offered)


def which_series(terms: Terms) -> UserError:
    """Ask in which series a check is meant."""
    return UserError(
        f"Which {terms.run.one} or {terms.launcher.one}?",
        f"Add {terms.named('run')}=, with a {terms.run.one} id, “latest” or a {terms.launcher.one}'s name. In a {terms.run.one}'s thread you can leave it out.",
    )


def of_several(name: str, launchers: Sequence[str], terms: Terms) -> UserError:
    """Ask which of several launchers is meant that have a check of that name."""
    offered = tuple(Correction(Part.VALUE, launcher, "run") for launcher in launchers[:OFFERED])
    shown = listed([shorten(launcher, _SHOWN) for launcher in launchers[:OFFERED]])
    problem = (
        f"{number_of(len(launchers), terms.launcher)} have a {terms.check.one} “{shorten(name, _SHOWN)}”."
    )
    return UserError(problem, f"Choose one with {terms.named('run')}=: {shown}.", corrections=offered)


def number_without_list(number: str, terms: Terms) -> UserError:
    """Say that a number stands for an entry of a list, and no list is known here."""
    return UserError(
        f"{number} is the number of an entry of “failing”, and it is not clear of which {terms.run.one}.",
        f"Use it in the thread of a {terms.run.one}, add {terms.named('run')}=, or give the {terms.check.one}'s name.",
    )


def no_runs_on_record(launcher: str, terms: Terms) -> UserError:
    """Say that nothing is known of the runs of a launcher."""
    return UserError(
        f"No {terms.run.one} of the {terms.launcher.one} “{shorten(launcher, _SHOWN)}” that ended is on record.",
        f"“status” shows recent {terms.run.many}; a history begins with the first one that ends while Clew watches.",
    )
