"""The list of runs in both chats: narrowed, and read to its end by a press."""

from __future__ import annotations

import re

from tests.fakes.discord_bot import said, simulated
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_bot import running_bot

PAGES = [[*range(24, 16, -1)], [*range(16, 8, -1)], [*range(8, 0, -1)]]
RUN = re.compile(r"launcher(\d+)")


def a_platform() -> FakeRunService:
    """Return a platform with runs of two sources, on three pages of its list."""
    service = FakeRunService(page_size=20)
    for number in range(1, 25):
        service.add_run(a_run(number, launcher=f"launcher{number}"))
        service.add_run(a_run(number + 100, launcher="elsewhere", source="dev"))
    return service


def runs(text: str) -> list[int]:
    """Return the runs that a message lists, each once."""
    return list(dict.fromkeys(map(int, RUN.findall(text))))


async def test_slack__a_press_shows_the_next_runs() -> None:
    """Of the same source, and a run of a later page opens by its own button."""
    async with serve() as slack, running_bot(slack, service=a_platform()) as bot:
        await slack.command("status source=main")
        await bot.answered(1)
        for number in (2, 3):
            await slack.press(slack.world.ours()[-1], "Next page")
            await bot.answered(number)
        pages = [message.words for message in slack.world.ours()]
        await slack.press(slack.world.ours()[-1], "Status")
        await bot.answered(4)
        opened = slack.world.ours()[-1].words

    assert slack.world.violations == []
    assert [runs(words) for words in pages] == PAGES
    assert "Next page" not in pages[-1]
    assert runs(opened)[0] == 8


async def test_discord__a_press_shows_the_next_runs() -> None:
    """The same there."""
    async with simulated(service=a_platform()) as world:
        pages = await world.mention("status source=main")
        for _ in range(2):
            await world.press(pages[-1], "Next page")
            pages.append(world.main.threads[0].history()[-1])

    assert [runs(said(message)) for message in pages] == PAGES
