"""What was seen already, for how long and how much of it."""

from __future__ import annotations

from datetime import timedelta

from adapters.hooks.replays import MOST, WINDOW, Replays
from tests.fakes.clock import ManualClock


def test_is_new__for_ten_minutes() -> None:
    """A body is new once in ten minutes, however the wall clock is set meanwhile."""
    clock = ManualClock()
    replays = Replays(clock)
    seen = [replays.is_new(b"a"), replays.is_new(b"a"), replays.is_new(b"b")]
    clock.jump(7200)
    clock.pass_time(WINDOW.total_seconds() - 1)
    seen.append(replays.is_new(b"a"))
    clock.pass_time(1)
    seen.append(replays.is_new(b"a"))

    assert seen == [True, False, True, False, True]


def test_is_new__remembers_a_bounded_number() -> None:
    """A flood forgets the oldest, and no more than so many are kept."""
    replays = Replays(ManualClock())
    for number in range(MOST + 1):
        assert replays.is_new(str(number).encode())

    assert not replays.is_new(str(MOST).encode())
    assert replays.is_new(b"0")
    assert len(replays._seen) == MOST


def test_is_late__after_ten_minutes() -> None:
    """A delivery without a time is never late; one that was made ten minutes ago is just in time."""
    clock = ManualClock()
    replays, now = Replays(clock), clock.now()

    late = [replays.is_late(at) for at in (None, now, now - WINDOW, now - WINDOW - timedelta(seconds=1))]

    assert late == [False, False, False, True]
