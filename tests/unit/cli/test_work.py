"""What goes on by itself beside polling and delivering."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.parts import Parts
from adapters.cli.work import Haste, working
from adapters.store.store import open_store
from bot.state import Invocation, Place
from bot.watch.deliver import Tell
from tests.fakes.stage import ANN, CHANNEL, Stage, silent

OLD = timedelta(days=40)


async def test_working__forgets_what_is_no_longer_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that runs for years keeps its database small: what nobody waits for goes at each start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    tell: Tell = silent
    stage, tidied = Stage(), asyncio.Event()
    asked = Invocation(
        actor=ANN, place=Place(channel=CHANNEL), words="status", key="k", at=stage.clock.now() - OLD
    )
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'clew.db'}") as store:
        await store.accept("fake", "old", asked)
        prune = store.prune

        async def noticed(now: datetime) -> object:
            pruned = await prune(now)
            tidied.set()
            return pruned

        monkeypatch.setattr(store, "prune", noticed)
        parts = Parts(
            settings=settings.load(), services={}, store=store, clock=stage.clock, handler=stage.handler
        )
        async with working(parts, {}, haste=Haste(), tell=tell), asyncio.timeout(20):
            await tidied.wait()
        left = await store.unfinished("fake", stage.clock.now() - 2 * OLD)

    assert left == ()
