"""Lines of a log in each chat: a wider look shows more of them, whatever they are made of."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from adapters.chat.content import RowKind
from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from adapters.chat.terminal.render import render as terminal
from bot.cards import Card, Excerpt, Item


def in_slack(card: Card) -> str:
    return json.dumps(slack.message(card)["blocks"], ensure_ascii=False)


def in_discord(card: Card) -> str:
    message = discord.message(card)
    assert all(discord.size(embed) <= 6000 for embed in message["embeds"])
    assert all(len(embed.get("description", "")) <= 4096 for embed in message["embeds"])
    return json.dumps(message["embeds"], ensure_ascii=False)


def in_terminal(card: Card) -> str:
    return "\n".join(s.text for row in terminal(card).rows if row.kind is RowKind.CODE for s in row.segments)


CHATS = [in_slack, in_discord, in_terminal]


def shown(draw: Callable[[Card], str], lines: int, *, text: str = "", items: int = 0) -> int:
    """Return how many lines of an excerpt a chat shows."""
    excerpt = Excerpt(lines=tuple(f"398.{n:03} <{n}> {text}" for n in range(lines)), title="Newest last")
    listed = tuple(Item(title=(f"item {n}",), lines=(("x" * 150,),)) for n in range(items))
    drawn = draw(Card(title=("Logs",), text=("Logs before 398.489 s.",), items=listed, excerpt=excerpt))
    assert f"<{lines - 1}>" in drawn or not lines
    return sum(f"<{n}>" in drawn for n in range(lines))


@pytest.mark.parametrize("draw", CHATS)
@pytest.mark.parametrize("text", ["x" * 30, "x" * 90])
def test_excerpt__of_four_times_the_lines_shows_more(draw: Callable[[Card], str], text: str) -> None:
    """What *Wider* asks for is shown as far as one message goes; the newest lines are."""
    assert shown(draw, 80, text=text) > shown(draw, 20, text=text) == 20


@pytest.mark.parametrize("draw", CHATS)
@pytest.mark.parametrize("text", ["`" * 40, "&" * 40, "*_~|" * 10])
def test_excerpt__of_marks_beside_many_items_is_still_shown(draw: Callable[[Card], str], text: str) -> None:
    """Room is counted as the lines stand in the message, where a mark may take more of it."""
    assert shown(draw, 20, text=text, items=20) >= 5
