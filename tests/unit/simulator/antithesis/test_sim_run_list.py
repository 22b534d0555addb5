"""The list of runs: order, filters, keyset cursors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulator.antithesis.run import FOREVER, Plan, SimRun
from adapters.simulator.antithesis.run_list import Query, RunList, cursor, read_cursor, read_time

START = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)


def a_run(number: int, *, seconds: int = 0, ends: bool = True, listed: bool = True) -> SimRun:
    ends_after = timedelta(minutes=5) if ends else FOREVER
    plan = Plan(starts_after=timedelta(), ends_after=ends_after, listed=listed)
    created_at = START + timedelta(seconds=seconds)
    run_id = f"{number:032x}-64-0"
    return SimRun(
        run_id=run_id, launcher=f"L{number % 2}", system="checkout", created_at=created_at, plan=plan
    )


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=30),
    st.integers(1, 7),
    st.lists(st.integers(0, 20), max_size=5),
)
def test_pages__hold_each_run_once_whatever_is_created_between(
    ages: list[int], limit: int, later: list[int]
) -> None:
    """Even with equal creation times, and with newer runs appearing after the first page."""
    runs = RunList()
    old = [a_run(n, seconds=seconds) for n, seconds in enumerate(ages)]
    for run in old:
        runs.add(run)
    found, after = runs.page(Query(limit=limit), NOW)
    for n, seconds in enumerate(later):
        runs.add(a_run(1000 + n, seconds=100 + seconds))

    while after:
        page, after = runs.page(Query(limit=limit, after=read_cursor(after)), NOW)
        found += page

    assert [run.key for run in found] == sorted((run.key for run in old), reverse=True)


def test_page__open_runs_only_and_no_others() -> None:
    """Asking for runs in progress reads the open ones; what ends leaves them."""
    runs = RunList()
    for n in range(6):
        runs.add(a_run(n, seconds=n, ends=n % 2 == 0))

    early, _ = runs.page(Query(status="in_progress"), START + timedelta(seconds=10))
    late, _ = runs.page(Query(status="in_progress"), NOW)
    ended, _ = runs.page(Query(status="completed"), NOW)

    assert [6, 3, 3] == [len(early), len(late), len(ended)]


def test_page__bounds_exclude_themselves() -> None:
    """Created after and before a time, not at it."""
    runs = RunList()
    for n in range(5):
        runs.add(a_run(n, seconds=n))
    low, high = START + timedelta(seconds=1), START + timedelta(seconds=4)

    found, _ = runs.page(Query(created_after=low, created_before=high), NOW)

    assert [3, 2] == [int(run.run_id[:32], 16) for run in found]


def test_page__hides_what_lags_and_what_is_not_listed() -> None:
    """A young run is left out while lists lag, an unlisted one always."""
    runs = RunList()
    runs.lag = timedelta(seconds=30)
    for run in (a_run(1), a_run(2, seconds=25), a_run(3, listed=False)):
        runs.add(run)

    found, _ = runs.page(Query(), START + timedelta(seconds=40))

    assert [1] == [int(run.run_id[:32], 16) for run in found]


def test_cursor__comes_back_as_the_key() -> None:
    """Nothing of the key is lost on the way."""
    run = a_run(7, seconds=3)

    assert read_cursor(cursor(run)) == run.key


@pytest.mark.parametrize("text", ["", "x", "!!!!", "bm90IGEgY3Vyc29y", "/////w=="])
def test_cursor__others_are_refused(text: str) -> None:
    """A cursor that the tenant did not write raises ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the route's
        read_cursor(text)


@pytest.mark.parametrize("text", ["2026-05-14T03:00:00", "yesterday", ""])
def test_time__needs_a_zone(text: str) -> None:
    """A time without a zone could be any."""
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the route's
        read_time(text)
