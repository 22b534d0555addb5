"""What the model behind a platform says: an opinion made of output that anybody may have written, shown as such."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.cards import Button, Card, Context, Fact, Line, Reply, Untrusted
from bot.errors import UserError
from bot.model import Run, RunRef
from bot.platform import Platform
from bot.replies import ways
from bot.replies.wording import run_name, sentence
from bot.terms import Terms
from bot.triage import Budget, Diagnosis, ModelAnswer

LONGEST = 2400  # characters of an answer that a card shows
_PARAGRAPHS = 20
_SOURCES = 8
_LONGEST_SOURCE = 60

WHERE_IT_GOES = "It is sent to the platform's model."
what_to_ask = partial(UserError, "A question is missing.", "Write it behind “ask”, in your own words.")


def thinking(terms: Terms) -> str:
    """Report that the model was asked."""
    return f"asking {terms.platform}'s model"


def answered(answer: ModelAnswer, about: Context, platform: Platform) -> Reply:
    """Show what the model answers, as text from outside."""
    terms, talk = platform.terms, answer.conversation
    body = _paragraphs(answer.text)
    sources = [source[:_LONGEST_SOURCE] for source in answer.sources[:_SOURCES]]
    looked = (Fact("It looked at", (Untrusted(", ".join(sources)),)),) if sources else ()
    said: Line = (f"{terms.platform}'s model answers: ", *(body[0] if body else ("nothing.",)))
    card = Card(
        title=(f"{terms.platform}'s model says",),
        text=said,
        body=body or (("It answered nothing.",),),
        facts=looked,
        footer=(
            f"A model's answer, not from {terms.platform}'s records. It can be wrong. “ask” in this thread goes on; what you write goes to that model.",
        ),
        context=replace(about, conversation=f"{platform.connection}/{talk}" if talk else None),
    )
    return Reply(card=card)


def diagnosed(diagnosis: Diagnosis, run: Run, platform: Platform) -> Reply:
    """Show the model's opinion of why a run failed."""
    terms = platform.terms
    name = run_name(run)
    cause = _paragraphs(diagnosis.cause) or (("It names no cause.",),)
    facts = (
        ("Confidence", (f"{diagnosis.confidence * 100:.0f} %",) if diagnosis.confidence is not None else ()),
        ("Suggested fix", tuple(span for line in _paragraphs(diagnosis.fix) for span in (*line, " "))[:-1]),
        (
            f"{terms.check.titles} it concerns",
            (f"{diagnosis.affected:,}",) if diagnosis.affected is not None else (),
        ),
        ("Tokens", _budget(diagnosis.budget)),
    )
    going_on = (
        " Use “ask …” in this thread to go on; what you write goes to that model." if platform.asks else ""
    )
    card = Card(
        title=(f"What {terms.platform}'s model makes of ", *name),
        text=sentence(
            f"{terms.platform}'s model thinks that ", *name, " failed because of this: ", *cause[0]
        ),
        body=cause,
        facts=tuple(Fact(label, value) for label, value in facts if value),
        buttons=_after_diagnosis(run.ref, platform),
        footer=(f"An opinion of the model behind {terms.platform}. It can be wrong.{going_on}",),
        context=Context(run=run.ref),
    )
    return Reply(card=card)


def _after_diagnosis(run: RunRef, platform: Platform) -> tuple[Button, ...]:
    return (*ways.log(run, platform), *ways.rerun_failed(run, platform))


def _budget(budget: Budget | None) -> Line:
    return (f"{budget.percent_used:.0f} % of this period's used",) if budget else ()


def _paragraphs(text: str) -> tuple[Line, ...]:
    """Return the lines of a text, the first ones of a long one, and say how much is left out."""
    shown = text.strip()[:LONGEST]
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    left = len(text.strip()) - len(shown)
    more: tuple[Line, ...] = ()
    if len(lines) > _PARAGRAPHS or left:
        more = (("The rest is left out.",),)
    return (*((Untrusted(line),) for line in lines[:_PARAGRAPHS]), *more)
