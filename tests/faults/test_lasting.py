"""A process that works for some time holds what it held after its warm-up: the short version of `tests/soak/lasting.py`."""

from __future__ import annotations

from dataclasses import replace

from tests.soak.lasting import SHORT, Held, grown, prove

WARM = Held(memory=100.0, files=20, tasks=30)


def test_grown__says_what_was_left() -> None:
    """More memory, tasks or open files than after the warm-up are named; what comes and goes is not."""
    assert grown([WARM, replace(WARM, memory=200.0), replace(WARM, memory=104.0)]) == []
    assert grown([WARM, replace(WARM, memory=106.0)]) == ["memory grew from 100.0 to 106.0 MiB"]
    assert grown([WARM, replace(WARM, tasks=40)]) == ["tasks were left: 30, then 40"]
    assert grown([WARM, replace(WARM, files=27)]) == ["files or sockets were left: 20, then 27"]


async def test_prove__leaves_nothing_behind() -> None:
    """Commands and announcements of some slices leave no task, file or socket, and nothing on record after retention."""
    assert await prove(SHORT) == []
