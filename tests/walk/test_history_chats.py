"""`history` in each chat, over a real database: a picture with words for it in Slack, bars of text in Discord and in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.store.store import SqlStore, open_store
from bot.earlier import checks_of, stored
from bot.model import Run, RunStatus
from bot.state import PollStep
from tests.fakes import discord_bot, slack_bot
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import Message
from tests.walk.terminal.served import set_up

X = "no torn page"
COURSE = "ppFpppFippppppF" + "pppp"  # oldest first: F failed, p passed, i did not complete
BARS = "▁▁█▁▁▁█·▁▁▁▁▁▁█▁▁▁▁"
SAID = (
    f"“{X}” is quiet in 4 runs of Payments Nightly on main, test payments; it failed in 3 of the 14 before, so 4 quiet "
    "runs happen by luck 38 % of the time."
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return a database in which the runs of `COURSE` are on record."""
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as opened:
        await record_all(opened)
        yield opened


async def record_all(store: SqlStore, connection: str = "demo") -> None:
    """Record the runs of `COURSE`."""
    for number, letter in enumerate(COURSE, 1):
        await record(store, number, letter, connection)


async def record(store: SqlStore, number: int, letter: str, connection: str = "demo") -> None:
    """Record a run as the watcher does when it ends."""
    status = RunStatus.INCOMPLETE if letter == "i" else RunStatus.COMPLETED
    created = datetime.now(UTC) - timedelta(days=30 - number)
    run: Run = a_run(number, connection=connection, status=status, created_at=created)
    results = some_results(run, failing=(X,) * (letter == "F"), passing=("other", *((X,) * (letter == "p"))))
    kept, checks = stored(run, results), checks_of(run, results)
    assert checks is not None
    done = letter != "i"
    step = PollStep(connection=connection, now=created, runs=(run,), results=(kept,) * done, checks=(checks,) * done,
                    results_known=(run.ref,))  # fmt: skip
    await store.record(step)


async def test_slack__a_picture_with_words_for_it(store: SqlStore) -> None:
    """The bars of text give way to a picture whose alternative text names each change; no request to the platform."""
    service = FakeRunService()
    async with serve() as slack, slack_bot.running_bot(slack, service=service, store=store) as bot:
        await slack.command(f'history property="{X}" run="Payments Nightly"')
        await bot.answered(1)
        answer: Message = await slack.world.until(lambda: with_picture(slack.world.ours()))
        first = str(answer.history[0]["blocks"])
        picture = next(block for block in answer.blocks if block["type"] == "image")
        assert slack.world.violations == []

    assert SAID in answer.text
    assert BARS in first
    assert "█ failed, ▁ passed, · no result" in first
    assert picture["title"]["text"] == "Last 19 runs, oldest first: bar: failed, line: passed, gap: no result"
    assert picture["alt_text"] == (
        f"{X} in the last 19 runs of Payments Nightly on main, test payments, oldest first: passed in 2, failed in 1, passed "
        "in 3, failed in 1, no result in 1, passed in 6, failed in 1, passed in 4."
    )
    assert service.calls == []


def with_picture(messages: Sequence[Message]) -> Message | None:
    """Return the message that has a picture."""
    return next((m for m in messages if any(b["type"] == "image" for b in m.blocks)), None)


async def test_discord__bars_of_text(store: SqlStore) -> None:
    """The same sentence and the same bars, as an option fills in each value."""
    service = FakeRunService()
    async with discord_bot.simulated(service=service, store=store) as world:
        result = await world.say("history", property=X, run="Payments Nightly")
        said = discord_bot.said(discord_bot.answer(result))

    assert SAID in said
    assert BARS in said
    assert "█ failed, ▁ passed, · no result" in said
    assert "1 more run says nothing of it: it did not complete." in said
    assert service.calls == []


async def test_slack__from_the_button_of_a_failure(store: SqlStore) -> None:
    """*History* beside a failure is about that very check and the series of that run."""
    service = FakeRunService()
    await record(store, 20, "F")
    run = service.add_run(a_run(20))
    service.set_results(some_results(run, failing=(X,), passing=("other",)))
    async with serve() as slack, slack_bot.running_bot(slack, service=service, store=store) as bot:
        await slack.mention(f"failing {run.ref.run_id} property=1")
        await bot.answered(1)
        await slack.press(slack.world.ours()[-1], "History 1")
        await bot.answered(2)
        answer = slack.world.ours()[-1]
        assert slack.world.violations == []

    assert f"“{X}” fails in the newest run of Payments Nightly" in answer.text
    assert "it failed in 4 of 19 runs" in answer.text


@pytest.mark.parametrize("words", [f'property="{X}"', f'property="{X}" run="payments nightly"'])
def test_terminal__from_the_record_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Bars of text on standard output, with nobody there to be asked."""

    async def fill() -> None:
        async with open_store(f"sqlite:///{tmp_path}/clew.db") as store:
            await record_all(store, "default")

    asyncio.run(fill())
    environment = {
        "ANTITHESIS_BASE_URL": "http://127.0.0.1:9/api",
        "ANTITHESIS_API_KEY": "unused",
        "DATABASE_URL": f"sqlite:///{tmp_path}/clew.db",
    }
    with set_up(environment, tmp_path, monkeypatch):
        answer = CliRunner().invoke(app, ["ask", f"history {words}"])

    assert answer.exit_code == 0, answer.output
    said = " ".join(answer.stdout.split())
    assert SAID in said
    assert BARS in said
    assert "█ failed, ▁ passed, · no result" in said
