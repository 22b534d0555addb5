"""A chart for any chat: as one line of text, and as a picture of bars that is readable on light and dark.

The picture holds no words: title and numbers stand beside it as text, which people can read at their own
size, search and have read aloud, and no font is needed to draw it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.layout import chart_title

ZERO = "▁"
BARS = "▂▃▄▅▆▇█"

BAR, GAP = 40, 16  # pixels
HEIGHT, MARGIN = 160, 12  # pixels; the height is that of the highest bar
BASE = 4  # thickness of the line that bars stand on
FEWEST = 4  # a chart is at least so high: one failure is no tower
COUNTABLE = 8  # up to here a bar is made of pieces, one for each
NOTCH = 4  # pixels between two pieces
LEAST = 2.0  # pixels that the smallest bar rises
EARLIER, NEWEST = "#6c7f94", "#d9730d"  # differ in lightness too; 3:1 and more on white and on near-black


def sparkline(values: Sequence[int]) -> str:
    """Draw whole numbers as a line of bars of text; only zero is the lowest one."""
    highest = max(values, default=0)
    return "".join(BARS[-(-value * len(BARS) // highest) - 1] if value > 0 else ZERO for value in values)


def numbers(values: Sequence[int]) -> str:
    """Write the numbers that stand beside the bars."""
    return ", ".join(map(str, values))


def as_text(title: str, values: Sequence[int]) -> str:
    """Write a chart as text: its title, and below it the bars and their numbers."""
    return f"{chart_title(title)}\n{sparkline(values)}  {numbers(values)}"


def png(values: Sequence[int]) -> bytes:
    """Draw whole numbers as a PNG of bars on a clear ground, the newest last and marked."""
    import resvg_py  # only who draws pays for it

    return resvg_py.svg_to_bytes(svg_string=svg(values), skip_system_fonts=True)


def svg(values: Sequence[int]) -> str:
    """Draw the same as SVG."""
    width = 2 * MARGIN + len(values) * (BAR + GAP) - GAP
    height = HEIGHT + BASE + 2 * MARGIN
    highest = max((FEWEST, *values))
    shapes = "".join(
        _bar(index, value, highest, NEWEST if index == len(values) - 1 else EARLIER)
        for index, value in enumerate(values)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{shapes}</svg>'


def _bar(index: int, value: int, highest: int, colour: str) -> str:
    """Draw a bar on its base; for zero there is the base alone."""
    x, ground = MARGIN + index * (BAR + GAP), MARGIN + HEIGHT
    pieces = value if highest <= COUNTABLE else min(value, 1)
    notch = NOTCH if highest <= COUNTABLE else 0
    step = max(LEAST, HEIGHT * value / highest / pieces) if pieces else 0.0
    tops = (ground - step * (number + 1) + notch for number in range(pieces))
    bar = "".join(_piece(x, top, step - notch, colour) for top in tops)
    return _piece(x, ground, BASE, colour) + bar


def _piece(x: int, y: float, height: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y:.2f}" width="{BAR}" height="{height:.2f}" fill="{colour}"/>'
