"""Worlds to start a server with."""

from __future__ import annotations

from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.testhide.world import World


def empty_world(clock: SimulatedClock, seed: int) -> World:
    """Return a world with nothing in it but three nodes."""
    return World(clock, seed)
