"""What `clew doctor` says of channels that cannot be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.doctor import _lost
from adapters.store.store import open_store
from bot.state import Subscription
from tests.fakes.runs import EPOCH

CHANNEL = "slack:channel:T01:C01"


async def test_lost__names_each_channel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many subscriptions it has, with why and with what becomes of what is for it."""
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE_URL", database)
    async with open_store(database) as store:
        for launcher in ("a", "b"):
            await store.subscribe(Subscription(channel=CHANNEL, launcher=launcher), EPOCH)
        await store.mark_channel(CHANNEL, "The bot is not in the channel.")

    (found,) = await _lost(settings.load())

    assert (found.subject, found.bad) == ("channel", True)
    assert found.found == f"{CHANNEL} cannot be reached: The bot is not in the channel."
    assert "What is for the channel waits" in found.mend
