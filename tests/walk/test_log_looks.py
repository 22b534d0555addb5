"""Looking again at the log before a failure, in both chats: the platform is asked once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from bot.model import Secret
from bot.platform import Platform
from tests.fakes.discord_bot import answer, said, simulated
from tests.fakes.slack import serve
from tests.fakes.slack_bot import running_bot

FAILING = "No write is lost"


@asynccontextmanager
async def _tenant(spool: Path) -> AsyncIterator[tuple[SimulatedTenant, Platform, str]]:
    async with simulated_tenant(world=empty_world, speed=1.0) as tenant, open_http() as http:
        run_id = tenant.add_run(status="completed", age=600, failing=[FAILING])
        address = Tenant(name="sim", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        yield tenant, AntithesisService(http, address, spool=spool, now=tenant.now).platform, run_id
        assert tenant.violations() == []


def _only(message: object) -> str:
    """Return the label of the button for one container."""
    return next(word for word in str(message).split("'") if word.startswith("Only "))


def _left(spool: Path) -> int:
    return len(list(spool.iterdir()))


async def test_slack__a_second_look_makes_no_request(tmp_path: Path) -> None:
    """By the buttons, by words in the thread, and with a text to look for; every look brings its file."""
    async with (
        _tenant(tmp_path) as (tenant, platform, run_id),
        serve() as slack,
        running_bot(slack, beside={"sim": platform}) as bot,
    ):
        await slack.mention(f"logs {run_id}")
        shown = await slack.world.answer("Logs before")
        await bot.answered(1)
        asked = len(tenant.requests())
        assert len(tenant.requests(path=".*/logs")) == 1
        for number, label in enumerate(("Wider window", "Error lines", _only(shown.blocks)), 2):
            await slack.press(shown, label)
            await bot.answered(number)
        await slack.mention("logs window=3 grep=/fail|ERR/i", thread=shown.thread_ts or shown.ts)
        await bot.answered(5)
        words = [message.words for message in slack.world.ours()]

        assert len(tenant.requests()) == asked
        assert slack.world.violations == []
    assert [part for part in ("Error lines before", "40 virtual seconds", "3 virtual seconds", "Only from")
            if not any(part in each for each in words)] == []  # fmt: skip
    assert len(slack.world.files) == 5
    assert _left(tmp_path) == 1


async def test_discord__a_second_look_makes_no_request(tmp_path: Path) -> None:
    """By the buttons and by words in the thread that they answer in."""
    async with _tenant(tmp_path) as (tenant, platform, run_id), simulated(beside={"sim": platform}) as world:
        shown = answer(await world.say("logs", run=f"sim/{run_id}"))
        asked = len(tenant.requests())
        for label in ("Wider window", "Error lines", _only(shown.components)):
            await world.press(shown, label)
        (thread,) = world.main.threads
        await world.mention("logs window=3 grep=/fail|ERR/i", channel=thread)
        words = [said(message) for message in world.ours(thread)]

        assert len(tenant.requests(path=".*/logs")) == 1
        assert len(tenant.requests()) == asked
    looks = ("40 virtual seconds", "Error lines before", "Only from", "3 virtual seconds")
    assert [look in each for look, each in zip(looks, words, strict=True)] == [True] * 4
    assert _left(tmp_path) == 1
