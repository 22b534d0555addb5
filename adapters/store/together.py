"""Writes that come at the same moment share one transaction: what a commit waits for the disk is paid once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

V = TypeVar("V")
R = TypeVar("R")

MOST = 500  # values in one transaction: a longer one would keep the first of them waiting


class Together(Generic[V, R]):
    """Collects values while a transaction goes on, and writes all that wait in the next one.

    `write`: writes values in one transaction, and returns what came of each, in their order. Where nothing goes on a value
    is written at once, so one alone waits for nobody.
    """

    def __init__(self, write: Callable[[Sequence[V]], Awaitable[Sequence[R]]]) -> None:
        self._write = write
        self._waiting: list[tuple[V, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, value: V) -> R:
        """Write a value; return what came of it when it is committed. Raises what the transaction raised.

        Who is cancelled meanwhile still waits for the commit, so that nothing is closed under it.
        """
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((value, mine))
        if self._working is None:
            # What is written together belongs to none of those who wait, so it takes the context of none.
            self._working = asyncio.create_task(self._work(), context=Context())
        try:
            return await asyncio.shield(mine)
        except asyncio.CancelledError:
            await asyncio.wait({mine})
            mine.exception()  # nobody is left to be told
            raise

    async def _work(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._written(taken)
        finally:
            self._working = None

    async def _written(self, taken: Sequence[tuple[V, asyncio.Future[R]]]) -> None:
        try:
            found = await self._write([value for value, _ in taken])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            for _, mine in taken:
                mine.set_exception(error)
        else:
            for (_, mine), result in zip(taken, found, strict=True):
                mine.set_result(result)
