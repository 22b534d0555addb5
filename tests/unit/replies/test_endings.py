"""Several ends in one message: nothing that a post of its own offers is out of reach, in any chat."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from bot.cards import Tone, plain
from bot.marks import Mark
from bot.model import VerdictKind
from bot.replies import endings
from bot.state import EVERYTHING, Ending, Mute, PropertyState, Word
from tests.posts import CARDS, KEY, MONEY, NOW, POSTS, SETTLED, WIDE, new_and_still, renamed, three_new

OFFERED = ("status", "failing", "report")


@pytest.mark.parametrize("name", POSTS)
def test_ending__says_what_the_post_says(name: str) -> None:
    """The same verdict in the same words, and names of nothing that the post does not call new."""
    found = POSTS[name]()
    each = endings.ending(found, EVERYTHING)

    assert (each.verdict, each.failing) == (found.verdict.kind, len(found.failing))
    assert set(each.new) <= found.news
    assert len(each.new) <= each.new_count
    assert each.report == (found.run.report_url is not None)
    assert "will be updated" not in each.because


def test_ending__what_people_explained_is_not_new() -> None:
    """A snoozed failure is no news in a list either; one that is back in another way is, though it failed before."""
    found = three_new()
    state = PropertyState(connection="demo", launcher_key="l", name=KEY, word=Word.NOT_A_BUG)
    explained = replace(found, marks={KEY: Mark(state=state)})

    assert set(endings.ending(found, EVERYTHING).new) == {MONEY, SETTLED, KEY}
    assert set(endings.ending(explained, EVERYTHING).new) == {MONEY, SETTLED}


@pytest.mark.parametrize("number", [2, 5, 20])
def test_together__every_run_has_its_ways_in_both_chats(number: int) -> None:
    """Details, failures and report of each run that a chat shows; where it has no room for all, the way to any run."""
    found = [renamed(three_new(), n) for n in range(number)]
    card = endings.together([endings.ending(one, EVERYTHING) for one in found])
    wanted = {(verb, one.run.ref.text) for one in found for verb in OFFERED}
    there = {
        (b.command.verb, b.command.values["run"]) for item in card.items for b in item.buttons if b.command
    }
    assert there == wanted

    blocks = json.dumps(slack.message(card)["blocks"])
    sent = discord.message(card)
    said = json.dumps([sent["components"], sent["clew"]])
    for text in (blocks, said):
        shown = sum(one.run.ref.run_id in text for one in found)
        assert shown == number or "count" in text, "no run is out of reach"
        assert shown >= min(number, 5)


def test_together__the_worst_comes_first_and_gives_the_tone() -> None:
    """Of runs that passed nobody has to read to find the one that did not."""
    card = CARDS["night"]()
    titles = [plain(item.title) for item in card.items]

    assert card.tone is Tone.BAD
    assert "new failures" in titles[0]
    assert " passed " in titles[-1]


def test_together__does_not_call_new_what_nobody_knows() -> None:
    """The first run of its kind fails, and that is all that is known."""
    lines = [plain(line) for item in CARDS["night"]().items for line in item.lines]

    assert f"Failing, not known whether new: “{MONEY}”" in lines


def test_together__counts_agree_with_what_is_listed() -> None:
    """The title counts all runs, the list says how many it leaves out."""
    card = CARDS["crowd"]()

    assert plain(card.title).startswith("30 runs ended")
    assert len(card.items) + card.items_left_out == 30


def test_together__the_end_of_a_mute_says_what_it_held() -> None:
    """With the scope that it had, and nothing about other runs."""
    mute = Mute(channel=WIDE.channel, since=NOW - timedelta(days=1), until=NOW, connection="demo")
    each = endings.ending(new_and_still(), EVERYTHING)
    card = endings.together([each], held=True, over=(mute, replace(mute, launcher="Weekly")))

    assert plain(card.text).startswith(
        "The mute of all runs on demo is over. The mute of Weekly on demo is over. "
    )
    assert MONEY in plain(card.text)


def test_counted__of_unknown_ends() -> None:
    """What is not known of a run is neither good nor bad."""
    each = Ending(run=three_new().run.ref, verdict=VerdictKind.UNKNOWN, tone=Tone.WARNING, outcome=" ended")

    assert endings.counted([each, each]) == "2 of unknown result"
