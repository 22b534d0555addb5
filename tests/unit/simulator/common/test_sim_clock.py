"""Tenant time runs ahead of the caller's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.clock import SystemClock
from adapters.simulator.common.clock import SimulatedClock
from tests.fakes.clock import ManualClock


@pytest.mark.parametrize(("speed", "passed"), [(60.0, 600.0), (1.0, 10.0), (0.0, 0.0)])
def test_clock__runs_at_its_speed(speed: float, passed: float) -> None:
    """Ten seconds of the source are so many of the tenant."""
    source = ManualClock()
    clock = SimulatedClock(source, speed)
    source.pass_time(10)

    assert clock.now() - clock.start == timedelta(seconds=passed)


def test_clock__is_moved_on_by_hand_and_ignores_jumps() -> None:
    """The wall clock gives the start only."""
    source = ManualClock()
    clock = SimulatedClock(source, 60)
    source.jump(-3600)
    clock.advance(90)

    assert clock.now() - clock.start == timedelta(seconds=90)


async def test_system_clock__is_aware_and_waits() -> None:
    """The default clock is the machine's."""
    source = SystemClock()
    before = source.monotonic()
    await source.sleep(0)

    assert source.now().utcoffset() == timedelta()
    assert source.monotonic() >= before


async def test_clock__waits_in_seconds_of_its_source() -> None:
    """Only what it calls now is sped up."""
    source = ManualClock(eager=True)
    clock = SimulatedClock(source, 60)
    await clock.sleep(2)

    assert clock.monotonic() == 2
    assert clock.now() - clock.start == timedelta(minutes=2)
