"""`clew demo`: everything that runs in production, on simulated platforms and a database that is thrown away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp

import typer

from adapters import logs
from adapters.chat.terminal.app import TerminalChat
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from adapters.cli.background import Intervals, working
from adapters.cli.parts import Parts
from adapters.cli.stopping import until_stopped
from adapters.cli.tour import Tour
from adapters.clock import SystemClock
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.testhide.settings import Server
from adapters.settings import Settings
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from adapters.simulator.testhide import SimulatedTesthide, living_world, simulated_testhide
from adapters.tables import Web
from bot.model import Secret
from bot.state import CHANGES, Subscription

BUILDS = "qa"  # the connection to Testhide
# The tenant's time runs ahead of every clock, which an auditor would take for a clock that was set.
INTERVALS = Intervals(poll=1.0, live=0.5, launches=0.5, idle=0.2, per_channel=0.0, audit=None)
CONFIRM_WITHIN = timedelta(minutes=5)

Assemble = Callable[..., AbstractAsyncContextManager[Parts]]


class TenantTime(SystemClock):
    """The simulated tenant's time for what people read; waiting stays real."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._tenant = tenant

    def now(self) -> datetime:
        """Return the tenant's time."""
        return self._tenant.now()


async def demo(*, play: bool, seed: int, speed: float, assemble: Assemble) -> int:
    """Let a person talk, or play the tour; return the exit code."""
    with _log_file() as log, TemporaryDirectory(prefix="clew-demo-") as folder:
        logs.set_up("error", file=log)  # in a hurry, ticks overlap, and that is no news here
        async with (
            simulated_tenant(seed=seed, speed=speed) as tenant,
            simulated_testhide(seed=seed, speed=speed, world=living_world) as testhide,
        ):
            settings = _settings(tenant, testhide, Path(folder))
            confirm_within = CONFIRM_WITHIN * max(1.0, speed)
            async with assemble(settings, TenantTime(tenant), confirm_within=confirm_within) as parts:
                return await _talk(parts, play=play, speed=speed)


async def _talk(parts: Parts, *, play: bool, speed: float) -> int:
    chat = Sender(screen=Screen(), transcript=Transcript(), clock=parts.clock)
    terminal = TerminalChat(chat, parts.handler, parts.clock)

    async def notify(text: str) -> None:
        chat.screen.line(text)

    for wanted in (
        Subscription(channel=CHANNEL),
        Subscription(channel=CHANNEL, connection=BUILDS, outcomes=CHANGES),  # the others are many
    ):
        await parts.store.subscribe(wanted, parts.clock.now())
    async with working(parts, {chat.name: chat}, intervals=INTERVALS, notify=notify):
        if play:
            return await Tour(terminal.receiver, chat).play()
        return await _prompt(terminal, speed)


async def _prompt(terminal: TerminalChat, speed: float) -> int:
    line = terminal.chat.screen.line
    line("A simulated Antithesis tenant and a simulated Testhide server are connected.")
    line(f"Both run at {speed:g} times real time. Nothing costs money.")
    line("Finished runs, and builds that change something, are announced here.")
    await until_stopped(asyncio.create_task(terminal.run()))
    return 0


def _settings(tenant: SimulatedTenant, testhide: SimulatedTesthide, folder: Path) -> Settings:
    return Settings(
        connections=(
            Tenant(name="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key)),
            Server(name=BUILDS, base_url=testhide.base_url, api_key=Secret(testhide.api_token)),
        ),
        database_url=Secret(f"sqlite:///{folder / 'clew.db'}"),
        poll_seconds=INTERVALS.poll,
        web=Web(listen=None),
    )


@contextmanager
def _log_file() -> Iterator[Path]:
    """Keep the log out of the conversation; one with something in it is left behind and named."""
    number, name = mkstemp(prefix="clew-demo-", suffix=".log")
    os.close(number)
    path = Path(name)
    try:
        yield path
    finally:
        if path.stat().st_size:
            typer.echo(f"Something went wrong; the log is in {path}.", err=True)
        else:
            path.unlink()
