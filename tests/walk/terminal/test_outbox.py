"""`clew outbox` as an operator types it, beside the database of a Clew that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.store.store import open_store
from bot.state import AuditQuery, DeliveryState, MessageRef, NewDelivery, Subscription
from tests.walk.terminal.served import set_up
from tests.walk.terminal.shell import A_TENANT, KEY, run

CHANNEL = "slack:channel:T01:C01"
NOWHERE = "http://127.0.0.1:9"
HELD = "slack:channel:T01:C02"
clew = partial(run, "outbox")


@pytest.fixture(autouse=True)
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set Clew up in an empty directory."""
    with set_up(A_TENANT, tmp_path, monkeypatch):
        yield f"sqlite:///{tmp_path / 'clew.db'}"


async def _fill(url: str) -> None:
    now = datetime.now(UTC)
    async with open_store(url) as store:
        for key, state in (("a", "dead"), ("b", "unknown"), ("c", "sent"), ("d", "pending")):
            said = json.dumps({"text": f"Payments {key} failed. {KEY}", "blocks": []})
            await store.enqueue(NewDelivery(key=key, channel=CHANNEL, payload=said), now)
            if state == "pending":
                continue
            claimed = await store.claim(frozenset({"slack"}), now)
            assert claimed is not None
            if state != "sent":
                await store.mark_dead(claimed, f"refused with {KEY}", unknown=state == "unknown")
            else:
                await store.mark_sent(claimed, MessageRef(channel=CHANNEL, message_id="17.5"), now)
        await store.subscribe(Subscription(channel=CHANNEL), now)
        await store.mark_channel(CHANNEL, "The bot is not in the channel.")
        await store.rate_limit_channel(HELD, now + timedelta(hours=2))


async def _make(url: str) -> None:
    async with open_store(url):
        """Make the tables."""


@pytest.fixture
def filled(url: str) -> str:
    asyncio.run(_fill(url))
    return url


def _state(url: str, number: int) -> DeliveryState:
    async def look() -> DeliveryState:
        async with open_store(url) as store:
            entry = await store.entry(number)
            assert entry is not None
            return entry.delivery.state

    return asyncio.run(look())


@pytest.mark.usefixtures("filled")
def test_list__messages_and_channels() -> None:
    """What needs a person stands first, each with its number and why, and channels that get nothing for now."""
    answer = clew("list")

    assert answer.exit_code == 0
    dead, unknown, *_, lost, held = answer.stdout.splitlines()
    assert dead.split()[:3] == ["1", "dead", CHANNEL]
    assert dead.endswith("1 attempt: refused with ***")
    assert unknown.split()[:3] == ["2", "unknown", CHANNEL]
    assert lost == f"channel  {CHANNEL} cannot be reached: The bot is not in the channel."
    assert held.startswith(f"channel  {HELD} gets nothing before ")


def test_list__nothing_waits(url: str) -> None:
    """Where all is well it says so; a database that is not there is not taken for an empty one."""
    missing = clew("list")
    asyncio.run(_make(url))
    answer = clew("list")

    assert (answer.exit_code, answer.stdout) == (0, "Everything is delivered.\n")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert missing.stderr.startswith("There is no database ")


@pytest.mark.usefixtures("filled")
def test_list__is_bounded() -> None:
    """A deep backlog does not flood the screen, and what is left out is counted."""
    assert "more; --limit" in clew("list", "--limit", "1").stdout.splitlines()[1]


@pytest.mark.usefixtures("filled")
def test_show__all_of_one() -> None:
    """Where it goes, how often it was tried, why it failed and what it says, without a secret."""
    answer = clew("show", "1")

    assert answer.exit_code == 0
    assert f"channel   {CHANNEL}" in answer.stdout
    assert "reason    refused with ***" in answer.stdout
    assert "says      Payments a failed. ***" in answer.stdout
    assert "message   1 cannot be posted" in answer.stdout


def test_list__what_is_held(url: str) -> None:
    """A message that a quiet channel keeps back is listed with its time; it can be sent now, or dropped."""
    until = datetime.now(UTC) + timedelta(hours=5)

    async def hold() -> None:
        async with open_store(url) as store:
            for key in ("a", "b"):
                held = NewDelivery(key=key, channel=CHANNEL, payload="{}", held_until=until)
                await store.enqueue(held, datetime.now(UTC))

    asyncio.run(hold())
    first, second = clew("list").stdout.splitlines()
    answers = clew("retry", "1"), clew("drop", "2")

    assert first.split()[:3] == ["1", "held", CHANNEL]
    assert second.endswith(f"0 attempts, until {until:%d %b %H:%M} UTC")
    assert [answer.exit_code for answer in answers] == [0, 0]
    assert (_state(url, 1), _state(url, 2)) == (DeliveryState.PENDING, DeliveryState.DROPPED)


def test_retry__dead_and_unknown(filled: str) -> None:
    """Both go out again; the one that may have arrived will say that it may be a repeat."""
    answer = clew("retry", "1", "2")

    assert answer.exit_code == 0
    first, second = answer.stdout.splitlines()
    assert first.startswith("Message 1 goes out")
    assert second.endswith("It is marked as a possible repeat.")
    assert (_state(filled, 1), _state(filled, 2)) == (DeliveryState.PENDING, DeliveryState.PENDING)


def test_drop__one(filled: str) -> None:
    """It is given up, and a second time there is nothing to do; what was done is in the audit trail."""
    assert clew("drop", "1").stdout == "Message 1 is dropped. Nothing of it will be posted.\n"
    again = clew("drop", "1")

    assert (again.exit_code, again.stderr) == (1, "Message 1 was given up, so there is nothing to drop.\n")
    assert _state(filled, 1) is DeliveryState.DROPPED

    async def trail() -> list[tuple[str, str]]:
        async with open_store(filled) as store:
            lines, _ = await store.audit_lines(AuditQuery(), skip=0, limit=9)
            return [(line.entry.action, line.entry.detail) for line in lines]

    assert asyncio.run(trail()) == [("outbox drop", "1")]


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("99", "There is no message 99."),
        ("x'; DROP", "“x'; DROP” is no number of a message."),
        ("٣", "“٣” is no number of a message."),
        ("9" * 40, "is no number of a message."),
    ],
)
def test_bad_numbers__are_said(filled: str, verb: str, number: str, said: str) -> None:
    """A number that is none, or is not there, is a sentence and exit code 1; the others are done all the same."""
    answer = clew(verb, number, "1")

    assert answer.exit_code == 1
    assert said in answer.stderr
    assert "`clew outbox list` shows" in answer.stderr
    assert answer.stdout.startswith(("Message 1", "message   1"))


def test_list__no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be opened is a failure, not an answer."""
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all/clew.db")

    answer = clew("list")

    assert answer.exit_code == 2
    assert "there is no directory /nowhere/at/all" in answer.output


def test_doctor__names_what_the_outbox_holds(filled: str) -> None:
    """What `clew outbox` is for shows in `clew doctor` as something to be fixed."""
    answer = CliRunner().invoke(app, ["doctor"], env={"ANTITHESIS_BASE_URL": NOWHERE})

    assert "BAD  outbox: 2 messages need an operator -> `clew outbox list` shows them" in answer.stdout
