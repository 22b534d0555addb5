"""What the bot says where a second person has to approve what somebody confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cards import Button, Card, Fact, Line, Style, Tone, Untrusted, When, joined, plain
from bot.errors import UserError
from bot.replies import confirming
from bot.replies.wording import clock_time, duration
from bot.state import Intent, IntentState

TOKEN = 8  # characters of a request's id that are typed for it
NOT_HERE = "This can only be approved or refused in the channel where it was requested."
OWN = "You asked for this {noun}, so somebody else has to approve or refuse it."
OTHER_ACCOUNT = (
    "You asked for this {noun} with another account of yours, so somebody else has to approve or refuse it."
)
_MEANWHILE = "the same was confirmed by somebody meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the two people are called: who asked, and who decided; "" for nobody."""

    requester: str
    second: str = ""


def needed(preset: str, role: str, within: timedelta) -> Line:
    """Say on a confirmation that it is not enough."""
    within_it = f"has to approve it here within {duration(within)}."
    who = f" needs a second person: after you, somebody else with the role “{role}” {within_it}"
    return ("The preset ", Untrusted(preset, code=True), who)


def nobody_else(preset: str, role: str) -> UserError:
    """Refuse to ask where nobody but the requester reads."""
    return UserError(
        f"Each launch by the preset “{preset}” needs a second person, and nobody else could approve it here.",
        f"Ask for it in a channel where somebody else with the role “{role}” is.",
    )


def waiting(intent: Intent, shown: Sequence[Fact], cost: str, names: Names) -> Card:
    """Ask for a second person: what would be sent, exactly, who asked for it, and until when it can be approved."""
    what = confirming.named(intent)
    until: Line = (
        (" until ", When(intent.approve_by, clock_time(intent.approve_by))) if intent.approve_by else ()
    )
    asked: Line = (
        _called(names.requester, intent.actor),
        " asks for it by the preset ",
        Untrusted(intent.preset, code=True),
        f". Somebody else with the role “{intent.second}” can approve it",
        *until,
        ". Nothing has been started yet.",
    )
    title: Line = ("Approve the ", *what, "?")
    token = intent.id[:TOKEN]
    return Card(
        title=title,
        text=("Approve the ", *what, *((f" for {cost}",) if cost else ()), "? ", *asked),
        tone=Tone.WARNING,
        body=(asked, ("This will be sent to the connection ", Untrusted(intent.connection), ":" if shown else ".")),
        facts=tuple(shown),
        buttons=(
            Button(label="Approve", command=confirming.settle("approve", intent), style=Style.PRIMARY),
            Button(label="Refuse", command=confirming.settle("refuse", intent)),
            Button(label="Withdraw", command=confirming.settle("decline", intent)),
        ),
        footer=(
            "Or say ", Untrusted(f"approve {token}", code=True), " or ", Untrusted(f"refuse {token}", code=True),
            "; the requester can say ", Untrusted(f"decline {token}", code=True), ".",
        ),
    )  # fmt: skip


def over(intent: Intent, names: Names) -> Card:
    """Say how it ended without being sent: refused, withdrawn, cancelled or too late."""
    what, nothing = confirming.named(intent), confirming.WORDS[intent.kind].nothing
    second = _called(names.second, intent.decided_by)
    buttons = confirming.again(intent)
    match intent.state:
        case IntentState.EXPIRED if intent.decided_by:
            return confirming.withdrawn(intent)
        case IntentState.EXPIRED:
            title = "Not approved in time"
            by = f" by {clock_time(intent.approve_by)}" if intent.approve_by else ""
            said: Line = ("Nobody approved the ", *what, f"{by}. {nothing}")
        case _ if intent.decided_by == intent.actor:
            title, buttons = "Withdrawn", ()
            said = (_called(names.requester, intent.actor), " withdrew the ", *what, f". {nothing}")
        case _ if intent.decided_by:
            title, buttons = "Refused", ()
            said = (second, " refused the ", *what, " that ", _called(names.requester, intent.actor),
                    f" asked for. {nothing}")  # fmt: skip
        case _:
            title = "Cancelled"
            said = (
                "The ",
                *what,
                " was cancelled: ",
                Untrusted(intent.reason or _MEANWHILE),
                f". {nothing}",
            )
    return Card(
        title=(title,), text=said, body=(said,), buttons=buttons, footer=confirming.correlation(intent)
    )


def preset_changed(preset: str) -> str:
    """Say why something that was shown cannot be confirmed any more."""
    return f"the preset “{preset}” changed in the settings after this was shown"


def requester_may_not(names: Names, intent: Intent) -> str:
    """Refuse an approval whose requester may not ask for it any more."""
    noun = confirming.WORDS[intent.kind].noun
    return f"{names.requester or intent.actor}, who asked for this {noun}, may not do that here any more."


def requester_not_known(names: Names, intent: Intent, chat: str) -> str:
    """Refuse an approval while a chat does not tell who its requester is now."""
    noun = confirming.WORDS[intent.kind].noun
    who = names.requester or intent.actor
    return f"{chat.title()} did not say whether {who}, who asked for this {noun}, may still do that. Nothing was started; try again in a minute."


def not_the_requester(intent: Intent, *, linked: bool) -> str:
    """Say why the requester cannot be the second person."""
    return (OTHER_ACCOUNT if linked else OWN).format(noun=confirming.WORDS[intent.kind].noun)


def approved(card: Card, intent: Intent, names: Names) -> Card:
    """Say at the end of a card of what was sent who approved it."""
    by: Line = ("Approved by ", _called(names.second, intent.decided_by))
    return replace(card, footer=joined((card.footer, by)) if plain(card.footer) else by)


def _called(name: str, actor: str) -> Untrusted:
    return Untrusted(name) if name else Untrusted(actor, code=True)
