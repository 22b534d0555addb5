"""What became of one check over the runs of a series: how often it failed, how long it has been quiet, and by what luck; all pure.

A run that says nothing of the check (it did not get through, its environment had a problem, it does not name the
check, nobody read it) is neither a failure nor a quiet run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import takewhile

from bot.chain import Streak
from bot.model import RunStatus
from bot.state import Came, CheckInRun, KnownCheck

RUNS = 60  # of a series that are looked at
FEWEST_BEFORE = 10  # runs before the quiet ones, and
FEWEST_FAILURES = 2  # failures among them, that a rate can be told from
MOST_RENAMED = 3  # checks that may be the same one under another name


class Told(Enum):
    """What a run tells of a check."""

    FAILED = auto()
    PASSED = auto()
    SKIPPED = auto()
    NO_RESULT = auto()  # the run names it, and no result
    ABSENT = auto()  # its results do not name it
    NOT_FAILED = auto()  # the same, and they name only what failed: nobody knows whether it ran
    UNHEALTHY = auto()  # its environment had a problem, so no failure and no pass of it counts
    INCOMPLETE = auto()  # it did not get through
    CANCELLED = auto()
    UNREAD = auto()  # its results are not on record

    @property
    def counts(self) -> bool:
        """Whether it failed or passed; every other run says nothing of it."""
        return self in {Told.FAILED, Told.PASSED}

    @property
    def passed_over(self) -> bool:
        """Whether runs in a row go on over it: it is no run of the software."""
        return self in {Told.UNHEALTHY, Told.INCOMPLETE, Told.CANCELLED}


_CAME: Mapping[Came | None, Told] = {
    Came.FAILED: Told.FAILED,
    Came.EXCUSED: Told.FAILED,
    Came.PASSED: Told.PASSED,
    Came.SKIPPED: Told.SKIPPED,
    Came.NOTHING: Told.NO_RESULT,
    None: Told.ABSENT,
}
_NOT_THROUGH = {RunStatus.INCOMPLETE: Told.INCOMPLETE, RunStatus.CANCELLED: Told.CANCELLED}


def told(one: CheckInRun) -> Told:
    """Return what a run that ended tells of a check; a check of the environment is judged also where that is broken."""
    if one.run.status in _NOT_THROUGH:
        return _NOT_THROUGH[one.run.status]
    if not one.read:
        return Told.UNREAD
    if one.came is Came.UNHEALTHY:
        return Told.FAILED
    if one.unhealthy:
        return Told.UNHEALTHY
    return Told.NOT_FAILED if one.came is None and not one.whole else _CAME[one.came]


@dataclass(frozen=True, slots=True)
class Quiet:
    """A check that failed, and has passed in every run since that says something of it.

    `runs`: how many passed in a row; it failed in `failed` of the `before` runs before these.
    """

    runs: int
    failed: int
    before: int

    @property
    def luck(self) -> float | None:
        """How often so many runs in a row pass by luck, 0 to 1; None where the record is too thin to tell.

        It takes each run to fail by itself, with the same chance as in the runs before: `(1 - failed/before) ** runs`. The last of these failed
        by the choice of where they end, so the true share is rather higher, and few failures tell no rate. Of a check that
        always failed the same arithmetic would say "never", which no number of runs can show.
        """
        if self.before < FEWEST_BEFORE or not FEWEST_FAILURES <= self.failed < self.before:
            return None
        return float((1 - self.failed / self.before) ** self.runs)


@dataclass(frozen=True, slots=True)
class History:
    """What the runs of a series tell of a check, newest first. `more`: there are older runs that were not looked at."""

    runs: tuple[CheckInRun, ...]
    more: bool = False

    @property
    def told(self) -> tuple[Told, ...]:
        """What each run tells."""
        return tuple(told(one) for one in self.runs)

    @property
    def failures(self) -> tuple[CheckInRun, ...]:
        """The runs in which it failed."""
        return tuple(one for one in self.runs if told(one) is Told.FAILED)

    @property
    def counting(self) -> int:
        """In how many runs it failed or passed."""
        return sum(each.counts for each in self.told)

    @property
    def silent(self) -> Counter[Told]:
        """How many runs say nothing of it, by why."""
        return Counter(each for each in self.told if not each.counts)

    @property
    def excused(self) -> int:
        """In how many runs it failed and that did not count."""
        return sum(one.came is Came.EXCUSED for one in self.failures)

    @property
    def streak(self) -> Streak | None:
        """In how many of the newest runs in a row it fails; None where it does not fail in the newest."""
        first = _streaks(self.told, more=self.more)[:1]
        newest = next((each for each in self.told if not each.passed_over), None)
        return first[0] if newest is Told.FAILED else None

    @property
    def longest(self) -> Streak | None:
        """The most runs in a row in which it failed; None where it never did."""
        return max(_streaks(self.told, more=self.more), key=lambda s: (s.runs, s.at_least), default=None)

    @property
    def since(self) -> int | None:
        """In how many runs since its last failure it did not fail, as far as their results are known; None if it never failed."""
        course = [each for each in self.told if not each.passed_over and each is not Told.UNREAD]
        return course.index(Told.FAILED) if Told.FAILED in course else None

    @property
    def quiet(self) -> Quiet | None:
        """How long it has been quiet; None where it is not, or never failed.

        Behind a run that names only what failed nothing is counted: of such runs passes are known by chance alone.
        """
        known = takewhile(lambda each: each is not Told.NOT_FAILED, self.told)
        counting = [each for each in known if each.counts]
        if Told.FAILED not in counting or not (runs := counting.index(Told.FAILED)):
            return None
        before = counting[runs:]
        return Quiet(runs=runs, failed=before.count(Told.FAILED), before=len(before))


def _streaks(newest_first: Sequence[Told], *, more: bool) -> list[Streak]:
    """Return the failures in a row, newest first; a run on either side whose results nobody knows makes it "at least"."""
    course = [each for each in newest_first if not each.passed_over]
    streaks: list[Streak] = []
    length, open_end = 0, False
    for place, each in enumerate(course):
        if each is Told.FAILED:
            open_end = open_end or (place > 0 and course[place - 1] is Told.UNREAD)
            length += 1
        elif length:
            streaks.append(Streak(length, at_least=open_end or each is Told.UNREAD))
            length, open_end = 0, False
    return [*streaks, Streak(length, at_least=open_end or more)] if length else streaks


def may_be_same(check: KnownCheck, others: Iterable[KnownCheck]) -> tuple[KnownCheck, ...]:
    """Return checks that may be this one under another name, the likeliest first: they stand at the same place in the code.

    Whether a run has both, so that they are two, is for `replaces` to tell.
    """
    same = [
        other for other in others if other.place and other.place == check.place and other.name != check.name
    ]
    near = sorted(same, key=lambda other: abs((other.first_seen - check.first_seen).total_seconds()))
    return tuple(near[:MOST_RENAMED])


def replaces(one: Sequence[CheckInRun], other: Sequence[CheckInRun]) -> bool | None:
    """Whether one check came after another one, by what the same runs tell of both.

    True: the runs that name `one` all came after those that name `other`; False: all before; None: neither, or one of them is
    named nowhere.
    """
    of_one = [place for place, each in enumerate(one) if each.came is not None]
    of_other = [place for place, each in enumerate(other) if each.came is not None]
    if not of_one or not of_other:
        return None
    if of_one[-1] < of_other[0]:  # newest first
        return True
    return False if of_one[0] > of_other[-1] else None
