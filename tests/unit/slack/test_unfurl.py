"""A card beside somebody's link: inside the limits, without rich text, whatever the run is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.chat.slack import unfurl
from bot.analysis import RunAnalysis
from bot.cards import Card, Fact, Item, Untrusted
from bot.replies import runs
from tests import posts
from tests.fakes import slack_judge


@pytest.mark.parametrize("post", posts.POSTS.values(), ids=posts.POSTS)
def test_blocks__of_every_kind_of_run(post: Callable[[], RunAnalysis]) -> None:
    """What Slack takes there, whatever ended: the first block tells the whole story."""
    card = runs.one(post(), posts.NOW)

    assert slack_judge.unfurled(unfurl.blocks(card)) == []


def test_blocks__are_bounded_and_say_what_is_left_out() -> None:
    """Long, live and many: nothing of it formats, pings or links, and the rest is counted."""
    live = Untrusted("<!channel> *x* `y` https://evil.example/ " * 100)
    card = Card(
        title=("t",), text=(live,), body=((live,),) * 9, facts=(Fact("Label", (live,)),) * 20,
        items=(Item(title=(live,)),) * 30, items_left_out=12,
    )  # fmt: skip

    blocks = unfurl.blocks(card)

    assert slack_judge.unfurled(blocks) == []
    assert "37" in str(blocks[-1])
    assert len(blocks) == 1 + unfurl.LINES + 1 + unfurl.ITEMS + 1
