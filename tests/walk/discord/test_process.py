"""The whole of `clew run` as a process of its own, between a loopback Discord and a simulated tenant."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.fakes import discord as faults
from tests.fakes.discord import TOKEN, FakeDiscord, Fault, serve

ORIGINAL = r"/webhooks/\d+/[^/]+/messages/@original"


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@dataclass(kw_only=True)
class Clew:
    """A running process and what it printed."""

    process: asyncio.subprocess.Process
    tenant: SimulatedTenant

    async def printed(self, words: str) -> None:
        """Wait until it printed a line with these words."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while words not in (line := (await self.process.stdout.readline()).decode()):
                assert line, f"it ended before it said: {words}"

    async def stop(self) -> tuple[int, str]:
        """Ask it to stop; return its exit code and all it printed."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and all it printed."""
        async with asyncio.timeout(30):
            out, _ = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode()


@asynccontextmanager
async def clew(discord: FakeDiscord, folder: Path, **env: str) -> AsyncIterator[Clew]:
    """Run `clew run` in a folder of its own."""
    config = f"""
[roles]
read = ["discord:guild:{discord.guild}"]
launch = ["discord:user:{discord.alice}"]
[web]
listen = "off"
"""
    (folder / "clew.toml").write_text(config, encoding="utf-8")
    async with simulated_tenant() as tenant:
        mine = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "ANTITHESIS_BASE_URL": tenant.base_url,
            "ANTITHESIS_API_KEY": tenant.api_key,
            "DATABASE_URL": f"sqlite:///{folder}/clew.db",
            "PYTHONPATH": str(Path(__file__).parents[3]),
            **env,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.main",
            "run",
            cwd=folder,
            env=mine,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield Clew(process=process, tenant=tenant)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def serving(discord: FakeDiscord) -> None:
    """Wait until a process listens and its commands are known."""
    await discord.until(lambda: discord.gate.open == 1 and discord.known)


TROUBLES = (
    "a cut connection",
    "an ordinary reconnect",
    "a bad event",
    "502 after the answer was stored",
    "a reply that was lost",
    "too many requests",
    "a lost first word",
    "a refused reconnect",
)


async def trouble(discord: FakeDiscord, name: str) -> None:
    """Let one thing go wrong."""
    match name:
        case "a cut connection":
            await discord.gate.drop()
        case "an ordinary reconnect":
            await discord.gate.tell(7)
        case "a bad event":
            discord.gate.malformed("GUILD_UPDATE", {})
        case "502 after the answer was stored":
            discord.fault("PATCH", ORIGINAL, faults.STORED_502)
        case "a reply that was lost":
            discord.fault("PATCH", ORIGINAL, faults.LOST_REPLY)
        case "too many requests":
            discord.fault("PATCH", ORIGINAL, faults.limited(0.1))
        case "a lost first word":
            discord.fault("POST", "/interactions/.*", faults.LOST_REPLY)
        case _:
            discord.gate.refuse = 1
            await discord.gate.drop()
            await discord.until(lambda: discord.gate.refuse == 0)


def _said(discord: FakeDiscord, count: int) -> bool:
    return len(discord.ours()) >= count


async def test_process__lives_through_everything_and_answers_each_once(
    discord: FakeDiscord, tmp_path: Path
) -> None:
    """A night of faults, one after the other; after each the same process answers, once."""
    async with clew(discord, tmp_path) as running:
        await serving(discord)
        for number, name in enumerate(TROUBLES, 1):
            await trouble(discord, name)
            await discord.until(lambda: discord.gate.open == 1)
            discord.slash("status", run="latest")
            await discord.until(functools.partial(_said, discord, number))
            assert len(discord.ours()) == number, name
        code, printed = await running.stop()

    assert code == 0, printed
    assert TOKEN not in printed
    assert "Unclosed" not in printed
    assert "simcord_interaction" not in printed


async def test_process__killed_before_it_answered(discord: FakeDiscord, tmp_path: Path) -> None:
    """Kill -9 between the first word and the answer: the next start answers in the channel, once."""
    discord.fault("PATCH", ORIGINAL, *[Fault(gate=asyncio.Event())] * 3)
    async with clew(discord, tmp_path) as running:
        await serving(discord)
        discord.slash("status", run="latest")
        await discord.until(lambda: discord.called("PATCH", ORIGINAL) == 1)
        running.process.kill()
        await running.process.wait()
    async with clew(discord, tmp_path) as again:
        await discord.answer("Run")
        code, printed = await again.stop()

    assert code == 0, printed
    assert len(discord.ours()) == 1


async def test_process__follows_who_may_do_what(discord: FakeDiscord, tmp_path: Path) -> None:
    """A role that is taken from somebody is gone after SIGHUP, and comes back when the file alone changes; it never stops."""
    file = tmp_path / "clew.toml"
    async with clew(discord, tmp_path) as running:
        await serving(discord)
        before = file.read_text(encoding="utf-8")
        file.write_text(before.replace("launch =", "debug ="), encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        await running.printed("The settings changed and are in force: role debug: +discord:user:")
        discord.slash("launch", launcher="basic_test", duration="30")
        refused = await discord.answer("This needs the role")
        file.write_text(before + "poll = 1\n", encoding="utf-8")
        await running.printed("The settings changed and have a mistake, so what was in force stays.")
        file.write_text(before, encoding="utf-8")
        await running.printed("The settings changed and are in force: role debug: not set any more")
        discord.slash("launch", launcher="basic_test", duration="30")
        await discord.answer("Only the requester can use these buttons")
        code, _ = await running.stop()

    assert refused is not None
    assert code == 0


async def test_process__with_a_wrong_token_says_so_and_ends(discord: FakeDiscord, tmp_path: Path) -> None:
    """One sentence that names the setting, no stack trace, and not the token."""
    async with clew(
        discord, tmp_path, DISCORD_TOKEN="MTE0.not-the-one.at-all-xxxxxxxxxxxxxxxxxxxxx"
    ) as running:
        code, printed = await running.ended()

    assert code != 0
    assert "Check DISCORD_TOKEN" in printed
    assert "not-the-one" not in printed
    assert "Traceback" not in printed
