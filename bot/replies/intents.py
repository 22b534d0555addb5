"""How an intent stands, as a card, whatever it is for."""

from __future__ import annotations

from datetime import datetime

from bot.cards import Card, Reply
from bot.replies import acting, debugging, launching, publishing
from bot.replies.outlook import Outlook
from bot.sessions import Session
from bot.state import Intent, IntentKind, IntentState


def card(intent: Intent, now: datetime, outlook: Outlook) -> Card:
    """Say how it stands, before anything is known of its run. `outlook`: what its platform says of it."""
    match intent.kind:
        case IntentKind.LAUNCH:
            return launching.sent(intent, outlook)
        case IntentKind.PUBLISH if intent.state is IntentState.ACCEPTED:
            return publishing.opened(intent)
        case IntentKind.DEBUG:
            return debugging.of_session(Session(intent=intent, now=now))
        case _:
            return acting.standing(intent, outlook)


def reply(intent: Intent, now: datetime, outlook: Outlook) -> Reply:
    """Answer a confirmation with the card that lives on until the run ends."""
    refused = intent.state is IntentState.REJECTED
    return Reply(
        card=card(intent, now, outlook), live=None if refused else intent.id, failed=refused, data=intent
    )
