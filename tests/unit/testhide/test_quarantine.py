"""Which failures an entry of the quarantine excuses: by its name, and by when it was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.platforms.testhide.quarantine import covers, excuse
from bot.triage import Quarantined

ENDED = datetime(2026, 1, 1, tzinfo=UTC)
TEST = "tests/test_shop.py::TestCart::test_pay[eur]"


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (TEST, True),
        ("tests/test_shop.py::TestCart::test_pay", True),
        ("tests/test_shop.py::TestCart", True),
        ("tests/test_shop.py::", True),
        ("tests/test_shop.py", True),
        ("tests/", True),
        ("tests", True),
        ("tests/test_shop.py::TestCart::test_p", False),
        ("tests/test_shop.py::TestCar", False),
        ("tests/test_sh", False),
        ("test_shop.py::TestCart::test_pay[eur]", False),
        (TEST + "[again]", False),
        ("", False),
    ],
)
def test_covers__whole_parts_of_a_name(entry: str, meant: bool) -> None:
    """An entry is a test, or its function, class, file or folder; never a name that only begins alike."""
    assert covers(Quarantined(check=entry), TEST) is meant


@pytest.mark.parametrize(
    ("since", "ended", "said"),
    [
        (ENDED - timedelta(seconds=1), ENDED, "quarantined: flaky"),
        (ENDED, ENDED, "quarantined: flaky"),
        (ENDED + timedelta(seconds=1), ENDED, None),
        (ENDED + timedelta(seconds=1), None, "quarantined: flaky"),
        (None, ENDED, "quarantined: flaky"),
    ],
)
def test_excuse__only_before_the_end(
    since: datetime | None, ended: datetime | None, said: str | None
) -> None:
    """What was quarantined after a build had ended counted in it; where a time is not known the list decides."""
    entries = (Quarantined(check="tests/other.py"), Quarantined(check=TEST, reason="flaky", since=since))

    assert excuse(TEST, entries, ended) == said
