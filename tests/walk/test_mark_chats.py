"""`mark` in each chat over one real database: what is said in one is shown in the other, and stays after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.store.store import SqlStore, open_store
from bot.earlier import checks_of, stored
from bot.state import PollStep
from tests.fakes import discord_bot, slack_bot
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_world import Message
from tests.walk.terminal.served import set_up

X = "no torn page"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return an empty database."""
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as opened:
        yield opened


def a_platform() -> FakeRunService:
    """Return a platform with a run in which one property fails."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=(X,), passing=("other",)))
    return service


async def test_slack__through_the_form_and_on_to_discord(store: SqlStore) -> None:
    """*Mark* beside a failure opens the form; Discord shows what was filled in, and whoever owns it there is shown here."""
    async with serve() as slack, slack_bot.running_bot(slack, service=a_platform(), store=store) as bot:
        await slack.mention("failing latest")
        await bot.answered(1)
        await slack.press(slack.world.ours()[-1], "Mark 1")
        view = await slack.view("Mark a failure")
        wrong = await slack.submit(view, {"as": "known", "link": "http://jira.example.com/browse/JIRA-12"})
        assert "must begin with https://" in wrong.payload["errors"]["link"]
        await slack.submit(view, {"as": "known", "link": "https://jira.example.com/browse/JIRA-12"})
        answer = await slack.world.answer("known JIRA-12")
        assert "'url': 'https://jira.example.com/browse/JIRA-12'" in str(answer.blocks)

        async with discord_bot.simulated(service=a_platform(), store=store) as world:
            shown = discord_bot.answer(await world.say("failing", run="latest"))
            assert "known [JIRA-12](https://jira.example.com/browse/JIRA-12)" in discord_bot.said(shown)
            marked = discord_bot.answer(
                await world.say("mark", **{"property": X, "as": "own", "run": "latest"})
            )
            assert "owned by" in discord_bot.said(marked)
            owner = (await store.property_states("demo"))[0].owner
        assert owner.startswith("discord:user:")
        name = await store.name(owner)

        assert (
            f"; known JIRA-12, owned by {name}."
            in (await said(slack, bot, f'failing latest property="{X}"')).text_or_words
        )
        second = await said(slack, bot, f'mark "{X}" own run=latest')
        assert f"{name} has owned “{X}”" in second.text_or_words
        assert slack.world.violations == []


class Said:
    """An answer in Slack."""

    def __init__(self, message: Message) -> None:
        self.text_or_words = f"{message.text} {message.words}"


async def said(slack: FakeSlack, bot: slack_bot.Bot, words: str) -> Said:
    """Say something, and return the answer, whether all see it or one person."""
    count = bot.handler.count
    await slack.mention(words)
    await bot.answered(count + 1)
    return Said(slack.world.messages[-1])


async def test_discord__through_the_form(store: SqlStore) -> None:
    """The button under a failure opens the form, and its answer has the ways on."""
    async with discord_bot.simulated(service=a_platform(), store=store) as world:
        card = discord_bot.answer(await world.say("failing", run="latest"))
        opened = await world.alice.click(card, custom_id=discord_bot.custom_id(card, "Mark 1"))
        await world.env.settle()
        assert opened.modal is not None
        await world.alice.submit_modal(
            opened, {"property": X, "as": ["snooze"], "until": "3 runs", "run": "latest"}
        )
        await world.env.settle()
        marked = world.main.threads[0].history()[-1]
        assert "snoozed for 3 runs" in discord_bot.said(marked)
        await world.press(marked, "Not a bug")
        listed = discord_bot.answer(await world.say("mark", **{"as": "list"}))

    assert "not a bug" in discord_bot.said(listed)
    assert (await store.property_states("demo"))[0].said_by.startswith("discord:user:")


def test_terminal__its_list_from_the_record_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said before a restart is listed, with nobody there to be asked; a slip is said and changes nothing."""

    async def fill() -> None:
        async with open_store(f"sqlite:///{tmp_path}/clew.db") as store:
            run = a_run(1, connection="default")
            results = some_results(run, failing=(X,), passing=("other",))
            checks = checks_of(run, results)
            assert checks is not None
            await store.record(PollStep(connection="default", now=EPOCH, runs=(run,), results=(stored(run, results),),
                                        checks=(checks,), results_known=(run.ref,)))  # fmt: skip

    asyncio.run(fill())
    environment = {
        "ANTITHESIS_BASE_URL": "http://127.0.0.1:9/api",
        "ANTITHESIS_API_KEY": "unused",
        "DATABASE_URL": f"sqlite:///{tmp_path}/clew.db",
    }
    with set_up(environment, tmp_path, monkeypatch):
        owned = CliRunner().invoke(app, ["ask", f'mark property="{X}" own'])
        wrong = CliRunner().invoke(app, ["ask", f'mark property="{X}" snooze until=2020-01-01'])
        listed = CliRunner().invoke(app, ["ask", "mark list"])

    assert owned.exit_code == 0, owned.output
    assert wrong.exit_code == 1
    assert "2020-01-01" in wrong.output
    assert "1 marked property" in " ".join(listed.stdout.split())
    assert f"1. {X}" in listed.stdout
    assert "owned" in listed.stdout
