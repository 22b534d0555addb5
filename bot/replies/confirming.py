"""What the bot says of confirmations, whatever they confirm: a launch, a rerun, a debugging session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.cards import Button, Card, Command, Line, Reply, Style, Tone, Untrusted
from bot.errors import UserError
from bot.model import LaunchRequest, RunRef
from bot.platform import Platform
from bot.publication import PublishRequest
from bot.replies.wording import ago, check_name, sentence, short_id
from bot.state import Intent, IntentKind, IntentState
from bot.triage import AgentRequest, CancelRequest, QuarantineRequest, RerunRequest

MINUTES_TO_CONFIRM = 5
MINE_ONLY = f"Only the requester can use these buttons, once, within {MINUTES_TO_CONFIRM} minutes."
NOT_HERE = "This can only be confirmed or cancelled in the channel where it was requested."


@dataclass(frozen=True, slots=True)
class Words:
    """How one kind is spoken of: its noun, what the platform did with it, what a second one would be.

    `became`: what its id is of, "" where it has none.
    """

    noun: str
    done: str = "started"
    another: str = "start another run"
    became: str = "run"

    @property
    def nothing(self) -> str:
        """Say that it did not happen."""
        return f"Nothing was {self.done}."


WORDS: Mapping[IntentKind, Words] = {
    IntentKind.LAUNCH: Words("launch"),
    IntentKind.DEBUG: Words("debugging session", another="open another session", became="session"),
    IntentKind.RERUN: Words("rerun"),
    IntentKind.CANCEL: Words("request to stop a run", "stopped", another="ask for it once more", became=""),
    IntentKind.AGENT: Words("run of an agent", another="start the agent once more", became="agent run"),
    IntentKind.QUARANTINE: Words(
        "change of the quarantine", "changed", another="change it once more", became=""
    ),
    IntentKind.PUBLISH: Words("publication", "written", another="write all of it once more", became="record"),
    IntentKind.SCHEDULE: Words("schedule", done="scheduled", another="schedule it once more", became=""),
}
_RECORD = Words("launch", another="open another record", became="record")  # where a launch runs nothing


def words_of(intent: Intent, platform: Platform) -> Words:
    """Return how an intent is spoken of where it goes, in the nouns of that platform."""
    if intent.kind is IntentKind.LAUNCH and platform.runs_nothing:
        return _RECORD
    words = WORDS[intent.kind]
    run = platform.terms.run.one
    return (
        replace(words, another=words.another.removesuffix("run") + run, became=run)
        if words.became == "run"
        else words
    )


HAPPENED = {
    IntentState.DRAFT: "It is still waiting for confirmation.",
    IntentState.ASKED: "It is waiting for a second person to approve or refuse it.",
    IntentState.CONFIRMED: "It has already been confirmed and is being sent.",
    IntentState.POSTING: "It has already been sent; the platform has not answered yet.",
    IntentState.ACCEPTED: "It has already been confirmed, and the platform has {took} it.",
    IntentState.REJECTED: "It has already been confirmed, and the platform refused it. {nothing}",
    IntentState.UNKNOWN: "It has already been sent. It is not known whether it was {done}.",
    IntentState.DECLINED: "It has already been cancelled. {nothing}",
    IntentState.EXPIRED: "It was not confirmed in time. {nothing}",
}

SCHEDULED = "It has already been confirmed. “launch schedules” shows how it stands."


WAITING = frozenset({IntentState.DRAFT, IntentState.ASKED})


UNAPPROVED = {
    (IntentState.DECLINED, True): "It was refused. {nothing}",
    (IntentState.EXPIRED, False): "Nobody approved it in time. {nothing}",
    (IntentState.EXPIRED, True): "It was approved, but Clew was interrupted before it was sent. {nothing}",
}  # how it ended where a second person was asked; by whether one decided


def buttons(intent: Intent, yes: str) -> tuple[Button, ...]:
    """Offer to go ahead or to call it off; beside “Stop”, “Cancel” could mean the run."""
    no = "Not now" if isinstance(intent.request, CancelRequest) else "Cancel"
    return (
        Button(label=yes, command=settle("confirm", intent), style=Style.PRIMARY),
        Button(label=no, command=settle("decline", intent)),
    )


def again(intent: Intent) -> tuple[Button, ...]:
    """Offer to ask for the same launch once more, with a new confirmation."""
    if not isinstance(intent.request, LaunchRequest):
        return ()
    return (Button(label="Launch again", command=settle("again", intent)),)


def named(intent: Intent) -> Line:
    """Name what was asked for: "launch of basic_test"."""
    match intent.request:
        case LaunchRequest(launcher=launcher):
            return ("launch of ", Untrusted(launcher))
        case RerunRequest() | CancelRequest() as of_run:
            noun = "rerun of " if isinstance(of_run, RerunRequest) else "request to stop "
            return (noun, *run_named(of_run.launcher, of_run.run_id))
        case AgentRequest() as work:
            return ("run of ", Untrusted(work.name or work.agent))
        case QuarantineRequest() as change:
            return ("change of the quarantine for “", check_name(change.check), "”")
        case PublishRequest(label=label):
            return ("publication of ", Untrusted(label))
        case _:
            return (WORDS[intent.kind].noun,)


def _again(intent: Intent) -> Line:
    """Begin a question for the same once more."""
    if isinstance(intent.request, LaunchRequest):
        return ("Launch ", Untrusted(intent.request.launcher))
    if isinstance(intent.request, PublishRequest):
        return ("Publish ", Untrusted(intent.request.label))
    return ("Start the ", *named(intent))


def run_named(launcher: str, run_id: str) -> Line:
    """Name a run by its launcher, where that is known, and its short id."""
    shown = Untrusted(short_id(run_id), code=True)
    return (Untrusted(launcher), " ", shown) if launcher else (shown,)


def just_confirmed(earlier: Intent, platform: Platform, now: datetime) -> Line:
    """Warn that exactly this was confirmed a moment ago, by whomever."""
    words = words_of(earlier, platform)
    known = words.became and earlier.run_id
    run: Line = (f" as {words.became} ", Untrusted(short_id(known), code=True)) if known else ()
    return (f"The same {words.noun} was confirmed {ago(earlier.posted_at or earlier.created_at, now)}", *run,
            f". This would {words.another}, at the same cost.")  # fmt: skip


def repeated(intent: Intent, earlier: Intent, platform: Platform, now: datetime) -> Reply:
    """Answer a confirmation whose like was confirmed by somebody meanwhile: it asks anew."""
    said = just_confirmed(earlier, platform, now)
    nothing = "This button did not start anything."
    card = Card(
        title=(*_again(intent), " again?"),
        text=(*said, f" {nothing}"),
        tone=Tone.WARNING,
        body=(said, (nothing,)),
        buttons=again(intent),
        footer=correlation(intent),
    )
    return Reply(card=card, replace=True)


def settle(verb: str, intent: Intent) -> Command:
    """Do something with exactly this intent."""
    return Command(verb, {"request": intent.id})


def follow(intent: Intent) -> tuple[Button, ...]:
    """Offer to look at the run that it became."""
    if not intent.run_id or not isinstance(intent.request, LaunchRequest | RerunRequest):
        return ()
    return (
        Button(label="Status", command=Command.of_run("status", RunRef(intent.connection, intent.run_id))),
    )


def unknown_token(verb: str) -> UserError:
    """Answer a confirmation that nobody knows."""
    return UserError(f"There is nothing to {verb} under that token.", "Ask again, and press the new button.")


def not_yours(intent: Intent) -> str:
    """Say why somebody else may not settle it."""
    return f"Only the requester can confirm or cancel this {WORDS[intent.kind].noun}."


def happened(intent: Intent, by: str = "") -> Reply:
    """Answer a button that was pressed before, with what came of it; `by`: the second person who decided it."""
    words = WORDS[intent.kind]
    took = words.done if words.done == "started" else "taken"
    stands = (intent.approve_by and UNAPPROVED.get((intent.state, bool(by)))) or HAPPENED[intent.state]
    said = stands.format(nothing=words.nothing, done=words.done, took=took)
    if intent.kind is IntentKind.SCHEDULE and intent.state is IntentState.ACCEPTED:
        said = SCHEDULED  # no platform has anything to do with it yet
    told: list[Line] = [(said,)]
    if intent.state is IntentState.ACCEPTED and intent.run_id and words.became:
        told.append((f"It is {words.became} ", Untrusted(intent.run_id, code=True), "."))
    if by:
        refused = intent.state is IntentState.DECLINED
        told.append(("Refused by " if refused else "Approved by ", Untrusted(by), "."))
    if intent.reason and intent.state is IntentState.REJECTED:
        told.append(sentence("The platform said: ", Untrusted(intent.reason)))
    card = Card(
        title=(f"This {words.noun} {'still waits' if intent.state in WAITING else 'was already handled'}",),
        text=tuple(span for line in told for span in (*line, " "))[:-1],
        body=tuple(told),
        buttons=follow(intent),
    )
    return Reply(card=card, private=True)


def declined(intent: Intent) -> Reply:
    """Confirm that it was called off."""
    words = WORDS[intent.kind]
    return _over(intent, "Cancelled", f"The {words.noun} was cancelled. {words.nothing}")


def expired(intent: Intent) -> Reply:
    """Answer a confirmation that came too late."""
    words = WORDS[intent.kind]
    said = (
        f"This {words.noun} was not confirmed within {MINUTES_TO_CONFIRM} minutes, so nothing was {words.done}."
        " Ask again to go ahead."
    )
    return _over(intent, "Too late to confirm", said, buttons=again(intent), failed=True)


def withdrawn(intent: Intent) -> Card:
    """Announce that a confirmed intent was never sent, because Clew was stopped in between."""
    words = WORDS[intent.kind]
    said = (
        f"The confirmed {words.noun} was not sent because Clew was interrupted first. "
        f"{words.nothing} Ask again to go ahead."
    )
    return _over(intent, "Not sent", said, buttons=again(intent)).card


def no_connection(intent: Intent) -> UserError:
    """Answer an intent whose connection is gone from the settings."""
    return UserError(
        f"The connection “{intent.connection}” is no longer configured, so nothing was {WORDS[intent.kind].done}.",
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
    return Reply(card=card, replace=True, failed=failed, data=intent)
