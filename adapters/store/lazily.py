"""A store that is opened, and whose library is loaded, by whoever asks it first: what needs none starts at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.store.store import SqlStore


class LazyStore:
    """Answers every call that a store answers with a coroutine. Raises `StoreError` where it cannot be opened."""

    def __init__(self, opened: Callable[[], Awaitable[SqlStore]]) -> None:
        self._opened = opened
        self._turn = asyncio.Lock()
        self._store: SqlStore | None = None

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def asked(*given: Any, **named: Any) -> Any:
            async with self._turn:
                self._store = self._store or await self._opened()
            return await getattr(self._store, name)(*given, **named)

        return asked


@asynccontextmanager
async def open_when_asked(url: str, *, now: Callable[[], datetime]) -> AsyncIterator[LazyStore]:
    """Give the store of that URL, which `open_store` opens at the first call; close it at the end if it was opened."""
    async with AsyncExitStack() as stack:

        async def opened() -> SqlStore:
            from adapters.store.store import open_store

            return await stack.enter_async_context(open_store(url, now=now))

        yield LazyStore(opened)
