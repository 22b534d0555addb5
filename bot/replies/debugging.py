"""What the bot says of multiverse debugging sessions, from the question to the end of the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.cards import Button, Card, Command, Context, Fact, Line, Progress, Reply, Tone, Untrusted
from bot.errors import UserError
from bot.model import DebugRequest, Run, RunRef, RunStatus
from bot.replies import at_moment, confirming
from bot.replies.launching import addresses
from bot.replies.wording import ago, check_name, duration, sentence, virtual
from bot.sessions import LASTS, Session
from bot.state import Intent, IntentState

MAIL = timedelta(minutes=10)  # how long its link takes to come
COST = "one debugging session, open for up to 6 hours"
SESSION, DIAGNOSIS, AGENT = "debugging session at a moment", "the model's diagnosis", "an agent at work"


placeholder = partial(
    UserError,
    "The moment 0/0 stands for “no moment”, so there is nothing to open a debugging session at.",
    "Choose a failing property that has a moment; “failing” lists them.",
)


def ways(offered: Sequence[str]) -> str:
    """Say what there is to debug with."""
    return offered[0] if len(offered) == 1 else f"{', '.join(offered[:-1])} or {offered[-1]}, by platform"


def confirmation(intent: Intent, request: DebugRequest, *, alone: bool, warnings: tuple[Line, ...]) -> Reply:
    """Show what would be asked for, exactly, and what it costs. `alone`: nobody else reads it."""
    named = _named(request)
    what: Line = ("Open a debugging session", *((" for ", *named) if named else ()))
    asked: Line = (*what, " at virtual time ", Untrusted(virtual(request.moment)),
                   "? Nothing has been started yet.")  # fmt: skip
    said = (mail(request, alone=alone), *(() if request.recipients else (_NO_ADDRESS,)))
    card = Card(
        title=(*what, "?"),
        text=(*asked, *(span for line in said for span in (" ", *line))),
        tone=Tone.WARNING if warnings else Tone.NEUTRAL,
        body=(*warnings, *said),
        facts=(*_facts(request), Fact("Cost", (COST,))),
        buttons=confirming.buttons(intent, "Open session"),
        footer=(confirming.MINE_ONLY,),
    )
    return Reply(card=card, data=intent)


def about(reply: Reply, context: Context) -> Reply:
    """Let the thread of an answer know the run, the property and the moment that it is about."""
    return replace(reply, card=replace(reply.card, context=context))


def mail(request: DebugRequest, *, alone: bool) -> Line:
    """Say where the link goes: it comes by mail only, no interface gives it."""
    if request.recipients:
        return ("The link comes by e-mail to ", Untrusted(addresses(request.recipients, alone=alone)), ".")
    return ("The link comes by e-mail to the connection's default users.",)


_NO_ADDRESS: Line = (
    "Clew does not know your address. If recipient_domains is set, recipients=ADDRESS sends you the link.",
)


def joined(session: Session) -> Reply:
    """Tell a second person of the session that is there already; this card follows it too."""
    shown = of_session(session)
    asked = ago(session.intent.posted_at, session.now)
    note: Line = ((f"A session at this moment was already requested{asked and ' '}{asked}, so no second one was opened. "
                  "Its link was e-mailed to the recipients named then. Use “debug again=yes” to open your own."),)  # fmt: skip
    card = replace(shown, text=(*note, " ", *shown.text), body=(note, *shown.body))
    return Reply(
        card=card, live=None if session.over else session.intent.id, as_live=shown, data=session.intent
    )


def of_session(session: Session) -> Card:
    """Say how a session stands."""
    match session.intent.state:
        case IntentState.REJECTED:
            return _rejected(session)
        case IntentState.UNKNOWN:
            return _unknown(session)
        case IntentState.ACCEPTED:
            return _open(session)
        case _:
            said = ("The debugging session was requested; the platform has not answered yet.",)
            return _card(session, "Requesting a debugging session", said, Tone.RUNNING)


def _open(session: Session) -> Card:
    if session.run is not None and session.run.status.terminal:
        return _ended(session, session.run)
    if session.over:
        said = "This debugging session's six hours are over. Use “debug again=yes” to open another one."
        return _card(session, "The debugging session has expired", (said,), Tone.NEUTRAL)
    link = mail(session.intent.request_as(DebugRequest), alone=False)
    if session.ready:
        until = f", until {session.ends:%H:%M} UTC" if session.ends else ""
        up: Line = ("The debugging session is up. ", *link, f" It lasts 6 hours{until}.")
        tone = Tone.WARNING if session.ending else Tone.GOOD
        return replace(_card(session, "The debugging session is ready", up, tone), progress=_left(session))
    asked = session.intent.posted_at
    if session.run is None and asked is not None and session.now - asked > MAIL:
        unseen: Line = (("The platform took the request and does not show the session, so it is not known whether "
                        "it is up. "), *link)  # fmt: skip
        return _card(session, "Debugging session requested", unseen, Tone.RUNNING)
    preparing: Line = ("The debugging session was requested and is being prepared. ", *link,
                       " That takes about 5 to 10 minutes.")  # fmt: skip
    return _card(session, "Debugging session requested", preparing, Tone.RUNNING)


def _left(session: Session) -> Progress | None:
    """Count down what is left of the six hours."""
    if session.left is None:
        return None
    return Progress(fraction=1 - session.left / LASTS, text=f"up to {duration(session.left)} left")


def ending(session: Session) -> Card | None:
    """Warn that a session ends soon; None where it does not, or where nobody knows when."""
    if not session.ending or session.ends is None:
        return None
    at = f"{session.ends:%H:%M} UTC"
    said: Line = ((f"This debugging session's six hours, counted from its start, are over at {at}. "
                  "Save what you want to keep. Use “debug again=yes” to open another one."),)  # fmt: skip
    return _card(session, f"The debugging session ends at {at}", said, Tone.WARNING)


def _ended(session: Session, run: Run) -> Card:
    if run.status is RunStatus.INCOMPLETE:
        said: Line = ("The debugging session failed: the platform reports it as incomplete.",)
        return _card(session, "The debugging session failed", said, Tone.BAD)
    said = sentence("The debugging session has ended: the platform reports ", Untrusted(run.status_text))
    return _card(session, "The debugging session has ended", said, Tone.NEUTRAL)


def _rejected(session: Session) -> Card:
    why: Line = sentence(" It said: ", Untrusted(session.intent.reason)) if session.intent.reason else ()
    said: Line = ("The platform refused to open the debugging session. Nothing was started.", *why)
    return _card(session, "No debugging session was opened", said, Tone.BAD)


def _unknown(session: Session) -> Card:
    said: Line = (("The debugging session was requested, but no answer came. It may have been opened anyway: "
                  "then an e-mail arrives within "), f"{MAIL.seconds // 60} minutes, with “",
                  Untrusted(session.intent.request_as(DebugRequest).description), ("” in it. Clew does not retry by itself. "
                  "If no e-mail arrives, use “debug again=yes”."))  # fmt: skip
    return _card(session, "Debugging session unconfirmed", said, Tone.WARNING)


def _card(session: Session, title: str, said: Line, tone: Tone) -> Card:
    request = session.intent.request_as(DebugRequest)
    run = RunRef(session.intent.connection, request.run_id) if request.run_id else None
    about = Context(run=run, property_name=request.property_name, moment=request.moment)
    named = _named(request)
    return Card(
        title=(title, *((": ", *named) if named else ())),
        text=(*named, ": ", *said) if named else said,
        tone=tone,
        body=(said,),
        facts=_facts(request),
        buttons=(
            Button(label="Logs", command=at_moment.command("logs", about)),
            Button(label="Failing", command=Command.of_run("failing", run)),
        )
        if run
        else (),
        footer=confirming.correlation(session.intent),
        context=None if session.intent.thread else about,
    )


def _named(request: DebugRequest) -> Line:
    """Name what failed at the moment; empty where nobody said it."""
    return ("“", check_name(request.property_name), "”") if request.property_name else ()


def _facts(request: DebugRequest) -> tuple[Fact, ...]:
    where = ("Run", request.run_id) if request.run_id else ("Session", request.session_id or "")
    facts = (
        Fact(where[0], (Untrusted(where[1], code=True),)),
        Fact("Input hash", (Untrusted(request.moment.input_hash, code=True),)),
        Fact("Virtual time", (Untrusted(request.moment.vtime, code=True),)),
    )
    return (*facts, Fact("Description", (Untrusted(request.description),))) if request.description else facts
