"""A card beside a link that somebody shared: short, and without rich text, tables and buttons; pure.

Slack takes no rich text there, and Clew does not own the message: nothing in it can be pressed or be edited later.
https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.chat import layout
from adapters.chat.slack.markup import Json, literal, marked
from bot.cards import Card, Line
from bot.replies.layout import not_shown

TEXT, LINE, FIELD = 500, 240, 150  # characters
LINES, FIELDS, ITEMS = 2, 4, 5


def blocks(card: Card) -> list[Json]:
    """Lay out what a card says in the first place; how many of its items are left out is said."""
    return list(_blocks(card))


def _blocks(card: Card) -> Iterator[Json]:
    yield _section((layout.MARKS[card.tone], *card.text), TEXT)
    for line in card.body[:LINES]:
        yield _section(line, LINE)
    if card.facts:
        fields = [marked(fact.value, FIELD, label=fact.label) for fact in card.facts[:FIELDS]]
        yield {"type": "section", "fields": fields}
    for item in card.items[:ITEMS]:
        yield _section((f"{item.mark} " if item.mark else "", *item.title), LINE)
    left_out = card.items_left_out + len(card.items[ITEMS:])
    if left_out:
        yield {"type": "context", "elements": [marked((not_shown(left_out),), LINE)]}


def _section(line: Line, limit: int) -> Json:
    return {"type": "section", "text": marked(literal(line), limit)}
