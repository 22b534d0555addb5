"""The post that says how a run ended, laid out to be understood at a glance.

In this order: verdict, launcher, source and how much is new in the title; counts and times in one grey line; what fails, the
new first; where all of that comes from in one grey line at the end. Nothing in it goes stale: it is read hours later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import alike
from bot.alike import place_of
from bot.analysis import RunAnalysis
from bot.cards import FROM, Button, Card, Command, Context, Item, Line, Span, Untrusted, When, joined, plain
from bot.chain import Gap
from bot.cleaning import shorten
from bot.faults import LOOKED_AT
from bot.model import Check, Moment, Run, RunStatus, VerdictKind
from bot.platform import has_moments
from bot.replies import at_moment, causes, comparing, logs, marks, origin, ratio, runs, story, ways
from bot.replies.wording import (
    check_name,
    clock_time,
    duration,
    elapsed,
    minutes,
    number_of,
    short_id,
    stage_of,
    titled,
    took,
)
from bot.state import StoredResults, Word

SHOWN = 5  # entries for what fails, of which each is one failure or several that are alike
NAMED = 5  # checks that a line or a sentence names
HEAD = 140  # characters of title and grey line together: how long was asked gives way, then long names are shortened
LEAST_NAME = 28  # characters of launcher and source that stay
ROOMY = 90  # the same where nothing new stands below
TREND = 8  # runs
ENOUGH = 2  # earlier runs of which it is worth saying in how many something failed
FEWEST = 3  # runs that show a trend
LONGEST_MESSAGE = 200  # characters of what a failing check says
LONGEST_DURATION = 20
LONGEST_PLACE = 80

_EXPLAINED = frozenset(word.value for word in Word)
_IN_A_LINE = frozenset({story.STILL, story.UNTRUSTED, story.ENVIRONMENT}) | _EXPLAINED


def card(found: RunAnalysis, now: datetime) -> Card:
    """Return the post."""
    green, kinds = _is_green(found), story.kinds(found)
    outcome, lead = story.outcome(found), story.lead(found)
    entries = () if green else _entries(found, kinds)
    at_length = any(kind not in _IN_A_LINE for kind in kinds)
    grey = _in_short(found, now) if green else _counts_and_times(found, now)
    whole = len(plain((*story.name(found), outcome, *grey)))
    if at_length and whole > HEAD:
        grey = _counts_and_times(found, now, asked=False)
    room = max(LEAST_NAME, HEAD - len(" on ") - len(plain(grey)) - len(outcome)) if at_length else ROOMY
    return Card(
        title=(*story.name(found, room), outcome),
        subtitle=grey,
        lead=lead,
        text=joined((lead, story.rest(found, now)), " "),
        tone=runs.tone(found.verdict),
        verdict=found.verdict.kind,
        body=story.body(found),
        items=(*(entry.item for entry in entries), *_others(found)),
        excerpt=causes.evidence(found),
        rest=tuple(_more(found, entries[:shown]) for shown in range(len(entries) + 1)) if entries else (),
        buttons=_buttons(found, entries),
        footer=() if green else origin.line(found),
        context=Context(run=found.run.ref),
    )


def looked_at(found: RunAnalysis) -> tuple[Moment, ...]:
    """Return where to look for what the post says of faults: the moments of the first new failures that it shows."""
    if found.verdict.kind is not VerdictKind.FAILED:
        return ()
    kinds = story.kinds(found)
    newly = {story.NEW, marks.REOPENED}
    first = [group[0].moment for number, group in _shown(found, kinds) if kinds[number] in newly]
    return tuple(dict.fromkeys(moment for moment in first[:LOOKED_AT] if moment is not None))


def _is_green(found: RunAnalysis) -> bool:
    """Whether there is nothing to say but that all is well."""
    return (
        found.verdict.good and not found.verdict.interrupted and not story.body(found) and not _others(found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What the post shows of one failure, or of several that are alike; `number`: of the first in `failing`."""

    number: int
    item: Item


def _entries(found: RunAnalysis, kinds: Sequence[str]) -> tuple[_Entry, ...]:
    """Show the first of what fails, numbered as `failing` numbers it; what is new at length, all else in a line."""
    failing = found.failing
    at = alike.counted([check for check in failing if not check.health])
    told = _Told(found=found, failing=len(failing), at=at)
    entries: list[_Entry] = []
    for number, group in _shown(found, kinds):
        write = told.in_a_line if kinds[number] in _IN_A_LINE else told.at_length
        entries.append(_Entry(number=number + 1, item=write(number + 1, kinds[number], group)))
    return tuple(entries)


