"""`clew simulate`: a simulated tenant to point a client at."""

from __future__ import annotations

import asyncio

import typer

from adapters.cli.stopping import until_stopped
from adapters.simulator import SimulatedTenant, serve


async def simulate(*, port: int, seed: int, speed: float) -> int:
    """Serve until stopped; say how to reach it. Raises `UserError` where the port is taken."""

    def ready(tenant: SimulatedTenant) -> None:
        typer.echo(f"A simulated tenant is running at {speed:g} times real time. Press Ctrl-C to stop it.\n")
        typer.echo(f"ANTITHESIS_BASE_URL={tenant.base_url}")
        typer.echo(f"ANTITHESIS_API_KEY={tenant.api_key}")

    serving = asyncio.create_task(serve(seed=seed, speed=speed, port=port, ready=ready))
    await until_stopped(serving)
    return 0
