"""Chart -> the block of text that is always there, and what the picture that takes its place is made of; pure."""

from __future__ import annotations

from adapters.chat import chart
from adapters.chat.slack.markup import EMPTY, Json, plain
from bot import cleaning
from bot.cards import Chart
from bot.replies.layout import chart_title

BLOCK = "chart"  # the block that a picture takes the place of
TEXT = 2000  # characters of a title, and of the text that stands for a picture


def bars(drawn: Chart) -> Json:
    """Build the block of a chart whose picture is not there."""
    text = chart.as_text(cleaning.one_line(drawn.title), drawn.values, drawn.stands_for)
    return {"type": "section", "block_id": BLOCK, "text": plain(text, TEXT)}


def picture(drawn: Chart) -> Json:
    """Return what a picture is made of: its `values`, whether 1 is a `full` bar, and its `block`, which lacks only the file."""
    beside = chart.beside(drawn.values, drawn.stands_for, ("bar:", "line:", "gap:"))
    block = {
        "type": "image",
        "title": plain(f"{chart_title(cleaning.one_line(drawn.title))}: {beside}", TEXT),
        "alt_text": cleaning.cut(cleaning.one_line(drawn.text).strip(), TEXT) or EMPTY,
    }
    full = {"full": True} if drawn.stands_for is not None else {}
    return {"values": list(drawn.values), **full, "block": block}


def with_picture(blocks: list[Json], made: Json, file: str) -> list[Json]:
    """Return the same message with a file of Slack's as its chart."""
    image = made["block"] | {"slack_file": {"id": file}}
    return [image if block.get("block_id") == BLOCK else block for block in blocks]
