"""Worlds to start a server with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.ids import dice
from adapters.simulator.testhide.build import TOOK, Job, Plan
from adapters.simulator.testhide.world import Manners, World

FILES: Mapping[str, tuple[str, ...]] = {
    "tests/test_auth.py": ("test_login", "test_token_refresh", "test_logout", "test_locked_account"),
    "tests/test_cart.py::TestCart": ("test_add", "test_remove", "test_total[eur]", "test_total[usd]"),
    "tests/test_payment.py::TestRefund": (
        "test_refund_once",
        "test_refund_twice[eur]",
        "test_refund_twice[usd]",
    ),
    "tests/test_search.py": ("test_empty_query", "test_umlauts", "test_paging", "test_ranking"),
    "tests/test_stock.py::TestReservation": (
        "test_reserve",
        "test_release",
        "test_oversold",
        "test_two_buyers",
    ),
}
AUTH = "tests/test_auth.py::test_token_refresh"
REFUND = "tests/test_payment.py::TestRefund::test_refund_twice[eur]"
NEWLY = {
    AUTH: "AssertionError: Expected 200, got 401",
    REFUND: "TimeoutError: gateway did not respond in 30 s",
}
FLAKY = ("tests/test_search.py::test_ranking", "tests/test_stock.py::TestReservation::test_two_buyers")
PUT_AWAY = {
    "tests/test_cart.py::TestCart::test_total[usd]": "wip",
    "tests/test_search.py::test_umlauts": "infra",
    "tests/test_stock.py::TestReservation::test_oversold": "flaky",
}
QUARANTINED = dict.fromkeys(PUT_AWAY, "AssertionError: known for a while")
COVERAGE = Plan(
    exit_code=2, takes=timedelta(seconds=31), ending=("12 passed in 21.4s", "coverage gate: 71 % < 80 %")
)
SMOKE_TOOK = timedelta(seconds=31)
SEEN = 15.0  # seconds of the caller's clock that the suite still runs at least, so that people see it end
SUITE_TESTS, SMOKE_TESTS = 412, 12
PAST = 30  # builds of each job that are over when the world begins
SUITE_EVERY, SMOKE_EVERY = timedelta(hours=2), timedelta(minutes=40)
BREAKS, MENDS = 0.15, 0.5  # how likely a build is to break a test, and to mend what is broken


def empty_world(clock: SimulatedClock, seed: int) -> World:
    """Return a world with nothing in it but three nodes."""
    return World(clock, seed)


def bulk_world(*, builds: int, tests: int = 3) -> Callable[[SimulatedClock, int], World]:
    """Return a builder of a world with one job and so many builds that ended long ago and are still kept."""

    def build(clock: SimulatedClock, seed: int) -> World:
        world = World(clock, seed)
        world.manners = Manners(retention=timedelta(days=3650))
        job = world.add_job(world.add_project("Shop").number, "Regression Suite", _names(tests))
        for number in range(builds):
            begun = clock.start - timedelta(hours=builds - number)
            world.add_past(world.make(job, Plan(), created_at=begun), begun, None)
        return world

    return build


def living_world(clock: SimulatedClock, seed: int) -> World:
    """Return a team's server in the middle of its day, which goes on by itself.

    The suite that is running breaks two tests and fails in three quarantined ones; the newest smoke tests of payments
    failed although no test did. Both projects have Smoke Tests; one job is switched off.
    """
    world = World(clock, seed)
    shop, payments = world.add_project("Shop"), world.add_project("Payments")
    shop.branches = ["main", "feature/one-click", "release/2.4"]
    suite = world.add_job(
        shop.number, "Regression Suite", _names(SUITE_TESTS), flaky=FLAKY, broken=QUARANTINED
    )
    smoke = world.add_job(shop.number, "Smoke Tests", _names(SMOKE_TESTS))
    other = world.add_job(payments.number, "Smoke Tests", _names(SMOKE_TESTS))
    world.add_job(payments.number, "Nightly Soak", _names(SMOKE_TESTS), enabled=False)
    for node_id, reason in PUT_AWAY.items():
        world.put_away(suite, node_id, reason, clock.start - timedelta(days=42))
    rhythms = (
        (suite, SUITE_EVERY, None),
        (smoke, SMOKE_EVERY, SMOKE_TOOK),
        (other, SMOKE_EVERY, SMOKE_TOOK),
    )
    past = [
        (clock.start - every * n, job, _taking(job, takes))
        for job, every, takes in rhythms
        for n in range(1, PAST + 1)
    ]
    past.append((clock.start - timedelta(minutes=7), other, COVERAGE))
    for begun, job, plan in sorted(past, key=lambda one: one[0]):  # numbers grow with time
        world.add_past(world.make(job, plan, created_at=begun), begun, None)
    for job, every, takes in rhythms:
        _schedule(world, job, every, takes, clock.start + every)
    begun = clock.start - timedelta(minutes=2)
    suite.broken = {**QUARANTINED, **NEWLY}
    took = max(TOOK, clock.start - begun + timedelta(seconds=SEEN * clock.speed))
    breaking = Plan(failing=suite.broken, takes=min(took, suite.timeout))
    world.start_at_once(world.make(suite, breaking, created_at=begun), begun)
    return world


def _schedule(world: World, job: Job, every: timedelta, takes: timedelta | None, first: datetime) -> None:
    def trigger(now: datetime) -> None:
        _change(world, job, now)
        world.enqueue(world.make(job, _taking(job, takes), created_at=now))
        world.at(now + every, trigger)

    world.at(first, trigger)


def _taking(job: Job, takes: timedelta | None) -> Plan | None:
    return None if takes is None else Plan(failing=dict(job.broken), takes=takes)


def _change(world: World, job: Job, now: datetime) -> None:
    """Mend what is broken, or break something, as dice have it."""
    rng = dice(world.seed, "change", job.number, int((now - world.clock.start).total_seconds()))
    known = {node_id: message for node_id, message in job.broken.items() if node_id in QUARANTINED}
    if len(job.broken) > len(known):
        job.broken = known if rng.random() < MENDS else job.broken
    elif rng.random() < BREAKS:
        job.broken = {**known, rng.choice(job.tests): "AssertionError: Expected 200, got 500"}


def _names(count: int) -> list[str]:
    """Return so many node ids: those that have a story, then more of the kind."""
    told = [f"{file}::{name}" for file, names in FILES.items() for name in names]
    return (told + [f"tests/test_catalogue.py::test_article[{number}]" for number in range(count)])[:count]