def _shown(found: RunAnalysis, kinds: Sequence[str]) -> tuple[tuple[int, Sequence[Check]], ...]:
    """Choose what has an entry: a failure, or several that are alike, each with the place of the first in `failing`.

    News stands first, whatever its place: that hangs on no word that people say later, so that a number stays right.
    """
    failing = found.failing
    numbers = {id(check): n for n, check in enumerate(failing)}
    streaks = dict(found.diff.still_failing) if found.diff else {}

    def alike_of(check: Check) -> object:
        """Tell apart what must not be taken for one; what is about the environment always is."""
        number = numbers[id(check)]
        said = plain(marks.said(found.marks.get(check.name), found.terms))
        return (kinds[number], number if check.health else streaks.get(check.name), said)

    groups = alike.grouped(failing, alike_of) if len(failing) > SHOWN else tuple((c,) for c in failing)
    there = [(numbers[id(group[0])], group) for group in groups]
    there.sort(key=lambda entry: _turn(kinds[entry[0]]))
    return tuple(there[:SHOWN])


def _turn(kind: str) -> int:
    """Return when a kind has its turn: what is news first, what people explained last."""
    if kind == story.ENVIRONMENT:
        return 0
    return 1 if kind not in _IN_A_LINE else 3 if kind in _EXPLAINED else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Writes entries; `failing`: how many there are, and `at` each place, and with each message."""

    found: RunAnalysis
    failing: int
    at: Mapping[alike.Shared, int]

    def at_length(self, number: int, kind: str, group: Sequence[Check]) -> Item:
        """Show a failure with its place, how often it failed here and before, and its buttons."""
        check, found = group[0], self.found
        title, file = titled(check.name)
        about = Context(run=found.run.ref, property_name=check.name, moment=check.moment)
        share: Line = (ratio.in_words(check),) if has_moments(found.platform) else ()
        again = f"no result is known of the {found.terms.run.one} before" if kind == story.AGAIN else ""
        first = joined((self._place(check, file), share, (_failed_before(found, check.name),), (again,)))
        says: Line = () if share or not check.first else (Untrusted(check.first.text[:LONGEST_MESSAGE]),)
        return Item(
            mark=f"{kind} {number}",
            title=(title, _and_more(group)),
            lines=tuple(
                line
                for line in (self._said(check, of_kind=kind), first, says, self._faults(group))
                if any(line)
            ),
            buttons=(
                *at_moment.buttons(about, found.platform, number=number),
                *ways.beside_check(about, found.platform, number=number),
                *ways.history(about, number=number, rare=True),
                *ways.mark(about, number=number, rare=True),
                *at_moment.instances(about, found.platform, check, number=number, rare=True),
            ),
            context=about,
        )

    def in_a_line(self, number: int, kind: str, group: Sequence[Check]) -> Item:
        """Name a failure, or some that are alike."""
        check, found = group[0], self.found
        streak = dict(found.diff.still_failing).get(check.name) if found.diff else None
        since = f" ({comparing.in_a_row(streak, found.terms)})" if streak else ""
        says: Line = ()
        if check.health and check.first and check.first.text:
            says = (": ", Untrusted(check.first.text[:LONGEST_MESSAGE]))
        place = (" · ", *self._place(check, ())) if len(group) > 1 else ()
        title: Line = (check_name(check.name), _and_more(group), since, *says, *place)
        return Item(
            mark=f"{kind} {number}",
            title=joined((title, self._said(check, of_kind=kind))),
            context=Context(run=found.run.ref, property_name=check.name, moment=check.moment),
        )

    def _said(self, check: Check, *, of_kind: str = "") -> Line:
        """Say what people say of a failure; all that are shown as one have the same said of them."""
        return marks.said(self.found.marks.get(check.name), self.found.terms, of_kind=of_kind)

    def _faults(self, group: Sequence[Check]) -> Line:
        """Say which faults were active at the moment of a failure, of several at that of the first."""
        moment = group[0].moment
        window = self.found.windows.get(moment) if moment is not None else None
        return logs.faults_in_short(window, "in the first" if len(group) > 1 else "then") if window else ()

    def _place(self, check: Check, file: Line) -> Line:
        """Say where a failure stands, and how many stand there or say the same."""
        place = place_of(check)
        where: Line = (Untrusted(shorten(place, LONGEST_PLACE), code=True),) if place else file
        shared = alike.shared_by(check)
        same = self.at.get(shared, 0) if shared else 0
        if same < 2:  # noqa: PLR2004 - one is no group
            return where
        return (
            (f"{same:,} of {self.failing:,} at ", *where)
            if place
            else (*where, f"{' · ' if where else ''}{same:,} of {self.failing:,} have this message")
        )


def _and_more(group: Sequence[Check]) -> str:
    return f" and {len(group) - 1:,} more" if len(group) > 1 else ""


def _failed_before(found: RunAnalysis, name: str) -> str:
    """Say in how many of the runs before a check failed, of those whose results are known."""
    past = found.chain.past if found.chain else ()
    known = [(before.run, before.results) for before in past if isinstance(before.results, StoredResults)]
    if len(known) < ENOUGH:
        return ""
    failed = [run for run, results in known if name in results.failing | results.excused]
    of = f"of the {number_of(len(known), found.terms.run)} compared before"
    if not failed:
        return f"failed in none {of}"
    last = (
        f", last {failed[0].created_at:%d %b}"
        if failed[0].created_at
        else f", last in {short_id(failed[0].ref.run_id)}"
    )
    return f"failed in {len(failed):,} {of}{last}"


def _others(found: RunAnalysis) -> tuple[Item, ...]:
    """Name what failed in the run before and does not count now, a line for each way to do that."""
    diff, terms = found.diff, found.terms
    if diff is None:
        return runs.excused(found)
    after = {name: f" ({comparing.after(streak, terms)})" for name, streak in diff.first_pass}
    told = (
        ("passing again", tuple(after)),
        (f"failing and {terms.excused} now", diff.excused),
        ("skipped this time", diff.skipped),
        ("not seen this time", diff.not_seen),
        ("not failing, not looked at", diff.not_looked_at),
        ("not failing this time", diff.not_failing),
    )
    lines = (Item(mark=mark, title=_names(names, after)) for mark, names in told if names)
    return (*lines, *runs.excused(found))


def _names(names: Sequence[str], notes: Mapping[str, str]) -> Line:
    """Name a few checks, each with what is noted of it."""
    parts: list[Span] = []
    for name in names[:NAMED]:
        parts += [", " if parts else "", titled(name)[0], notes.get(name, "")]
    more = len(names) - NAMED
    return (*parts, f" and {more:,} more") if more > 0 else tuple(parts)


# Counts, times and where it comes from


def _counts_and_times(found: RunAnalysis, now: datetime, *, asked: bool = True) -> Line:
    verdict = found.verdict
    passing = "" if verdict.health else story.passing(verdict, found.terms)
    cause = "workload or setup" if has_moments(found.platform) else "setup"
    hint = f": likely {cause}" if verdict.suspects_setup else ""
    return joined(
        ((passing, hint), (_trend(found),), _ended(found.run, now), _times(found.run, now, asked=asked))
    )


def _in_short(found: RunAnalysis, now: datetime) -> Line:
    """Say all that there is to say of a run without a but."""
    passing: Line = (story.passing(found.verdict, found.terms),)
    return joined(
        (
            passing,
            _took(found.run, now),
            _ended(found.run, now),
            origin.started(found.run),
            origin.name(found),
        )
    )


def _trend(found: RunAnalysis) -> str:
    """Count what failed in the last runs that can be compared, the oldest first; "?" where that is not known."""
    now = found.stored
    if now is None or now.unhealthy or found.chain is None or found.run.status is not RunStatus.COMPLETED:
        return ""
    past = [before.results for before in reversed(found.chain.past[: TREND - 1])]
    if len(past) + 1 < FEWEST:
        return ""
    counts = " ".join("?" if isinstance(one, Gap) else f"{len(one.failing):,}" for one in past)
    return f"last {len(past) + 1} compared: {counts} → {len(now.failing):,}"


def _ended(run: Run, now: datetime) -> Line:
    stage, at = stage_of(run)
    if at is None:
        return ()
    return (f"{stage} ", When(at, f"{at:%H:%M} UTC" if at.date() == now.date() else clock_time(at)))


def _times(run: Run, now: datetime, *, asked: bool) -> Line:
    wanted = f"{minutes(run.requested_minutes)} asked" if asked and run.requested_minutes else ""
    return joined(((wanted,), _took(run, now)), ", ")


def _took(run: Run, now: datetime) -> Line:
    if run.took is not None:
        return (f"took {took(run.took)}",)
    if (spent := elapsed(run, now)) is not None:
        return (f"took {duration(spent)}",)
    return (
        ("duration ", Untrusted(run.duration[:LONGEST_DURATION]), ", without a unit") if run.duration else ()
    )


# Ways on


def _buttons(found: RunAnalysis, entries: Sequence[_Entry]) -> tuple[Button, ...]:
    """Offer what is done next; what is seldom done stands behind it."""
    ref = found.run.ref
    beside = any(entry.item.buttons for entry in entries)
    every = Button(label="Failing", command=Command.of_run("failing", ref), rare=beside)
    details = Button(label="Details", command=Command.of_run("status", ref), rare=True)
    ways_on = [replace(b, rare=b.rare or b.page is not None) for b in runs.ways_beside_failing(found)]
    every_one = [*((every,) if found.failing else ()), *ways_on, details]
    return (*(b for b in every_one if not b.rare), *(b for b in every_one if b.rare))


def _more(found: RunAnalysis, shown: Sequence[_Entry]) -> Button | None:
    """Lead to the failures without an entry beside those that are shown, and count them; None where there is none."""
    number, numbers = len(found.failing), {entry.number for entry in shown}
    first = next((n for n in range(1, number + 1) if n not in numbers), None)
    if first is None:
        return None
    rest = Command.of_run("failing", found.run.ref, **{FROM: str(first)})
    return Button(label=f"{number - len(numbers):,} more", command=rest)
