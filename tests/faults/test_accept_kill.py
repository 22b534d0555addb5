"""kill -9 while many commands come at once: what Slack was told is taken is there, and what was not comes again."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path

from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_world import Json
from tests.fakes.striker import Striker
from tests.faults.asking import asked
from tests.faults.test_kill_loop import Nursery

KILLS = 3
BURST = 30  # commands at once: many of them share a commit


async def test_accept__killed_between_an_acknowledgement_and_a_commit(database: str) -> None:
    """Bursts of commands through three kills, each at the acknowledgement of another one: none that was taken is lost."""
    chance = random.Random(20261130)
    async with serve() as slack:
        nursery = await _nursery(database, slack)
        waiting: list[Json] = []
        taken: set[str] = set()
        everything: set[str] = set()
        codes = []
        for number in range(KILLS):
            typed = [slack.command_payload("help", user=f"U7{number}{n}") for n in range(BURST)]
            waiting += typed
            everything |= {payload["trigger_id"] for payload in typed}
            code, new = await _killed(slack, nursery, waiting, after=chance.randint(1, BURST))
            codes.append(code)
            taken |= new
            assert taken <= (await _kept(database)).keys()
            waiting = [payload for payload in waiting if payload["trigger_id"] not in new]
        waiting.append(last := slack.command_payload("help"))
        everything.add(last["trigger_id"])
        code, new = await _killed(slack, nursery, waiting, after=len(waiting))
        errors = await nursery.close()

    assert errors == b""
    assert [*codes, code] == [-signal.SIGKILL] * (KILLS + 1)
    assert taken | new == everything
    assert await _kept(database) == dict.fromkeys(everything, 1)


async def _killed(
    slack: FakeSlack, nursery: Nursery, payloads: list[Json], *, after: int
) -> tuple[int, set[str]]:
    """Let one process take commands at once and kill it at an acknowledgement; return its code and what was acknowledged."""
    striker = Striker()
    striker.after(after)

    acknowledged: set[str] = set()

    async def deliver(payload: Json) -> None:
        if (await slack.gate.deliver("slash_commands", payload)).taken:
            acknowledged.add(payload["trigger_id"])
            striker.happened("acknowledged")
        else:  # not in three seconds: on a busy machine it comes again, as from Slack
            await asyncio.sleep(0)
            await deliver(payload)

    working = asyncio.create_task(nursery.deliver(striker.now))
    await slack.gate.connected(2)
    delivering = [asyncio.create_task(deliver(payload)) for payload in payloads]
    code = await working
    await slack.world.until(lambda: not slack.gate.sockets)  # all that it sent has been read
    for task in delivering:
        task.cancel()
    await asyncio.gather(*delivering, return_exceptions=True)
    return code, acknowledged


async def _kept(database: str) -> Counter[str]:
    """Return what stands in the inbox, and how often."""
    rows = await asked(database, "SELECT dedupe_id FROM inbox")
    return Counter(key.removeprefix("trigger:") for (key,) in rows)


async def _nursery(url: str, slack: FakeSlack) -> Nursery:
    return Nursery(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.faults.slack_accept_process", url, slack.api_url),
            cwd=Path(__file__).parents[2],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    )
