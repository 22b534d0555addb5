"""What cards say of a property that somebody owns, snoozed, or said to be known or no bug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bot.analysis import RunAnalysis
from bot.cards import Line, Link, Untrusted, joined
from bot.cleaning import shorten
from bot.marks import Mark
from bot.ratio import Ratio
from bot.replies.wording import check_name, clock_time, count, number_of
from bot.state import PropertyState, Reopened, Why, Word
from bot.terms import Terms

NAMED = 5  # properties of which a post says in a sentence what is said of them
LONGEST_LABEL = 40  # characters of a link without a ticket's id
REOPENED = "reopened"
_TICKET = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,20}-[0-9]{1,9}", re.ASCII)
_SHARE: Mapping[str, str] = {
    Ratio.RARE: "it now fails seldom",
    Ratio.HALF: "it now fails in about half of what is checked",
    Ratio.MOST: "it now fails in most of what is checked",
    Ratio.ALL: "it now never holds",
}


def said(mark: Mark | None, terms: Terms, *, of_kind: str = "", zone: str = "UTC") -> Line:
    """Say all that is said of a property: "known JIRA-12, owned by Ann"; empty where nothing is.

    `of_kind`: what stands before it already, which is not repeated. `zone`: by whose clocks times are said.
    """
    if mark is None:
        return ()
    word = (
        reopened(mark.state, terms, of_kind)
        if mark.state.reopened
        else _word(mark.state, terms, of_kind, zone)
    )
    return joined((word, _owner(mark)), ", ")


def _word(state: PropertyState, terms: Terms, of_kind: str, zone: str) -> Line:
    """Say the word with what belongs to it."""
    if state.word is None:
        return ()
    word = "" if state.word.value == of_kind else state.word.value
    first = joined(((word,), (_snoozed(state, terms, zone),)), " ")
    linked = ticket(state.ticket)
    if linked and any(first) and state.word is not Word.KNOWN:  # there the ticket is what it is known as
        linked = ("(", *linked, ")")
    return joined((first, linked), " ")


def _snoozed(state: PropertyState, terms: Terms, zone: str) -> str:
    if state.word is not Word.SNOOZED:
        return ""
    if state.until is not None:
        return f"until {clock_time(state.until, zone, besides=state.said_at)}"
    return f"for {number_of(state.runs, terms.run)}" if state.runs else ""


def _owner(mark: Mark) -> Line:
    if not mark.state.owner:
        return ()
    return ("owned by ", Untrusted(mark.owner)) if mark.owner else ("owned",)


def ticket(text: str) -> Line:
    """Show a ticket: a link by the id of the ticket that it leads to, where one is in it."""
    if not text.startswith("https://"):
        return (Untrusted(text),) if text else ()
    last = urlsplit(text).path.rstrip("/").rpartition("/")[2]
    return (
        Link(
            last if _TICKET.fullmatch(last) else shorten(text.removeprefix("https://"), LONGEST_LABEL), text
        ),
    )


def reopened(state: PropertyState, terms: Terms, of_kind: str = "") -> Line:
    """Say why a property was reopened, and what had been said of it; `of_kind` as in `said`."""
    if state.reopened is None:
        return ()
    was: Line = (state.word.value if state.word else "", *((" ", *t) if (t := ticket(state.ticket)) else ()))
    first = () if of_kind == REOPENED else (f"{REOPENED}: ",)
    return (*first, *why(state, state.reopened, terms), " (it was ", *was, ")")


def why(state: PropertyState, change: Reopened, terms: Terms) -> Line:
    """Say what changed, as a clause."""
    if change.why is Why.PLACE:
        return ("it now fails at ", Untrusted(change.now, code=True))
    if change.why is Why.RATIO:
        return (_SHARE.get(change.now, "another share of it fails now"),)
    if change.why in {Why.PASSED, Why.QUIET}:
        quiet = "passed" if change.why is Why.PASSED else "did not fail"
        return (f"it {quiet} in {change.now} {terms.run.many} in a row and fails again",)
    if change.why is Why.SNOOZED_UNTIL:
        return (f"its snooze ended{f' on {clock_time(state.until)}' if state.until else ''}",)
    return (f"its snooze of {count(state.runs or 0, terms.run.one, terms.run.many)} is over",)


def sentences(found: RunAnalysis) -> Line:
    """Say in sentences what is said of what fails in a run, what was reopened first."""
    return joined([*_sentences(found)][:NAMED], " ")


def behind(found: RunAnalysis) -> Line:
    """Return the same to stand behind other sentences; empty where nothing is said of what fails."""
    told = sentences(found)
    return (" ", *told) if told else ()


def _sentences(found: RunAnalysis) -> Iterator[Line]:
    names = dict.fromkeys(check.name for check in found.failing if check.name in found.marks)
    for name in sorted(names, key=lambda name: name not in found.reopened):
        yield ("“", check_name(name), "”: ", *said(found.marks[name], found.terms), ".")


def kind(mark: Mark | None) -> str:
    """Say in a word what a property is that fails and is no news; "" where it is news."""
    return mark.state.word.value if mark is not None and mark.state.silent and mark.state.word else ""
