"""What the bot says of confirmations, whatever they confirm: a launch or a debugging session."""

from __future__ import annotations

from bot.cards import Button, Card, Command, Line, Reply, Style, Tone, Untrusted
from bot.errors import UserError
from bot.model import RunRef
from bot.replies.wording import sentence, short_id
from bot.state import Intent, IntentKind, IntentState

MINUTES_TO_CONFIRM = 5
MINE_ONLY = f"Only the requester can use these buttons, once, within {MINUTES_TO_CONFIRM} minutes."
NOT_HERE = "This can only be confirmed or cancelled in the channel where it was requested."

NOUNS = {IntentKind.LAUNCH: "launch", IntentKind.DEBUG: "debugging session"}

HAPPENED = {
    IntentState.DRAFT: "It is still waiting for confirmation.",
    IntentState.CONFIRMED: "It has already been confirmed and is being sent.",
    IntentState.POSTING: "It has already been sent; the platform has not answered yet.",
    IntentState.ACCEPTED: "It has already been confirmed, and the platform has started it.",
    IntentState.REJECTED: "It has already been confirmed, and the platform refused it. Nothing was started.",
    IntentState.UNKNOWN: "It has already been sent. It is not known whether it was started.",
    IntentState.DECLINED: "It has already been cancelled. Nothing was started.",
    IntentState.EXPIRED: "It was not confirmed in time. Nothing was started.",
}


def buttons(intent: Intent, yes: str) -> tuple[Button, ...]:
    """Offer to go ahead or to call it off."""
    return (
        Button(label=yes, command=settle("confirm", intent), style=Style.PRIMARY),
        Button(label="Cancel", command=settle("decline", intent)),
    )


def again(intent: Intent) -> tuple[Button, ...]:
    """Offer to ask for the same once more, with a new confirmation."""
    if intent.kind is IntentKind.DEBUG:
        return ()
    return (Button(label="Launch again", command=settle("again", intent)),)


def settle(verb: str, intent: Intent) -> Command:
    """Do something with exactly this intent."""
    return Command(verb, {"request": intent.id})


def follow(intent: Intent) -> tuple[Button, ...]:
    """Offer to look at the run that it became."""
    if not intent.run_id or intent.kind is IntentKind.DEBUG:
        return ()
    return (
        Button(label="Status", command=Command.of_run("status", RunRef(intent.connection, intent.run_id))),
    )


def unknown_token(verb: str) -> UserError:
    """Answer a confirmation that nobody knows."""
    return UserError(f"There is nothing to {verb} under that token.", "Ask again, and press the new button.")


def not_yours(intent: Intent) -> str:
    """Say why somebody else may not settle it."""
    return f"Only the requester can confirm or cancel this {NOUNS[intent.kind]}."


def happened(intent: Intent) -> Reply:
    """Answer a button that was pressed before, with what came of it."""
    told: list[Line] = [(HAPPENED[intent.state],)]
    if intent.state is IntentState.ACCEPTED and intent.run_id:
        told.append(("It is run ", Untrusted(intent.run_id, code=True), "."))
    if intent.reason and intent.state is IntentState.REJECTED:
        told.append(sentence("The platform said: ", Untrusted(intent.reason)))
    card = Card(
        title=(f"This {NOUNS[intent.kind]} was already handled",),
        text=tuple(span for line in told for span in (*line, " "))[:-1],
        body=tuple(told),
        buttons=follow(intent),
    )
    return Reply(card=card, private=True)


def declined(intent: Intent) -> Reply:
    """Confirm that it was called off."""
    return _over(intent, "Cancelled", f"The {NOUNS[intent.kind]} was cancelled. Nothing was started.")


def expired(intent: Intent) -> Reply:
    """Answer a confirmation that came too late."""
    said = (
        f"This {NOUNS[intent.kind]} was not confirmed within {MINUTES_TO_CONFIRM} minutes, so nothing was started."
        " Ask again to go ahead."
    )
    return _over(intent, "Too late to confirm", said, buttons=again(intent), failed=True)


def withdrawn(intent: Intent) -> Card:
    """Announce that a confirmed intent was never sent, because Clew was stopped in between."""
    said = (
        f"The confirmed {NOUNS[intent.kind]} was not sent because Clew was interrupted first. "
        "Nothing was started. Ask again to go ahead."
    )
    return _over(intent, "Not sent", said, buttons=again(intent)).card


def no_connection(intent: Intent) -> UserError:
    """Answer an intent whose connection is gone from the settings."""
    return UserError(
        f"The connection “{intent.connection}” is no longer configured, so nothing was started.",
        "Ask again on another connection.",
    )


def correlation(intent: Intent) -> Line:
    """Name the key under which a launch or session can be found on the platform."""
    return ("Request ", Untrusted(short_id(intent.id), code=True))


def _over(
    intent: Intent, title: str, said: str, *, buttons: tuple[Button, ...] = (), failed: bool = False
) -> Reply:
    card = Card(title=(title,), text=(said,), body=((said,),), buttons=buttons, tone=Tone.NEUTRAL,
                footer=correlation(intent))  # fmt: skip
    return Reply(card=card, replace=True, failed=failed)
