"""Every kind of test platform, the usual one first; adding one means one folder and one line here."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from adapters.configuration.table import Connection
from adapters.kinds import registered
from adapters.platforms.kind import AnyPlatform, PlatformKind
from bot.platform import Platform
from bot.ports import Clock, Ledger

PLATFORMS: tuple[AnyPlatform, ...] = registered(
    PlatformKind,
    "adapters.platforms.antithesis",
    "adapters.platforms.testhide",
    "adapters.platforms.ai_test_harness",
    "adapters.platforms.automated_future",
)


def kind_of(connection: Connection) -> AnyPlatform:
    """Return the kind of a connection's platform."""
    return next(kind for kind in PLATFORMS if kind.name == connection.kind)


def open_platform(
    connection: Connection, clock: Clock, ledger: Ledger
) -> AbstractAsyncContextManager[Platform]:
    """Open one platform; nothing is sent yet. `ledger`: what was written to those that do not let it be read back."""
    return kind_of(connection).open(connection, clock, ledger)
