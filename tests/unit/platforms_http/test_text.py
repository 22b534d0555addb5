"""Texts are cleaned and broken JSON is mended value by value."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.http.text import clean, hint, one_line, patch, within

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
@settings(max_examples=80, deadline=None)
def test_mend__good_json_stays(value: object, ascii_only: bool) -> None:
    """What was fine means the same afterwards."""
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")

    assert json.loads(hint(body)) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'["\ud800", "x"]', ["\ufffd", "x"]),
        (rb'["\udc00a\ud83d"]', ["\ufffda\ufffd"]),
        (rb'["\ud83d\ude00"]', ["\U0001f600"]),
        (rb'["\\ud800"]', ["\\ud800"]),
        (rb'["\\\ud800"]', ["\\\ufffd"]),
        (b'["\xff", 1]', ["\ufffd", 1]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'[NaN, -Infinity, Infinity, "NaN"]', [None, None, None, "NaN"]),
        (b"[1e999, -1e999, 2]", ["1e999", "-1e999", 2]),
        (b"[12345678901234567890, 1]", ["12345678901234567890", 1]),
        (b"[" + b"9" * 5000 + b", 1]", [None, 1]),
    ],
)
def test_mend__only_bad_values_are_lost(body: bytes, value: object) -> None:
    """A strict decoder takes the rest."""
    assert msgspec.json.decode(hint(body)) == value


@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_mend__deep_values(pair: bytes) -> None:
    """A value nested beyond reason is cut off, its neighbours stay."""
    opening = b"[" if pair == b"[]" else b'{"a":'
    deep = opening * 100_000 + b"1" + pair[1:] * 100_000
    mended = msgspec.json.decode(hint(b'{"before": 1, "deep": ' + deep + b', "after": [2, "]"]}'))

    assert (mended["before"], mended["after"]) == (1, [2, "]"])


@given(st.binary(max_size=60))
@settings(max_examples=80, deadline=None)
def test_mend__never_fails(body: bytes) -> None:
    """Any bytes come out as UTF-8."""
    assert isinstance(hint(body).decode("utf-8"), str)


@pytest.mark.parametrize("unit", [b'"\\', b'"', b"\\", b"[", b"-", b"1e", rb"\u00", rb"\ud83d", b'"a', b"{"])
def test_mend__worst_cases(unit: bytes) -> None:
    """A megabyte made to be scanned again and again is gone through once; anything else would take hours."""
    body = unit * ((1 << 20) // len(unit))

    assert isinstance(hint(body), bytes)
    assert isinstance(patch(body), bytes)


@given(st.text(st.characters(categories=["L", "Cs", "Cc"])))
@settings(max_examples=60, deadline=None)
def test_clean__can_be_stored(text: str) -> None:
    """No NUL and no lone surrogate is left."""
    cleaned = clean(text)

    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


def test_clean__says_what_was_cut() -> None:
    """Over-long text ends with how much is missing."""
    assert clean("x" * 12, 10) == "xxxxxxxxxx… (2 more characters)"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\r\n\tc\u2028d\x85e", "a b c d e"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://evil\x07link\x1b]8;;\x07", "red link"),
        ("\x1b]0;title", ""),
        ("a\x00b\x07c\x9bd", "abc"),
        ("bold\x1b[1mtext\x1b(B\x1b[m", "boldtext"),
        ("\x1b7saved\x1b8 \x1b=keypad\x1b> \x1b#8fill \x1bcreset", "saved keypad fill reset"),
        ("\x9b31mred\x9b0m \x9d0;title\x9cx\x90q#0~~\x9c \x1bP1$r\x1b\\y \x1b_apc\x1b\\z", "red x y z"),
        ("raft::log: commit \x1b[3mterm\x1b[0m\x1b[2m=\x1b[0m7", "raft::log: commit term=7"),
        (
            "see https://a.antithesis.com/report/x/y.html?auth=v2.public.eyJhIjoxfQ_-s.Zm9v&b=1",
            "see https://a.antithesis.com/report/x/y.html?auth=***&b=1",
        ),
        ("to=%2Freport%2Fx%3Fauth%3Dv2.public.eyJhIjoxfQ", "to=%2Freport%2Fx%3Fauth%3D***"),
        ("  x  ", "x"),
    ],
)
def test_one_line__plain(text: str, line: str) -> None:
    """Line breaks become spaces; escapes and control characters go."""
    assert one_line(text) == line


def test_one_line__huge() -> None:
    """A megabyte of text stays short and counts what is left out."""
    line = one_line("y" * 1_000_000, 10)

    assert line == "yyyyyyyyyy… (999,990 more characters)"


def test_within__long_names_that_differ_anywhere_stay_two() -> None:
    """At their beginning, their middle or their end; and what fits stays as it is."""
    names = ["x" * 300, "y" + "x" * 299, "x" * 150 + "y" + "x" * 149, "x" * 299 + "y"]

    cut = [within(name, 255) for name in names]

    assert {len(name) for name in cut} == {255}
    assert len(set(cut)) == len(names)
    assert cut[3].endswith("xy")
    assert within("x" * 255, 255) == "x" * 255
