"""What stands above the forms of verbs, before and while they are open."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.cards import Card, Form, Line, Reply, Untrusted
from bot.errors import UserError

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "launch": "Launch a test run",
        "logs": "Logs before a moment",
        "debug": "Open a debugging session",
        "watch": "Watch runs here",
        "agent": "Set an agent to work",
        "ask": "Ask the platform's model",
        "classify": "Classify a failure",
        "quarantine": "Quarantine a test",
        "mark": "Mark a failure",
    }
)  # by verb
NO_TITLE = "Form"  # of a verb that has none


def asking(missing: UserError, form: Form) -> Reply:
    """Ask for what is missing with a form; chats without forms show the words, which ask for the same."""
    said: Line = (Untrusted(missing.problem),)
    how: Line = (Untrusted(missing.hint),)
    card = Card(title=(f"{form.title}?",), text=(*said, " ", *how), body=(said, how), form=form)
    return Reply(card=card, private=True, failed=True)
