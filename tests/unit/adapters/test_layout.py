"""What all chats lay out alike: texts are cut to what they are counted as, and the newest lines stay."""

from __future__ import annotations

import pytest

from adapters.chat import layout
from adapters.chat.layout import Packing
from bot.cards import Button, Card, Command, Excerpt, Form, Progress

PACKING = Packing(cost=lambda line: len(line) + 1, frame=len, longest=200, reserve=500)


def test_fitted__what_fits_stands_as_it_is() -> None:
    """A link that fits keeps its address; one that does not becomes its words, however few they are."""
    assert layout.fitted("a", 20, str, whole="[a](https://b)") == "[a](https://b)"
    assert layout.fitted("a", 5, str, whole="[a](https://b)") == "a"


def test_packing__lines_are_shortened_before_any_is_left_out() -> None:
    """Many long lines are all there, cut; only what has no room even then is counted."""
    lines = tuple(f"{number} {'x' * 150}" for number in range(4))

    shortened = PACKING.pack(Excerpt(lines=lines, title="Log"), room=450)
    fewer = PACKING.pack(Excerpt(lines=lines, title="Log", left_out=7), room=250)

    assert ([line[:1] for line in shortened.lines], shortened.heading, shortened.cut) == (
        ["0", "1", "2", "3"],
        "Log",
        True,
    )
    assert ([line[:1] for line in fewer.lines], fewer.heading) == (
        ["2", "3"],
        "Log · 9 earlier lines left out",
    )


def test_packing__no_more_is_kept_free_than_the_lines_need() -> None:
    """Short excerpts keep their own length free, long ones the reserve."""
    assert PACKING.reserved(None) == 0
    assert PACKING.reserved(Excerpt(lines=("ab", "c"), title="Log")) == 3 + 2 + 3
    assert PACKING.reserved(Excerpt(lines=("x" * 900,) * 9)) == 500


@pytest.mark.parametrize(
    ("done", "bar"), [(None, "3 of 4"), (0.75, "▓▓▓▓▓▓▓▓░░ 3 of 4"), (7.0, "▓▓▓▓▓▓▓▓▓▓ 3 of 4")]
)
def test_progress_bar__never_longer_than_whole(done: float | None, bar: str) -> None:
    """A fraction beyond its bounds fills the bar; where there is none, the words stand alone."""
    assert layout.progress_bar(Progress(fraction=done, text="3 of 4")) == bar


def test_own_buttons__a_form_has_one_that_opens_it() -> None:
    """A card with a form can be opened by a press, and by one button alone."""
    form = Form(verb="launch", title="Launch", submit="Launch", fields=())
    card = Card(title=("Launch",), text=("Launch",), form=form)
    (added,) = layout.own_buttons(card, 0)
    has_one = Card(
        title=("Launch",),
        text=("Launch",),
        form=form,
        buttons=(Button(label="Go", command=Command("launch"), opens_form=True),),
    )

    assert (added.label, added.command, added.opens_form) == ("Fill in the form", Command("launch"), True)
    assert layout.own_buttons(has_one, 0) == has_one.buttons
