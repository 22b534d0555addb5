"""How an intent stands, as a card, whatever it is for."""

from __future__ import annotations

from datetime import datetime

from bot.cards import Card, Reply
from bot.replies import debugging, launching
from bot.sessions import Session
from bot.state import Intent, IntentKind, IntentState


def card(intent: Intent, now: datetime, cost: str) -> Card:
    """Say how it stands, before anything is known of its run. `cost`: what a launch costs, "" where that is not known."""
    if intent.kind is IntentKind.LAUNCH:
        return launching.sent(intent, intent.launch, cost)
    request = intent.debug
    return debugging.of_session(Session(intent=intent, request=request, now=now))


def reply(intent: Intent, now: datetime, cost: str) -> Reply:
    """Answer a confirmation with the card that lives on until the run ends."""
    refused = intent.state is IntentState.REJECTED
    return Reply(card=card(intent, now, cost), live=None if refused else intent.id, failed=refused)
