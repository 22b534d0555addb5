"""`clew demo`: everything that runs in production, on simulated platforms and a database that is thrown away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from types import MappingProxyType
from typing import Any

import typer

from adapters import logs
from adapters.chat.browser.app import open_chat
from adapters.chat.browser.events import CHANGES, RUNS
from adapters.chat.browser.pages import Try, Welcome
from adapters.chat.browser.settings import Browser
from adapters.chat.terminal.app import TerminalChat
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from adapters.cli.background import working
from adapters.cli.parts import Parts
from adapters.cli.stopping import until_stopped
from adapters.cli.tour import Tour
from adapters.cli.work import Intervals
from adapters.clock import SystemClock
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.testhide.settings import Server
from adapters.settings import Settings
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from adapters.simulator.testhide import SimulatedTesthide, living_world, simulated_testhide
from adapters.tables import ChannelTable, Web
from bot.access import Role
from bot.model import Secret
from bot.state import CHANGES as CHANGED
from bot.state import Subscription

BUILDS = "qa"  # the connection to Testhide
# The tenant's time runs ahead of every clock, which an auditor would take for a clock that was set.
INTERVALS = Intervals(poll=1.0, live=0.5, launches=0.5, schedules=0.5, idle=0.2, per_channel=0.0, audit=None)
CONFIRM_WITHIN = timedelta(minutes=5)

TRIES = (
    Try("See what ran lately", "status"),
    Try("Launch a run and watch it end", "launch basic_test duration=10"),
    Try("See what fails in the latest run", "failing basic_test"),
)
WHERE_ANNOUNCED = (
    "Every finished run is announced in #runs; #changes has only what is new, and a digest at 09:00. "
    "Replies to a run, and what its buttons answer, stand in its thread."
)
# Whoever has the page's address may do everything.
OF_PAGE: Mapping[str, Any] = MappingProxyType({
    "roles": {Role.ADMIN.word: frozenset({RUNS.id, CHANGES.id})},
    "channel": (ChannelTable.model_validate({"channel": CHANGES.id, "digest": "09:00"}),),
})  # fmt: skip

Assemble = Callable[..., AbstractAsyncContextManager[Parts]]


class InTerminal(Enum):
    """A person at the prompt, or the tour."""

    PROMPT = "prompt"
    TOUR = "tour"


@dataclass(frozen=True, slots=True)
class OnPage:
    """A page in a browser, on a port of this machine; 0 takes a free one."""

    port: int


Way = InTerminal | OnPage


class TenantTime(SystemClock):
    """The simulated tenant's time for what people read; waiting stays real."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._tenant = tenant

    def now(self) -> datetime:
        """Return the tenant's time."""
        return self._tenant.now()


async def demo(*, way: Way, seed: int, speed: float, assemble: Assemble) -> int:
    """Let a person talk, or play the tour; return the exit code. Raises `UserError` where the page's port cannot be used."""
    with _log_file() as log, TemporaryDirectory(prefix="clew-demo-") as folder:
        logs.set_up("error", file=log)  # in a hurry, ticks overlap, and that is no news here
        async with (
            simulated_tenant(seed=seed, speed=speed) as tenant,
            simulated_testhide(seed=seed, speed=speed, world=living_world) as testhide,
        ):
            more = OF_PAGE if isinstance(way, OnPage) else {}
            settings = _settings(tenant, testhide, Path(folder)).model_copy(update=more)
            confirm_within = CONFIRM_WITHIN * max(1.0, speed)
            async with assemble(settings, TenantTime(tenant), confirm_within=confirm_within) as parts:
                if isinstance(way, OnPage):
                    return await _show_page(parts, Browser(port=way.port, folder=Path(folder)), speed)
                return await _talk(parts, play=way is InTerminal.TOUR, speed=speed)


async def _talk(parts: Parts, *, play: bool, speed: float) -> int:
    chat = Sender(screen=Screen(), transcript=Transcript(), clock=parts.clock)
    terminal = TerminalChat(chat, parts.handler, parts.clock)

    async def notify(text: str) -> None:
        chat.screen.line(text)

    for wanted in (
        Subscription(channel=CHANNEL),
        Subscription(channel=CHANNEL, connection=BUILDS, outcomes=CHANGED),  # the others are many
    ):
        await parts.store.subscribe(wanted, parts.clock.now())
    async with working(parts, {chat.name: chat}, intervals=INTERVALS, notify=notify):
        if play:
            return await Tour(terminal.receiver, chat).play()
        return await _prompt(terminal, speed)


async def _prompt(terminal: TerminalChat, speed: float) -> int:
    line = terminal.chat.screen.line
    for text in _connected(speed):
        line(text)
    line("Finished runs, and builds that change something, are announced here.")
    await until_stopped(asyncio.create_task(terminal.run()))
    return 0


async def _show_page(parts: Parts, settings: Browser, speed: float) -> int:
    """Serve the chat as a page until stopped."""
    welcome = Welcome(lines=(*_connected(speed), WHERE_ANNOUNCED), tries=TRIES)
    browser = await open_chat(settings, parts.handler, parts.store, parts.clock, welcome)
    for wanted in (Subscription(channel=RUNS.id), Subscription(channel=CHANGES.id, outcomes=CHANGED)):
        await parts.store.subscribe(wanted, parts.clock.now())

    browser.url.add_done_callback(lambda url: _say_where(url.result(), speed))

    async def serve() -> None:
        serving = asyncio.create_task(browser.run())
        try:
            await asyncio.wait({serving})
        finally:
            await browser.close()
            await serving

    async def notify(text: str) -> None:
        typer.echo(text, err=True)

    name = browser.chat.name
    async with working(
        parts, {name: browser.chat}, intervals=INTERVALS, notify=notify, people={name: browser.afresh}
    ):
        await until_stopped(asyncio.create_task(serve()))
    return 0


def _say_where(url: Secret, speed: float) -> None:
    typer.echo("\n".join(_connected(speed)))
    typer.echo(
        f"\nOpen this address in a browser on this machine; whoever has it can use the demo:\n\n  {url.reveal()}\n"
    )
    typer.echo("Press Ctrl-C to end it.")


def _connected(speed: float) -> tuple[str, ...]:
    return (
        "A simulated Antithesis tenant and a simulated Testhide server are connected.",
        f"Both run at {speed:g} times real time. Nothing costs money.",
    )


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
