"""A card as JSON for scripts: lines are flattened to text, every key is always there, so that `jq` finds its lists."""

from __future__ import annotations

from typing import Any

from adapters.chat.layout import paged_buttons
from bot.cards import Button, Card, Chart, Item, plain
from bot.commands.registry import text_of

Json = dict[str, Any]


def card_json(card: Card, *, show_link: bool = False) -> Json:
    """Return a card as plain data: what is empty is "", 0 or [], what there is none of is null.

    `show_link`: whether the signed link of a report stands in it, as `link` of its button.
    """
    excerpt = card.excerpt
    return {
        "title": plain(card.title),
        "subtitle": plain(card.subtitle),
        "text": plain(card.text),
        "tone": card.tone.value,
        "body": [plain(line) for line in card.body],
        "facts": [{"label": fact.label, "value": plain(fact.value)} for fact in card.facts],
        "items": [_item(item) for item in card.items],
        "items_left_out": card.items_left_out,
        "excerpt": {
            "lines": list(excerpt.lines) if excerpt else [],
            "left_out": excerpt.left_out if excerpt else 0,
        },
        "progress": {"fraction": card.progress.fraction, "text": card.progress.text}
        if card.progress
        else None,
        "chart": _chart(card.chart) if card.chart else None,
        "buttons": [_button(button, show_link=show_link) for button in paged_buttons(card, len(card.items))],
        "files": [{"name": f.name, "title": f.title, "path": f.path, "size": f.size} for f in card.files],
        "footer": plain(card.footer),
        "run": _run(card),
    }


def _chart(chart: Chart) -> Json:
    return {
        "title": chart.title,
        "values": list(chart.values),
        "stands_for": list(chart.stands_for) if chart.stands_for else None,
        "labels": list(chart.labels),
        "text": chart.text,
    }


def _item(item: Item) -> Json:
    return {
        "mark": item.mark,
        "title": plain(item.title),
        "lines": [plain(line) for line in item.lines],
        "buttons": [_button(button) for button in item.buttons],
    }


def _button(button: Button, *, show_link: bool = False) -> Json:
    words = text_of(button.command) if button.command else ""
    found: Json = {"label": button.text, "words": words, "page": button.page}
    if show_link:
        found["link"] = button.signed.reveal() if button.signed else None
    return found


def _run(card: Card) -> Json | None:
    run = card.context.run if card.context else None
    return {"connection": run.connection, "id": run.run_id} if run else None
