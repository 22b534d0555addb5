"""What a platform offers for working on failures beside results and logs: values to ask with, and what it answers.

Texts of an answer are from outside, and most are a model's opinion of test output that anybody may have written: never
a verdict, a link or a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model import NOTHING, Check


class RerunScope(StrEnum):
    """Which checks of a run are run again."""

    ALL = "all"
    FAILED = "failed"
    FLAKY = "flaky"  # those that the platform calls flaky


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """A run to start again, with the same commit and configuration."""

    run_id: str
    scope: RerunScope = RerunScope.ALL
    launcher: str = ""  # its name, for the cards and for quotas
    launcher_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A run to stop."""

    run_id: str
    launcher: str = ""  # its name, for the cards


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRequest:
    """A task for one of the platform's agents; `parameters` are sent as they are."""

    agent: str
    task: str
    parameters: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    name: str = ""  # what the agent is called, for the cards
    run_id: str | None = None  # the run it is about, for the thread


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRequest:
    """A check to quarantine at one launcher, so that its failures do not count there, or to take out again."""

    launcher: str
    launcher_key: str
    check: str  # its name, the same in every run
    reason: str = ""  # one of `Quarantines.reasons`; empty where it is taken out
    remove: bool = False
    run_id: str | None = None  # the run it was asked in, for the thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A check that is quarantined; the name may be that of a class or the beginning of many names."""

    check: str
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What people say of one failing result: its kind, the defect it belongs to, a note. Empty: not said."""

    run_id: str
    check: str
    ref: str  # the platform's id of this result
    kind: str = ""  # one of `Classifies.kinds`
    defect_key: str = ""
    defect_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """Which parts of a classification the platform took, by name: "kind", "defect", "note"; `refused`: why not the rest."""

    taken: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of what a model may use is used, in per cent, and when that starts anew."""

    percent_used: float
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A model's opinion of why a run failed. `confidence` from 0 to 1; what it does not say is None or empty."""

    cause: str
    confidence: float | None = None
    fix: str = ""
    affected: int | None = None  # how many checks it concerns
    budget: Budget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks the platform's model. `conversation`: its id of the talk that this goes on with."""

    text: str
    run_id: str | None = None
    check: str | None = None  # the name of the check it is about
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What the platform's model answers, and what it says that it looked at ("build 9812", "test 47821")."""

    text: str
    conversation: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastResult:
    """What came of one check in one earlier run, in the platform's word."""

    run_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCheck:
    """What a report file of a run says of one failing check beside what the platform says; empty: not said.

    `expected`: the check itself expects to fail. `lines`: the last of its output, `left_out` the number before them.
    """

    failure_id: str = ""
    resolution: str = ""  # in the file's own word: "Unresolved"
    expected: bool = False
    issue: str = ""  # its key in a tracker
    lines: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFailure:
    """One failing check as a report file has it; `check.excused` where the check itself expects to fail."""

    check: Check
    said: ReportedCheck


def _no_entry(position: int) -> ReportedFailure:
    raise IndexError(position)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedReport:
    """What a report file says by itself.

    `names`: what failed, each once, those first that count (`failing` of them), then by name; `entry` tells more of one,
    by its position: a file may have so many that telling of all would take long. `unlisted`: failures that its own
    totals have and it does not list. `about`: what else it says of itself, as labels and values.
    """

    names: tuple[str, ...] = ()
    failing: int = 0
    entry: Callable[[int], ReportedFailure] = field(default=_no_entry, repr=False)
    passed: int = 0
    skipped: int = 0
    unlisted: int = 0
    about: tuple[tuple[str, str], ...] = ()

    @property
    def expected(self) -> int:
        """How many checks failed as they expect to."""
        return len(self.names) - self.failing


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyCheck:
    """A check whose outcome varies. Rates from 0 to 1, `health` from 0 to 100 where low is bad; None: not said."""

    name: str
    emerging: bool = False  # it fails more often than it used to
    rate: float | None = None
    rate_before: float | None = None
    health: float | None = None
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One of the platform's agents; `status` in its word."""

    id: str
    name: str
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResult:
    """What a platform hands back of an agent's task: its status in the platform's word, and the rest as labels and values."""

    status: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The platform's rating of a release; numbers are as served, their scale is not documented."""

    version: str
    score: str = ""
    confidence: str = ""
    metrics: tuple[tuple[str, str], ...] = ()
    recommendation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Failures that the platform puts down to one cause; `checks` are those that it names."""

    category: str
    count: int | None = None
    cause: str = ""
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """A file that a platform keeps of a run. `kind` in its word, `size` in bytes; None: it does not say."""

    name: str
    kind: str = ""
    size: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """Branches that a launcher can be started with. `whole`: there are no others that fit."""

    names: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherRow:
    """One launcher that a platform lists: its id and name, and whether it can be started."""

    key: str
    name: str
    enabled: bool = True
    source: str = ""  # its default branch, where it says so
    facts: tuple[tuple[str, str], ...] = ()  # what else the platform says of it, as labels and values
