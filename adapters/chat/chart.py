"""A chart for any chat: as one line of text, and as a picture of bars that is readable on light and dark.

The picture holds no words: title and numbers stand beside it as text, which people can read at their own
size, search and have read aloud, and no font is needed to draw it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.layout import chart_title, legend

Three = tuple[str, str, str]  # of a bar, a place with none, and one of which nothing is known

ZERO = "▁"
BARS = "▂▃▄▅▆▇█"
UNKNOWN = "·"
ASCII = str.maketrans({ZERO: "_", UNKNOWN: ".", BARS[-1]: "#"})

BAR, GAP = 40, 16  # pixels
MANY = 20  # bars of that width; more are thinner, so that a picture is as wide as a message at most
THIN_BAR, THIN_GAP = 12, 5  # pixels
HEIGHT, MARGIN = 160, 12  # pixels; the height is that of the highest bar
BASE = 4  # thickness of the line that bars stand on
FEWEST = 4  # a chart is at least so high: one failure is no tower
COUNTABLE = 8  # up to here a bar is made of pieces, one for each
NOTCH = 4  # pixels between two pieces
LEAST = 2.0  # pixels that the smallest bar rises
EARLIER, NEWEST = "#6c7f94", "#d9730d"  # differ in lightness too; 3:1 and more on white and on near-black


def sparkline(values: Sequence[int | None]) -> str:
    """Draw whole numbers as a line of bars of text; only zero is the lowest one, and what is not known is none."""
    highest = max((value or 0 for value in values), default=0)

    def sign(value: int | None) -> str:
        if not value:
            return UNKNOWN if value is None else ZERO
        return BARS[-(-value * len(BARS) // highest) - 1]

    return "".join(map(sign, values))


def beside(
    values: Sequence[int | None],
    stands_for: Three | None,
    signs: Three = (BARS[-1], ZERO, UNKNOWN),
) -> str:
    """Write what stands beside the bars: their numbers, or what a bar, none and a gap stand for, as far as there are such."""
    if stands_for is None:
        return ", ".join("?" if value is None else str(value) for value in values)
    there = (any(values), 0 in values, None in values)
    marks = zip(signs, stands_for, there, strict=True)
    return legend((sign, word) for sign, word, is_there in marks if is_there)


def as_text(title: str, values: Sequence[int | None], stands_for: Three | None) -> str:
    """Write a chart as text: its title, and below it the bars and what stands beside them."""
    apart = "  " if stands_for is None else "\n"
    return f"{chart_title(title)}\n{sparkline(values)}{apart}{beside(values, stands_for)}"


def png(values: Sequence[int | None], *, full: bool = False) -> bytes:
    """Draw whole numbers as a PNG of bars on a clear ground, the newest last and marked; `full`: 1 is as high as can be."""
    import resvg_py  # only who draws pays for it

    return resvg_py.svg_to_bytes(svg_string=svg(values, full=full), skip_system_fonts=True)


def svg(values: Sequence[int | None], *, full: bool = False) -> str:
    """Draw the same as SVG."""
    bar, gap = (BAR, GAP) if len(values) <= MANY else (THIN_BAR, THIN_GAP)
    width = 2 * MARGIN + len(values) * (bar + gap) - gap
    height = HEIGHT + BASE + 2 * MARGIN
    highest = max((1 if full else FEWEST, *(value or 0 for value in values)))
    shapes = "".join(
        _bar(
            MARGIN + index * (bar + gap), bar, value, highest, NEWEST if index == len(values) - 1 else EARLIER
        )
        for index, value in enumerate(values)
        if value is not None
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{shapes}</svg>'


def _bar(x: int, width: int, value: int, highest: int, colour: str) -> str:
    """Draw a bar on its base; for zero there is the base alone."""
    ground = MARGIN + HEIGHT
    pieces = value if highest <= COUNTABLE else min(value, 1)
    notch = NOTCH if highest <= COUNTABLE else 0
    step = max(LEAST, HEIGHT * value / highest / pieces) if pieces else 0.0
    tops = (ground - step * (number + 1) + notch for number in range(pieces))
    bar = "".join(_piece(x, top, width, step - notch, colour) for top in tops)
    return _piece(x, ground, width, BASE, colour) + bar


def _piece(x: int, y: float, width: int, height: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y:.2f}" width="{width}" height="{height:.2f}" fill="{colour}"/>'
