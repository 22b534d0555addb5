"""Webhooks: their listener beside `clew run`, and `clew hooks register`, which lets a platform send them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import typer

from adapters.chat.terminal.events import PERSON
from adapters.cli.ask import ANSWERED
from adapters.cli.opened import load
from adapters.cli.parts import Parts
from adapters.cli.work import Work
from adapters.clock import SystemClock
from adapters.configuration.problems import Problem, SettingsError
from adapters.configuration.table import Connection, Hooked
from adapters.hooks.app import PATH, Source, Webhooks
from adapters.http_server import Listener, listening_once_free
from adapters.platforms.registry import kind_of
from adapters.settings import Settings
from adapters.store.store import open_store
from bot.replies.commands import no_connection
from bot.replies.operating import no_webhooks
from bot.state import AuditEntry

IN_USE = 'Set another listen = "HOST:PORT" under [hooks] in clew.toml if something else is to keep it.'
HOW_TO_MAKE_ONE = (
    "Make one with `openssl rand -hex 32` and name its file as webhook_secret_file of the connection."
)
SAY_WHERE = 'Set it to how the platform reaches Clew, like url = "https://clew.example.com/hooks".'


@asynccontextmanager
async def receiving(
    parts: Parts, work: Work, notify: Callable[[str], None]
) -> AsyncIterator[Listener | None]:
    """Receive webhooks inside the block, as soon as their address is free; None where the settings want none."""
    listen = parts.settings.hooks.listen
    if listen is None:
        yield None
        return
    webhooks = Webhooks(_sources(parts.settings), parts.store, parts.clock, told=work.hinted)
    listener = Listener(what="webhooks", listen=listen, make=webhooks.application, clock=parts.clock)
    async with listening_once_free(listener, notify, IN_USE):
        yield listener


def address(listener: Listener) -> str:
    """Say where webhooks are received."""
    host, port = listener.listen
    return f"{listener.url}{PATH}/CONNECTION" if listener.url else f"{host}:{port} cannot be used yet"


async def register(name: str) -> int:
    """Let a connection's platform send webhooks here, or say how. Raises `ClewError`, `SettingsError`."""
    loaded = load()
    known = {connection.name: connection for connection in loaded.connections}
    if name not in known:
        raise no_connection(name, known)
    connection = known[name]
    sends = kind_of(connection).register_hook
    if sends is None:
        raise no_webhooks(name)
    url = hook_url(loaded, connection)
    if url is None:
        raise SettingsError(_missing(loaded, connection))
    clock = SystemClock()
    async with open_store(loaded.database_url.reveal()) as store:
        await store.audit(
            AuditEntry(
                at=clock.now(),
                actor=PERSON,
                channel="",
                action="hooks register",
                decision="asked",
                detail=name,
            )
        )
    typer.echo(await sends(connection, url, clock))
    return ANSWERED


def hook_url(loaded: Settings, connection: Connection) -> str | None:
    """Return where a connection's platform sends webhooks, None where the settings do not say."""
    return None if _missing(loaded, connection) else f"{loaded.hooks.url}/{connection.name}"


def _missing(loaded: Settings, connection: Connection) -> list[Problem]:
    found = []
    if not isinstance(connection, Hooked) or connection.webhook_secret is None:
        where = f"connection {connection.name}, webhook_secret"
        found.append(Problem(where, "It is missing.", HOW_TO_MAKE_ONE))
    if loaded.hooks.url is None:
        found.append(Problem("hooks, url", "It is missing.", SAY_WHERE))
    return found


def _sources(loaded: Settings) -> dict[str, Source]:
    return {
        connection.name: Source(secret=connection.webhook_secret, keys=kind_of(connection).hook_ids)
        for connection in loaded.connections
        if isinstance(connection, Hooked) and connection.webhook_secret is not None
    }
