"""Which lines of an excerpt a message shows: the newest, shortened before any is left out."""

from __future__ import annotations

from collections.abc import Callable

from bot import cleaning

SHORTEST = 100  # characters to which lines are shortened, to make room for more of them


def newest(
    lines: tuple[str, ...], room: int, cost: Callable[[str], int], longest: int
) -> tuple[list[str], bool]:
    """Return the newest lines that fit, cleaned, and whether anything of the excerpt is missing in them.

    `cost`: what a line takes of `room` as it will be written, with its line end. `longest`: characters of one line.
    """
    whole = [cleaning.one_line(line) for line in lines]
    fair = max(SHORTEST, room // max(1, len(whole)) - 1)
    shown: list[str] = []
    for limit in (longest, min(longest, fair)):
        shown = _fitting([cleaning.cut(line, limit) for line in whole], room, cost)
        if len(shown) == len(whole):
            break
    return shown, shown != whole


def _fitting(lines: list[str], room: int, cost: Callable[[str], int]) -> list[str]:
    shown: list[str] = []
    for line in reversed(lines):
        room -= cost(line)
        if room < 0:
            break
        shown.append(line)
    return shown[::-1]
