"""The worst moment to stand still: a message is about to leave, and when its sender wakes another has sent it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.model import RunStatus
from tests.soak.delivery import Base, first_look, prepared
from tests.soak.judge import stored
from tests.soak.mutants import FREEZES
from tests.soak.replicas import Replicas
from tests.soak.world import LAUNCHERS, World, hostile_world

PATIENCE = 60.0  # seconds


async def frozen_on_the_line(folder: Path, base: Base, wrong: Sequence[str]) -> int:
    """Let one replica freeze there, another send the message, and the first wake; return how often Discord has it."""
    async with hostile_world(1, well=True) as world:
        run = world.tenant.add_run(launcher=LAUNCHERS[0], age=0.0)
        replicas = Replicas(folder=folder, environment=await prepared(folder, base, world), wrong=wrong)
        with ExitStack() as stack:
            stack.callback(replicas.close)
            first = replicas.start(FREEZES)
            await first_look(base)
            await world.discord.until(lambda: world.discord.gate.open > 0, seconds=PATIENCE)
            world.tenant.finish_run(run, status=RunStatus.COMPLETED.value)
            async with asyncio.timeout(PATIENCE):
                while not first.stands_still:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.05)
            replicas.start()
            await world.discord.until(lambda: _there(world) == 1, seconds=PATIENCE)
            asked = _asked(world)
            replicas.wake(first)
            await world.discord.until(lambda: _asked(world) > asked, seconds=PATIENCE)
            await replicas.stop()
        return _there(world)


def _there(world: World) -> int:
    channel = world.places[LAUNCHERS[0]][1]
    return sum(each.channel == channel for each in stored(world))


def _asked(world: World) -> int:
    return world.discord.called("POST", r"/channels/\d+/messages")
