"""The end of a process while answers and pictures are under way: quiet, whatever is still running then."""

from __future__ import annotations

import asyncio

import pytest

from bot.ports import Post
from tests.fakes.runs import a_run
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import running_bot
from tests.fakes.slack_world import MAIN
from tests.unit.terminal.cards import CHART
from tests.walk.slack.test_receiving import SlowService


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.exc_info or "RuntimeError" in r.getMessage()]


async def test_release__while_an_answer_is_under_way(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """Closing was given up for taking too long: the answer is told of, and nothing is sent into a closed session."""
    service = SlowService()
    service.add_run(a_run(1))
    async with running_bot(slack, service=service) as bot:
        await slack.command("status")
        note = await slack.world.answer("Working on it")
        closing = asyncio.create_task(bot.chat.close())
        await asyncio.wait({bot.running})
        closing.cancel()
        await asyncio.wait({closing})
        await bot.chat.release()
        service.gate.set()

    assert "will continue with this afterwards" in note.words
    assert complaints(caplog) == []


async def test_release__before_a_picture_is_there(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    """What is delivered last has a picture still to come: it may come or not, and nothing is said of it."""
    async with running_bot(slack) as bot:
        await bot.chat.close()
        sender = bot.chat.chat
        await sender.post(Post(channel=f"slack:channel:T01:{MAIN}", payload=sender.render(CHART), key="k"))
        await bot.chat.release()

    assert len(slack.world.of(MAIN)) == 1
    assert complaints(caplog) == []
