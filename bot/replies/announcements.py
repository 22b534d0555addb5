"""What channels are notified of when a run ends: the verdict, what is new, and the ways on.

Nothing here says that something was fixed: a property that does not fail any more may only not have been reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.cards import Button, Card, Command, Context, Item, Line, Tone, Untrusted
from bot.model import Run, RunRef, RunStatus, VerdictKind
from bot.replies import post, runs, watching
from bot.replies.wording import count, listed, run_name, short_id
from bot.state import StoredResults, Subscription, TrackedRun
from bot.terms import Terms
from bot.verdict import judge_stored

NAMED = 5  # newly failing properties that the sentence names itself
MISSED = 20  # runs that a summary lists itself


def ended(found: RunAnalysis, now: datetime, *, everything: Subscription | None = None) -> Card:
    """Announce that a run ended. `everything`: the subscription that can be narrowed to changes by a click."""
    card = post.card(found, now)
    if everything is None:
        return card
    return replace(card, buttons=(*card.buttons, replace(watching.only_changes(everything), rare=True)))


def results_came(found: RunAnalysis, now: datetime) -> Card:
    """Announce that the results of a run came, after it had been announced without them or with others."""
    card = ended(found, now)
    return replace(
        card,
        title=("Results available: ", *card.title),
        lead=("Results available: ", *card.lead),
        text=(f"The results of this {found.terms.run.one} are now available. ", *card.text),
    )


def corrected(found: RunAnalysis, before: RunStatus, now: datetime) -> Card:
    """Announce that a run ended otherwise than it had been announced."""
    card = ended(found, now)
    told: Line = (
        f"The platform first reported this run as {before.value} and now reports it as {found.run.status.value}.",
    )
    return replace(
        card,
        title=("Correction: ", *card.title),
        lead=("Correction: ", *card.lead),
        text=(*told, " ", *card.text),
        body=(told, *card.body),
    )


def unfollowed(run: Run, terms: Terms, *, there: bool) -> Card:
    """Say that a run is no longer followed, and the way back; `there`: the platform still has it."""
    noun, name = terms.run.one, run_name(run)
    why: Line = (
        (f"Nothing about {noun} ", *name, " has changed for 24 hours, so Clew no longer follows it. ")
        if there
        else (
            f"{terms.platform} has had no {noun} ",
            *name,
            " for 24 hours, so Clew no longer looks for it. ",
        )
    )
    back: Line = ("To follow it again, use ", Untrusted(f"status {run.ref.text}", code=True), ".")
    return Card(
        title=("No longer followed: ", *name),
        text=(*why, *back),
        tone=Tone.WARNING,
        body=(why, back),
        buttons=(Button(label="Status", command=Command.of_run("status", run.ref)),),
        context=Context(run=run.ref),
    )


EndedRun = tuple[RunRef, TrackedRun | None, StoredResults | None]
"""A run that a channel has to be notified of, and what is kept of it."""

TermsOf = Callable[[str], Terms]
"""The nouns of a connection, by its name."""


def missed(ended_runs: Sequence[EndedRun], terms: TermsOf) -> Card:
    """Sum up the runs that a channel was not notified of while it could not be reached, the newest first."""
    ended = count(len(ended_runs), "run")
    said = (
        "Clew could not post to this channel for a while. "
        f"Meanwhile {count(len(ended_runs), 'watched run')} ended: {_counted(ended_runs)}."
    )
    return _summary(f"{ended} ended while this channel could not be reached", said, ended_runs, terms)


def many(ended_runs: Sequence[EndedRun], terms: TermsOf) -> Card:
    """Sum up the runs that are too many to be announced one by one, the newest first."""
    ended = count(len(ended_runs), "run")
    said = f"{ended} ended: {_counted(ended_runs)}. That is too many for separate messages, so this is a summary."
    return _summary(f"{ended} ended", said, ended_runs, terms)


_COUNTED = (
    VerdictKind.FAILED,
    VerdictKind.INCOMPLETE,
    VerdictKind.ENVIRONMENT,
    VerdictKind.CANCELLED,
    VerdictKind.PASSED,
)


def _counted(ended_runs: Sequence[EndedRun]) -> str:
    """Say how all of them ended, the bad ends first; what is not kept of a run counts as neither good nor bad."""
    kinds = Counter(_kept(run, results) for _, run, results in ended_runs)
    parts = [f"{kinds[kind]:,} {runs.WORDS[kind]}" for kind in _COUNTED if kinds[kind]]
    unknown = len(ended_runs) - sum(kinds[kind] for kind in _COUNTED)
    return listed([*parts, f"{unknown:,} of unknown result"] if unknown else parts)


def _kept(run: TrackedRun | None, results: StoredResults | None) -> VerdictKind:
    """Return the verdict by what was kept of a run."""
    if run is None or (run.status is RunStatus.COMPLETED and results is None):
        return VerdictKind.UNKNOWN
    return judge_stored(run.status, results).kind


def _summary(title: str, said: str, ended_runs: Sequence[EndedRun], terms: TermsOf) -> Card:
    items = tuple(
        _missed(ref, results, _remembered(run, results, terms(ref.connection)))
        for ref, run, results in ended_runs[:MISSED]
    )
    left_out = len(ended_runs) - len(items)
    others = (
        "To see any other run, use ",
        Untrusted("status ID", code=True),
        " with the id that the platform lists.",
    )
    return Card(
        title=(title,),
        text=(said,),
        tone=Tone.WARNING,
        body=((said,), others) if left_out else ((said,),),
        items=items,
        items_left_out=left_out,
        buttons=(Button(label="Recent runs", command=Command("status", {"count": "30"})),)
        if left_out
        else (),
    )


def _remembered(run: TrackedRun | None, results: StoredResults | None, terms: Terms) -> str:
    if run is None or _kept(run, results) is VerdictKind.UNKNOWN:
        return "ended"
    return runs.verdict_words(judge_stored(run.status, results), terms)


def _missed(ref: RunRef, results: StoredResults | None, word: str) -> Item:
    launcher = results.launcher if results is not None and results.launcher else "Run"
    return Item(
        mark=word,
        title=(Untrusted(launcher), " ", Untrusted(short_id(ref.run_id), code=True)),
        buttons=(Button(label="Status", command=Command.of_run("status", ref)),),
        context=Context(run=ref),
    )
