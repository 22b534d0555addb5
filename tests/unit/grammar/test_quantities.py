"""Lengths of time are read as people write them, and refused before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import grammar
from bot.errors import UserError

RUBBLE = [
    "", " ", "-1", "+1", "1e9", "NaN", "inf", "٣٠", "30;x", "30 20", "1_0", ".5", "5.", "0x10", "3O", "1d", "m",
    "1m1h", "30\n;", "1.1234567", "1" * 10, "9" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", "30"), ("0.5", "0.5"), ("0.1", "0.1"), ("007", "7"), ("1.50", "1.5"), (" 30 ", "30"), ("90m", "90"),
        ("1h30m", "90"), ("1h 30 min", "90"), ("2 hours", "120"), ("1.5h", "90"), ("1H", "60"), ("90s", "1.5"),
        ("10s", "0.166667"), ("7s", "0.116667"), ("1m10s", "1.166667"), ("20 secs", "0.333333"), ("45 mins", "45"),
        ("2hrs", "120"), ("100", "100"), ("10080", "10080"), ("168h", "10080"), ("0.000001", "0.000001"),
    ],
)  # fmt: skip
def test_minutes__gives_decimal_text(text: str, expected: str) -> None:
    """Numbers, hours and minutes become plain minutes."""
    result = grammar.minutes(text)

    assert expected == result


@pytest.mark.parametrize("text", [*RUBBLE, "0.00001s", "0", "0m", "10081", "999999999"])
def test_minutes__refuses_the_rest(text: str) -> None:
    """Anything else is refused with the field's name, briefly, and with the way to give it right."""
    with pytest.raises(UserError, match=r"^length= is ") as refused:
        grammar.minutes(text, "length")

    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10", "10"),
        ("10s", "10"),
        ("2m", "120"),
        ("1m 30s", "90"),
        ("0.25", "0.25"),
        ("1h", "3600"),
        ("5 sec", "5"),
    ],
)
def test_virtual_seconds__gives_decimal_text(text: str, expected: str) -> None:
    """Numbers, minutes and seconds become plain seconds."""
    result = grammar.virtual_seconds(text)

    assert expected == result


@pytest.mark.parametrize("text", [*RUBBLE, "0", "0s", "3600.1", "2h"])
def test_virtual_seconds__refuses_the_rest(text: str) -> None:
    """Anything else is refused with the field's name."""
    with pytest.raises(UserError, match=r"^span= is "):
        grammar.virtual_seconds(text, "span")


@settings(max_examples=60)
@given(st.decimals("0.000001", grammar.MOST_MINUTES, places=6))
def test_minutes__keeps_the_value(value: Decimal) -> None:
    """Any valid number comes back equal, in a form that reads as itself."""
    result = grammar.minutes(f"{value:f}")

    assert value == Decimal(result)
    assert result == grammar.minutes(result)


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("20", 20), ("200", 200), ("007", 7)])
def test_whole_number__reads_digits(text: str, expected: int) -> None:
    """Plain digits up to the bound are a number."""
    result = grammar.whole_number(text, "lines", 200)

    assert expected == result


@pytest.mark.parametrize("text", ["", "0", "201", "-1", "1.5", "٣", "²", "1e2", " 5", "0005", "9" * 10_000])
def test_whole_number__refuses_the_rest(text: str) -> None:
    """Anything else is refused with the field's name and its bound, briefly."""
    with pytest.raises(UserError, match=r"^lines= is .* from 1 to 200") as refused:
        grammar.whole_number(text, "lines", 200)

    assert len(refused.value.problem) < 200
