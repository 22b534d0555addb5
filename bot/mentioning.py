"""Whom the post about a run that ended mentions, by the rules of its channel; pure.

A pattern is compared with whole names of checks, whatever their case and spacing: `*` stands for any text, and nothing
else is special, so that what a platform puts into a name never has to be escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.diff import wanted
from bot.model import Run
from bot.state import MENTIONED, MentionRule, Outcome

ANY = "*"
NO_PATTERN_FOR = frozenset({Outcome.INCOMPLETE, Outcome.RECOVERY})  # ends that no check stands for
UNUSED = timedelta(days=30)  # a rule that fitted nothing for so long is likely a slip


def fitting(
    rules: Iterable[MentionRule],
    run: Run,
    outcomes: Collection[Outcome],
    *,
    failing: Collection[str],
    new: Collection[str],
) -> tuple[MentionRule, ...]:
    """Return the rules that an ended run fits. `failing`, `new`: names of the checks that fail, and of those that do so newly."""
    return tuple(
        rule for rule in rules if wanted(rule, run, outcomes) and _named(rule, failing=failing, new=new)
    )


def _named(rule: MentionRule, *, failing: Collection[str], new: Collection[str]) -> bool:
    pattern = rule.pattern
    if pattern is None:
        return True
    names = new if rule.outcomes <= {Outcome.NEW_FAILURES} else failing
    return any(matches(pattern, name) for name in names)


def matches(pattern: str, name: str) -> bool:
    """Whether a name is of a pattern; in time linear in both, as neither is ours."""
    first, *others = _folded(pattern).split(ANY)
    text = _folded(name)
    if not others:
        return text == first
    *middle, last = others
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def fits_everything(pattern: str, names: Collection[str]) -> bool:
    """Whether a pattern says nothing: it is made of `*` alone, or all of several known names are of it."""
    if not pattern.replace(ANY, "").strip():
        return True
    return len(names) > 1 and all(matches(pattern, name) for name in names)


def default_outcomes(pattern: str | None) -> frozenset[Outcome]:
    """Return what a rule mentions somebody for where nobody says: what is new, and without a pattern what did not get through."""
    return MENTIONED if pattern is None else frozenset({Outcome.NEW_FAILURES})


def contradicts(pattern: str | None, outcomes: Collection[Outcome]) -> bool:
    """Whether a pattern stands beside ends that are no failure of any check."""
    return pattern is not None and not NO_PATTERN_FOR.isdisjoint(outcomes)


def unused(rule: MentionRule, now: datetime) -> bool:
    """Whether a rule has fitted no run for so long that somebody should look at it."""
    last = rule.matched_at or rule.since
    return last is not None and now - last >= UNUSED


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
