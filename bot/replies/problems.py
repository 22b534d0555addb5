"""What the bot says when something is wrong: what, where, and how to fix it; never a stack trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import errors
from bot.cards import Button, Card, Line, Reply, Tone, Untrusted
from bot.replies.wording import sentence, stopped

HINTS: dict[type[errors.ClewError], str] = {
    errors.Unreachable: "Try again in a moment. `clew doctor` shows whether the platform can be reached.",
    errors.AccessRefused: "Ask whoever runs Clew to check the API key; `clew doctor` tests it.",
    errors.RateLimited: "Wait a moment and ask again.",
    errors.NotFound: "Check the id; “status” shows recent runs.",
    errors.NotAvailable: "",
    errors.Rejected: "",
    errors.ServiceFailed: "Nothing was changed here. Try again in a moment.",
    errors.UnexpectedAnswer: "A proxy or login page may be in between; `clew doctor` shows more.",
    errors.StoreError: "Nothing was left half done. Ask whoever runs Clew to check its database.",
}
FAULT = "Clew hit an internal error. It has been logged."
NO_FORM, NO_FORM_HINT = "There is no form for that.", "Use the /clew command instead."
STALE_MOMENT = "The platform recomputes moments, so they can go stale; “failing” shows fresh ones."


def mistake(error: errors.UserError, offers: tuple[Button, ...] = ()) -> Reply:
    """Answer something that the person can fix; `offers`: what may have been meant."""
    reply = _problem(error.problem, error.hint, fault=False, error=error)
    return replace(reply, card=replace(reply.card, buttons=offers)) if offers else reply


def failure(error: errors.ClewError) -> Reply:
    """Answer a failure of a platform or of the database, with what to do about it."""
    hint = next((HINTS[kind] for kind in type(error).__mro__ if kind in HINTS), "")
    if isinstance(error, errors.NotFound) and error.what == "moment":
        hint = STALE_MOMENT
    detail = error.detail if isinstance(error, errors.ServiceError) else ""
    person = isinstance(error, errors.NotFound | errors.NotAvailable | errors.Rejected)
    return _problem(str(error), hint, detail=detail, fault=not person, error=error)


def unexpected() -> Reply:
    """Answer what should not have happened; the log has the rest."""
    return _problem(
        "Clew hit an internal error.", "It has been logged. It did not launch anything.", fault=True
    )


def denied(reason: str, rule: str = "", whom_to_ask: str = "") -> Reply:
    """Answer somebody who may not do that; `rule` as in the audit trail."""
    reply = _problem(reason, whom_to_ask, fault=False, title="Not allowed")
    footer: Line = ("Rule ", Untrusted(rule, code=True)) if rule else ()
    return replace(reply, card=replace(reply.card, footer=footer))


def rights_not_known(chat: str) -> str:
    """Say that a chat does not tell what somebody may do, so that nothing is done."""
    return f"{chat} could not confirm your permissions, so nothing was done. Try again in a minute."


REMOVED = "A secret was removed from your message. If it is real, replace it: the chat still shows it."


def secret_removed(reply: Reply) -> Reply:
    """Say beside an answer that a secret was taken out of what was asked."""
    card = reply.card
    return replace(reply, card=replace(card, text=(*card.text, " ", REMOVED), body=((REMOVED,), *card.body)))


def _problem(
    problem: str,
    hint: str,
    *,
    fault: bool,
    detail: str = "",
    title: str = "",
    error: errors.ClewError | None = None,
) -> Reply:
    what: Line = (Untrusted(stopped(problem)),)
    how: Line = (Untrusted(hint),) if hint else ()  # it may end in an example to be copied
    said: Line = (*what, " ", *how) if how else what
    body: tuple[Line, ...] = (what,)
    if detail and detail not in problem:
        body += (sentence("The platform says: ", Untrusted(detail)),)
    if how:
        body += (how,)
    card = Card(
        title=(title or ("Something went wrong" if fault else "That did not work"),),
        text=said,
        tone=Tone.BAD if fault else Tone.WARNING,
        body=body,
    )
    return Reply(card=card, private=True, failed=True, fault=fault, error=error)


def remarked(reply: Reply, remarks: Sequence[Line]) -> Reply:
    """Say beside an answer what is to be known of it: a connection that did not answer, say."""
    if not remarks:
        return reply
    card, told = reply.card, tuple(dict.fromkeys(remarks))
    text = (*card.text, *(span for remark in told for span in (" ", *remark)))
    return replace(reply, card=replace(card, text=text, body=(*card.body, *told)))
