"""From a command to its card, the platform's answer excluded, beside a bare slack-bolt app that only acknowledges."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

from adapters.store.store import open_store
from bot.handler import Handler
from bot.ports import Store
from tests.bench.report import Row, at_most, seconds
from tests.fakes.runs import a_run, some_results
from tests.fakes.stage import Stage, an_invocation

TIMES = 300
WARM_UP = 20
BOUND = 1 / 3

Once = Callable[[], Awaitable[object]]


async def rows() -> list[Row]:
    """Measure both in turns, in one process."""
    stage = _stage()
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/clew.db") as store:
            bolt, ours, durable = await _measured(
                _bolt(), _command(stage, stage.handler), _command(stage, _over(stage, store))
            )
    return [
        at_most(
            "command to card, median", _median(ours), _median(bolt), bound=BOUND, what="bare bolt dispatch"
        ),
        at_most("command to card, p99", _p99(ours), _p99(bolt), bound=BOUND, what="bare bolt dispatch"),
        Row(
            name="  the same kept durably in SQLite first",
            measured=f"{seconds(_median(durable))}, p99 {seconds(_p99(durable))}",
            beside=f"bare bolt dispatch: {seconds(_median(bolt))}",
            ratio=_median(durable) / _median(bolt),
        ),
    ]


def _stage() -> Stage:
    stage = Stage()
    run = stage.service.add_run(a_run(1))
    stage.service.set_results(some_results(run, failing=("a", "b"), passing=("c", "d")))
    return stage


def _over(stage: Stage, store: Store) -> Handler:
    return Handler(replace(stage.services, store=store))


def _command(stage: Stage, handler: Handler) -> Once:
    words = f"status {a_run(1).ref.run_id}"

    async def once() -> object:
        asked = replace(an_invocation(stage, words), key=uuid4().hex)
        await handler.accept(asked)
        reply = await handler.handle(asked, _silent)
        assert not reply.failed
        return reply

    return once


def _bolt() -> Once:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_token="xoxb-0", bot_id="B1", bot_user_id="U0"
        )

    app = AsyncApp(name="bare", authorize=authorize, request_verification_enabled=False)

    @app.command("/clew")
    async def command(ack: Callable[[], Awaitable[None]]) -> None:
        await ack()

    body = {"command": "/clew", "text": "status", "team_id": "T1", "user_id": "U1", "channel_id": "C1"}

    async def once() -> object:
        response = await app.async_dispatch(AsyncBoltRequest(body=dict(body), mode="socket_mode"))
        assert response.status == 200
        return response

    return once


async def _measured(*ways: Once) -> list[list[float]]:
    """Take turns, so that what slows this machine down meets all of them."""
    found: list[list[float]] = [[] for _ in ways]
    for turn in range(WARM_UP + TIMES):
        for way, times in zip(ways, found, strict=True):
            start = time.perf_counter()
            await way()
            if turn >= WARM_UP:
                times.append(time.perf_counter() - start)
    return found


def _median(times: list[float]) -> float:
    return statistics.median(times)


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def _silent(_: str) -> None:
    pass
