"""What people say of a property that fails, and when it is news again all the same; all pure.

What was said holds while the property fails as it did then. It is reopened where it fails at another place in the code, in
another class of `bot.ratio`, after some runs in a row in which it did not fail, or where its snooze is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from bot import ratio
from bot.history import RUNS, Quiet, Told, told
from bot.model import Check, Example, Run
from bot.people import People
from bot.state import CheckInRun, PropertyState, Reopened, Why, Word

PASSES = 5  # runs in a row in which a property does not fail: if it fails again then, that is news
UNLIKELY = 0.05  # how often so many passes come by luck at most, where the record can tell
MOST_RUNS = 50  # of a snooze
MOST_PLACES = 50  # of one property, that are kept
LONGEST = 200  # runs of a series that are looked through for the runs of a snooze

_NOT_OVER = frozenset({Told.UNHEALTHY, Told.INCOMPLETE, Told.CANCELLED, Told.UNREAD})
"""Runs that say nothing of any property of the software: no snooze gets shorter by them."""

_NO_FAILURE = frozenset({Told.PASSED, Told.NOT_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is said of a property, as cards show it; `owner`: how the person who owns it was called last, "" where unknown."""

    state: PropertyState
    owner: str = ""


def owns(state: PropertyState, who: str, people: People) -> bool:
    """Whether a person is the one who owns a property, by whichever of their accounts."""
    return people.same(state.owner, who)


def owned(state: PropertyState, who: str, now: datetime, people: People) -> PropertyState | None:
    """Return the state once a person owns it; None where somebody else does."""
    if state.owner:
        return state if owns(state, who, people) else None
    return replace(state, owner=who, owned_at=now)


def said(
    state: PropertyState,
    word: Word,
    *,
    by: str,
    now: datetime,
    ticket: str = "",
    until: datetime | None = None,
    runs: int | None = None,
    checks: Sequence[Check] = (),
    counts_from: datetime | None = None,
) -> PropertyState:
    """Return the state once a word is said of it, in place of what was said before; the ticket stays where none is given.

    `checks`: the property as it fails now, in each of its groups; none where that is not known. `counts_from`: as in
    `PropertyState`.
    """
    return replace(
        state,
        word=word,
        said_by=by,
        said_at=now,
        ticket=ticket or state.ticket,
        until=until,
        runs=runs,
        places=tuple(dict.fromkeys(place for check in checks for place in places_of(check)))[:MOST_PLACES],
        ratio=ratio.read(checks[0]) if len(checks) == 1 else None,
        counts_from=counts_from,
        reopened=None,
    )


def cleared(state: PropertyState) -> PropertyState:
    """Return the state once all that was said of it is taken back."""
    return PropertyState(
        connection=state.connection,
        launcher_key=state.launcher_key,
        name=state.name,
        version=state.version,
    )


def places_of(check: Check) -> dict[str, str]:
    """Return where a property fails in the code, as far as its counterexamples say so, the first one first.

    A place is told from others by its file and function, where both are known, since an edit above it moves its line;
    else by file and line. It is mapped to what people read of it ("ledger.go:42").
    """
    there = (check.first, *check.counterexamples)
    places: dict[str, str] = {}
    for example in there:
        if example is not None and example.location:
            places.setdefault(_place(example), example.location)
    return places


def _place(example: Example) -> str:
    location = example.location or ""
    return f"{location.rpartition(':')[0] or location} {example.function}" if example.function else location


def is_later(run: Run, state: PropertyState) -> bool:
    """Whether a run was created after those that there were when the word was said."""
    at = run.ordered_by
    return state.counts_from is None or at is None or at > state.counts_from


def over(state: PropertyState, run: Run, now: datetime) -> Reopened | None:
    """Say that the time of a snooze is over when a run in which the property fails has ended."""
    if state.until is None or now < state.until:
        return None
    return Reopened(why=Why.SNOOZED_UNTIL, run_id=run.ref.run_id)


def changed(state: PropertyState, check: Check, run: Run) -> Reopened | None:
    """Say in what a property fails otherwise than when the word was said; what was not known then tells nothing."""
    if not is_later(run, state):
        return None
    all_known = 0 < len(state.places) < MOST_PLACES
    new = [at for place, at in places_of(check).items() if place not in state.places] if all_known else []
    if new:
        return Reopened(why=Why.PLACE, run_id=run.ref.run_id, now=new[0])
    share = ratio.read(check)
    if share is not None and state.ratio is not None and share is not state.ratio:
        return Reopened(why=Why.RATIO, run_id=run.ref.run_id, now=share)
    return None


def came_back(state: PropertyState, run: Run, course: Sequence[CheckInRun]) -> Reopened | None:
    """Say that the runs of a snooze are over, or that a property did not fail for so long that its failing is news.

    `course`: what became of it in the newest runs of the series of `run`, newest first, as many as `looked_at`.
    """
    before = _before(run, course)
    since = [one for one in before if is_later(one.run, state)]
    counting = sum(told(one) not in _NOT_OVER for one in since)
    if state.runs is not None and (counting >= state.runs or len(since) >= LONGEST - 1):
        return Reopened(why=Why.SNOOZED_RUNS, run_id=run.ref.run_id)
    quiet = _quiet([told(one) for one in since])
    if len(quiet) < PASSES or _by_luck([told(one) for one in before], len(quiet)):
        return None
    why = Why.QUIET if Told.NOT_FAILED in quiet else Why.PASSED
    return Reopened(why=why, run_id=run.ref.run_id, now=str(len(quiet)))


def looked_at(state: PropertyState) -> int:
    """Return how many runs of a series tell what became of a property."""
    return RUNS if state.runs is None else LONGEST


def _before(run: Run, course: Sequence[CheckInRun]) -> tuple[CheckInRun, ...]:
    """Return the runs before one; of a run without a time those that are not itself."""
    at = run.ordered_by
    others = (one for one in course if one.run.ref != run.ref)
    return tuple(one for one in others if at is None or (one.run.ordered_by or at) < at)


def _quiet(newest_first: Sequence[Told]) -> list[Told]:
    """Return the newest runs in a row in which a property did not fail; one of which nobody knows that ends them."""
    row = takewhile(lambda each: each not in {Told.FAILED, Told.UNREAD}, newest_first)
    return [each for each in row if each in _NO_FAILURE]


def _by_luck(newest_first: Sequence[Told], quiet: int) -> bool:
    """Whether a property that seldom fails is quiet in so many runs by luck, as far as the record tells."""
    counting = [each for each in newest_first if each is Told.FAILED or each in _NO_FAILURE]
    before = counting[counting.index(Told.FAILED) :] if Told.FAILED in counting else []
    luck = Quiet(runs=quiet, failed=before.count(Told.FAILED), before=len(before)).luck
    return luck is not None and luck > UNLIKELY
