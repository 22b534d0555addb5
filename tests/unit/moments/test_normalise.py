"""What chats and keyboards do to text is undone; what a person quoted is not touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import moments
from bot.errors import UserError
from bot.grammar import quoted


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [
        ("“a” \u2018b\u2019 „c«", '"a" \'b\' "c"'),
        ("\u22125 \u20135 \u20105 a\u2013b", "-5 -5 -5 a\u2013b"),
        ("—window 20 \u2013x a—b", "--window 20 --x a—b"),
        ("a\u00a0b\u202fc\u200bd", "a b cd"),
        ("<https://a.example/x|label>", "https://a.example/x"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<http://a.example/x|a.example/x>:1", "a.example/x:1"),
        ("<http://a.example|a.example>", "a.example"),
        ("<mailto:ann@a.example|ann@a.example>", "ann@a.example"),
        ("<@U01> <#C01|general> <b>", "<@U01> <#C01|general> <b>"),
        ("&lt;a&gt; &amp;&amp; &#39;&quot;", "<a> && '\""),
        ("&amp;lt;", "&lt;"),
        ("```json\n{}\n``` x", " \n{}\n  x"),
        ("*9043* __-12.5__ `1` *word* 2*3*4", "9043 -12.5 1 *word* 2*3*4"),
        ("note='a “b” \u20135' “c”", "note='a “b” \u20135' \"c\""),
        ("note=“a “b”", 'note="a "b"'),
    ],
)
def test_tidy__undoes_chats(typed: str, tidied: str) -> None:
    """Each hazard becomes plain text; words, mentions and straight-quoted values stay."""
    result = moments.tidy(typed)

    assert tidied == result


@settings(max_examples=60)
@given(st.text())
def test_tidy__leaves_quoted_values_alone(value: str) -> None:
    """Whatever stands in a quoted value comes through unchanged, hazards included."""
    text = f"name={quoted(value)}"

    result = moments.tidy(text)

    assert text == result


def test_tidy__refuses_a_flood() -> None:
    """A text that is longer than any message is refused with both numbers."""
    with pytest.raises(UserError, match="40,001 characters; the limit is 40,000"):
        moments.tidy("x" * (moments.MAX_LENGTH + 1))
