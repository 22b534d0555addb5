"""What the commands work with, once it is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.settings import Settings
from bot.handler import Handler
from bot.ports import Clock, RunService, Store


class KeptStore(Store, Protocol):
    """The core's store, and the housekeeping that only a program does that runs for long."""

    async def prune(self, now: datetime) -> object:
        """Forget what is no longer needed. Raises `StoreError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A database and its platforms, open; `services` by connection name."""

    settings: Settings
    services: Mapping[str, RunService]
    store: KeptStore
    clock: Clock
    handler: Handler
