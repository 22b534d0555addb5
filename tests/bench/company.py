"""A large company on loopback, in a process of its own: many tenants whose runs end, and one Slack.

`python -m tests.bench.company CONNECTIONS CHANNELS` prints its addresses as one line of JSON. Then each line on its
input says what is to happen, and is answered by one line: `run RATE SECONDS` lets so many runs a second end, and says when each
of them was to be seen in the API; `seen` says what Slack was sent.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_api import Fault

LAUNCHERS = 20  # of each tenant
OPEN = (
    20  # runs that go on in each tenant: what 100,000 runs a day are at a time where each takes half an hour
)
POST_TAKES = 0.2  # seconds, as Slack's own answer to a post does
NEW_FAILURE = 5  # every so manieth run fails in something new


def launcher(number: int) -> str:
    """Return the name of a launcher."""
    return f"Nightly {number:02}"


def channel(number: int) -> str:
    """Return the id of a channel."""
    return f"C{number:06}"


class Company:
    """The tenants, and the runs that go on in them."""

    def __init__(self, tenants: list[SimulatedTenant]) -> None:
        self._tenants = tenants
        self._random = random.Random(1)
        self._open = [[self._begin(tenant, n) for n in range(OPEN)] for tenant in tenants]
        self._ended = 0

    def _begin(self, tenant: SimulatedTenant, number: int) -> str:
        return tenant.add_run(launcher=launcher(number % LAUNCHERS), age=900 + number)

    async def run(self, rate: float, seconds: float) -> list[tuple[int, str, float]]:
        """Let so many runs a second end, one after the other; return tenant, run and time of each."""
        ended: list[tuple[int, str, float]] = []
        begin = time.monotonic()
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
            ended.append(self._end())
        return ended

    def _end(self) -> tuple[int, str, float]:
        where = self._random.randrange(len(self._tenants))
        tenant, going = self._tenants[where], self._open[where]
        run_id = going.pop(self._random.randrange(len(going)))
        self._ended += 1
        failing = [f"No lost writes {self._ended}"] if self._ended % NEW_FAILURE == 0 else []
        tenant.finish_run(run_id, failing=failing)
        going.append(self._begin(tenant, self._random.randrange(LAUNCHERS)))
        tenant.forget()  # what was asked is not looked at, and would fill the memory
        return where, run_id, time.time()


def _slow(slack: FakeSlack) -> None:
    """Let every post take its time."""
    loop = asyncio.get_running_loop()

    def whim(method: str) -> Fault | None:
        if method != "chat.postMessage":
            return None
        gate = asyncio.Event()
        loop.call_later(POST_TAKES, gate.set)
        return Fault(gate=gate)

    slack.api.whim = whim


async def main(connections: int, channels: int) -> None:
    """Serve until the input ends."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(serve())
        slack.world.members |= {channel(number) for number in range(channels)}
        _slow(slack)
        tenants = [
            await stack.enter_async_context(simulated_tenant(world=empty_world, seed=number, speed=1.0))
            for number in range(connections)
        ]
        company = Company(tenants)
        _say({"slack": slack.api_url, "tenants": [[t.base_url, t.api_key] for t in tenants]})
        while line := await asyncio.to_thread(sys.stdin.readline):
            match line.split():
                case ["run", rate, seconds]:
                    _say(await company.run(float(rate), float(seconds)))
                case ["seen"]:
                    _say(_seen(slack))


def _seen(slack: FakeSlack) -> dict[str, Any]:
    posts = Counter(
        message.metadata["event_payload"]["k"] for message in slack.world.ours() if message.metadata
    )
    return {
        "posts": len(posts),
        "doubled": sum(times - 1 for times in posts.values()),
        "violations": slack.world.violations[:5],
    }


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:3])))
