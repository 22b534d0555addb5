from __future__ import annotations

import json

from adapters.cli.card_json import card_json
from bot.cards import Button, Card
from bot.model import Secret
from tests.unit.terminal.cards import CHART, FAILED, LOGS, RUNNING


def test_card_json__everything_that_a_script_needs() -> None:
    """Lines are text, and the run, the items and their next steps are named."""
    found = json.loads(json.dumps(card_json(FAILED)))

    assert found["title"] == "FAILED: Payments Nightly 9043254f"
    assert found["tone"] == "bad"
    assert found["facts"][0] == {"label": "Run", "value": "9043254f0000000000000000000000aa-62-14"}
    assert found["items"][0]["mark"] == "new"
    assert found["items"][0]["buttons"][0] == {"label": "Logs", "words": "logs property=1", "page": None}
    assert found["items_left_out"] == 3
    assert found["run"]["connection"] == "demo"
    assert found["excerpt"] == {"lines": [], "left_out": 0}


def test_card_json__every_key_of_every_card() -> None:
    """A script finds the same keys in a card with nothing in it: its lists are empty, not missing."""
    empty, full = card_json(Card(title=("t",), text=("t",))), card_json(FAILED)

    assert empty.keys() == full.keys()
    assert [name for name, value in empty.items() if value == []] == [
        "body",
        "facts",
        "items",
        "buttons",
        "files",
    ]


def test_card_json__link_on_demand() -> None:
    """Whoever asks for the link gets it, beside the button's label."""
    card = Card(title=("t",), text=("t",), buttons=(Button(label="Open report", signed=Secret("https://x")),))

    assert card_json(card, show_link=True)["buttons"][0]["link"] == "https://x"


def test_card_json__excerpt_and_progress() -> None:
    """Log lines and progress are data of their own."""
    assert card_json(LOGS)["excerpt"]["left_out"] == 1_201
    assert card_json(RUNNING)["progress"] == {"fraction": 0.62, "text": "18 min of 30 min"}


def test_card_json__a_chart_is_its_numbers() -> None:
    """A script gets the numbers with their labels, and the sentence."""
    found = card_json(CHART)["chart"]

    assert found["values"][-3:] == [0, 0, 2]
    assert len(found["labels"]) == len(found["values"])
    assert found["title"] == "Failing properties, last 14 runs"
    assert found["text"].startswith("Failing properties in the last 14 runs of Payments Nightly on main")


def test_card_json__no_signed_link() -> None:
    """A signed link is in no output that may be kept."""
    card = Card(title=("t",), text=("t",), buttons=(Button(label="Open report", signed=Secret("canary")),))

    assert "canary" not in json.dumps(card_json(card))
