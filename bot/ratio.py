"""What the share of its checks in which a property fails says of the cause; pure.

The rule is the practitioners': what never holds is a fault of workload or setup, what mostly fails likely too, what fails
rarely is a strong sign of a real bug, and an even split hints at configuration or timing.
"""

from __future__ import annotations

from enum import StrEnum

from bot.model import Check, Rule


class Ratio(StrEnum):
    """How much of what was checked fails."""

    RARE = "rare"
    HALF = "half"
    MOST = "most"
    ALL = "all"


ENOUGH = 10  # checks; of fewer no share is read
_RARE = 5  # percent at most
_HALF = range(35, 66)  # percent
_MOST = 80  # percent at least


def rule_of(check: Check) -> Rule | None:
    """Return when a failing check fails; where the platform does not say, only `ALWAYS` both holds and breaks."""
    if check.rule is None and check.is_event and check.example_count and check.counterexample_count:
        return Rule.ALWAYS
    return check.rule


def read(check: Check) -> Ratio | None:
    """Read the share that fails; None where it was not counted, was hardly checked, or hints at nothing.

    Of a place that must never be reached every hit is a failure, so the share says nothing.
    """
    broken, held = check.counterexample_count, check.example_count
    if broken is None or held is None or rule_of(check) not in {Rule.ALWAYS, Rule.SOMETIMES}:
        return None
    checked = broken + held
    if checked < ENOUGH or not broken:
        return None
    share = broken * 100 // checked
    if broken == checked:
        return Ratio.ALL
    if broken * 100 <= _RARE * checked:
        return Ratio.RARE
    if share >= _MOST:
        return Ratio.MOST
    return Ratio.HALF if share in _HALF else None
