"""What an operator's commands work with: the settings and the database that is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from adapters import logs, settings
from adapters.cli.finishing import reader_may_leave
from adapters.clock import SystemClock
from adapters.configuration.database import SqliteFile, read_address
from adapters.redact import redact
from adapters.settings import Settings
from bot.cleaning import one_line
from bot.errors import StoreError

if TYPE_CHECKING:
    from adapters.store.store import SqlStore


@dataclass(frozen=True, slots=True)
class Opened:
    """The store, and how to print: never a secret, and nothing that a terminal would obey."""

    store: SqlStore
    loaded: Settings
    now: datetime

    def say(self, line: str, *, err: bool = False) -> None:
        """Print a line."""
        say(line, self.loaded, err=err)


def say(line: str, loaded: Settings, *, err: bool = False) -> None:
    """Print a line without a secret of the settings, and without anything that a terminal would obey."""
    with reader_may_leave():
        typer.echo(one_line(redact(line, loaded.secrets)), err=err)


def load() -> Settings:
    """Read the settings; the log says errors only, and never a secret. Raises `SettingsError`."""
    logs.set_up("error", traces=False)
    loaded = settings.load()
    logs.set_up("error", loaded.secrets, traces=False)
    return loaded


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """Open the database that is there; none is made. Raises `StoreError`, `SettingsError`."""
    from adapters.store.store import open_store

    loaded = load()
    url = loaded.database_url.reveal()
    address = read_address(url)
    if isinstance(address, SqliteFile) and not address.path.exists() and address.path.parent.is_dir():
        raise no_database(address)
    async with open_store(url) as store:
        yield Opened(store, loaded, SystemClock().now())


def no_database(address: SqliteFile) -> StoreError:
    """Say that there is no database, rather than that nothing is in it."""
    return StoreError(
        f"There is no database {address.path.absolute()}. Run this where `clew run` runs, or check DATABASE_URL."
    )
