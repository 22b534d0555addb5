"""A start where nothing can be reached and nothing can be written but the database; and hours of a platform's errors."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp

from adapters.store.store import open_store
from bot.cards import plain
from bot.delivery.deliver import Deliverer
from bot.errors import ServiceFailed
from bot.notices import Operator
from bot.state import Subscription
from bot.watch.auditor import Auditor, Polled, Snapshot
from tests.fakes.runs import some_results
from tests.fakes.stage import silent
from tests.fakes.watching import CHANNEL, Watching

ROOT = Path(__file__).parents[2]
NOWHERE = "127.0.0.1:9"  # nobody listens there
PROC = Path("/proc")
READ_ONLY = PROC if PROC.is_dir() else ROOT  # a folder in which not even root can make a file
TOKEN = "MTE0MDAwMDAwMDAwMDAwMDAw.loopback.fake-token-that-opens-nothing"
OPERATOR = "fake:channel:C0OPS"
TWO_HOURS = 120  # minutes


async def _answered(process: asyncio.subprocess.Process, url: str) -> tuple[int, dict[str, Any]]:
    """Ask until somebody answers; return the status and what was said."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(url) as answer:
                    return answer.status, json.loads(await answer.text())
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise AssertionError("it ended by itself")


async def test_start__with_nothing_to_reach_and_nothing_to_write(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """It runs, says why it is not ready, asks again ever more seldom, and ends in good order when it is told to."""
    (tmp_path / "clew.toml").write_text(f'[web]\nlisten = "127.0.0.1:{unused_tcp_port}"\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.main",
        "run",
        cwd=READ_ONLY,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(READ_ONLY),
            "CLEW_CONFIG": str(tmp_path / "clew.toml"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/clew.db",
            "SLACK_BOT_TOKEN": "xoxb-1234567890",
            "SLACK_APP_TOKEN": "xapp-1234567890",
            "SLACK_API_URL": f"http://{NOWHERE}/api",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": f"http://{NOWHERE}/api",
            "DISCORD_GATEWAY_URL": f"ws://{NOWHERE}/gateway",
            "ANTITHESIS_BASE_URL": f"http://{NOWHERE}",
            "ANTITHESIS_API_KEY": "canary-key",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = ""
    try:
        assert process.stdout is not None
        alive, _ = await _answered(process, f"http://127.0.0.1:{unused_tcp_port}/healthz")
        first, _ = await _answered(process, f"http://127.0.0.1:{unused_tcp_port}/readyz")
        async with asyncio.timeout(60):
            while not all(who in printed for who in ("Slack does not answer", "Discord ended", "be watched")):
                printed += (await process.stdout.readline()).decode()
        ready, figures = await _answered(process, f"http://127.0.0.1:{unused_tcp_port}/readyz")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            rest, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    printed += rest.decode()

    assert (alive, first, ready, process.returncode) == (200, 503, 503, 0), printed
    assert figures["problems"] == ["no chat is connected"]
    assert "Traceback" not in printed
    assert "canary-key" not in printed


async def test_platform__errors_for_two_hours(tmp_path: Path) -> None:
    """Asked once a minute at most; the operator hears once that it began and once that it is over; nothing is lost."""
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        it = Watching(store=store)  # type: ignore[arg-type]  # the real one, in the place of the fake
        operator = Operator(
            store, it.clock, channel=OPERATOR, renderers={"fake": lambda card: plain(card.text)}
        )
        began = it.clock.monotonic()

        def look() -> Snapshot:
            health = it.poller.health
            age = it.clock.monotonic() - (began if health.last_good is None else health.last_good)
            polled = Polled(age=age, allowed=300, looked=True, problem=health.problem)
            return Snapshot(polls={"demo": polled}, connected={"fake": True})

        auditor = Auditor(store, operator, it.clock, look=look)
        chat = Deliverer(it.chat, store, platforms={}, clock=it.clock, notify_operator=silent)

        async def minutes(number: int) -> tuple[int, list[str]]:
            """Let so many pass; return how often the platform was asked, and what the operator heard."""
            asked, heard = it.service.count("runs"), _words(it)
            for _ in range(number):
                await it.tick()
                await auditor.tick()
                it.clock.pass_time(await chat.step())
            return it.service.count("runs") - asked, _words(it)[len(heard) :]

        await it.begin(Subscription(channel=CHANNEL))
        run = it.starts()
        await minutes(1)
        it.service.finish(run, some_results(run, failing=("Ledger balances",)))
        it.service.fail("runs", ServiceFailed("The platform answered with 503."), times=10 * TWO_HOURS)
        asked, began_with = await minutes(TWO_HOURS)
        it.service.works()
        _, over = await minutes(10)

    assert TWO_HOURS // 2 <= asked <= TWO_HOURS
    assert began_with == ["Runs are not watched"]
    assert over == ["Resolved"]
    assert len([m for m in it.chat.messages if m.channel == CHANNEL]) == 1


def _words(it: Watching) -> list[str]:
    """Return how each message to the operator begins."""
    return [m.payload.partition(":")[0] for m in it.chat.messages if m.channel == OPERATOR]
