"""Card -> content, for the one person before the page; pure. How it looks is in `blocks.py` and the templates."""

from __future__ import annotations

from adapters.chat import rows
from adapters.chat.browser.events import PERSON
from adapters.chat.content import Content
from bot.cards import Card


def render(card: Card) -> Content:
    """Turn a card into a content; the same card gives the same content."""
    return rows.content_of(card, PERSON, asks_forms=False)
