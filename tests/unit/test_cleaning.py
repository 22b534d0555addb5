"""The one cleaner for outside text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import cleaning


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain words", "plain words"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07here\x1b]8;;\x07", "here"),
        ("bold\x1b[1mtext\x1b(B\x1b[m", "boldtext"),
        ("\x1b7saved\x1b8 \x1b=keypad\x1b> \x1b#8fill \x1bcreset", "saved keypad fill reset"),
        ("\x90q#0~~\x9c\x1bP1$r\x1b\\x\x1b_apc\x1b\\y\x1b^pm\x1b\\z", "xyz"),
        ("\x1b]0;title\nnext line stays", " next line stays"),
        ("term\x1b[0m\x1b[2m=\x1b[0m7", "term=7"),
        ("/report/a.html?auth=v2.public.eyJh_-1.Zm9v&b=1", "/report/a.html?auth=***&b=1"),
        ("u=%2Freport%3Fauth%3Dv2.public.eyJh", "u=%2Freport%3Fauth%3D***"),
        ("v4.local.eyJh alone", "*** alone"),
        ("v2.\u200bpublic.eyJh and v2.pub\u00adlic.eyJh", "*** and ***"),
        ("/report/a.html?au\u200bth=eyJh&b=1", "/report/a.html?auth=***&b=1"),
        ("v2\x00.public.eyJh", "***"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a\ud800b", "a?b"),
        ("tag\U000e0041", "tag"),
        ("nul\x00bell\x07", "nulbell"),
        ("one\r\ntwo\u2028three\x85four\x0bfive", "one two three four five"),
        ("naïve café Ω 漢字 🎉", "naïve café Ω 漢字 🎉"),
        ("a" + "\u0301" * 30, "a" + "\u0301" * 4),
    ],
)
def test_one_line__keeps_only_what_is_visible(dirty: str, clean: str) -> None:
    """Escape sequences, hidden and turning characters go; words in any script stay."""
    result = cleaning.one_line(dirty)

    assert clean == result


def test_many_lines__keeps_breaks_as_line_feeds() -> None:
    """Every kind of line break is one line feed, tabs are spaces."""
    result = cleaning.many_lines("a\r\nb\rc\td\u2029e")

    assert result == "a\nb\nc    d\ne"


@given(st.text())
def test_one_line__is_never_dangerous(text: str) -> None:
    """No input leaves a control, format, surrogate or private character, and cleaning twice changes nothing."""
    result = cleaning.one_line(text)

    assert not {"Cc", "Cf", "Cs", "Co"} & {unicodedata.category(c) for c in result}
    assert result == cleaning.one_line(result)


@given(st.text(alphabet="`\u200bab", max_size=30))
def test_unfenced__holds_no_fence_and_loses_nothing(text: str) -> None:
    """Three back-ticks never stand together, and what they are stays."""
    result = cleaning.unfenced(text)

    assert "```" not in result
    assert text.replace("\u200b", "") == result.replace("\u200b", "")


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_cut__holds_the_limit(text: str, limit: int) -> None:
    """A cut text is never longer than asked, and says that it was cut."""
    result = cleaning.cut(text, limit)

    assert len(result) <= limit
    assert result == text or result.endswith("…")


def test_cut__does_not_split_a_character() -> None:
    """A letter and its accent stay together or go together."""
    result = cleaning.cut("abcde\u0301fgh", 6)

    assert result == "abcd…"


@pytest.mark.parametrize(("limit", "kept"), [(2, "a…"), (3, "a…"), (4, "a🇩🇪…")])
def test_cut__does_not_split_a_flag(limit: int, kept: str) -> None:
    """Half a flag would be a letter in a box."""
    assert kept == cleaning.cut("a🇩🇪🇫🇷", limit)


@given(st.text(min_size=1, max_size=60), st.integers(min_value=8, max_value=50))
def test_shorten__holds_the_limit_and_both_ends(name: str, limit: int) -> None:
    """A name is whole, or begins and ends as it did, with a mark where something is left out."""
    result = cleaning.shorten(name, limit)
    begin, mark, end = result.partition("…")[0], "…", result.rpartition("…")[2]

    assert len(result) <= limit
    assert result == name or (name.startswith(begin) and name.endswith(end) and result.count(mark) >= 2)


def test_shorten__tells_long_names_apart() -> None:
    """Names that differ at the end, at the beginning or only in the middle never read the same."""
    names = [f"{a}/{'x' * 100}{b}{'y' * 100}[{c}]" for a in "ab" for b in "ab" for c in "ab"]
    shown = {cleaning.shorten(name, 60) for name in names}

    assert len(shown) == len(names)


@pytest.mark.parametrize("name", ["e" + "\u0301" * 500, "\u0301" * 500, "🇩🇪" * 100, "a\u200d" * 200])
def test_shorten__bounds_what_is_made_of_several_characters(name: str) -> None:
    """No name is longer than asked because it cannot be cut where it should be."""
    assert len(cleaning.shorten(name, 60)) <= 60


def test_shorten__does_not_split_a_flag() -> None:
    """Neither side ends or begins with half of one."""
    result = cleaning.shorten("a" + "🇩🇪" * 40, 21)

    assert result[0] == "a"
    assert len(result.partition("…")[0][1:]) % 2 == len(result.rpartition("…")[2]) % 2 == 0


@pytest.mark.parametrize("dirty", ["a\x9b31mb", "a\x9d8;;http://evil\x9cb", "a\x9d0;title\x07b"])
def test_one_line__takes_single_byte_terminal_commands_whole(dirty: str) -> None:
    """The one-character forms of escape sequences leave no tail."""
    assert "ab" == cleaning.one_line(dirty)
