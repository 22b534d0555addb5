"""A card as JSON for scripts: lines are flattened to text, and no signed link is in it."""

from __future__ import annotations

from typing import Any

from bot.cards import Button, Card, Fact, Item, plain

Json = dict[str, Any]


def card_json(card: Card) -> Json:
    """Return a card as plain data; what is empty is left out."""
    found: Json = {
        "title": plain(card.title),
        "text": plain(card.text),
        "tone": card.tone.value,
        "body": [plain(line) for line in card.body],
        "facts": [_fact(fact) for fact in card.facts],
        "items": [_item(item) for item in card.items],
        "items_left_out": card.items_left_out,
        "buttons": [_button(button) for button in card.buttons],
        "files": [{"name": f.name, "title": f.title, "path": f.path, "size": f.size} for f in card.files],
        "footer": plain(card.footer),
    }
    if card.excerpt:
        found["excerpt"] = {"lines": list(card.excerpt.lines), "left_out": card.excerpt.left_out}
    if card.progress:
        found["progress"] = {"fraction": card.progress.fraction, "text": card.progress.text}
    if card.chart:
        chart = card.chart
        found["chart"] = {
            "title": chart.title,
            "values": list(chart.values),
            "labels": list(chart.labels),
            "text": chart.text,
        }
    if card.context and card.context.run:
        found["run"] = {"connection": card.context.run.connection, "id": card.context.run.run_id}
    return _filled(found)


def _fact(fact: Fact) -> Json:
    return {"label": fact.label, "value": plain(fact.value)}


def _item(item: Item) -> Json:
    return _filled({
        "mark": item.mark,
        "title": plain(item.title),
        "lines": [plain(line) for line in item.lines],
        "buttons": [_button(button) for button in item.buttons],
    })  # fmt: skip


def _button(button: Button) -> Json:
    return _filled({"label": button.label, "words": button.words, "page": button.page})


def _filled(found: Json) -> Json:
    return {name: value for name, value in found.items() if value not in (None, "", [], 0)}
