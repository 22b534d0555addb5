"""What channels are notified of when a run ends: the verdict, what is new, and the ways on.

Nothing here says that something was fixed: a property that does not fail any more may only not have been reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.cards import Button, Card, Command, Context, Line, Tone, Untrusted, joined
from bot.model import Run, RunStatus
from bot.replies import muting, post, watching
from bot.replies.wording import run_name
from bot.state import Mute, Subscription
from bot.terms import Terms

NAMED = 5  # newly failing properties that the sentence names itself


def ended(found: RunAnalysis, now: datetime, *, everything: Subscription | None = None) -> Card:
    """Announce that a run ended. `everything`: the subscription that can be narrowed to changes by a click."""
    card = post.card(found, now)
    if everything is None:
        return card
    return replace(card, buttons=(*card.buttons, replace(watching.only_changes(everything), rare=True)))


def beside_mutes(card: Card, mutes: Sequence[Mute], now: datetime) -> Card:
    """Say below what is posted of what the channel is not notified for now."""
    told = [muting.until_in_short(mute, now) for mute in mutes]
    return replace(card, footer=joined((card.footer, *told))) if told else card


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
