"""Charts: bars of text, and pictures that are pictures."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat import chart

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LIGHT, DARK = "#ffffff", "#1a1d21"  # grounds that chats show pictures on


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ((), ""),
        ((0, 0, 0), "▁▁▁"),
        ((0, 0, 1, 1, 0, 2), "▁▁▅▅▁█"),
        ((0, 1, 2, 3, 4, 5, 6, 7), "▁▂▃▄▅▆▇█"),
        ((1, 1_000_000), "▂█"),
    ],
)
def test_sparkline__bars_grow_with_the_numbers(values: tuple[int, ...], bars: str) -> None:
    """The highest number has the highest bar, and only zero the lowest."""
    assert bars == chart.sparkline(values)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=14))
def test_sparkline__never_turns_an_order_around(values: list[int]) -> None:
    """Of two numbers the larger one never has the lower bar, and none but zero looks like zero."""
    bars = chart.sparkline(values)
    ordered = sorted(zip(values, bars, strict=True))

    assert sorted(bars) == [bar for _, bar in ordered]
    assert [value == 0 for value in values] == [bar == chart.ZERO for bar in bars]


@pytest.mark.parametrize("values", [(0, 0, 0), (0, 0, 1, 1, 0, 2), (0, 3, 500, 1), tuple(range(14))])
def test_png__is_a_picture_of_its_size(values: tuple[int, ...]) -> None:
    """The picture has a PNG's head, and as much width as it has bars."""
    picture = chart.png(values)
    width, height = struct.unpack(">II", picture[16:24])

    assert SIGNATURE == picture[:8]
    assert b"IEND" == picture[-8:-4]
    assert len(values) * (chart.BAR + chart.GAP) - chart.GAP + 2 * chart.MARGIN == width
    assert chart.HEIGHT + chart.BASE + 2 * chart.MARGIN == height


def test_png__shows_its_numbers() -> None:
    """Other numbers are another picture, the same numbers the same."""
    drawn = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, 2), (0, 0, 900), (0, 1, 900)]

    assert len(drawn) == len({chart.png(values) for values in drawn})
    assert chart.png((0, 2, 1)) == chart.png((0, 2, 1))


def test_svg__few_failures_can_be_counted() -> None:
    """Small numbers are made of pieces, large ones are one bar; every place has its base."""
    assert 3 + 2 + 5 == chart.svg((0, 2, 5)).count("<rect")
    assert 3 + 2 == chart.svg((0, 2, 50)).count("<rect")


@pytest.mark.parametrize("values", [(0, 1, 1_000_000), (8, 8, 8), (9, 1, 0)])
def test_svg__nothing_leaves_the_picture(values: tuple[int, ...]) -> None:
    """Every piece stands between the upper margin and the base."""
    rects = [part.split('"') for part in chart.svg(values).split("<rect")[1:]]
    spans = [(float(rect[3]), float(rect[3]) + float(rect[7])) for rect in rects]

    assert chart.MARGIN <= min(top for top, _ in spans)
    assert chart.MARGIN + chart.HEIGHT + chart.BASE >= max(bottom for _, bottom in spans)
    assert all(bottom - top >= 1 for top, bottom in spans)


@pytest.mark.parametrize("colour", [chart.EARLIER, chart.NEWEST])
@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_colours__stand_out_on_light_and_dark(colour: str, ground: str) -> None:
    """Graphics need a contrast of 3:1 (WCAG 2.2, 1.4.11)."""
    dark, light = sorted((_luminance(colour), _luminance(ground)))

    assert (light + 0.05) / (dark + 0.05) >= 3


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
