"""How long something took, as people compare it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.replies.wording import took


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0 s"),
        (0.27, "0.3 s"),
        (1.2, "1.2 s"),
        (30, "30 s"),
        (287, "4 min 47 s"),
        (300, "5 min"),
        (5_400, "1 h 30 min"),
    ],
)
def test_took__as_exactly_as_it_matters(seconds: float, said: str) -> None:
    """Tests take parts of a second, builds minutes."""
    assert took(timedelta(seconds=seconds)) == said
