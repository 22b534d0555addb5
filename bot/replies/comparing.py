"""What is said of the runs that a run is compared with: how long something goes on, and how far that is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.cards import Line, Untrusted
from bot.chain import BEGINNINGS, Gap, Streak
from bot.diff import RunDiff
from bot.model import Says
from bot.replies.wording import ago, count, listed, number_of, short_id
from bot.state import StoredResults
from bot.terms import Terms

_NONE = "no earlier {run} of this series is known"
_UNKNOWN = "the earlier {runs} of this series could not be determined"

WHY: Mapping[Gap, str] = {
    Gap.FIRST: _NONE,
    Gap.OTHER_TEST: _NONE + "; those before it have a different test name",
    Gap.OTHER_SOURCE: _NONE + "; those before it have a different source",
    Gap.EPHEMERAL: _NONE + "; those before it are ephemeral",
    Gap.DEPTH: _UNKNOWN,
    Gap.LIST: _UNKNOWN,
    Gap.UNREAD: "the earlier {run} could not be read",
    Gap.NOT_YET: "the results of the earlier {run} are not available yet",
    Gap.ABSENT: "the earlier {run} ended without results",
    Gap.AGED_OUT: "the results of the earlier {run} have aged out",
    Gap.CUT: "the results of the earlier {run} could not be read completely",
    Gap.ENVIRONMENT: "the earlier {runs} of this series all had an environment problem",
    Gap.SELF_ENVIRONMENT: "the environment of this {run} had a problem",
    Gap.SELF_CUT: "not all results of this {run} could be read",
    Gap.NAMELESS: "not every failure of this {run} has the name of a {check}",
    Gap.UNLISTED: "Clew has seen no earlier {run} of this series",
    Gap.NO_LAUNCHER: "it is not known which {launcher} this {run} is of",
    Gap.UNDATED: "it is not known when this {run} was created",
}


def why(gap: Gap, terms: Terms) -> str:
    """Say why there is nothing to compare with, as the end of a sentence."""
    return WHY[gap].format(run=terms.run.one, runs=terms.run.many, launcher=terms.launcher.one,
                            check=terms.check.one)  # fmt: skip


def baseline(diff: RunDiff | None, now: datetime, terms: Terms) -> Line:
    """Name the run that this one was compared with, or say why there is none."""
    if diff is None:
        return ()
    if isinstance(diff.baseline, Gap):
        return (f"nothing: {why(diff.baseline, terms)}",)
    before = _age(diff.baseline, now)
    return (Untrusted(short_id(diff.baseline.ref.run_id), code=True), f", {before}" if before else "")


def sentence(diff: RunDiff | None, now: datetime, terms: Terms) -> Line:
    """Say in a sentence which run this one was compared with, or what follows from there being none."""
    if diff is None:
        return ()
    if isinstance(diff.baseline, Gap):
        reason = why(diff.baseline, terms)
        so = (
            ", so it is not known what is new"
            if diff.not_compared and diff.baseline not in BEGINNINGS
            else ""
        )
        return (f"{reason[0].upper()}{reason[1:]}{so}.",)
    before = _age(diff.baseline, now)
    run = Untrusted(short_id(diff.baseline.ref.run_id))
    return (f"Compared with {terms.run.one} ", run, f" of {before}." if before else ".")


def _age(known: StoredResults, now: datetime) -> str:
    """Say how old a run is, "" where its platform does not: when it was first listed says nothing of that."""
    return ago(known.created_at, now)


def news(known: StoredResults | None, before: StoredResults | Gap | None, terms: Terms) -> str:
    """Say of a run of a list what is new, by what is kept of it and of the run before; "" where nothing is to be said.

    What fails no more was either passed or not reached: the run's own card tells which.
    """
    if known is None or before is None or known.unhealthy:
        return ""  # beside an environment problem nothing is new
    if isinstance(before, Gap):
        return why(before, terms) if known.failing else ""
    may_lack = (
        before.skipped_count or before.unknown_count or (before.says is Says.FAILED and not before.failing)
    )
    parts = [
        f"{len(names):,} {word}"
        for names, word in (
            (
                known.failing - before.failing - before.excused,
                "failing, and not in the one before" if may_lack else "newly failing",
            ),
            (known.failing & before.excused - before.failing, f"no longer {terms.excused}"),
            (known.failing & before.failing, "still failing"),
            (before.failing - known.failing, "not failing this time"),
        )
        if names
    ]
    return listed(parts) if parts else "nothing new"


def in_a_row(streak: Streak, terms: Terms) -> str:
    """Say for how long something fails: "3 runs in a row", "at least 3 runs in a row"."""
    return f"{streak_of(streak, terms)} in a row"


def streak_of(streak: Streak, terms: Terms) -> str:
    """Say of how many runs a streak is, as far as that is known: "at least 3 runs"."""
    return f"{_least(streak)}{number_of(streak.runs, terms.run)}"


def after(streak: Streak, terms: Terms) -> str:
    """Say after how many failing runs something passed: "after at least 2 failing runs"."""
    return (
        f"after {_least(streak)}{count(streak.runs, f'failing {terms.run.one}', f'failing {terms.run.many}')}"
    )


def _least(streak: Streak) -> str:
    return "at least " if streak.at_least else ""
