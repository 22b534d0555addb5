"""What `logs compare=yes` does: the windows before a moment and before a passing example of the same property.

One passing example is one of a sample. It is read as far back as the moment itself, and never concluded from where
either window could not be read whole.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from bot.cards import Reply
from bot.command import MomentTarget
from bot.errors import NotFound
from bot.model import Check, LogQuery, Moment
from bot.patterns import difference
from bot.platform import MomentLogs
from bot.ports import Report
from bot.replies import compared as replies
from bot.targets.moment import check_of, window_before


async def compare(target: MomentTarget, logs: MomentLogs, wanted: LogQuery, report: Report) -> Reply:
    """Show what only one of the two windows has. Raises `UserError` where no property is meant."""
    if target.property_name is None:
        raise replies.no_property(target.platform.terms)
    check = target.check or await check_of(target)
    beside = _beside(target, check, wanted.window)
    if beside is None:
        return replies.no_passing_example(target)
    query = replace(wanted, window=_common(wanted, target, beside), patterns=True, lines=0, file=False)
    target, here = await window_before(replace(target, check=check), logs, query, report)
    try:
        there = await logs.logs(replace(query, moment=beside), report)
    except NotFound as error:
        again = _beside(target, await check_of(target), wanted.window) if error.what == "moment" else None
        if again is None or again == beside:
            raise
        beside = again
        there = await logs.logs(replace(query, moment=beside), report)
    windows = replies.Windows(
        target=target, beside=beside, wanted=wanted, query=query, here=here, there=there
    )
    if (why := windows.not_comparable) is not None:
        return replies.not_compared(windows, why)
    found = await asyncio.to_thread(difference, here.patterns, there.patterns, known=target.property_name)
    return replies.compared(windows, found)


def _beside(target: MomentTarget, check: Check | None, window: float) -> Moment | None:
    """Choose the passing example: one with a whole window behind it, and of those the nearest in time.

    In the first seconds of a run other things happen than later. Of the history of the moment itself one is taken
    only if its window is another one.
    """
    at = target.moment

    def unlike(moment: Moment) -> tuple[bool, bool, Decimal]:
        distance = abs(moment.exact - at.exact)
        short = moment.seconds < min(window, at.seconds)
        return short, moment.input_hash == at.input_hash and distance < window, distance

    there = [moment for moment in (check.held if check is not None else ()) if moment != at]
    return min(there, key=unlike, default=None)


def _common(wanted: LogQuery, target: MomentTarget, beside: Moment) -> float:
    """Return how long both windows can be: a run has no log before its begin."""
    return min(wanted.window, target.moment.seconds, beside.seconds)
