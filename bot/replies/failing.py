"""What the bot says of failing properties."""

from __future__ import annotations

from collections.abc import Sequence

from bot import alike
from bot.alike import place_of
from bot.analysis import RunAnalysis
from bot.cards import (
    Card,
    Command,
    Context,
    Excerpt,
    Fact,
    Item,
    Line,
    Pages,
    Reply,
    Span,
    Tone,
    Untrusted,
)
from bot.chain import Gap
from bot.model import Check, Example, VerdictKind
from bot.platform import has_moments
from bot.replies import at_moment, causes, marks, ratio, ways
from bot.replies.comparing import in_a_row
from bot.replies.data import CheckFound
from bot.replies.pasting import copyable
from bot.replies.runs import (
    WORDS,
    advisories,
    at_odds,
    caveats,
    excused,
    noted,
    novelty,
    of_checks,
    partly,
    suspicion,
    tone,
    ways_beside_failing,
    ways_on,
)
from bot.replies.wording import (
    check_name,
    check_names,
    count,
    from_on,
    listed,
    number_of,
    run_name,
    run_title,
    short_id,
    titled,
    took,
    virtual,
)
from bot.terms import Terms
from bot.triage import PastResult, ReportedCheck

LISTED = 10
TOLD = 3  # names in the sentence
LONGEST_EXAMPLE = 300
MOST_EXCUSED = 20
NAMED_PAST = 5  # earlier runs that a sentence names


def listing(found: RunAnalysis, begin: int = 1) -> Reply:
    """List the failing properties, newly failing first, each with its moment and buttons; `begin`: the first entry shown."""
    run, failing, check = found.run, found.failing, found.terms.check
    if not failing:
        return _none(found)
    new = novelty(found.diff)
    pages = Pages.of(Command.of_run("failing", run.ref), len(failing), begin, LISTED)
    where = f"{'' if run.status.terminal else ' so far'}{from_on(begin)}"
    card = Card(
        title=(count(len(failing), f"failing {check.one}", f"failing {check.many}"), " in ", *run_name(run), where),
        text=(count(len(failing), f"{check.one} fails", f"{check.many} fail"), " in ", *run_name(run),
              f" ({new})" if new else "", where, ": ",
              *check_names([item.name for item in failing[begin - 1 :]], TOLD), ".", *marks.behind(found)),
        tone=Tone.BAD,
        body=tuple(line for line in (at_odds(found), partly(found), suspicion(found), _in_common(found), advisories(found),
                                     noted(found)) if line),
        items=(
            *(_item(n, failing[n - 1], found) for n in pages.numbers),
            *excused(found, how=bool(found.results and found.results.excused)),
        ),
        items_left_out=pages.left_out,
        pages=pages,
        buttons=ways_beside_failing(found),
        footer=("Examples are a sample; counts are totals over all histories.",) if has_moments(found.platform) else (),
        context=Context(run=run.ref),
    )  # fmt: skip
    return Reply(card=card, data=found)


def _in_common(found: RunAnalysis) -> Line:
    """Say what most of a long list of failures have in common, their place or their message; empty where that is little."""
    if found.verdict.health or len(found.failing) <= LISTED:
        return ()
    ((place, message), same) = next(iter(alike.counted(found.failing).most_common(1)), (("", ""), 0))
    if 2 * same <= len(found.failing):
        return ()
    where: Line = (
        (" are at ", Untrusted(place, code=True))
        if place
        else (" have the message “", Untrusted(message[:LONGEST_EXAMPLE]), "”")
    )
    return (f"{same:,} of {len(found.failing):,}", *where, ", so one cause is likely.")


