"""What some replies are made of, for who wants it as data: a list of runs, one check, a log, events, files."""

from __future__ import annotations

from dataclasses import dataclass

from bot.analysis import RunAnalysis
from bot.model import Check, Instance, LogExcerpt, Moment, RunRef
from bot.recent import Recent
from bot.triage import RunFile


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsFound:
    """A page of a list of runs, newest first; `first`: the number of its first entry, `more`: others follow.

    `whole`: the list is known as far as it was asked for; `unread`: the connections that did not answer.
    """

    runs: tuple[Recent, ...]
    first: int
    more: bool
    whole: bool
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFound:
    """One check of a run."""

    found: RunAnalysis
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFound:
    """Lines of a log: before a moment, of `window` virtual seconds, or the end of a run's own (then both are None)."""

    ref: RunRef
    excerpt: LogExcerpt
    check: str | None = None
    moment: Moment | None = None
    window: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsFound:
    """A sample of the events of a run that hold a check's name; `more` and `cut` as in `Instances`."""

    ref: RunRef
    check: str
    events: tuple[Instance, ...]
    more: bool
    cut: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFound:
    """Files that are kept of a run, or of one check of it, newest first; `first`: the number of its first entry."""

    ref: RunRef
    files: tuple[RunFile, ...]
    first: int
    check: str | None = None
