"""One line of the table that `make bench` prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, beside what, and the ratio of the two against its bound (None: only reported)."""

    name: str
    measured: str
    beside: str
    ratio: float | None
    bound: float | None
    ok: bool
