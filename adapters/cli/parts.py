"""What the commands work with, once it is put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from adapters.replicas.member import ReplicaTable
from adapters.settings import Settings
from bot.cards import Card
from bot.handler import Handler
from bot.platform import Platform
from bot.ports import Clock, Store
from bot.watch.auditor import Queues


class KeptStore(Store, ReplicaTable, Queues, Protocol):
    """The core's store, and the housekeeping that only a program does that runs for long."""

    @property
    def listens(self) -> bool:
        """Whether words of other programs can be heard (`adapters/store/wakeups.py`)."""
        ...

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Pass on each word, "" as soon as the first could be heard, until cancelled. Raises `StoreError` where the connection is lost."""
        ...

    async def verify_audit(self) -> int:
        """Check the audit trail. Raises `TrailBroken`, `StoreError`."""
        ...

    async def check(self) -> None:
        """Read the whole database once. Raises `StoreError` where it is damaged."""
        ...

    async def prove(self) -> None:
        """Write a row that nobody reads. Raises `StoreError` where nothing can be written."""
        ...

    async def prune(self, now: datetime) -> object:
        """Forget what is no longer needed. Raises `StoreError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A database and its platforms, open; `services` by connection name.

    `renderers`: how chats write a card, by name; also of chats that are off, so that what ends meanwhile is
    recorded for their channels and delivered once they are on.
    """

    settings: Settings
    platforms: Mapping[str, Platform]
    store: KeptStore
    clock: Clock
    handler: Handler
    renderers: Mapping[str, Callable[[Card], str]] = field(default_factory=dict)
