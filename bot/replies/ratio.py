"""How often a failing property failed of all the times it was checked, and what that hints at."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Check, Rule
from bot.ratio import Ratio, read, rule_of
from bot.replies.wording import counted, shortened

HINTS: Mapping[Ratio, str] = {
    Ratio.RARE: "rare: likely a real bug",
    Ratio.HALF: "about half: likely configuration or timing",
    Ratio.MOST: "mostly: likely workload or setup",
    Ratio.ALL: "always: likely workload or setup",
}


def in_words(check: Check, *, trusted: bool = True) -> str:
    """Say how often a check failed: "fails in 281 of 12M checks (rare: likely a real bug)".

    `trusted`: the environment was sound; else the counts stand alone, for the cause is known.
    """
    hint = read(check) if trusted else None
    return _how_often(check) + (f" ({HINTS[hint]})" if hint else "")


def _how_often(check: Check) -> str:
    broken, rule = check.counterexample_count, rule_of(check)
    if broken is None:
        return "counterexamples not counted"
    if rule is Rule.UNREACHABLE:
        return f"reached {counted(broken, 'time')}, must never be" if broken else "reached, must never be"
    if rule is Rule.SOMETIMES and broken and not check.example_count:
        return f"never true in {counted(broken, 'check')}"
    if rule is Rule.ALWAYS and broken and check.example_count is not None:
        return _share(broken, broken + check.example_count)
    held = "examples not counted" if check.example_count is None else counted(check.example_count, "example")
    return f"{counted(broken, 'counterexample')}, {held}"


def _share(broken: int, checked: int) -> str:
    if checked == 1:
        return "fails in its only check"
    if broken == checked:
        return f"fails in all {counted(checked, 'check')}"
    return f"fails in {shortened(broken)} of {counted(checked, 'check')}"
