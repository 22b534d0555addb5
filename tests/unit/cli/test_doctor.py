"""What `clew doctor` says of channels that cannot be reached, and of what is not over."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.doctor import _lost, _told
from adapters.store.store import open_store
from bot.notices import Notice
from bot.replies.operating import Cause
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


async def test_told__names_what_is_not_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operator was told of stands there until it is over; a lost channel has its own line already."""
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE_URL", database)
    async with open_store(database) as store:
        for cause, subject in ((Cause.POLL, "prod"), (Cause.LOST, CHANNEL)):
            told = Notice(cause=cause, subject=subject, problem=f"{subject} is in trouble.", since=EPOCH)
            await store.open_notice(told, None)

    (found,) = await _told(settings.load())

    assert (found.subject, found.bad) == ("operator", True)
    assert found.found == "since 14 May 03:00 UTC: prod is in trouble."
