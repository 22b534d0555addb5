"""Card -> content, for the one person who sits at the terminal, where forms are asked for at the prompt; pure."""

from __future__ import annotations

from adapters.chat import rows
from adapters.chat.content import Content
from bot.access import TERMINAL
from bot.cards import Card


def render(card: Card) -> Content:
    """Turn a card into a content; the same card gives the same content."""
    return rows.content_of(card, TERMINAL, asks_forms=True)