def listing_excused(found: RunAnalysis, begin: int = 1) -> Reply:
    """List the checks that failed without counting, each with why; `begin`: the first entry shown."""
    run, terms = found.run, found.terms
    there = found.results.excused if found.results else ()
    number = count(len(there), f"{terms.excused} {terms.check.one}", f"{terms.excused} {terms.check.many}")
    does = "does" if len(there) == 1 else "do"
    again = Command.of_run("failing", run.ref, **{terms.excused: "yes"})
    pages = Pages.of(again, len(there), begin, MOST_EXCUSED)
    said: Line = (number if there else f"No {terms.excused} {terms.check.one}", " failed in ", *run_name(run),
                  f" and {does} not count." if there else ".")  # fmt: skip
    card = Card(
        title=(
            number if there else f"No {terms.excused} {terms.check.many}",
            " in ",
            *run_name(run),
            from_on(begin),
        ),
        text=said,
        items=tuple(_excused_item(there[n - 1], found) for n in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        buttons=ways_beside_failing(found),
        context=Context(run=run.ref),
    )
    return Reply(card=card, data=found)


def _excused_item(check: Check, found: RunAnalysis) -> Item:
    title, place = titled(check.name)
    message: Line = (Untrusted(check.first.text[:LONGEST_EXAMPLE]),) if check.first else ()
    why: Line = (Untrusted(check.excused or ""),)
    said = marks.said(found.marks.get(check.name), found.terms)
    return Item(title=(title,), lines=tuple(line for line in (said, place, message, why) if line))


def of_which_listed(failing: int, listed: int, terms: Terms) -> str:
    """Say that a platform counts other failures than it lists; "" where both agree."""
    if failing == listed:
        return ""
    fail = number_of(failing, terms.check) + (" fails" if failing == 1 else " fail")
    return f"{terms.platform} says that {fail}, and {listed:,} {'is' if listed == 1 else 'are'} listed."


def one(
    found: RunAnalysis,
    chosen: Check,
    past: Sequence[PastResult] = (),
    reported: ReportedCheck | None = None,
) -> Reply:
    """Show one failing property with its sample.

    `past`: what came of it before, the newest first. `reported`: what a report file of the run says of it.
    """
    number = found.failing.index(chosen) + 1
    moment = chosen.moment
    about = Context(run=found.run.ref, property_name=chosen.name, moment=moment)
    exact = copyable(moment, run_id=found.run.ref.run_id) if moment else ""
    # Those without a moment stand last: the first is the one that the buttons look at.
    earliest_first = sorted(
        chosen.counterexamples, key=lambda e: (e.moment is None, e.moment.exact if e.moment else 0)
    )
    title, place = titled(chosen.name)
    said = marks.said(found.marks.get(chosen.name), found.terms)
    facts = (
        Fact("State", (_mark(chosen, found),)),
        Fact("Marked", said),
        *_of_moments(found, chosen, exact),
        Fact("Took", (took(chosen.took),) if chosen.took is not None else ()),
        Fact(f"Last {number_of(len(past), found.terms.run)}", _before(past)),
        *of_report(reported),
        Fact("Where", (Untrusted(stands, code=True),) if (stands := place_of(chosen)) else place),
    )
    card = Card(
        title=("Failing: ", title),
        text=(f"{found.terms.check.title} “", check_name(chosen.name), "” fails in ", *run_name(found.run), f": {_mark(chosen, found)}",
              *(("; ", *said) if said else ()), "."),
        tone=Tone.BAD,
        body=((Untrusted(chosen.description),),) if chosen.description else (),
        facts=tuple(f for f in facts if f.value),
        items=tuple(_sample(e) for e in earliest_first),
        excerpt=Excerpt(lines=reported.lines, title="From the report file", left_out=reported.left_out)
        if reported and reported.lines
        else None,
        buttons=(
                *at_moment.buttons(about, found.platform, number=number),
                *ways.beside_check(about, found.platform, number=number),
                *ways.history(about, number=number),
                *ways.mark(about, number=number),
                *at_moment.further(about, found.platform, chosen),
            ),
        context=about,
    )  # fmt: skip
    return Reply(card=card, data=CheckFound(found=found, check=chosen))


def of_report(reported: ReportedCheck | None) -> tuple[Fact, ...]:
    """Return what a report file adds; a failure that the test expects is one in it all the same."""
    if reported is None:
        return ()
    expected = " (the test expects to fail)" if reported.expected else ""
    return (
        Fact("Resolution", (Untrusted(reported.resolution), expected) if reported.resolution else ()),
        Fact("Issue", (Untrusted(reported.issue),) if reported.issue else ()),
        Fact("Failure id", (Untrusted(reported.failure_id, code=True),) if reported.failure_id else ()),
    )


_FAILED_WORDS = frozenset({"failed", "failing", "error"})


def _before(past: Sequence[PastResult]) -> Line:
    """Say in which of the last runs a check failed: "failed in 1026 and 1022, passed in the other 8"."""
    by_word: dict[str, list[str]] = {}
    for result in sorted(past, key=lambda result: result.status not in _FAILED_WORDS):
        by_word.setdefault(result.status, []).append(short_id(result.run_id))
    parts: list[Span] = []
    for word, ids in by_word.items():
        rest = f"the other {len(ids)}" if word == [*by_word][-1] else f"{len(ids)}"
        where: Span = f"all {len(ids)}" if len(by_word) == 1 else rest
        if word in _FAILED_WORDS and len(ids) <= NAMED_PAST:
            where = Untrusted(listed(ids))
        parts += [", " if parts else "", Untrusted(word), " in ", where]
    return tuple(parts)


def _of_moments(found: RunAnalysis, chosen: Check, exact: str) -> tuple[Fact, ...]:
    """Return what only checks with moments have: counts over all histories, and the moment itself."""
    if not has_moments(found.platform):
        return ()
    whole = f"none: judged on the whole {found.terms.run.one}"
    return (
        Fact("Checked", (ratio.in_words(chosen, trusted=_trusted(found)),)),
        Fact("Moment", (Untrusted(exact, code=True),) if exact else (whole,)),
    )


def _none(found: RunAnalysis) -> Reply:
    run, check = found.run, found.terms.check
    name: Line = (f"{run_title(run, found.terms)} ", *run_name(run))
    if not run.status.terminal:
        said: Line = (*name, f" has not ended yet{_so_far(found)}.")
    elif found.verdict.failing:
        fail = count(found.verdict.failing, f"{check.one} fails", f"{check.many} fail")
        said = (f"{fail} in ", *run_name(run), f"; {found.terms.platform} names none of them.")
    elif found.verdict.partial:
        said = ("Nothing is known to fail in ", *run_name(run), *_how(found))
    elif found.verdict.total:
        counts = " that counts" if found.verdict.advisory else ""
        said = (f"No {check.one}{counts} fails in ", *run_name(run), *_how(found))
    else:
        said = (*name, f" has no {check.many} to show{_why_none(found)}.")
    card = Card(
        title=(
            f"Failing {check.many} without names in "
            if found.verdict.failing
            else "Nothing known to fail in "
            if found.verdict.partial
            else "Nothing failing so far in "
            if found.verdict.total and not run.status.terminal
            else "Nothing failing in "
            if found.verdict.total
            else f"No {check.many} to show in ",
            *run_name(run),
        ),
        text=said,
        tone=tone(found.verdict),
        body=tuple(line for line in (said, at_odds(found), _cause(found), *caveats(found)) if line),
        items=excused(found, how=bool(found.results and found.results.excused)),
        excerpt=causes.evidence(found),
        buttons=ways_on(found),
        context=Context(run=run.ref),
    )
    return Reply(card=card, data=found)


def _why_none(found: RunAnalysis) -> str:
    """Say of a run without checks how it ended, where that may be why."""
    verdict = found.verdict
    if verdict.interrupted or verdict.contradicts is not None:
        return ""
    how = causes.word(found)
    return {
        VerdictKind.INCOMPLETE: f": it did not complete{f' ({how})' if how else ''}",
        VerdictKind.CANCELLED: ": it was cancelled",
    }.get(verdict.kind, "")


def _cause(found: RunAnalysis) -> Line:
    """Tell why a run broke; that it did is said already where there are no checks to show."""
    return causes.why(found) if found.verdict.total else causes.details(found)


def _so_far(found: RunAnalysis) -> str:
    """Say what is known of the checks of a run that goes on: of a record that is reported into, what is there."""
    check = found.terms.check
    if not found.platform.runs_nothing:
        return f"; its {check.many} are known when it ends"
    if not found.verdict.total:
        return f", and none of its {check.many} is known so far"
    return f"; so far {of_checks(found.verdict, found.terms)}"


def _how(found: RunAnalysis) -> Line:
    """Say what became of the checks, and of the run where they do not tell it."""
    verdict = found.verdict
    told = verdict.kind in {VerdictKind.PASSED, VerdictKind.NO_RESULTS}
    return ("" if told else f" ({WORDS[verdict.kind]})", f": {of_checks(verdict, found.terms)}.")


def _item(number: int, chosen: Check, found: RunAnalysis) -> Item:
    moment = chosen.moment
    about = Context(run=found.run.ref, property_name=chosen.name, moment=moment)
    title, file = titled(chosen.name)
    said = marks.said(found.marks.get(chosen.name), found.terms)
    lines: list[Line] = [line for line in (said, file) if line]
    if has_moments(found.platform):
        when = f"at {virtual(moment)}" if moment else f"no moment: judged on the whole {found.terms.run.one}"
        lines.append((f"{ratio.in_words(chosen, trusted=_trusted(found))} · {when}",))
    sample = chosen.first.text if chosen.first else ""
    if sample:
        lines.append((Untrusted(sample[:LONGEST_EXAMPLE]),))
    if (place := place_of(chosen)) and place not in sample:
        lines.append((Untrusted(place, code=True),))
    if chosen.took is not None:
        lines.append((f"took {took(chosen.took)}",))
    return Item(
        mark=_mark(chosen, found),
        title=(f"{number}. ", title),
        lines=tuple(lines),
        buttons=(
            *at_moment.buttons(about, found.platform, number=number),
            *ways.beside_check(about, found.platform, number=number),
            *ways.history(about, number=number, rare=True),
            *ways.mark(about, number=number, rare=True),
        ),
        context=about,
    )


def _sample(example: Example) -> Item:
    """Show one counterexample; one that has only a moment is named by it."""
    when = f"at {virtual(example.moment)}" if example.moment else ""
    if not example.text:
        return Item(mark="sample", title=(when or "without details",))
    return Item(
        mark="sample", title=(Untrusted(example.text[:LONGEST_EXAMPLE]),), lines=((when,),) if when else ()
    )


def _mark(chosen: Check, found: RunAnalysis) -> str:
    stands = _stands(chosen, found)
    return f"{marks.REOPENED}, {stands}" if chosen.name in found.reopened else stands


def _stands(chosen: Check, found: RunAnalysis) -> str:
    diff = found.diff
    if chosen.health:
        return "environment problem"
    if diff is not None and chosen.name in diff.untrusted:
        return "failing, not to be relied on"
    if diff is None or isinstance(diff.baseline, Gap):
        return "failing"
    if chosen.name in diff.counts_again:
        return f"failing, no longer {found.terms.excused}"
    if chosen.name in diff.fails_again:
        return "failing again"
    streak = dict(diff.still_failing).get(chosen.name)
    return f"still failing, {in_a_row(streak, found.terms)}" if streak else "newly failing"


def _trusted(found: RunAnalysis) -> bool:
    """Whether a share that fails can hint at a cause: a broken environment is one by itself."""
    return not found.verdict.health
