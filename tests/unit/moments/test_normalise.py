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


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ('run="*5* \u201cx\u201d"', "*5* \u201cx\u201d"),
        ("run='&lt;'", "&lt;"),
        ('run="x moment=5,4.5"', None),
        ('run="<https://a.example/runs/9043254f65c9c65d63fe043a0abfc7fc-53-1|here>"', None),
        ('"a b=" run="c d"', "c d"),
    ],
)
def test_read__leaves_a_quoted_run_alone_unless_it_is_a_paste(text: str, run: str | None) -> None:
    """In quotes a run's name is text like any other; a link or a moment in them is one all the same."""
    pasted, rest = moments.read(text)

    assert (pasted is None) is (run is not None)
    assert run is None or run in rest


def test_read__looks_into_quotes_once() -> None:
    """Quotes within quotes, as deep as a message can hold them, are gone through as what they stand in."""
    text = "x"
    for _ in range(200):
        text = f"run=&quot;{text.replace('&', '&amp;')}&quot;"
        if len(text) > moments.MAX_LENGTH // 2:
            break

    assert moments.read(f'run="{text}"') == (None, f'run="{text}"')


def test_tidy__refuses_a_flood() -> None:
    """A text that is longer than any message is refused with both numbers."""
    with pytest.raises(UserError, match="40,001 characters; the limit is 40,000"):
        moments.tidy("x" * (moments.MAX_LENGTH + 1))
