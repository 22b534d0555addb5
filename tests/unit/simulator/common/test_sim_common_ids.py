"""What every simulated platform makes up comes from the seed alone; times are written as platforms write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.simulator.common.ids import dice, timestamp

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
