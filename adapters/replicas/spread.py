"""Who takes a free lease, and who gives one up so that all hold as many; pure.

A free lease goes to whoever holds fewest of those that could do the same; one that nobody took for some beats goes to
whoever sees it, so nothing waits long for a program that is too slow. Who holds two more than another gives up one at a time,
to one that lives for certain: the difference only shrinks, so nothing moves to and fro.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a program could do and what it holds, by name. `fresh`: whether it showed life at the last looks."""

    can: frozenset[str]
    holds: frozenset[str]
    fresh: bool = True


def to_take(me: Load, others: Sequence[Load], free: Iterable[str], left: Collection[str]) -> list[str]:
    """Return what this program should try to take of what is free; `left`: what nobody took for a while."""
    mine, taken = len(me.holds), list[str]()
    for name in free:
        fewest = min((len(other.holds) for other in others if name in other.can), default=mine)
        if name in me.can and (name in left or mine <= fewest):
            taken.append(name)
            mine += 1
    return taken


def to_give(me: Load, others: Sequence[Load], stays: Collection[str]) -> str | None:
    """Return one that another program should have, None while all is even; what `stays` is given to nobody."""
    for name in sorted(me.holds - set(stays)):
        rivals = (len(other.holds) for other in others if other.fresh and name in other.can)
        if min(rivals, default=len(me.holds)) + 2 <= len(me.holds):
            return name
    return None
