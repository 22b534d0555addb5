"""A simulated platform for commands that each bring an event loop of their own, and a place to run them in."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.settings import environment_names
from adapters.simulator.antithesis import SimulatedTenant

T = TypeVar("T")


@contextmanager
def served(opened: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """Run a server in a thread, with a loop of its own."""
    ready, done = threading.Event(), asyncio.Event()
    found: list[tuple[T, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with opened() as running:
            found.append((running, asyncio.get_running_loop()))
            ready.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    running, loop = found[0]
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()


def reached(tenant: SimulatedTenant) -> dict[str, str]:
    """Return the variables that lead to a tenant."""
    return {"ANTITHESIS_BASE_URL": tenant.base_url, "ANTITHESIS_API_KEY": tenant.api_key}


@contextmanager
def set_up(environment: Mapping[str, str], place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Set Clew up by its variables, in an empty directory."""
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in {**environment, "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place)
    yield place
