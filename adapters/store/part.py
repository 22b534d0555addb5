"""What every part of the store has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from adapters.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Part:
    """One part of the store over the shared database.

    `unconfirmed_after`: seconds from a claim until its outcome is looked for. `now`: the wall clock's time, to note when something was kept.
    """

    def __init__(self, database: Database, *, unconfirmed_after: float, now: Callable[[], datetime]) -> None:
        self._db = database
        self._now = now
        self._unconfirmed_after = unconfirmed_after


def whole(write: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a write come to its end although its caller is cancelled, and only then pass the cancelling on.

    A connection cut off inside a transaction would keep SQLite's write lock until it is collected.
    """

    @wraps(write)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(write(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    return run
