"""What an operator is told when a limit was met that keeps one connection or channel from filling a whole day."""

from __future__ import annotations

from bot.model import RunRef
from bot.replies.wording import clock_time
from bot.state import BEGINNING, Stretch


def behind(connection: str, left: Stretch) -> str:
    """Say that more runs are new than one look can read, and what that means until they are read."""
    return (
        f"{connection} has more new runs than can be read at once; those created {_between(left)} are still to be"
        " read. Clew continues with the next poll and announces finished runs when all of them are read."
    )


def caught_up(connection: str) -> str:
    """Say that all new runs were read."""
    return f"All new runs of {connection} have been read."


def not_listed(connection: str, stretch: Stretch) -> str:
    """Say which part of the platform's list cannot be read."""
    return (
        f"The run list of {connection} repeats itself or stops early, so runs created {_between(stretch)}"
        " may be missing. Nobody is notified of those; look for them on the platform."
    )


def too_many_new(connection: str, number: int) -> str:
    """Say that a list without times has more new runs than can be read at once."""
    return (
        f"{connection} has more than {number:,} new runs, and its list says not when they were created. Older ones were"
        " not read: nobody is notified of those; look for them on the platform."
    )


def too_large(ref: RunRef) -> str:
    """Name a run that the platform's answer is too large for."""
    return (
        f"Run {ref.run_id} of {ref.connection} cannot be read: the platform's answer is too large. Nobody is notified of"
        " its end; look for it on the platform. All other runs are watched as before."
    )


def summed_up(channel: str, number: int) -> str:
    """Say that a channel got one message for many."""
    return (
        f"{number} messages were waiting for {channel}. Clew posts one summary instead, which also covers what arrives"
        " in the meantime."
    )


def _between(stretch: Stretch) -> str:
    until = clock_time(stretch.until)
    if stretch.since == BEGINNING:
        return f"until {until}"
    return f"between {clock_time(stretch.since)} and {until}"
