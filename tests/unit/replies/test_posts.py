"""The posts of the catalogue: golden files in all three chats, and what each of them has to keep to."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.chat import pressed
from adapters.chat.discord import markup
from adapters.chat.discord import render as discord
from adapters.chat.layout import paged_buttons
from adapters.chat.slack import render as slack
from bot.cards import FROM, Card, Command, Item, plain
from bot.chain import Chain, Past
from bot.diff import compare
from bot.earlier import stored
from bot.marks import Mark
from bot.model import VerdictKind
from bot.replies import failing, post
from bot.state import PropertyState, Reopened, Why, Word
from bot.verdict import judge
from tests.fakes import discord_judge, slack_judge
from tests.fakes.runs import a_run, some_results
from tests.posts import CARDS, POSTS, ended
from tests.unit.terminal.cards import drawn

GOLDEN = Path(__file__).parent / "golden"
BEFORE_THE_FIRST_NAME = 150  # characters in Slack
MESSAGES = "/channels/1/messages/2"


def texts(value: object) -> Iterator[str]:
    """Yield all text that Slack shows of blocks, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for name, inner in value.items():
            if name not in {"type", "action_id", "value", "url"} and not isinstance(inner, str):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def asked(card: Card) -> list[Command]:
    """Return what the buttons of a card ask for, those beside its entries first."""
    beside = [button for item in card.items for button in item.buttons]
    return [button.command for button in (*beside, *card.buttons) if button.command is not None]


def discord_message(card: Card) -> dict[str, Any]:
    """Return what is sent to Discord."""
    return {name: value for name, value in discord.message(card).items() if name != discord.OURS}


@pytest.mark.parametrize("name", CARDS)
def test_post__is_as_in_its_golden_file(name: str) -> None:
    """Look at the difference, and at the picture (`python -m tests.draw`), then run with UPDATE_GOLDEN=1 where it is meant."""
    card = CARDS[name]()
    path = GOLDEN / f"{name}.txt"
    messages = (slack.message(card), discord.message(card))
    said = [json.dumps(message, ensure_ascii=False, indent=1) for message in messages]
    made = "\n\n".join([drawn(card).strip(), *said]) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", CARDS)
def test_post__every_chat_takes_it(name: str) -> None:
    """Within every limit, nothing live, no signed link."""
    card = CARDS[name]()

    assert slack_judge.message(slack.message(card), update=True) == []
    assert discord_judge.request("PATCH", MESSAGES, discord_message(card)) == []
    assert max(map(len, drawn(card).splitlines())) <= 80
    assert "CANARY" not in json.dumps([slack.message(card), discord.message(card)]) + drawn(card)


@pytest.mark.parametrize("name", POSTS)
def test_post__the_first_new_name_stands_near_the_top(name: str) -> None:
    """What is read first is what is new, and its number, its buttons and the list agree."""
    found = POSTS[name]()
    card = ended(found)
    at_length = [item for item in card.items if item.buttons]
    if not at_length:
        assert card.verdict is not VerdictKind.FAILED or "nothing new" in plain(card.title)
        return
    place = next((n for n, check in enumerate(found.failing) if check.health or check.name in found.news), 0)
    first = found.failing[place].name
    shown = plain(card.items[0].title)
    above = "".join(texts(slack.message(card)["blocks"])).partition(shown[:20])[0]

    assert shown.startswith((first[:10], first.rpartition("::")[2][:10]))
    assert card.items[0].mark.endswith(f" {place + 1}")
    assert len(above) <= BEFORE_THE_FIRST_NAME
    assert asked(card)[0].values["property"] == first
    listing = failing.listing(found).card
    assert listing.items[place].context == card.items[0].context


@pytest.mark.parametrize("name", POSTS)
def test_post__everything_that_fails_can_be_reached(name: str) -> None:
    """What has no entry is counted on a button that opens the list where the post stops."""
    found = POSTS[name]()
    card = ended(found)
    numbers = [int(digits[0]) for item in card.items if (digits := re.findall(r" (\d+)$", item.mark))]
    missing = sorted(set(range(1, len(found.failing) + 1)).difference(numbers))
    more = [b for b in paged_buttons(card, len(card.items)) if b.label.endswith(" more")]

    assert len(numbers) <= post.SHOWN
    assert [b.label for b in more] == ([f"{len(missing):,} more"] if missing else [])
    assert [b.command.values[FROM] for b in more if b.command] == [f"{n}" for n in missing[:1]]
    if missing:
        page = failing.listing(found, missing[0]).card.pages
        assert page is not None
        assert (page.first, page.total) == (missing[0], len(found.failing))


@pytest.mark.parametrize("name", POSTS)
def test_post__counts_in_slack_and_discord_what_these_have_no_room_for(name: str) -> None:
    """One number stands there: of the failures without an entry, on the button that lists them from the first of these on."""
    found = POSTS[name]()
    card = ended(found)
    marks = [item.mark for item in card.items if re.search(r" \d+$", item.mark)]
    for message in (slack.message(card)["blocks"], discord_message(card)):
        said = json.dumps(message, ensure_ascii=False)
        shown = [n for mark in marks if re.search(rf"{mark}\b", said) for n in re.findall(r"\d+$", mark)]
        missing = len(found.failing) - len(shown)

        assert re.findall(r"\"([\d,]+) more\"", said) == ([f"{missing:,}"] if missing else [])
        assert "not shown here" not in said


