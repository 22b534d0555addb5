"""Waiting for whatever happens first leaves nothing running, and waits grow to their bound."""

from __future__ import annotations

import asyncio

import pytest

from bot.waiting import Backoff, first_of


class Work:
    """Waits until it is let go, and notes how it ended."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.ended = ""

    async def run(self) -> str:
        """Return or raise as `gate` allows; being cancelled takes a moment."""
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.ended = "cancelled"
            raise
        self.ended = "done"
        return "result"

    async def fail(self) -> None:
        """Fail when it is let go."""
        await self.gate.wait()
        raise ValueError(self.ended or "failed")


async def test_first_of__gives_what_was_wanted_and_ends_the_rest() -> None:
    """The others have ended by then, also those that need a moment to stop."""
    wanted, other = Work(), Work()
    wanted.gate.set()

    assert await first_of(wanted.run(), other.run()) == "result"
    assert other.ended == "cancelled"


async def test_first_of__another_one_came_first() -> None:
    """Then there is no result, and what was wanted does not run on."""
    wanted, other = Work(), Work()
    other.gate.set()

    assert await first_of(wanted.run(), other.run()) is None
    assert (wanted.ended, other.ended) == ("cancelled", "done")


async def test_first_of__what_failed_first_is_raised() -> None:
    """An error is not lost behind a wait that ended well in the same moment."""
    wanted, other = Work(), Work()
    wanted.gate.set()
    other.gate.set()

    with pytest.raises(ValueError, match="failed"):
        await first_of(wanted.run(), other.fail())


async def test_first_of__is_cut_off_whole() -> None:
    """Cancelled from outside, it leaves nothing running."""
    wanted, other = Work(), Work()
    waiting = asyncio.ensure_future(first_of(wanted.run(), other.run()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert (wanted.ended, other.ended) == ("cancelled", "cancelled")


def test_backoff__doubles_to_its_bound_and_begins_anew() -> None:
    """However often it fails, the wait stays within its bound."""
    backoff = Backoff(first=2.0, longest=10.0)
    waits = [backoff.next() for _ in range(4)]
    backoff.failures = 5_000
    longest = backoff.next()
    backoff.reset()

    assert (waits, longest, backoff.next()) == ([2.0, 4.0, 8.0, 10.0], 10.0, 2.0)
