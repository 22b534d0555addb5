"""What `clew doctor` says of channels that cannot be reached, and of what is not over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.doctor import Finding, _changes, _expected, _kept, _lost, _rules, _told, _unused, outbox
from adapters.store.store import open_store
from bot.state import (
    AuditEntry,
    Cause,
    Coverage,
    Expectation,
    MentionRule,
    Notice,
    OutboxDepth,
    PollStep,
    Subscription,
    Switched,
)
from tests.fakes.runs import EPOCH, a_run

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

    made, _, _, _ = await _kept(settings.load())
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

    _, notices, _, _ = await _kept(settings.load())
    (found,) = _told(notices)

    assert (found.subject, found.bad) == ("operator", True)
    assert found.found == "since 14 May 03:00 UTC: prod is in trouble."


async def test_changes__says_who_stopped_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A switch that was forgotten stands there with how to end it, which is no chat's where the settings say the same."""
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE_URL", database)
    before = list(_changes(settings.load(), (await _kept(settings.load()))[3]))
    async with open_store(database) as store:
        noted = AuditEntry(at=EPOCH, actor="a", channel=CHANNEL, action="read-only", decision="on")
        await store.switch_read_only(Switched(at=EPOCH, actor="a", by="Ada"), noted)
    *_, switched = await _kept(settings.load())
    (found,) = _changes(settings.load(), switched)
    monkeypatch.setenv("CLEW_READ_ONLY", "true")
    (both,) = _changes(settings.load(), switched)

    assert before == []
    assert found.found == "Clew is read-only. Ada switched that on at 14 May 03:00 UTC."
    assert (found.odd, found.bad, "audit read_only=off" in found.hint) == (True, False, True)
    assert (both.found, both.hint) == (
        "Clew is read-only. The settings say so. Ada switched that on at 14 May 03:00 UTC.",
        "",
    )


async def test_unused__names_rules_that_fitted_nothing_for_a_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the settings as they are now, and those made in chat; a new one has its month."""
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE_URL", database)
    (tmp_path / "clew.toml").write_text(f'[[mention]]\nchannel = "{CHANNEL}"\nwho = "slack:user:T01:U01"\n')
    rules = [
        MentionRule(channel=CHANNEL, who=f"slack:user:T01:U0{n}", from_settings=n < 3) for n in range(1, 6)
    ]
    long_ago, now = datetime.now(UTC) - timedelta(days=31), datetime.now(UTC)
    async with open_store(database) as store:
        await store.configure_mentions(rules[:2], long_ago)
        for rule in rules[2:4]:
            await store.add_mention(rule, long_ago)
        await store.add_mention(rules[4], now)
        await store.record(PollStep(connection="prod", now=now, mentioned=(rules[3],)))

    loaded = settings.load()
    found = [*_unused(_rules(loaded, (await _kept(loaded))[2]))]

    assert [(f.subject, f.odd, f.bad) for f in found] == [("mention", True, False)] * 2
    assert [f.found.partition(" ")[0] for f in found] == [rules[0].who, rules[2].who]
    assert [f.hint.partition("it ")[2] for f in found] == [
        "under [[mention]] in clew.toml.",
        "there with “watching”.",
    ]


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


async def test_expected__says_what_usually_starts_and_nobody_expects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that would expect it; one that a channel expects is not proposed, nor an alarm called bad."""
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("DATABASE_URL", database)
    night = (datetime.now(UTC) - timedelta(hours=2, minutes=30)).replace(hour=2, minute=0)
    runs = tuple(
        a_run(20 * place + n, connection="default", launcher=launcher, created_at=night - timedelta(days=n))
        for place, launcher in enumerate(("nightly", "other"))
        for n in range(15)
    )
    known = Expectation(channel=CHANNEL, connection="default", launcher="other")
    alarm = Notice(
        cause=Cause.MISSING, subject="x", problem="It did not start.", since=EPOCH, channel=CHANNEL
    )
    async with open_store(database) as store:
        step = PollStep(connection="default", now=night, runs=runs, baseline=True)
        await store.record(replace(step, coverage=Coverage(EPOCH - timedelta(days=90), night)))
        await store.expect(known)
        await store.open_notice(alarm, None, EPOCH)

    expected, (found,) = await _expected(settings.load())
    (told,) = _told((await _kept(settings.load()))[1])

    assert [wanted.subject for wanted in expected] == [f"expect {CHANNEL}"]
    assert (found.subject, found.bad, found.odd) == ("launcher nightly", False, False)
    assert found.found.startswith("It has started at about 02:00 on 14 of the last 14 days (default, UTC).")
    assert found.hint == 'In a channel: watch expect="nightly by 03:00 UTC".'
    assert (told.subject, told.bad, told.odd) == (f"expect {CHANNEL}", False, True)
