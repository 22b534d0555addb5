"""A server and a caller for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller, called_testhide


@pytest.fixture
async def testhide() -> AsyncIterator[tuple[SimulatedTesthide, Caller]]:
    async with called_testhide() as both:
        yield both
