"""The whole of `clew run` as a process of its own, between a loopback Slack and a simulated tenant."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.fakes import slack_api as faults
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, MAIN, TEAM

CONFIG = f"""
[roles]
read = ["slack:team:{TEAM}"]
launch = ["slack:user:{TEAM}:{ALICE}"]
[web]
listen = "off"
"""


@dataclass(kw_only=True)
class Clew:
    """A running process and what it printed."""

    process: asyncio.subprocess.Process
    tenant: SimulatedTenant

    async def stop(self) -> tuple[int, str]:
        """Ask it to stop; return its exit code and all it printed."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            out, _ = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode()


@asynccontextmanager
async def clew(slack: FakeSlack, folder: Path, **env: str) -> AsyncIterator[Clew]:
    """Run `clew run` in a folder of its own."""
    (folder / "clew.toml").write_text(CONFIG, encoding="utf-8")
    async with simulated_tenant() as tenant:
        mine = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "ANTITHESIS_BASE_URL": tenant.base_url,
            "ANTITHESIS_API_KEY": tenant.api_key,
            "DATABASE_URL": f"sqlite:///{folder}/clew.db",
            **env,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.main",
            "run",
            cwd=folder,
            env={**mine, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield Clew(process=process, tenant=tenant)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_process__answers_and_stops_cleanly(slack: FakeSlack, tmp_path: Path) -> None:
    """From two tokens to an answer out of the platform; SIGTERM ends it with 0 and no stack trace."""
    async with clew(slack, tmp_path) as running:
        await slack.gate.connected(1)
        ack = await slack.command("status latest")
        answer = await slack.world.answer("Run")
        code, printed = await running.stop()

    assert ack.taken
    assert answer.channel == MAIN
    assert code == 0, printed
    assert "Traceback" not in printed
    assert BOT_TOKEN not in printed
    assert "Unclosed" not in printed
    assert '"level": "warning"' not in printed


async def test_process__sigterm_with_work_in_flight(slack: FakeSlack, tmp_path: Path) -> None:
    """What is being answered when the signal comes is answered or announced, and the next start answers."""
    gate = asyncio.Event()
    slack.api.fault("users.info", faults.Fault(gate=gate))
    async with clew(slack, tmp_path) as running:
        await slack.gate.connected(1)
        await slack.command("status latest")
        await slack.world.until(lambda: slack.world.called("users.info"))
        code, printed = await running.stop()
    gate.set()
    async with clew(slack, tmp_path) as again:
        # What the first process sent may still be stored: that settles for half a minute.
        answer = await slack.world.answer("Run", seconds=60.0)
        await again.stop()

    assert code == 0, printed
    assert answer.channel == MAIN


async def test_process__killed_after_it_took_a_command(slack: FakeSlack, tmp_path: Path) -> None:
    """Kill -9 between acknowledgement and answer: the next start answers, once."""
    slack.api.fault("chat.postMessage", faults.LOST_REPLY)
    async with clew(slack, tmp_path) as running:
        await slack.gate.connected(1)
        ack = await slack.command("watch")
        await slack.world.until(lambda: slack.world.called("chat.postMessage"))
        running.process.kill()
        await running.process.wait()
    async with clew(slack, tmp_path) as again:
        await slack.world.until(lambda: slack.world.called("chat.update"))
        await again.stop()

    assert ack.taken
    assert len([m for m in slack.world.of(MAIN) if not m.only_for]) == 1


@pytest.mark.parametrize(
    ("env", "said"), [({"SLACK_BOT_TOKEN": "xoxb-wrong-0000"}, "SLACK_BOT_TOKEN"), ({"SLACK_APP_TOKEN": "xapp-wrong-0000"}, "SLACK_APP_TOKEN")]
)  # fmt: skip
async def test_process__with_a_wrong_token_says_which(
    slack: FakeSlack, tmp_path: Path, env: dict[str, str], said: str
) -> None:
    """One sentence, and as no other chat is on, the end."""
    async with clew(slack, tmp_path, **env) as running:
        async with asyncio.timeout(30):
            out, _ = await running.process.communicate()
    printed = out.decode()

    assert "slack is off: " in printed
    assert said in printed
    assert next(iter(env.values())) not in printed
    assert "Traceback" not in printed
    assert running.process.returncode == 2
