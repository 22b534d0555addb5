"""`clew run` with both chats: the processor's time until both are connected, and its memory when nothing goes on.

Both are beside a Python that imports the libraries that such a Clew has loaded by then, and does nothing with them: no change
of ours makes that slower or larger, so what creeps into the start is seen on any machine. Of the time that comes on top, most
goes into loading Clew's own 450 modules, of which nearly half into making their 420 dataclasses; what is left, which is to open
the database, the platform and both chats, is seen beside the import of all of that.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.simulator.antithesis import simulated_tenant
from tests.bench.report import Row, in_turns
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord import serve as serve_discord
from tests.fakes.slack import FakeSlack
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_world import APP_TOKEN, BOT_TOKEN
from tests.links import ROOT

ROUNDS = 3
SETTLED = 3.0  # seconds after which nothing of the start goes on
START = 1.5  # times the processor's time for all imports
START_OVER_LIBRARIES = 2.4  # times that for the libraries' alone; measured 2.1 to 2.25
MEMORY = 1.5  # times the imports' resident memory
MEGABYTE = 1024  # kilobytes, as Linux counts them

LIBRARIES = """
import slack_bolt.async_app, slack_bolt.adapter.socket_mode.aiohttp, slack_bolt.adapter.aiohttp
import discord, discord.app_commands, aiohttp.web, httpx, httpx_aiohttp, stamina
import sqlalchemy.ext.asyncio, sqlalchemy.dialects.sqlite, sqlalchemy.dialects.postgresql, aiosqlite
import apscheduler.schedulers.asyncio, prometheus_client, structlog, pydantic, msgspec, re2, jinja2, typer, rich.console
"""
ALL = f"""{LIBRARIES}
import adapters.cli.run, adapters.chat.slack.app, adapters.chat.discord.app, adapters.platforms.antithesis.client
"""
WAITING = "import sys; print(flush=True); sys.stdin.read()"


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has used: seconds of a processor, megabytes that are resident."""

    seconds: float
    megabytes: float


async def rows() -> list[Row]:
    """Start one after the other, in turns; the first of each compiles, as after any installation."""
    with tempfile.TemporaryDirectory() as folder:
        async with serve_slack() as slack, serve_discord() as discord, simulated_tenant() as tenant:
            environment = {
                **os.environ, "PYTHONPATH": str(ROOT), "HOME": folder,
                "DATABASE_URL": f"sqlite:///{folder}/clew.db",
                "SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN,
                "DISCORD_API_URL": discord.api_url, "DISCORD_GATEWAY_URL": discord.gateway_url, "DISCORD_TOKEN": TOKEN,
                "ANTITHESIS_BASE_URL": tenant.base_url, "ANTITHESIS_API_KEY": tenant.api_key,
                "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            }  # fmt: skip
            turns = [
                (
                    *await _clew(slack, discord, environment, folder),
                    await _imports(environment, LIBRARIES),
                    await _imports(environment, ALL),
                )
                for _ in range(1 + ROUNDS)
            ]
    ours, idle, other, everything = zip(*turns[1:], strict=True)
    memory = in_turns(
        "", *([used.megabytes for used in side] for side in (idle, other)), bound=MEMORY, what=""
    )
    return [
        in_turns(
            "clew run, both chats connected, CPU time",
            [used.seconds for used in ours], [used.seconds for used in everything],
            bound=START, what="import of all that it loads",
        ),
        in_turns(
            "  the same",
            [used.seconds for used in ours], [used.seconds for used in other],
            bound=START_OVER_LIBRARIES, what="import of its libraries",
        ),
        Row(
            name="clew run, both chats, idle memory",
            measured=f"{max(used.megabytes for used in idle):.0f} MB",
            beside=f"import of its libraries: {min(used.megabytes for used in other):.0f} MB",
            ratio=memory.ratio, bound=MEMORY, ok=memory.ok,
        ),
    ]  # fmt: skip


async def _clew(
    slack: FakeSlack, discord: FakeDiscord, environment: dict[str, str], folder: str
) -> tuple[Used, Used]:
    """Return what it had used when both chats were connected, and when that had settled."""
    async with _python(environment, folder, "-m", "adapters.main", "run") as process:
        await slack.gate.connected(1, seconds=60)
        await discord.until(lambda: discord.gate.open == 1, seconds=60)
        ready = _used(process)
        await asyncio.sleep(SETTLED)
        idle = _used(process)
    await slack.world.until(lambda: not slack.gate.sockets)
    await discord.until(lambda: discord.gate.open == 0)
    return ready, idle


async def _imports(environment: dict[str, str], code: str) -> Used:
    async with _python(environment, "/", "-c", f"{code}\n{WAITING}") as process:
        assert process.stdout is not None
        assert await process.stdout.readline()
        return _used(process)


@asynccontextmanager
async def _python(environment: dict[str, str], folder: str, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=folder, env=environment, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


def _used(process: Process) -> Used:
    """Read what Linux counts of a process: proc(5)."""
    place = Path("/proc") / str(process.pid)
    fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # in itself, and in the kernel for it
    resident = (place / "status").read_text(encoding="utf-8").partition("VmRSS:")[2].split()[0]
    return Used(ticks / os.sysconf("SC_CLK_TCK"), int(resident) / MEGABYTE)
