"""What some replies are made of, for who wants it as data: a list of runs, one check, a log."""

from __future__ import annotations

from dataclasses import dataclass

from bot.analysis import RunAnalysis
from bot.model import Check, LogExcerpt, Moment, RunRef
from bot.recent import Recent


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
