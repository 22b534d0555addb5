"""The story of how a run ended, told in full sentences: verdict, what is new by name, and what it was compared with.

Whoever hears the post instead of seeing it, or finds it by searching, has this alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.cards import Line, Untrusted, joined
from bot.chain import Gap
from bot.cleaning import shorten
from bot.model import VerdictKind
from bot.replies import causes, comparing, marks, runs
from bot.replies.wording import check_names, count, listed, number_of, short_id
from bot.state import Word
from bot.terms import Terms
from bot.verdict import Verdict

NAMED = 5  # checks of one kind that a sentence names
LONGEST_RUN = 120  # characters of launcher and source in a sentence

NEW, AGAIN, STILL, UNTRUSTED, FAILING, ENVIRONMENT = (
    "new",
    "failing again",
    "still failing",
    "not to be relied on",
    "failing",
    "environment",
)
NOTHING_NEW = "nothing new"


def lead(found: RunAnalysis) -> Line:
    """Tell the verdict and what fails by name, the new first."""
    failed = found.verdict.kind is VerdictKind.FAILED
    joint = ", " if _news(found).startswith(NOTHING_NEW) else " with "
    first: Line = (*name(found, LONGEST_RUN), outcome(found, failed=f" FAILED{joint}" if failed else ""))
    named = [*_named(found)]
    if failed and len(named) == 1:
        return (*first, ": ", *named[0][1], ".")
    return joined(((*first, "."), *((f"{said}: ", *names, ".") for said, names in named)), " ")


def rest(found: RunAnalysis, now: datetime) -> Line:
    """Tell what else is to be known: how far it is, the counts, and what the run was compared with."""
    told = (
        *body(found),
        *(runs.suspicion(found), _passing_in_full(found), _no_longer(found)),
        marks.sentences(found),
        comparing.sentence(found.diff, now, found.terms),
    )
    return joined(told, " ")


def name(found: RunAnalysis, room: int | None = None) -> Line:
    """Name what ran and on what, in so many characters: "Payments Nightly on main"; without a launcher by its id."""
    run = found.run
    name = run.launcher or f"{found.terms.run.title} {short_id(run.ref.run_id)}"
    source = run.source or ""
    if room is not None and len(name) + len(source) > room:
        source = shorten(source, max(room // 3, room - len(name)))
        name = shorten(name, max(1, room - len(source)))
    return (Untrusted(name), " on ", Untrusted(source)) if source else (Untrusted(name),)


def kinds(found: RunAnalysis) -> tuple[str, ...]:
    """Say in a word how each of what fails stands to the runs before, in the order of `RunAnalysis.failing`.

    What people said of it takes the place of what would be news; what was reopened is news whatever came before.
    """
    diff = found.diff
    known: dict[str, str] = {}
    if diff is not None:
        known |= dict.fromkeys(diff.untrusted, UNTRUSTED)
        known |= dict.fromkeys(diff.newly_failing, NEW)
        known |= dict.fromkeys(diff.fails_again, AGAIN)
        known |= dict.fromkeys(diff.counts_again, _counts_again(found.terms))
        known |= {name: STILL for name, _ in diff.still_failing}
    said = {name: marks.kind(mark) for name, mark in found.marks.items()}
    for name in found.silent - {name for name, kind in known.items() if kind in {STILL, UNTRUSTED}}:
        known[name] = said[name]
    known |= dict.fromkeys(found.reopened, marks.REOPENED)
    return tuple(ENVIRONMENT if c.health else known.get(c.name, FAILING) for c in found.failing)


def _counts_again(terms: Terms) -> str:
    return f"no longer {terms.excused}"


def _news(found: RunAnalysis) -> str:
    """Say how much fails and how much of it is new: "3 new failures", "nothing new, 1 still failing"."""
    verdict, diff = found.verdict, found.diff
    if not verdict.failing:
        return ""
    counted = Counter(kinds(found))
    silent = [f"{counted[word]:,} {word}" for word in Word if counted[word]]
    back = [f"{counted[marks.REOPENED]:,} {marks.REOPENED}"] if counted[marks.REOPENED] else []
    if diff is None or isinstance(diff.baseline, Gap):
        failures = ("at least " if verdict.partial else "") + count(verdict.failing, "failure")
        return ", ".join([failures, *(f"{part} of them" for part in (*back, *silent))])
    new = counted[NEW] + counted[_counts_again(found.terms)]
    parts = [count(new, "new failure")] if new else []
    parts += [f"{counted[AGAIN]:,} failing again"] if counted[AGAIN] else []
    parts += back
    still = [f"{counted[STILL]:,} still failing"] if counted[STILL] or not silent else []
    return ", ".join(parts or [NOTHING_NEW, *still, *silent])


def outcome(found: RunAnalysis, failed: str = ": ") -> str:
    """Say how it ended, to stand behind its name; `failed`: what stands before the news of a run that failed."""
    verdict, news = found.verdict, _news(found)
    if verdict.kind is VerdictKind.FAILED:
        return f"{failed}{news}"
    if verdict.kind is VerdictKind.ENVIRONMENT:
        return ": environment problem"
    again = len(found.diff.first_pass) if found.diff and verdict.kind is VerdictKind.PASSED else 0
    also = news if verdict.kind in {VerdictKind.INCOMPLETE, VerdictKind.CANCELLED} else ""
    also = also or (f"{again:,} passing again" if again else "")
    return _ended_as(found) + (f", {also}" if also else "")


def _ended_as(found: RunAnalysis) -> str:
    """Say how a run ended that did not simply fail."""
    verdict = found.verdict
    if verdict.interrupted:
        return " was aborted"
    if verdict.kind is VerdictKind.INCOMPLETE and verdict.contradicts is not None:
        return ": failed without a known failure"
    if verdict.kind is VerdictKind.NO_RESULTS and verdict.partial and not verdict.uncounted:
        return " finished, not all results could be read"
    how = causes.word(found)
    return {
        VerdictKind.PASSED: " passed",
        VerdictKind.INCOMPLETE: f" did not complete{f': {how}' if how else ''}",
        VerdictKind.CANCELLED: " was cancelled",
        VerdictKind.NO_RESULTS: f" {runs.verdict_word(verdict)}",
    }.get(verdict.kind, f": {runs.WORDS[verdict.kind]}")


def passing(verdict: Verdict, terms: Terms, *, noun: bool = False) -> str:
    """Say how many checks pass, with what became of those that neither pass nor fail; `noun`: of what."""
    if not verdict.total:
        return ""
    if verdict.total == 1 or verdict.health or verdict.partial or verdict.passing == verdict.total:
        return runs.of_checks(verdict, terms)
    whole = number_of(verdict.total, terms.check) if noun else f"{verdict.total:,}"
    others = (
        (verdict.skipped, "skipped"),
        (verdict.excused, terms.excused),
        (verdict.unknown, "without a result"),
    )
    return ", ".join([f"{verdict.passing:,} of {whole} pass", *(f"{n:,} {word}" for n, word in others if n)])


def body(found: RunAnalysis) -> tuple[Line, ...]:
    """Say what keeps the run from being what it looks, in full sentences."""
    ill = f"{runs.of_checks(found.verdict, found.terms)}." if found.verdict.health else ""
    told = (runs.at_odds(found), causes.details(found), (ill,), *runs.caveats(found))
    return tuple(line for line in told if any(line))


def _passing_in_full(found: RunAnalysis) -> Line:
    verdict = found.verdict
    if verdict.total in {0, verdict.failing} or verdict.health or verdict.partial or verdict.suspects_setup:
        return ()
    said = passing(verdict, found.terms, noun=True)
    return (f"{said[0].upper()}{said[1:]}.",)


def _named(found: RunAnalysis) -> Iterator[tuple[str, Line]]:
    """Name what fails, the new first, each kind with what is to be said of it."""
    diff, terms = found.diff, found.terms
    if diff is None:
        return
    unhealthy = sorted({check.name for check in found.results.unhealthy}) if found.results else []
    of_kind: dict[str, list[str]] = {}
    for check, kind in zip(found.failing, kinds(found), strict=True):
        if check.name not in of_kind.setdefault(kind, []):
            of_kind[kind].append(check.name)
    for names, said in (
        (unhealthy, "Failing in the environment"),
        (of_kind.get(UNTRUSTED, []), "Not to be relied on"),
        (of_kind.get(marks.REOPENED, []), "Reopened"),
        (of_kind.get(FAILING, []), "Failing"),
        (of_kind.get(NEW, []), "Newly failing"),
        (of_kind.get(_counts_again(terms), []), f"Failing and no longer {terms.excused}"),
        (of_kind.get(AGAIN, []), f"Failing again, without a known result in the {terms.run.one} before"),
        (of_kind.get(STILL, []), "Still failing"),
        *((of_kind.get(word, []), f"Failing and {word.value}") for word in Word),
    ):
        if names:
            yield said, check_names(names, NAMED)


def _no_longer(found: RunAnalysis) -> Line:
    """Count what failed in the run before and does not count now."""
    diff = found.diff
    if diff is None:
        return ()
    counts = [
        f"{len(names)} {word}"
        for names, word in (
            (diff.excused, f"failing and {found.terms.excused} now"),
            (diff.first_pass, "passing again"),
            (diff.skipped, "skipped this time"),
            (diff.not_seen, "not seen this time"),
            (diff.not_looked_at, "not failing, not looked at"),
            (diff.not_failing, "not failing this time"),
        )
        if names
    ]
    return (f"{listed(counts)}.",) if counts else ()
