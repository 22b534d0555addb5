"""What following costs: a share of the minute, whoever else asks, and no launch twice."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import count

import httpx

from adapters.lanes import acting, whose
from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.platforms.ai_test_harness.settings import STARTER, Account
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.quota import WINDOW
from adapters.platforms.http.transport import Http
from bot.model import LaunchRequest, Run, RunRef, Secret, Started, Unclear
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.loop_time import stopped_time
from tests.fakes.store import MemoryStore

RUNNING = json.dumps(
    {"id": "exec_1", "status": "running", "progress": {"completed": 1, "pending": 1}}
).encode()
OWN = Account(name="ath", base_url="http://127.0.0.1:9/v1", api_key=Secret("ath_0123456789abcdef"))
ONCE = Limits(tries=1)


class Body(httpx.AsyncByteStream):
    """The body of an answer, not read yet."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def answers(said: Callable[[httpx.Request], bytes], status: int = 200) -> Http:
    """Return a client whose platform answers at once, by no clock and no socket."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, stream=Body(said(request))))
    return Http(lambda: httpx.AsyncClient(transport=transport))


def a_poller(service: ExecutionService, store: MemoryStore, clock: ManualClock) -> Poller:
    """Return what polls this connection."""

    async def hear(_: str) -> None:
        """Hear nothing."""

    return Poller(
        service.platform, store, clock=clock, renderers={}, on_rows=lambda: None, notify_operator=hear
    )


async def follow(store: MemoryStore, clock: ManualClock, number: int) -> None:
    """Follow so many executions, one started after the other."""
    for place in range(number):
        clock.pass_time(0.001)
        await store.track(Run.of_id(RunRef("ath", f"exec_{place}")), clock.now())


async def test_polling__never_takes_more_than_its_share_and_people_go_first() -> None:
    """A hundred and fifty open executions, somebody who asks all the time: 60 and 40 of 100 in any minute."""
    sent: list[tuple[float, str]] = []
    waits: list[float] = []
    store, clock = MemoryStore(), ManualClock()
    with stopped_time() as time:

        def answer(_request: httpx.Request) -> bytes:
            sent.append((time.now, whose()))
            return RUNNING

        async def polls() -> None:
            while True:
                clock.pass_time(60)
                await poller.tick()
                await asyncio.sleep(1)

        async def asks() -> None:
            while True:
                asked = time.now
                with acting("ada"):
                    await service.run("exec_1")
                waits.append(time.now - asked)
                await asyncio.sleep(2)

        async with answers(answer) as http:
            service = ExecutionService(http, OWN, limits=ONCE)
            poller = a_poller(service, store, clock)
            await poller.tick()
            await follow(store, clock, 150)
            tasks = [asyncio.create_task(polls()), asyncio.create_task(asks())]
            await time.pass_by(600)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    own = [at for at, who in sent if not who]
    assert _most(own) <= 0.6 * STARTER
    assert _most([at for at, _ in sent]) <= STARTER
    assert len(own) > 500
    assert len(waits) > 250
    assert max(waits) <= 1
    assert poller.health.problem == ""


def _most(times: list[float]) -> int:
    """Return how many there were at most in any minute."""
    return max(sum(start <= at < start + WINDOW for at in times) for start in times)


async def test_launch__ten_thousand_with_lost_answers_make_no_double() -> None:
    """Each is sent once: what was lost is unknown, and no code sends it again."""
    chance, ids = random.Random(20260518), count(1)
    made: Counter[str] = Counter()

    def answer(request: httpx.Request) -> bytes:
        fate = chance.random()
        if fate >= 0.05:  # else it is lost before the work
            made[json.loads(request.content)["environment"]] += 1
        if fate < 0.1:
            raise httpx.ReadError("the connection broke off", request=request)
        return json.dumps({"id": f"exec_{next(ids)}", "status": "running"}).encode()

    outcomes: Counter[type] = Counter()
    async with answers(answer, 201) as http:
        service = ExecutionService(http, OWN.model_copy(update={"requests_per_minute": None}))
        for number in range(10_000):
            request = LaunchRequest(launcher="Release", launcher_key="plan_1", key=f"k{number}",
                                    values={"environment": f"e{number}"})  # fmt: skip
            outcomes[type(await service.launch(request))] += 1

    assert max(made.values()) == 1
    assert set(outcomes) == {Started, Unclear}
    assert outcomes.total() == 10_000
    assert outcomes[Unclear] > 900
    assert len(made) - outcomes[Started] > 300  # started, and nobody can know


async def test_poll__one_request_for_an_open_execution_in_a_tick() -> None:
    """However many ticks there were."""
    asked: Counter[str] = Counter()

    def answer(request: httpx.Request) -> bytes:
        asked[request.url.path] += 1
        return RUNNING

    store, clock = MemoryStore(), ManualClock()
    async with answers(answer) as http:
        poller = a_poller(ExecutionService(http, OWN, limits=ONCE), store, clock)
        await poller.tick()
        await follow(store, clock, 20)
        for _ in range(2):
            asked.clear()
            clock.pass_time(60)
            await poller.tick()

    assert asked == {f"/v1/executions/exec_{number}": 1 for number in range(20)}
