"""What the commands work with, once it is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.settings import Settings
from bot.handler import Handler
from bot.ports import Clock, RunService, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A database and its platforms, open; `services` by connection name."""

    settings: Settings
    services: Mapping[str, RunService]
    store: Store
    clock: Clock
    handler: Handler
