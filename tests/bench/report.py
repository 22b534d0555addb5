"""The lines of the table that `make bench` prints, and how they are judged."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, beside what, and the ratio of the two against its bound (None: only reported).

    `noise`: the rounds lie so far apart that the machine decided and not the code; then nothing is proved either way.
    """

    name: str
    measured: str
    beside: str = ""
    ratio: float | None = None
    bound: float | None = None
    ok: bool = True
    noise: bool = False


NOISE = 1.6  # the upper quartile of the rounds' ratios in lower ones, from which a row is noise


def in_turns(
    name: str, ours: Sequence[float], other: Sequence[float], *, bound: float | None, what: str
) -> Row:
    """Judge rounds in seconds that took turns, each beside the one next to it, by the median of their ratios."""
    ratios = [mine / its for mine, its in zip(ours, other, strict=True)]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Row(
        name=name,
        measured=seconds(statistics.median(ours)),
        beside=f"{what}: {seconds(statistics.median(other))}; ratios {min(ratios):.2f} to {max(ratios):.2f}",
        ratio=ratio,
        bound=bound,
        ok=bound is None or ratio <= bound,
        noise=high > NOISE * low,
    )


def p99(times: Sequence[float]) -> float:
    """Return the time within which 99 of 100 were done."""
    return statistics.quantiles(times, n=100)[98]


def at_most(name: str, ours: float, other: float, *, bound: float, what: str) -> Row:
    """Judge that ours takes at most `bound` times as many seconds as the other."""
    ratio = ours / other
    beside = f"{what}: {seconds(other)}"
    return Row(name=name, measured=seconds(ours), beside=beside, ratio=ratio, bound=bound, ok=ratio <= bound)


def at_least(name: str, ours: float, other: float, *, bound: float, what: str) -> Row:
    """Judge that ours is at least `bound` times as fast as the other."""
    ratio = other / ours
    beside = f"{what}: {seconds(other)}"
    return Row(name=name, measured=seconds(ours), beside=beside, ratio=ratio, bound=bound, ok=ratio >= bound)


def within(name: str, value: float, *, limit: float, unit: str) -> Row:
    """Judge that a figure keeps within a limit."""
    return Row(
        name=name, measured=f"{value:.1f} {unit}", beside=f"limit: {limit:g} {unit}", ok=value <= limit
    )


def seconds(value: float) -> str:
    """Write a time in the unit that people read best."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s"


def table(rows: Iterable[Row]) -> Table:
    """Lay rows out; whether a bound was kept stands as a word."""
    laid = Table("what", "measured", "beside", "ratio", "bound", "")
    for row in rows:
        laid.add_row(
            row.name,
            row.measured,
            row.beside,
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.bound is None else f"{row.bound:.2g}",
            ("ok" if row.ok else "NOT MET") + (", noise" if row.noise else ""),
        )
    return laid
