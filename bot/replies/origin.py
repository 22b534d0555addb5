"""Where a run comes from, in one line: what was code, whose change it is, what it was compared with, and which run it is."""

from __future__ import annotations

import re

from bot.analysis import RunAnalysis
from bot.cards import Line, Link, Span, Untrusted, joined
from bot.chain import Gap
from bot.cleaning import shorten
from bot.model import Code, Run
from bot.replies import comparing, runs
from bot.replies.wording import RESULT, duration, number_of, short_id
from bot.state import StoredResults
from bot.terms import Noun

MOST_IMAGES = 2  # that are named
LONGEST_NAME = 40  # characters of who started it
_COMMIT_PAGE = re.compile(r"(https://[^?#]{1,300}/)commit/[0-9A-Fa-f]{7,64}/?")
_COMMIT = re.compile(r"[0-9A-Fa-f]{7,64}")


def line(found: RunAnalysis) -> Line:
    """Tell all of it."""
    run = found.run
    code = run.code or Code(commit=run.commit or "")
    return joined((
        _change(code), _branch(code, run), _images(code), started(run), _baseline(found, code), name(found),
    ))  # fmt: skip


def name(found: RunAnalysis) -> Line:
    """Name the run by its id."""
    what = RESULT.one if found.run.single else found.terms.run.one
    return (f"{what} ", Untrusted(short_id(found.run.ref.run_id), code=True))


def started(run: Run) -> Line:
    """Say who started a run."""
    return ("started by ", Untrusted(shorten(run.creator, LONGEST_NAME))) if run.creator else ()


def _change(code: Code) -> Line:
    """Name the commit, its author and its pull request, each with the way to it where that is known."""
    commit: Line = (
        ("commit ", *_linked(code.commit[: runs.SHORT_COMMIT], code.commit_page)) if code.commit else ()
    )
    author: Line = ("by ", Untrusted(code.author)) if code.author else ()
    pull: Line = _linked(f"#{code.pull}", code.pull_page) if code.pull else ()
    title: Line = (Untrusted(code.pull_title),) if code.pull_title else ()
    return joined((joined((commit, author), " "), joined((pull, title), " ")), ", ")


def _linked(text: str, page: str | None) -> Line:
    """Show a word of few letters and digits, as a link where its page is known."""
    return (Link(text, page),) if page else (Untrusted(text, code=True),)


def _branch(code: Code, run: Run) -> Line:
    """Name the branch, unless the title does."""
    return ("branch ", Untrusted(code.branch)) if code.branch not in {"", run.source} else ()


def _images(code: Code) -> Line:
    there = code.images
    named: list[Span] = []
    for image in there[:MOST_IMAGES]:
        named += [", " if named else "", Untrusted(image, code=True)]
    more = f" and {len(there) - MOST_IMAGES:,} more" if len(there) > MOST_IMAGES else ""
    return (f"{number_of(len(there), Noun('image', 'images'))} ", *named, more) if there else ()


def _baseline(found: RunAnalysis, code: Code) -> Line:
    """Name the run that this one was compared with, and what was changed since."""
    if found.diff is None:
        return ()
    before = found.diff.baseline
    if isinstance(before, Gap):
        return (f"compared with nothing: {comparing.why(before, found.terms)}",)
    created = found.run.created_at
    age = f", {duration(created - before.created_at)} before" if created and before.created_at else ""
    return ("against ", Untrusted(short_id(before.ref.run_id), code=True), age, *_between(before, code))


def _between(before: StoredResults, code: Code) -> Line:
    """Say what lies between the two: the same commit, or the way to the commits between; no host is asked how many."""
    old, new = before.commit, code.commit
    if not old or not new:
        return ()
    if old == new:
        return (" (same commit)",)
    page = _COMMIT_PAGE.fullmatch(code.commit_page or "")
    pair = f"{old[: runs.SHORT_COMMIT]}…{new[: runs.SHORT_COMMIT]}"
    if page is None or not _COMMIT.fullmatch(old) or not _COMMIT.fullmatch(new):
        return (" (commits ", Untrusted(pair, code=True), ")")
    return (" (", Link("commits between", f"{page[1]}compare/{old}...{new}"), ")")