def test_post__says_without_a_second_number_that_there_is_no_room_for_what_else_changed() -> None:
    """The button counts failures alone; no chat leaves out the lines behind these without a word."""
    card = ended(POSTS["long_names"]())
    others = Item(mark="not seen this time", title=("x",))
    longer = replace(card, items=(*card.items[: len(card.rest) - 1], others))

    for message in (slack.message(longer)["blocks"], discord_message(longer)):
        said = json.dumps(message, ensure_ascii=False)
        assert said.count("There is no room here for what else changed.") == (
            "not seen this time" not in said
        )


@pytest.mark.parametrize("name", POSTS)
def test_post__counts_what_it_lists_and_takes_no_check_of_the_environment_for_new(name: str) -> None:
    """The title agrees with what stands below it."""
    found = POSTS[name]()
    card = ended(found)
    said = re.findall(r"([\d,]+) new failure", plain(card.title))
    new = len({*found.diff.newly_failing} - found.silent - found.reopened) if found.diff else 0

    assert said == ([f"{new:,}"] if new else [])
    assert not any(item.mark.startswith("new ") for item in card.items if found.verdict.health)
    assert len([item for item in card.items if item.mark.startswith("new ")]) <= new


@pytest.mark.parametrize("name", POSTS)
def test_post__is_told_in_whole_sentences(name: str) -> None:
    """Whoever hears it has verdict, novelty and names; nothing that ages stands in the card itself."""
    found = POSTS[name]()
    card = ended(found)
    text = plain(card.text)

    assert text.endswith(".")
    assert text.startswith(plain(card.lead))
    assert all(check.name[:40] in text for check in found.failing[:3])
    assert " ago" not in "".join(texts(slack.message(card)["blocks"]))


@pytest.mark.parametrize("name", POSTS)
def test_post__says_nothing_twice_in_discord(name: str) -> None:
    """The sentence stands alone above the embed, which has neither a title nor what the sentence says."""
    card = ended(POSTS[name]())
    message = discord.message(card)
    (embed,) = message["embeds"]
    whole = message["content"] + embed.get("description", "")

    assert "title" not in embed
    assert message["content"]
    assert not card.body or whole.count(markup.marked(card.body[0])) == 1
    assert whole.count(" pass ·") + whole.count("properties pass.") <= 1


@pytest.mark.parametrize("name", ["green"])
def test_green__is_one_line_and_the_report(name: str) -> None:
    """At most three blocks in Slack, and one button beside the menu."""
    card = ended(POSTS[name]())
    blocks = slack.message(card)["blocks"]

    assert [block["type"] for block in blocks] == ["rich_text", "actions"]
    assert [e["type"] for e in blocks[-1]["elements"]] == ["button", "overflow"]
    assert len(drawn(card).strip().splitlines()) <= 4


def test_forty__are_one_entry_where_they_share_a_place() -> None:
    """One cause is likely: the post says so, and shows the others too."""
    card = ended(POSTS["forty"]())

    assert [plain(item.title) for item in card.items] == [
        "A settled payment stays settled",
        "Money is never created or destroyed",
        "Shard 00: replicas agree after failover and 37 more",
    ]
    assert plain(card.items[2].lines[0]).startswith("38 of 40 at check/more.go:12 · ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("forty", ["38 of 40 are at check/more.go:12, so one cause is likely."]),
        ("many", []),
        ("three_new", []),
    ],
)
def test_list__says_what_most_of_many_failures_have_in_common(name: str, said: list[str]) -> None:
    """Of a few, or of those that each have a place of their own, it says nothing."""
    card = failing.listing(POSTS[name]()).card

    assert [plain(line) for line in card.body if "one cause" in plain(line)] == said


def test_menu__of_what_is_seldom_needed_is_pressed_like_a_button() -> None:
    """Its options hold the same commands; one that opens a page does nothing else."""
    row = slack.message(ended(POSTS["three_new"]()))["blocks"][-1]
    options = {o["text"]["text"]: o for o in row["elements"][-1]["options"]}

    assert pressed.read(options["Details"]["value"]) == Command.of_run("status", POSTS["green"]().run.ref)
    assert options["All runs"]["url"].startswith("https://demo.antithesis.com/")


def test_post__what_people_explained_takes_no_place_of_what_is_news() -> None:
    """Of many failures those are shown that are news, reopened ones among them, by their numbers in the list."""
    found = POSTS["marked"]()
    failing_now = [*(f"A known thing {n}" for n in range(9)), "Zzz is new", "Zzzz was known"]
    run = found.run
    results = some_results(run, failing=tuple(failing_now), passing=("ok",))
    chain = Chain(
        past=(Past(before := a_run(1), stored(before, some_results(before, failing=("Zzzz was known",)))),)
    )
    known = PropertyState(
        connection="demo", launcher_key=run.launcher, name="", word=Word.KNOWN, ticket="T-1"
    )
    why = Reopened(why=Why.PASSED, run_id=run.ref.run_id, now="6")
    said = {name: Mark(state=replace(known, name=name)) for name in failing_now[:9]}
    said[failing_now[10]] = Mark(state=replace(known, name=failing_now[10], reopened=why))
    many = replace(found, results=results, diff=compare(results, chain), chain=chain, verdict=judge(run, results),
                   marks=said)  # fmt: skip

    card = ended(many)

    assert plain(card.title) == "Payments Nightly on main: 1 new failure, 1 reopened"
    assert [item.mark for item in card.items if item.buttons] == ["new 10", "reopened 11"]
    assert many.failing[9].name == "Zzz is new"
    assert [item.mark for item in card.items][2:] == ["known 1"]
    more = [b for b in paged_buttons(card, len(card.items)) if b.label.endswith(" more")]
    assert [b.command.values[FROM] for b in more if b.command] == ["2"]
