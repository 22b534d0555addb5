"""How much may be started on a day, by whom, where and of what: rules as values, and what each leaves.

A rule is of one kind (`Per`) and holds for one of it, or for each; one that names somebody or something takes the place
of those for each. A day begins and ends at midnight of the rule's zone, also where it has 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from bot.calendar import Daily
from bot.state import Per, Reservation, Share, Used

MIDNIGHT = time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most so many runs, and minutes of test time, a day; None: as many as one likes. `of`: whose; "": each one's.

    `untimed`: as how many minutes a run counts whose minutes nobody knows when it is confirmed.
    """

    per: Per
    of: str = ""
    runs: int | None = None
    minutes: int | None = None
    zone: str = "UTC"
    untimed: int = 0

    @property
    def rule(self) -> str:
        """Name it for the audit trail."""
        return f"quota:{self.per.value}"

    @property
    def whose(self) -> str:
        """Name what it is of: "channel slack:channel:T01:C01", "each person"."""
        return f"{self.per.value} {self.of}" if self.of else f"each {self.per.value}"

    @property
    def written(self) -> str:
        """Write it whole: "channel slack:channel:T01:C01: 5 runs, 120 minutes a day (Europe/Berlin)"."""
        limits = [
            f"{number} {noun}{'' if number == 1 else 's'}"
            for number, noun in ((self.runs, "run"), (self.minutes, "minute"))
            if number is not None
        ]
        counts = [f"a run of unknown length as {self.untimed}"] if self.untimed else []
        return f"{self.whose}: {', '.join([*limits, *counts])} a day ({self.zone})"

    def holds_for(self, name: str, ids: frozenset[str]) -> bool:
        """Whether it names this one; a person is named by any of their ids."""
        if self.per is Per.PERSON:
            return self.of in ids
        return name == (self.of.casefold() if self.per is Per.LAUNCHER else self.of)

    def share(self, reservation: Reservation, ids: frozenset[str]) -> Share:
        """Return what it gives on the day of a reservation by a person with these ids."""
        midnight = Daily(MIDNIGHT, self.zone)
        return Share(
            per=self.per,
            names=ids if self.per is Per.PERSON else frozenset({reservation.of(self.per)}),
            since=midnight.last(reservation.at),
            until=midnight.next(reservation.at),
            runs=self.runs,
            minutes=self.minutes,
            untimed=self.untimed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one rule stands for a run that somebody asks for. `minutes`: of that run, None where nobody knows them."""

    quota: Quota
    share: Share
    used: Used
    minutes: int | None = None

    @property
    def has_room(self) -> bool:
        """Whether the run fits today."""
        return self.share.has_room(self.used, self.minutes)

    @property
    def ever(self) -> bool:
        """Whether it would fit on a day on which nothing is started."""
        return self.share.has_room(Used(), self.minutes)

    @property
    def runs_left(self) -> int | None:
        """How many runs may still be started today; None: without limit."""
        return None if self.share.runs is None else max(0, self.share.runs - self.used.runs)

    @property
    def minutes_left(self) -> int | None:
        """How many minutes may still be asked for today; None: without limit."""
        return (
            None if self.share.minutes is None else max(0, self.share.minutes - self.share.taken(self.used))
        )


def holding(quotas: Iterable[Quota], reservation: Reservation, ids: frozenset[str]) -> tuple[Quota, ...]:
    """Return the rules that hold for a run, in their order; `ids`: of the person who asks for it, all of them."""
    rules = tuple(quotas)
    named = [q for q in rules if q.of and q.holds_for(reservation.of(q.per), ids)]
    kinds = {q.per for q in named}
    return tuple(q for q in rules if q in named or (not q.of and q.per not in kinds))
