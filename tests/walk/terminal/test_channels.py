"""`clew channels` as an operator types it: what each is notified of, and why it is off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.replicas.member import this_program
from adapters.store.store import open_store
from bot.state import ChannelSettings, Expectation, MentionRule, Mute, NewDelivery, Outcome, Subscription
from tests.walk.terminal.served import set_up
from tests.walk.terminal.shell import A_TENANT, KEY

LOST, HELD, FINE, ELSEWHERE = (
    "slack:channel:T01:C01",
    "slack:channel:T01:C02",
    "slack:channel:T01:C03",
    "discord:channel:1:2",
)
TILL = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
TOKEN = "xoxb-canary-token-of-slack"


@pytest.fixture(autouse=True)
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set Clew up for Slack in an empty directory."""
    slack = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": "xapp-1-A0-1-canary"}
    with set_up({**A_TENANT, **slack}, tmp_path, monkeypatch):
        yield f"sqlite:///{tmp_path / 'clew.db'}"


def clew() -> list[str]:
    result = CliRunner().invoke(app, ["channels"])
    assert result.exit_code == 0, result.output
    assert "canary" not in result.output
    return result.stdout.splitlines()


async def _fill(url: str) -> None:
    now = datetime.now(UTC)
    async with open_store(url) as store:
        await store.subscribe(
            Subscription(channel=FINE, launcher="Nightly", outcomes=frozenset({Outcome.FAILURES})), now
        )
        await store.subscribe(Subscription(channel=FINE, connection="gone"), now)
        await store.subscribe(Subscription(channel=LOST), now)
        await store.mark_channel(LOST, f"not_in_channel {KEY}")
        await store.subscribe(Subscription(channel=ELSEWHERE), now)
        await store.rate_limit_channel(HELD, now + timedelta(hours=2))
        for number in range(2):
            told = NewDelivery(key=f"{number}", channel=LOST, payload="{}")
            await store.enqueue(told, now - timedelta(hours=3 - number))
        await store.set_channel(
            ChannelSettings(channel=FINE, zone="Europe/Berlin", quiet_from=time(22), quiet_to=time(7)), now
        )
        await store.mute(Mute(channel=FINE, until=TILL, since=now, launcher="Nightly"), now)
        held = NewDelivery(key="held", channel=FINE, payload="{}", held_until=TILL)
        await store.enqueue(held, now - timedelta(minutes=5))
        await store.configure((Subscription(channel=HELD, source="main", from_settings=True),), now)


def test_channels__what_each_is_notified_of_and_why_it_is_off(url: str) -> None:
    """Subscriptions, where they are from, what waits, and every reason why nothing comes."""
    asyncio.run(_fill(url))
    lines = clew()
    *_, before = [line for line in lines if line.startswith("  off: It gets nothing before ")]

    assert lines == [
        ELSEWHERE,
        "  notified of every finished run",
        "  off: discord is not set up here.",
        LOST,
        "  notified of every finished run",
        "  off: It cannot be reached: not_in_channel ***.",
        "  pending: 2 messages, the oldest recorded 3 h ago",
        HELD,
        "  notified of every finished run from source main, from the settings file",
        before,
        FINE,
        "  notified of runs with failures of Nightly",
        "  notified of every finished run on gone",
        "  off: The connection “gone” is not in the settings, so its runs are not read.",
        "  Quiet from 22:00 to 07:00 Europe/Berlin: what ends meanwhile is posted together afterwards.",
        f"  muted until {TILL:%d %b %H:%M} UTC: Nightly",
        f"  held: 1 message, the oldest recorded 5 min ago, until {TILL:%d %b %H:%M} UTC",
        "No Clew works on this database, so nothing is posted now.",
    ]  # fmt: skip


def test_channels__what_they_expect_and_whom_they_mention(url: str) -> None:
    """A channel that only expects runs is notified too; whom its posts mention stands beside."""
    expected = Expectation(channel=FINE, connection="gone", launcher="Nightly", by=time(3))

    async def fill() -> None:
        async with open_store(url) as store:
            await store.expect(expected)
            rule = MentionRule(channel=FINE, who="slack:user:T01:U01", name="Ann", from_settings=True)
            await store.configure_mentions([rule], datetime.now(UTC))

    asyncio.run(fill())

    assert clew() == [
        FINE,
        "  notified when no run of Nightly on gone starts by 03:00 UTC, or one takes twice its usual time",
        "  posts mention Ann for new failures and incomplete runs (environment problems too), from the settings file",
        "  off: The connection “gone” is not in the settings, so its runs are not read.",
        "No Clew works on this database, so nothing is posted now.",
    ]  # fmt: skip


def test_channels__notified_of_nothing_that_are_set_up(url: str) -> None:
    """A channel of which only somebody's mention, its hours or a mute is known stands there too."""
    muted, quiet = FINE.replace("C", "M"), FINE.replace("C", "Q")

    async def fill() -> None:
        async with open_store(url) as store:
            now = datetime.now(UTC)
            rule = MentionRule(channel=FINE, who="slack:user:T01:U01", name="Ann", from_settings=True)
            await store.configure_mentions([rule], now)
            await store.set_channel(
                ChannelSettings(channel=quiet, quiet_from=time(22), quiet_to=time(7)), now
            )
            await store.mute(Mute(channel=muted, until=now + timedelta(hours=3), since=now, by="ann"), now)

    asyncio.run(fill())

    lines = clew()
    assert [line for line in lines if not line.startswith("  ")][:3] == sorted([FINE, muted, quiet])
    assert lines.count("  notified of nothing") == 3


def test_channels__none(url: str) -> None:
    """That nothing is watched is said, and nothing of a Clew that works."""

    async def work() -> None:
        async with open_store(url) as store:
            await store.join(this_program(datetime.now(UTC)))

    asyncio.run(work())

    assert clew() == ["No channel is notified of anything. “watch” in a channel changes that."]
