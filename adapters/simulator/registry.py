"""The simulated platforms by name, the usual one first: a platform is added with a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from bot.errors import UserError

if TYPE_CHECKING:
    from adapters.simulator.common.server import SimulatedServer

Simulator: TypeAlias = "Callable[..., AbstractAsyncContextManager[SimulatedServer]]"
"""Runs a server with `seed`, `speed` and `port` for as long as its block."""

SIMULATORS: Mapping[str, tuple[str, str]] = {
    "antithesis": ("adapters.simulator.antithesis", "simulated_tenant"),
    "ai-test-harness": ("adapters.simulator.ai_test_harness", "simulated_harness"),
    "automated-future": ("adapters.simulator.automated_future", "simulated_reports"),
    "testhide": ("adapters.simulator.testhide", "simulated_testhide"),
}
"""Module and function of each; imported only when it is asked for."""


def simulator(platform: str) -> Simulator:
    """Return the simulator of a platform. Raises `UserError` for one that is not simulated."""
    if platform not in SIMULATORS:
        raise UserError(
            f"There is no simulated platform “{platform}”.", f"There are: {', '.join(SIMULATORS)}."
        )
    module, name = SIMULATORS[platform]
    found: Simulator = getattr(import_module(module), name)
    return found
