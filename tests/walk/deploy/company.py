"""A company that runs Clew: its Slack, its tenant, a folder with settings and secrets, and real processes in it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, MAIN, TEAM
from tests.links import ROOT

PATIENCE = 60.0  # seconds; only a failing test waits that long

SETTINGS = f"""
[roles]
read = ["slack:team:{TEAM}"]
launch = ["slack:user:{TEAM}:{ALICE}"]
[operator]
channel = "slack:channel:{TEAM}:{MAIN}"
[web]
listen = "127.0.0.1:PORT"
"""


@dataclass(slots=True)
class Running:
    """A process of Clew, and what it printed so far."""

    process: asyncio.subprocess.Process
    printed: str = ""

    async def sees(self, text: str) -> None:
        """Wait until it printed that."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while text not in self.printed:
                line = await self.process.stdout.readline()
                assert line, f"{text!r} never came: {self.printed}"
                self.printed += line.decode()

    async def ends(self, with_signal: signal.Signals | None = None) -> int:
        """Wait for its end, if wanted after a signal; return its exit code."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        async with asyncio.timeout(PATIENCE):
            rest, _ = await self.process.communicate()
        self.printed += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@dataclass(slots=True, kw_only=True)
class Company:
    """What an operator has: a folder to start in, an environment, and where health is served."""

    folder: Path
    slack: FakeSlack
    tenant: SimulatedTenant
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def web(self) -> str:
        """Where health and metrics are."""
        return f"http://127.0.0.1:{self.port}"

    def secret(self, name: str, value: str) -> None:
        """Put a secret into its file, as an operator changes it."""
        file = self.folder / "secrets" / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"{value}\n", encoding="utf-8")

    @asynccontextmanager
    async def running(
        self, *arguments: str, through: Sequence[str] = (), **more: str
    ) -> AsyncIterator[Running]:
        """Start `clew` with arguments; what still runs at the end of the block is killed. `through`: a command that begins it."""
        process = await asyncio.create_subprocess_exec(
            *through,
            sys.executable, "-m", "adapters.main", *arguments,
            cwd=self.folder, env={**self.environment, **more},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )  # fmt: skip
        try:
            yield Running(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def does(self, *arguments: str) -> tuple[int, str]:
        """Run one command of `clew`; return its exit code and what it printed."""
        async with self.running(*arguments) as command:
            return await command.ends(), command.printed


@asynccontextmanager
async def company(folder: Path) -> AsyncIterator[Company]:
    """Set up a company whose secrets are files and whose database is SQLite."""
    async with serve() as slack, simulated_tenant() as tenant:
        found = Company(folder=folder, slack=slack, tenant=tenant, port=free_port())
        (folder / "clew.toml").write_text(SETTINGS.replace("PORT", str(found.port)), encoding="utf-8")
        found.secret("SLACK_BOT_TOKEN", BOT_TOKEN)
        found.secret("SLACK_APP_TOKEN", APP_TOKEN)
        found.secret("ANTITHESIS_API_KEY", tenant.api_key)
        found.environment.update(
            PATH=os.environ["PATH"], HOME=str(folder), PYTHONPATH=str(ROOT), CLEW_SECRETS=str(folder / "secrets"),
            SLACK_API_URL=slack.api_url, ANTITHESIS_BASE_URL=tenant.base_url,
        )  # fmt: skip
        yield found
        assert not slack.world.violations, slack.world.violations


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
