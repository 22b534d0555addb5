"""`clew simulate`: a simulated test platform to point a client at."""

from __future__ import annotations

import asyncio

import typer

from adapters.cli.stopping import until_stopped
from adapters.simulator.registry import SIMULATORS, simulator


async def simulate(*, platform: str | None, port: int, seed: int, speed: float) -> int:
    """Serve until stopped; say how to reach it. Where no platform is named, it is the usual one.

    Raises `UserError` for a platform that is not simulated, and where the port is taken.
    """
    platform = platform or next(iter(SIMULATORS))
    run = simulator(platform)

    async def serve() -> None:
        async with run(seed=seed, speed=speed, port=port) as server:
            typer.echo(
                f"Simulated platform {platform} is running at {speed:g} times real time. Press Ctrl-C to stop it.\n"
            )
            for name, value in server.environment().items():
                typer.echo(f"{name}={value}")
            await asyncio.Event().wait()

    await until_stopped(asyncio.create_task(serve()))
    return 0
