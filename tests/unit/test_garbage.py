"""Garbage is looked for as suits what the program does, and as before when that is over."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from adapters import garbage


@pytest.mark.parametrize("way", [garbage.little, garbage.in_the_long_run])
def test_garbage__is_looked_for_less_often_meanwhile(way: Callable[[], AbstractContextManager[None]]) -> None:
    """It is looked for all the same, and as often as usual again behind it."""
    usual = gc.get_threshold()
    with way():
        meanwhile = gc.get_threshold()

    assert gc.isenabled()
    assert meanwhile[0] > usual[0]
    assert gc.get_threshold() == usual


def test_in_the_long_run__leaves_what_was_there() -> None:
    """What is there before is not gone through again, until it ends."""
    with garbage.in_the_long_run():
        kept = gc.get_freeze_count()

    assert kept > 1000
    assert gc.get_freeze_count() == 0
