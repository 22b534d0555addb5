"""What a button asks for, as a chat gives it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat import pressed
from bot.cards import Command


@given(st.builds(Command, st.text(), st.dictionaries(st.text(), st.text(), max_size=4)))
def test_read__gives_what_was_written(command: Command) -> None:
    """Whatever stands in its values: quotes, lines, other commands."""
    assert pressed.read(pressed.write(command)) == command


@pytest.mark.parametrize(
    "text",
    ["status demo/1", "[x] status", '["status"]', '["status",{"run":1}]', '["status",["run"]]', "[1,{}]", "{}", "1",
     "9" * 5000, "[" * 100_000, '"ab"', ""],
)  # fmt: skip
def test_read__anything_else_is_the_text_of_an_earlier_version(text: str) -> None:
    """It is read as it would have been typed, and never half as values."""
    assert pressed.read(text) == text


def test_parts__of_a_press() -> None:
    """A command is its verb and its values; a text is a text."""
    assert pressed.parts(Command("status", {"run": "demo/1"})) == ("status", {"run": "demo/1"})
    assert pressed.parts("status demo/1") == ("status demo/1", {})
