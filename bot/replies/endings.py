"""Ends of runs in a list: what ended in one look, while a channel was quiet, or while it could not be reached.

Each run stands there with its verdict, what newly fails by name, and the ways to all that a post of its own says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.analysis import RunAnalysis
from bot.cards import Button, Card, Command, Context, Item, Line, Tone, Untrusted, joined, plain
from bot.cleaning import shorten
from bot.model import RunRef, RunStatus, VerdictKind
from bot.replies import causes, muting, runs, story, watching
from bot.replies.wording import check_names, count, listed, short_id
from bot.state import Ending, Mute, Outcome, StoredResults, Subscription, TrackedRun
from bot.terms import Terms
from bot.verdict import judge_stored

LISTED = 20  # runs that a list shows itself
SHORT = 5  # runs for which every chat has room; for more there is a way to any of them
KEPT = 50  # names of one kind that are kept of a run
NAMED = 5  # of them that an entry names
LONGEST_WHY = 400  # characters of why a run did not get through
LONGEST_NAME = 90  # characters of launcher and source together
SPOKEN = 5  # runs that the sentence names

RECENT = Button(label="Recent runs", command=Command("status", {"count": "30"}))

TermsOf = Callable[[str], Terms]
"""The nouns of a connection, by its name."""

_COUNTED = (
    VerdictKind.FAILED,
    VerdictKind.INCOMPLETE,
    VerdictKind.ENVIRONMENT,
    VerdictKind.CANCELLED,
    VerdictKind.PASSED,
)
_WORST = (Tone.BAD, Tone.WARNING, Tone.NEUTRAL, Tone.GOOD)


def ending(found: RunAnalysis, outcomes: frozenset[Outcome]) -> Ending:
    """Return how a run ended, in short."""
    diff, run = found.diff, found.run
    known = (*diff.newly_failing, *diff.counts_again) if diff else ()
    others = (*diff.fails_again, *diff.not_compared, *diff.untrusted) if diff else ()
    new = [*(name for name in known if name not in found.silent), *sorted(found.reopened.difference(known))]
    unsure = [name for name in others if name not in found.silent | found.reopened]
    return Ending(
        run=run.ref,
        verdict=found.verdict.kind,
        tone=runs.tone(found.verdict),
        outcome=story.outcome(found),
        launcher=run.launcher,
        source=run.source or "",
        outcomes=outcomes,
        new=tuple(new[:KEPT]),
        new_count=len(new),
        unsure=tuple(unsure[:KEPT]),
        unsure_count=len(unsure),
        failing=len(found.failing),
        report=run.report_url is not None,
        because=_because(found),
    )


def _because(found: RunAnalysis) -> str:
    """Say why a run did not get through; a list is not edited, so that nothing is promised."""
    if found.cause is not None and found.cause.awaited:
        found = replace(found, cause=replace(found.cause, awaited=False))
    return shorten(plain(causes.details(found)), LONGEST_WHY)


def on_record(ref: RunRef, run: TrackedRun | None, results: StoredResults | None, terms: Terms) -> Ending:
    """Return how a run ended, by what is kept of it; of a message of an earlier version nothing more is known."""
    known = run is not None and not (run.status is RunStatus.COMPLETED and results is None)
    launcher = results.launcher if results is not None else ""
    if run is None or not known:
        kind, tone, words = VerdictKind.UNKNOWN, Tone.WARNING, "ended"
    else:
        verdict = judge_stored(run.status, results)
        kind, tone, words = verdict.kind, runs.tone(verdict), runs.verdict_words(verdict, terms)
    failing = len(results.failing) if results is not None else 0
    return Ending(run=ref, verdict=kind, tone=tone, outcome=f" {words}", launcher=launcher, failing=failing)


def missed(endings: Sequence[Ending]) -> Card:
    """Sum up the runs that a channel was not notified of while it could not be reached, the newest first."""
    said = (
        "Clew could not post to this channel for a while. "
        f"Meanwhile {count(len(endings), 'watched run')} ended: {counted(endings)}."
    )
    return _listed(
        f"{count(len(endings), 'run')} ended while this channel could not be reached", (said,), endings
    )


def many(endings: Sequence[Ending]) -> Card:
    """Sum up the runs that are too many to be announced one by one, the newest first."""
    ended = count(len(endings), "run")
    said = f"{ended} ended: {counted(endings)}. That is too many for separate messages, so this is a summary."
    return _listed(f"{ended} ended", (said,), endings)


def together(
    endings: Sequence[Ending],
    *,
    held: bool = False,
    over: Sequence[Mute] = (),
    later: bool = False,
    narrow: Subscription | None = None,
) -> Card:
    """Announce several ends in one message, the newest first; `held`: while the channel was quiet.

    `over`: the mutes that end with it; `later`: some of what these held back is held on. `narrow`: the subscription that can be narrowed to changes by a click.
    """
    ends = joined([muting.is_over(mute) for mute in over], " ")
    if not endings:
        rest = (
            "What ended meanwhile is told later." if later else "No run that was held back ended meanwhile."
        )
        said = joined((ends, (rest,)), " ")
        return Card(title=("Notifying again",), text=said, body=(said,))
    while_quiet = " while this channel was quiet" if held else ""
    number = count(len(endings), "run")
    title = f"{number} ended{while_quiet}: {counted(endings)}"
    first = joined((ends, (f"{title}.",)), " ")
    buttons = (watching.only_changes(narrow),) if narrow is not None else ()
    card = _listed(title, first, endings, body=(ends,) if ends else (), buttons=buttons)
    named = [spoken(each) for each in sorted(endings, key=urgency)[:SPOKEN]]
    return replace(card, text=joined((first, *named), " "))


def counted(endings: Sequence[Ending]) -> str:
    """Say how all of them ended, the bad ends first; what is not known of a run counts as neither good nor bad."""
    kinds = Counter(each.verdict for each in endings)
    parts = [f"{kinds[kind]:,} {runs.WORDS[kind]}" for kind in _COUNTED if kinds[kind]]
    unknown = len(endings) - sum(kinds[kind] for kind in _COUNTED)
    return listed([*parts, f"{unknown:,} of unknown result"] if unknown else parts)


def _listed(
    title: str,
    said: Line,
    endings: Sequence[Ending],
    *,
    body: Sequence[Line] | None = None,
    buttons: Sequence[Button] = (),
) -> Card:
    """List ends, what needs somebody first."""
    ordered = sorted(endings, key=urgency)
    items = tuple(entry(number, each) for number, each in enumerate(ordered[:LISTED], 1))
    left_out = ordered[LISTED:]
    others: tuple[Line, ...] = ()
    if left_out:
        way = (
            "To see any other run, use ",
            Untrusted("status ID", code=True),
            " with the id that the platform lists.",
        )
        others = (*new_in(left_out), way)
    if len(ordered) > SHORT:
        buttons = (RECENT, *buttons)
    return Card(
        title=(title,),
        text=said,
        tone=min((each.tone for each in endings), key=_WORST.index),
        body=(*((said,) if body is None else body), *others),
        items=items,
        items_left_out=len(left_out),
        rest=()
        if left_out
        else (*(RECENT for _ in items), None),  # of a chat that has no room for all of them
        buttons=tuple(buttons),
        mentions=tuple(dict.fromkeys(mention for each in endings for mention in each.mentions)),
    )


def urgency(each: Ending) -> tuple[bool, int]:
    """Order ends: new failures, what did not get through, other failures, what is not known, and what passed."""
    kinds = (VerdictKind.INCOMPLETE, VerdictKind.ENVIRONMENT, VerdictKind.FAILED, VerdictKind.NO_RESULTS)
    last = (VerdictKind.CANCELLED, VerdictKind.PASSED)
    order = (*kinds, *(kind for kind in VerdictKind if kind not in {*kinds, *last}), *last)
    return (not each.new, order.index(each.verdict))


def new_in(endings: Sequence[Ending]) -> tuple[Line, ...]:
    """Name what newly fails in runs that have no entry."""
    names = Counter(name for each in endings for name in each.new)
    return (("New in the others: ", *_names([*names], len(names)), "."),) if names else ()


def _name(each: Ending) -> Line:
    """Name what ran and on what, shortened so that both stay in sight."""
    launcher = each.launcher or "Run"
    if not each.source:
        return (Untrusted(shorten(launcher, LONGEST_NAME)),)
    source = shorten(each.source, max(LONGEST_NAME // 3, LONGEST_NAME - len(launcher)))
    return (Untrusted(shorten(launcher, LONGEST_NAME - len(source))), " on ", Untrusted(source))


def entry(number: int, each: Ending, kind: str = "") -> Item:
    """Show how a run ended as an entry of a list, with the ways to what its own post says; `kind`: a word for why it stands there."""
    ref = each.run
    buttons = [Button(label="Details", entry=number, command=Command.of_run("status", ref))]
    if each.failing:
        buttons.append(Button(label="Failing", entry=number, command=Command.of_run("failing", ref)))
    if each.report:
        report = Command.of_run("report", ref)
        buttons.append(Button(label="Open report", entry=number, command=report, report=ref))
    return Item(
        mark=f"{number} {kind}".strip(),
        title=(*_name(each), each.outcome, " · ", Untrusted(short_id(ref.run_id), code=True)),
        lines=tuple(line for line in _named(each) if line),
        buttons=tuple(buttons),
        context=Context(run=ref),
    )


def _named(each: Ending) -> tuple[Line, ...]:
    new: Line = ("New: ", *_names(each.new, each.new_count)) if each.new else ()
    unsure: Line = (
        ("Failing, not known whether new: ", *_names(each.unsure, each.unsure_count)) if each.unsure else ()
    )
    because: Line = (Untrusted(each.because),) if each.because else ()
    return (new, unsure, because)


def _names(names: Sequence[str], number: int) -> Line:
    more = number - min(len(names), NAMED)
    return (*check_names(names[:NAMED], NAMED), f" and {more:,} more" if more else "")


def spoken(each: Ending) -> Line:
    """Tell an end in a sentence."""
    named = joined(_named(each), "; ")
    return (*_name(each), each.outcome, *((" (", *named, ")") if named else ()), ".")
