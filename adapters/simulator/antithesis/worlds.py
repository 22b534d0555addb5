"""Worlds to start a tenant with."""

from __future__ import annotations

from datetime import timedelta

from adapters.simulator.antithesis.ids import run_id
from adapters.simulator.antithesis.launches import RELEASE
from adapters.simulator.antithesis.run import FOREVER, Plan, SimRun
from adapters.simulator.antithesis.world import Builder, World
from adapters.simulator.common.clock import SimulatedClock

ENDED = Plan(ends_after=timedelta(minutes=40))
UNENDED = Plan(ends_after=FOREVER)
SPACING = timedelta(minutes=3)


def living_world(clock: SimulatedClock, seed: int) -> World:
    """Return the world with weeks of history that goes on by itself."""
    return World(clock, seed, living=True)


def empty_world(clock: SimulatedClock, seed: int) -> World:
    """Return a world in which only happens what is asked for; the launchers are there."""
    return World(clock, seed, living=False)


def bulk_world(*, history: int, unfinished: int) -> Builder:
    """Return a builder of a world with so many ended runs, and so many newer ones that never end."""

    def build(clock: SimulatedClock, seed: int) -> World:
        world = World(clock, seed, living=False)
        for number in range(history + unfinished):
            age = SPACING * (history + unfinished - number) + timedelta(hours=1)
            world.runs.add(_bulk_run(world, number, ENDED if number < history else UNENDED, age))
        return world

    return build


def _bulk_run(world: World, number: int, plan: Plan, age: timedelta) -> SimRun:
    parameters = {"antithesis.source": "main", "antithesis.test_name": "bulk", "antithesis.duration": "30"}
    return SimRun(
        run_id=run_id(RELEASE, world.seed, "bulk", number),
        launcher=f"Bulk {number % 7}",
        system="checkout",
        created_at=world.clock.start - age,
        plan=plan,
        parameters=parameters,
    )
