"""Stop on SIGTERM and SIGINT; further signals while stopping change nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterable, Iterator

from bot.waiting import first_of

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Give an event that the signals set. As process 1, Python would ignore SIGTERM without a handler."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


async def until_stopped(*tasks: asyncio.Task[None]) -> None:
    """Wait for a signal or the end of any task; then cancel the others. Raises what a task raised."""
    with stop_signals() as stop:
        await first_of(stop.wait(), *tasks)


async def cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are over."""
    ended = tuple(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
