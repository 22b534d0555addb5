"""What `grep=` finds: a text as it stands, or a regular expression in slashes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.http.matching import Grep
from bot.errors import UserError

LINES = ("a panic: gone", "Fatal: disk", "GET /api/v1/ 200", "GET /healthz", "took 42 ms", "a|b", "/x/", "")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("panic", [0]),
        ("PANIC", []),
        ("a|b", [5]),
        ("/api/v1/", [2]),  # a path, which has a slash inside
        ("/x", [6]),
        ("/panic|Fatal/", [0, 1]),
        ("/FATAL/i", [1]),
        ("/FATAL/", []),
        (r"/took \d+ ms$/", [4]),
        (r"/\/api\/v\d\//", [2]),
        ("/^GET .*z/", [3]),
        ("/^$/", [7]),
        ("//", []),
        ("/(?i)fatal/", [1]),
    ],
)
def test_grep__finds(said: str, found: list[int]) -> None:
    """Only what stands in slashes, with none inside, is a pattern; a line's text and its bytes give the same."""
    grep = Grep(said)

    assert [n for n, line in enumerate(LINES) if grep.finds(line)] == found
    assert [n for n, line in enumerate(LINES) if grep.finds_raw(line.encode())] == found


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("/a(/", "missing ): a(."),
        ("/[a/", "missing ]: [a."),
        ("/(?=a)/", "invalid perl operator: (?=."),
        (r"/(a)\1/", r"invalid escape sequence: \1."),
        ("/*a/", "no argument for repetition operator: *."),
        ("/a{2000}/", "invalid repetition size: {2000}."),
        ("/(((a{9}){9}){9}){9}/", ""),
        (r"/(\pL{1000}){1,1}(\pL{1000})/", "pattern too large - compile failed."),
        ("/\ud800/", "no argument for repetition operator: ?"),
    ],
)
def test_grep__what_cannot_be_used_is_said_with_its_reason(
    said: str, why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The sentence says what is wrong and how to do without; the library itself says nothing to the terminal."""
    with pytest.raises(UserError) as caught:
        Grep(said)

    assert caught.value.problem.startswith("grep= cannot be used as a regular expression: ")
    assert caught.value.problem.endswith(why)
    assert "no lookarounds" in caught.value.hint
    assert "grep=/panic|fatal/" in caught.value.hint
    assert capfd.readouterr() == ("", "")


PIECES = st.sampled_from(
    ["pan", "ic", ".*", ".+", ".", "|", "^", "$", " ", "x?", "[pq]", "a*", "(c)", "=", "7"]
)


@given(
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
    st.lists(st.sampled_from("panic 7=xq"), max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_grep__literals_stand_in_every_line_that_is_found(pattern: str, letters: list[str]) -> None:
    """A line without any of them is never found, so that it need not be looked at; what is found is what `re` finds."""
    line = "".join(letters)
    try:
        grep = Grep(f"/{pattern}/")
    except UserError:
        return
    found = grep.finds(line)

    assert not found or not grep.literals or any(literal in line for literal in grep.literals)
    assert found is bool(re.search(pattern, line, re.DOTALL))


@pytest.mark.parametrize(
    ("said", "literals"),
    [
        ("panic: x", ("panic: x",)),
        ("/panic|fatal/", ("panic", "fatal")),
        ("/^took .*ms total$/", ("total",)),
        ("/panic|.*/", ()),
        ("/pani?c/", ()),
        ("/panic/i", ()),
    ],
)
def test_grep__literals(said: str, literals: tuple[str, ...]) -> None:
    """They are known of the usual patterns, and of none that leaves something open."""
    assert Grep(said).literals == literals


@pytest.mark.parametrize("pattern", ["(a|a)*b", "(a*)*b", "(.*a){20}b", "a.*a.*a.*a.*b"])
def test_grep__is_linear_whatever_the_pattern(pattern: str) -> None:
    """What takes other engines hours goes through a million characters."""
    assert not Grep(f"/{pattern}/").finds("a" * 1_000_000)
