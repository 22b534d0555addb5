from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from adapters.chat.content import Row, RowKind, decode, encode
from adapters.chat.rows import MOST_CODE_LINES, MOST_ITEMS
from adapters.chat.terminal.render import render
from bot.access import TERMINAL
from bot.cards import Button, Card, Command, Excerpt, Fact, Item, Mention, Untrusted
from tests.unit.terminal.cards import CARDS, CHART, GOLDEN, HOSTILE, RUNNING, drawn

ESCAPES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")


def text_of(row: Row) -> str:
    """Return all that a row says, unstyled."""
    return "".join(segment.text for segment in row.segments)


def test_render__names_only_whoever_sits_there() -> None:
    """A message that mentions people of other chats mentions nobody here."""
    mentions = (Mention("slack:user:T01:U01", "For"), Mention(TERMINAL, "Launched by"), Mention("", "For"))
    content = render(Card(title=("t",), text=("said",), mentions=mentions))

    assert [text_of(row) for row in content.rows] == ["Launched by you"]


@pytest.mark.parametrize("name", CARDS)
def test_typeset__golden(name: str) -> None:
    """Every card looks as in its file."""
    assert (GOLDEN / f"{name}.txt").read_text(encoding="utf-8") == drawn(CARDS[name])


@pytest.mark.parametrize("name", CARDS)
def test_typeset__colour_carries_nothing_alone(name: str) -> None:
    """Without its colours a card says the very same."""
    coloured = drawn(CARDS[name], colour=True)

    assert "\x1b[" in coloured
    assert drawn(CARDS[name]) == ESCAPES.sub("", coloured)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("width", [40, 80, 132])
def test_typeset__no_line_is_too_wide(name: str, width: int) -> None:
    """Nothing is left to the terminal's own wrapping, wide characters included."""
    widest = max(cell_len(line) for line in drawn(CARDS[name], width=width).splitlines())

    assert widest <= width


def test_typeset__plain_signs_where_unicode_is_unknown() -> None:
    """Our own signs fall back to ASCII."""
    shown = drawn(RUNNING, encoding="ascii")

    assert shown.isascii()
    assert "#1 > basic_test" in shown
    assert "############-------- 62 %" in shown


def test_typeset__a_chart_without_its_signs_is_numbers() -> None:
    """Where bars cannot be written, the numbers say it."""
    shown = drawn(CHART, encoding="ascii")

    assert shown.isascii()
    assert "   Failing properties, last 14 runs, oldest first\n   0, 0, 1, 1, 0, 0, 3, 1204, 640" in shown


def test_typeset__outside_text_commands_nothing() -> None:
    """No control character of outside text reaches the screen, and no markup is obeyed."""
    shown = drawn(HOSTILE)

    assert {c for c in shown if not c.isprintable()} == {"\n"}
    assert "[bold]not bold[/bold]" in shown
    assert ":smile:" in shown


def test_render__is_frozen() -> None:
    """The same card gives the same payload, and the payload gives the content back."""
    payload = encode(render(CARDS["failed"]))

    assert payload == encode(render(CARDS["failed"]))
    assert render(CARDS["failed"]) == decode(payload)


def test_render__too_many_items() -> None:
    """Items beyond a screen are counted instead."""
    card = Card(
        title=("t",), text=("t",), items=tuple(Item(title=(str(n),)) for n in range(45)), items_left_out=2
    )

    rows = render(card).rows

    assert MOST_ITEMS == sum(row.kind is RowKind.ITEM for row in rows)
    assert text_of(rows[-1]) == "… 17 more"


def test_render__too_many_lines() -> None:
    """Of a long excerpt the newest lines stay, and the rest is counted."""
    lines = tuple(str(number) for number in range(1_100))
    card = Card(title=("t",), text=("t",), excerpt=Excerpt(lines=lines, left_out=5))

    rows = render(card).rows

    assert MOST_CODE_LINES == sum(row.kind is RowKind.CODE for row in rows)
    assert text_of(rows[0]) == "… 1,045 lines left out"
    assert text_of(rows[-1]) == "1099"


def test_render__long_text_is_cut() -> None:
    """A single text from outside cannot fill the screen."""
    card = Card(title=("t",), text=("t",), body=((Untrusted("x" * 10_000),),))

    assert len(text_of(render(card).rows[0])) == 4_000


def test_render__signed_link_never_stands_in_the_content() -> None:
    """A control says only that it opens the report."""
    from bot.model import Secret

    card = Card(title=("t",), text=("t",), buttons=(Button(label="Open report", signed=Secret("canary")),))

    content = render(card)

    assert content.controls[0].report
    assert "canary" not in encode(content)


WIDE = "\u5931\u6557\u3057\u305f\u30d7\u30ed\u30d1\u30c6\u30a3"  # nine signs of two cells each


@pytest.mark.parametrize("label", [WIDE, WIDE * 9, "x" * 200])
def test_typeset__wide_and_long_labels_stay_within_the_width(label: str) -> None:
    """Labels of buttons and facts are measured in cells, and broken only where they are wider than the screen."""
    command = Command("status", {})
    buttons = tuple(Button(label=f"{n}{label}", command=command) for n in range(4))
    card = Card(
        title=("t",),
        text=("t",),
        facts=(Fact(label, ("one",)), Fact("f", ("two",))),
        items=(Item(title=("i",), buttons=buttons),),
        buttons=buttons,
    )
    lines = drawn(card, width=40).splitlines()

    assert max(map(cell_len, lines)) <= 40
    assert "".join(lines).replace(" ", "").count(label) == 9


def test_typeset__values_stand_below_each_other_whatever_their_labels_are_made_of() -> None:
    """A label of wide characters is as wide as its cells."""
    card = Card(title=("t",), text=("t",), facts=(Fact("\u5931\u6557", ("one",)), Fact("four", ("two",))))
    lines = drawn(card).splitlines()
    starts = {cell_len(line.partition(word)[0]) for word in ("one", "two") for line in lines if word in line}

    assert len(starts) == 1
