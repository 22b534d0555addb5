"""What `clew doctor` says of channels that cannot be reached, and of what is not over."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.doctor import Finding, _kept, _lost, _told, outbox
from adapters.store.store import open_store
from bot.state import Cause, Notice, OutboxDepth, Subscription
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

    made, _ = await _kept(settings.load())
    (found,) = _lost(made)

    assert (found.subject, found.bad) == ("channel", True)
    assert found.found == f"{CHANNEL} cannot be reached: The bot is not in the channel."
    assert "Messages for the channel wait" in found.hint


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
            await store.open_notice(told, None, told.since)

    _, notices = await _kept(settings.load())
    (found,) = _told(notices)

    assert (found.subject, found.bad) == ("operator", True)
    assert found.found == "since 14 May 03:00 UTC: prod is in trouble."


@pytest.mark.parametrize(
    ("dead", "unknown", "said"),
    [
        (1, 0, "1 message needs an operator"),
        (0, 1, "1 message needs an operator"),
        (2, 3, "5 messages need an operator"),
    ],
)
def test_outbox__names_what_needs_an_operator(dead: int, unknown: int, said: str) -> None:
    """Messages that nobody gets are a line of their own that is not well, with the command that shows them."""
    database, stuck = outbox(OutboxDepth(waiting=4, oldest=None, unknown=unknown, dead=dead))

    assert database == Finding("database", "open and writable, 4 messages waiting")
    assert (stuck.subject, stuck.found, stuck.bad) == ("outbox", said, True)
    assert stuck.hint.startswith("`clew outbox list` shows them")


def test_outbox__what_only_waits_is_well() -> None:
    """Messages on their way need nobody."""
    (database,) = outbox(OutboxDepth(waiting=4, oldest=None, unknown=0, dead=0))

    assert (database.hint, database.bad) == ("", False)
