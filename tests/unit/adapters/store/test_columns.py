"""Column types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from adapters.store.columns import CleanText, UtcTime

LITE, POSTGRES = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
TIMES = st.datetimes(timezones=st.just(UTC))


@given(TIMES, TIMES)
def test_utc_time__sorts_as_text(one: datetime, other: datetime) -> None:
    """In SQLite times compare as their texts do, and come back the same."""
    column = UtcTime()
    first, second = (column.process_bind_param(t, LITE) for t in (one, other))

    assert isinstance(first, str)
    assert isinstance(second, str)
    assert (first < second) == (one < other)
    assert one == column.process_result_value(first, LITE)


def test_utc_time__other_zone() -> None:
    """A time of another zone is the same instant in UTC, in both databases."""
    local = datetime(2026, 5, 14, 3, tzinfo=timezone(timedelta(hours=2)))
    column = UtcTime()

    assert "2026-05-14T01:00:00.000000+00:00" == column.process_bind_param(local, LITE)
    assert datetime(2026, 5, 14, 1, tzinfo=UTC) == column.process_bind_param(local, POSTGRES)
    assert column.process_bind_param(None, LITE) is None
    assert column.process_result_value(None, LITE) is None


def test_utc_time__naive() -> None:
    """A time without a zone is refused: nobody knows when it is."""
    with pytest.raises(ValueError, match="without a zone"):
        UtcTime().process_bind_param(datetime(2026, 5, 14), LITE)  # noqa: DTZ001 - the point


def test_clean_text__on_its_way_in() -> None:
    """Text is cleaned, none stays none."""
    assert "a?" == CleanText().process_bind_param("a\0\ud800", LITE)
    assert CleanText().process_bind_param(None, LITE) is None
