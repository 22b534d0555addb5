"""What launches and debugging sessions become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.simulator.antithesis.launches import debugging, launched
from adapters.simulator.antithesis.run import Pinned, SimRun

NOW = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)


def a_launch(number: int = 0, /, **params: object) -> SimRun:
    named = {f"antithesis.{name}": value for name, value in params.items()}
    return launched("basic_test", "checkout", named, seed=1, number=number, now=NOW)


def test_launched__outcomes_take_turns() -> None:
    """One failing property, two, none, a crash, and again."""
    plans = [a_launch(n).plan for n in range(5)]

    assert [1, 2, 0, 1, 1] == [len(plan.failing) for plan in plans]
    assert ["completed"] * 3 + ["incomplete", "completed"] == [plan.status for plan in plans]
    assert plans[3].pinned is Pinned.REAL


def test_launched__takes_longer_than_asked_for() -> None:
    """Setup and report come on top."""
    plan = a_launch(duration="10").plan

    assert timedelta(minutes=10) < plan.ends_after - plan.starts_after < timedelta(minutes=20)


@pytest.mark.parametrize(
    "params",
    [
        {"duration": "1h"},
        {"duration": ""},
        {"duration": 5.5, "config_image": "two words"},
        {"config_image": "registry/missing-config:1"},
        {"images": "good:1, bad:2"},
    ],
)
def test_launched__bad_parameters_break_the_run(params: dict[str, object]) -> None:
    """They are taken, and the setup fails."""
    plan = a_launch(**params).plan

    assert (plan.status, plan.failing) == ("incomplete", ())


@pytest.mark.parametrize(
    "params",
    [
        {"duration": "0.1"},
        {"images": "host:5000/a/b:1; c@sha256:" + "0" * 64},
        {"config_image": "config:latest"},
        {},
    ],
)
def test_launched__good_parameters_do_not(params: dict[str, object]) -> None:
    """Decimal minutes, registries with ports, digests."""
    assert a_launch(**params).plan.status == "completed"


def test_launched__description_is_shown_where_it_is_text() -> None:
    """It stands at the top of the run, too."""
    assert a_launch(description="nightly").description == "nightly"
    assert a_launch(description=7).description is None


@pytest.mark.parametrize(("known", "status"), [(True, "completed"), (False, "incomplete")])
def test_debugging__hides_for_a_moment(known: bool, status: str) -> None:
    """A session's id is not readable at once; one at an unknown moment never comes up."""
    run = debugging({}, "checkout", seed=1, number=0, now=NOW, known=known, listed=False)

    assert run.plan.readable_after > timedelta()
    assert run.status(NOW + timedelta(hours=7)) == status
    assert run.plan.ends_after <= timedelta(hours=6)
