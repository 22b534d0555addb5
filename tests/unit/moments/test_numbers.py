"""Ids, hashes and virtual times are checked before they go anywhere."""

from __future__ import annotations

import pytest

from bot import moments
from bot.errors import UserError
from bot.model import Moment


@pytest.mark.parametrize("text", ["a", "9043254f65c9c65d63fe043a0abfc7fc-53-1", "A_b-9", "x" * 128])
def test_read_run_id__takes_plain_ids(text: str) -> None:
    """Letters, digits, hyphens and underscores pass unchanged."""
    result = moments.read_run_id(text)

    assert text == result


@pytest.mark.parametrize(
    "text",
    [
        "", "..", "../../v1/launch/x", "%2e%2e", "a?b", "a#b", "http://evil", "a\r\nb", "a\n", "-a", "_a",
        "ä", "٣", "a b", "x" * 129, "x" * 1_000_000,
    ],
)  # fmt: skip
def test_read_run_id__refuses_what_bends_an_address(text: str) -> None:
    """Dots, slashes, escapes, line ends, other scripts and floods are refused, naming the field, briefly."""
    with pytest.raises(UserError, match=r"^session: ") as refused:
        moments.read_run_id(text, name="session")

    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("input_hash", "vtime"),
    [
        ("0", "0"),
        ("-9223372036854775808", "398.4898056755774"),
        ("9223372036854775807", "1E+5"),
        ("1", "1.5e-7"),
        ("1", "0005.10"),
        ("1", "1e308"),
    ],
)
def test_read_moment__keeps_both_texts(input_hash: str, vtime: str) -> None:
    """What is valid is kept letter by letter."""
    result = moments.read_moment(input_hash, vtime)

    assert Moment(input_hash, vtime) == result


@pytest.mark.parametrize(
    ("input_hash", "vtime"),
    [
        ("", "1"), ("+1", "1"), ("1.0", "1"), ("1 ", "1"), ("1\n", "1"), ("0x1", "1"), ("00", "1"), ("-0", "1"),
        ("9223372036854775808", "1"), ("-9223372036854775809", "1"), ("9" * 5_000, "1"), ("٣", "1"),
        ("1", ""), ("1", "-1"), ("1", "+1"), ("1", ".5"), ("1", "5."), ("1", "1e"), ("1", "1e999"), ("1", "nan"),
        ("1", "inf"), ("1", "1_0"), ("1", " 1"), ("1", "1\n"), ("1", "٣"), ("1", "1" * 65), ("1", "0x1"),
    ],
)  # fmt: skip
def test_read_moment__refuses_the_rest(input_hash: str, vtime: str) -> None:
    """Anything else is refused with a short sentence."""
    with pytest.raises(UserError, match="not valid") as refused:
        moments.read_moment(input_hash, vtime)

    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("vtime", "shortened"),
    [
        ("398.4898056755774", False),
        ("22.475549569819123", False),
        ("402", False),
        ("398.4898", True),
        ("1.1641532182693481e-10", True),
        ("1e308", False),
    ],
)
def test_looks_shortened__knows_whole_ticks(vtime: str, shortened: bool) -> None:
    """Multiples of a tick look whole, others do not."""
    result = moments.looks_shortened(Moment("1", vtime))

    assert shortened is result


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("9043254f65c9c65d63fe043a0abfc7fc-53-1", True),
        ("9043254F65c9c65d63fe043a0abfc7fc-53-1", False),
        ("9043254f-53-1", False),
        ("9043254f65c9c65d63fe043a0abfc7fc-53-1\n", False),
    ],
)
def test_is_platform_id__knows_the_shape(text: str, is_one: bool) -> None:
    """Only 32 hexadecimal digits and two numbers have the platform's shape."""
    result = moments.is_platform_id(text)

    assert is_one is result
