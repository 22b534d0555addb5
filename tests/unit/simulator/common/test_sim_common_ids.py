"""What every simulated platform makes up comes from the seed alone; times are written as platforms write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from adapters.simulator.common.ids import dice, opaque_id, timestamp

AT = datetime(2026, 5, 14, 3, 1, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "2026-05-14T03:01:27Z"), (884_000, "2026-05-14T03:01:27.884Z")]
)
def test_timestamp__seconds_or_milliseconds(microsecond: int, text: str) -> None:
    """Both precisions occur on real platforms."""
    made = timestamp(AT.replace(microsecond=microsecond))

    assert made == text


def test_dice__depend_on_their_parts_alone() -> None:
    """The same purpose throws the same numbers; another one does not."""
    thrown = [dice("plan", 1).random() for _ in range(2)]

    assert thrown[0] == thrown[1] != dice("plan", 2).random()


def test_opaque_id__has_its_prefix_and_depends_on_its_parts() -> None:
    """Two things of one number have two ids."""
    made = [opaque_id("run", 1, 2), opaque_id("run", 1, 2), opaque_id("res", 1, 2)]

    assert made[0] == made[1]
    assert made[0][4:] != made[2][4:]
    assert re.fullmatch("run_[0-9a-f]{12}", made[0])
