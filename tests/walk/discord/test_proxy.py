"""Where a proxy is the only way to Discord, every kind of call takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from discord.http import Route

from adapters.chat.discord.checkup import check
from adapters.chat.discord.settings import Discord
from bot.model import Secret
from tests.fakes.discord import TOKEN, FakeDiscord, serve
from tests.fakes.discord_live import running_bot
from tests.fakes.proxy import NOWHERE, Proxy, proxy_to
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
async def proxy(discord: FakeDiscord) -> AsyncIterator[Proxy]:
    """Put the loopback Discord behind a proxy."""
    discord.host = NOWHERE
    async with proxy_to(discord.port) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def address() -> Iterator[None]:
    """Give the library its own address back."""
    base = Route.BASE
    yield
    Route.BASE = base


async def test_proxy__carries_answers_of_every_kind(
    discord: FakeDiscord, proxy: Proxy, tmp_path: Path
) -> None:
    """The gateway, messages, first words and their edits, one more for a person alone, and files."""
    service = FakeRunService(spool=tmp_path)
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("Ledger balances",)))
    service.set_log(run, MOMENT, *(a_line(f"line {n}", f"{390 + n / 1000:.3f}") for n in range(400)))
    async with running_bot(discord, service=service, proxy=proxy.url) as bot:
        discord.slash("logs", run=run.ref.run_id)
        shown = await discord.answer("line 399")
        discord.mention("status")
        await discord.answer("Payments Nightly")
        discord.slash("unwatch")
        await bot.answered(3)

    assert len(shown.attachments) == 1
    assert discord.called("POST", r"/webhooks/\d+/[^/]+") == 1
    assert proxy.asked


async def test_proxy__carries_the_checkup(discord: FakeDiscord, proxy: Proxy) -> None:
    """`clew doctor` goes the way that `clew run` goes."""
    settings = Discord.model_construct(  # only the proxy knows the address, and it has no certificate
        token=Secret(TOKEN), api_url=discord.api_url, guilds=frozenset({str(discord.guild)}), proxy=proxy.url
    )

    found = [hint async for _, hint in check(settings, [discord.place])]

    assert found == ["", "", "", ""]
