"""Where a proxy is the only way to Slack, every kind of call takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.chat.slack.checkup import check
from adapters.chat.slack.settings import Slack
from bot.model import Secret
from tests.fakes.proxy import NOWHERE, Proxy, proxy_to
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import running_bot
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, MAIN


@pytest.fixture
async def proxy(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """Put the loopback Slack behind a proxy that the environment names."""
    port = int(slack.url.rpartition(":")[2])
    slack.url = slack.api.base = slack.gate.base = f"http://{NOWHERE}:{port}"
    async with proxy_to(port) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        yield proxy


async def test_proxy__carries_answers_of_every_kind(slack: FakeSlack, proxy: Proxy, tmp_path: Path) -> None:
    """Sockets, messages, answers by `response_url` and to one person, forms, homes, and files."""
    service = FakeRunService(spool=tmp_path)
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("Ledger balances",)))
    service.set_log(run, MOMENT, *(a_line(f"line {n}", f"{390 + n / 1000:.3f}") for n in range(400)))
    async with running_bot(slack, service=service) as bot:
        await slack.command("help")
        at_once = await slack.world.ephemeral(ALICE)
        await slack.mention("help")
        unseen = await slack.world.ephemeral(ALICE, at=len(slack.world.ours()) - 1)
        await slack.command(f"logs {run.ref.run_id}")
        shown = await slack.world.answer("line 399")
        await bot.answered(3)
        home = await slack.open_home()

    assert (at_once.only_for, unseen.only_for, shown.channel) == (ALICE, ALICE, MAIN)
    assert len(slack.world.called("response_url")) == 1
    assert b"line 7" in slack.world.files[0]["content"]
    assert home["type"] == "home"
    assert proxy.asked


async def test_proxy__carries_the_checkup(slack: FakeSlack, proxy: Proxy) -> None:
    """`clew doctor` goes the way that `clew run` goes."""
    settings = Slack.model_construct(  # only the proxy knows the address, and it has no certificate
        bot_token=Secret(BOT_TOKEN), app_token=Secret(APP_TOKEN), api_url=slack.api_url
    )

    found = [hint async for _, hint in check(settings)]

    assert found == ["", ""]


async def test_no_proxy__is_heeded_by_every_call(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What NO_PROXY names is reached directly, though a proxy is set that leads nowhere."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with running_bot(slack) as bot:
        await slack.command("help")
        await bot.answered(1)

    assert [m.only_for for m in slack.world.ours()] == [ALICE]
