"""kill -9 on deliverers to a Slack that drops, delays, limits and forgets to answer: nothing lost or doubled."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.chat.slack import render
from adapters.store.store import open_store
from bot.cards import Card
from bot.state import NewDelivery, Subscription
from tests.fakes import slack_api as faults
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_api import Fault
from tests.fakes.slack_world import TEAM
from tests.faults.test_kill_loop import Nursery, Striker

ANNOUNCEMENTS = 30
KILLS = 8
CHANNELS = 6
LOST, LOST_DURING = "C0", range(1, 5)  # a channel, and the kills through which it refuses us
NEWS_OF_LOST = (
    f"Nothing can be posted to slack:channel:{TEAM}:{LOST} for now".encode(),
    f"It cannot be determined whether a message to slack:channel:{TEAM}:{LOST} was posted".encode(),
)
SETTLE = 1.5  # seconds: well above the time after which what is late is stored
LATE = 0.5  # seconds


class Whims:
    """Faults by chance: 5 % dropped, 10 % stored without an answer, 5 % late, 5 % limited, 5 % of other kinds."""

    def __init__(self, slack: FakeSlack, striker: Striker, chance: random.Random) -> None:
        self._slack = slack
        self._striker = striker
        self._chance = chance

    def __call__(self, method: str) -> Fault | None:
        self._striker.happened(method)
        roll = self._chance.random()
        if method != "chat.postMessage":
            return faults.HTML_502 if roll < 0.05 else None
        if 0.15 <= roll < 0.2:
            asyncio.get_running_loop().call_later(LATE, self._slack.world.commit_late)
        table = (
            (0.05, faults.DROPPED),
            (0.15, faults.LOST_REPLY),
            (0.20, faults.LATE),
            (0.25, faults.limited("1")),
            (0.30, Fault(status=502, text="<html>", store=True)),
        )
        return next((fault for limit, fault in table if roll < limit), None)


async def test_kill_loop__in_slack_loses_and_doubles_nothing(database: str) -> None:
    """Thirty announcements through eight kills at random steps: each is there once, in order per channel."""
    chance = random.Random(20260514)
    striker = Striker()
    deliveries = [_delivery(number) for number in range(ANNOUNCEMENTS)]
    async with serve() as slack:
        slack.world.members = {f"C{n}" for n in range(CHANNELS)}
        slack.api.whim = Whims(slack, striker, chance)
        async with open_store(database) as store:
            await store.subscribe(Subscription(channel=f"slack:channel:{TEAM}:{LOST}"), datetime.now(UTC))
            for delivery in deliveries:
                await store.enqueue(delivery, datetime.now(UTC))
        nursery = await _nursery(database, slack)
        codes = []
        for number in range(KILLS):
            # What may be there already, and cannot be looked for, is posted again and marked: that is another test's.
            lost = number in LOST_DURING and not await _in_doubt(database)
            (slack.world.members.discard if lost else slack.world.members.add)(LOST)
            striker.after(chance.randint(1, 7))
            codes.append(await nursery.deliver(striker.now))
        codes.append(await nursery.deliver())
        errors = await nursery.close()
        there = sorted(slack.world.ours(), key=lambda message: message.ts)
        said = [message.text for message in there]

    assert [line for line in errors.splitlines() if not line.startswith(NEWS_OF_LOST)] == []
    assert errors, "the channel was lost, and the operator told"
    assert codes == [-signal.SIGKILL] * KILLS + [0]
    assert {f"Announcement {n}." for n in range(ANNOUNCEMENTS)} == set(said)
    assert [text for text, times in Counter(said).items() if times > 1] == []
    for number in range(CHANNELS):
        numbers = [int(m.text[13:-1]) for m in there if m.channel == f"C{number}"]
        assert numbers == sorted(numbers)
    assert slack.world.violations == []


async def _in_doubt(database: str) -> bool:
    """Whether a message to the channel that is lost may have been posted."""
    async with open_store(database) as store:
        rows = await store.unconfirmed(frozenset({"slack"}), datetime.now(UTC) + timedelta(days=1))
    return any(row.channel.endswith(f":{LOST}") for row in rows)


def _delivery(number: int) -> NewDelivery:
    channel = f"slack:channel:{TEAM}:C{number % CHANNELS}"
    card = Card(title=("Run ended",), text=(f"Announcement {number}.",))
    return NewDelivery(
        key=f"demo:run-{number}:completed:{channel}", channel=channel, payload=render.render(card)
    )


async def _nursery(url: str, slack: FakeSlack) -> Nursery:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.slack_deliver_process", url, slack.api_url, str(SETTLE)),
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Nursery(process)
