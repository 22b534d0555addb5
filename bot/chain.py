"""The runs of a series before one run, newest first: how far they are known, and why no further; all pure.

The chain is a statement about the platform's runs. Its depth is fixed and a run whose results are not known
keeps its place in it, so that what is said of a run never hangs on what happens to be kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Availability, Run
from bot.state import StoredResults

DEPTH = 14  # earlier runs that are looked at: two weeks of nightly ones


class Gap(StrEnum):
    """Why nothing is known of an earlier run, or why none is known at all."""

    FIRST = "first"  # the list was read to its end: the series begins here
    OTHER_TEST = "other test"  # the same, and before it there are runs of another test name
    OTHER_SOURCE = "other source"  # the same, of another source
    EPHEMERAL = "ephemeral"  # the same, and those of this series are ephemeral
    DEPTH = "depth"  # further back nobody looked
    LIST = "list"  # the list of runs could not be read far enough
    UNREAD = "unread"  # the run is there, its results could not be read
    NOT_YET = "not yet"  # the platform is still writing them
    ABSENT = "absent"  # it ended without any
    AGED_OUT = "aged out"  # too old: only the report has them
    CUT = "cut"  # they cannot be read whole
    ENVIRONMENT = "environment"  # each that was looked at had an environment problem
    SELF_ENVIRONMENT = "self environment"  # the run itself had one
    SELF_CUT = "self cut"  # those of the run itself cannot be read whole
    NAMELESS = "nameless"  # some failures of the run itself have no name that they have in other runs too
    UNLISTED = "unlisted"  # none is on record, and the platform lists no runs
    NO_LAUNCHER = "no launcher"  # nobody knows which launcher it is of, so which runs are of its series
    UNDATED = "undated"  # nobody knows when the run itself was created


BEGINNINGS = frozenset({Gap.FIRST, Gap.OTHER_TEST, Gap.OTHER_SOURCE, Gap.EPHEMERAL})
"""There certainly is no earlier run of the series."""

MISSING = {
    Availability.NOT_YET: Gap.NOT_YET,
    Availability.ABSENT: Gap.ABSENT,
    Availability.AGED_OUT: Gap.AGED_OUT,
}


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run, and what is known of its results: them, or why not."""

    run: Run
    results: StoredResults | Gap

    @property
    def unhealthy(self) -> bool:
        """Whether its environment had a problem, so that it is nothing to compare with."""
        return not isinstance(self.results, Gap) and bool(self.results.unhealthy)


@dataclass(frozen=True, slots=True)
class Streak:
    """How many runs in a row; `at_least`: what was before them is not known."""

    runs: int
    at_least: bool = False

    @property
    def with_this(self) -> Streak:
        """The same with one run more, the one that is spoken of."""
        return Streak(self.runs + 1, self.at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Completed runs of one series that are not ephemeral, newest first; `end`: why there are no more.

    `unsaid`: checks that failed before the baseline and of which no result there is known: skipped, or not run.
    Runs with an environment problem are not in it, as those that did not get through are not; `after_environment`:
    the newest was one.
    """

    past: tuple[Past, ...] = ()
    end: Gap = Gap.FIRST
    unsaid: frozenset[str] = frozenset()
    after_environment: bool = False

    @property
    def baseline(self) -> StoredResults | Gap:
        """The results of the run before, or why there is nothing to compare with."""
        return self.past[0].results if self.past else self.end

    @property
    def failed_before(self) -> frozenset[str]:
        """The checks that failed in runs before the baseline, as far as these are known."""
        known = [past.results for past in self.past[1:] if not isinstance(past.results, Gap)]
        return frozenset().union(*(results.failing for results in known))

    def streak(self, name: str) -> Streak:
        """Count in how many of the newest runs in a row a property failed."""
        for length, past in enumerate(self.past):
            if isinstance(past.results, Gap):
                return Streak(length, at_least=True)
            if name not in past.results.failing:
                return Streak(length)
        return Streak(len(self.past), at_least=self.end not in BEGINNINGS)
