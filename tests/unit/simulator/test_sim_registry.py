"""Each simulated platform runs as `clew simulate` runs it, and says how to reach it."""

from __future__ import annotations

import aiohttp
import pytest

from adapters.main import SIMULATED
from adapters.simulator.registry import SIMULATORS, simulator
from bot.errors import UserError


@pytest.mark.parametrize("platform", SIMULATORS)
async def test_simulator__runs_by_its_name(platform: str) -> None:
    """Its address answers from another process, and what it prints holds a key that its secrets know."""
    async with (
        simulator(platform)(seed=1, speed=60.0, port=0) as server,
        aiohttp.ClientSession() as session,
    ):
        values = list(server.environment().values())
        origin = server.base_url.removesuffix(server.mount)
        async with session.post(origin + "/_control/advance", json={"seconds": 60}) as answer:
            moved = (await answer.json())["result"]
        async with session.get(origin + "/_control/violations") as answer:
            violations = (await answer.json())["violations"]

    assert values[0].startswith(origin)
    assert set(values) & set(server.secrets())
    assert moved <= server.now().isoformat()
    assert violations == []


def test_simulator__unknown_names_say_which_there_are() -> None:
    """In a sentence, not a trace."""
    with pytest.raises(UserError, match="There is no simulated platform “jenkins”"):
        simulator("jenkins")


def test_simulator__help_names_all() -> None:
    """Nobody has to guess one to be told which there are."""
    assert [name for name in SIMULATORS if name not in SIMULATED] == []
    assert f"{next(iter(SIMULATORS))} where none is named" in SIMULATED
