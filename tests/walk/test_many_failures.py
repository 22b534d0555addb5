"""Thousands of failing properties, some of the same name, some with a name of a megabyte, some their own group.

Both chats judge what they are sent: nothing is over their limits, and what was left out is counted.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.model import Results
from tests.fakes.discord_bot import answer, said, simulated
from tests.fakes.runs import a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_bot import running_bot

COUNT = 5_000
LONG = "x" * 1_000_000


def a_platform() -> FakeRunService:
    """Return a platform whose run fails in every way at once."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    names = [f"Property {number % 500}" for number in range(COUNT - 2)]
    found = some_results(run, failing=(LONG, LONG, *names))
    service.set_results(turning_in_circles(found))
    return service


ENTRY = re.compile(r"(\d+)\. \n?check ")
PAGES = [[*range(1, 11)], [*range(11, 21)], [*range(21, 26)]]


def a_long_list() -> FakeRunService:
    """Return a platform with a run whose list takes three pages."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=tuple(f"check {n:02}" for n in range(25))))
    return service


def turning_in_circles(results: Results) -> Results:
    """Make each property a group, inside the group that its successor is."""
    names = [p.name for p in results.checks]
    grouped = zip(results.checks, [*names[1:], names[0]], strict=True)
    return replace(results, checks=tuple(replace(p, is_group=True, group=g) for p, g in grouped))


async def test_slack__a_press_shows_the_next_page() -> None:
    """It is of the same run, begins behind what the page before showed, and has a button like it."""
    async with serve() as slack, running_bot(slack, service=a_long_list()) as bot:
        await slack.command(f"failing {run_id(1)}")
        await bot.answered(1)
        for number in (2, 3):
            await slack.press(slack.world.ours()[-1], "Next page")
            await bot.answered(number)
        pages = [message.words for message in slack.world.ours()]

    assert slack.world.violations == []
    assert [[*map(int, ENTRY.findall(words))] for words in pages] == PAGES


async def test_discord__a_press_shows_the_next_page() -> None:
    """The same there."""
    async with simulated(service=a_long_list()) as world:
        pages = await world.mention(f"failing {run_id(1)}")
        for _ in range(2):
            await world.press(pages[-1], "Next page")
            pages.append(world.main.threads[0].history()[-1])

    assert [[*map(int, ENTRY.findall(said(message)))] for message in pages] == PAGES


async def test_slack__shows_the_first_of_thousands_and_counts_the_rest() -> None:
    """The list fits into one message."""
    async with serve() as slack, running_bot(slack, service=a_platform()) as bot:
        for number, verb in enumerate(("failing", "status"), 1):
            await slack.command(f"{verb} {run_id(1)}")
            await bot.answered(number)
        shown = [message.words for message in slack.world.ours()]

    assert slack.world.violations == []
    assert len(shown) == 2
    assert all(f"{COUNT:,}" in words for words in shown)
    assert all(len(words) < 40_000 for words in shown)


async def test_discord__shows_the_first_of_thousands_and_counts_the_rest() -> None:
    """The list fits into one message."""
    async with simulated(service=a_platform()) as world:
        shown = [said(answer(await world.say(verb, run=run_id(1)))) for verb in ("failing", "status")]

    assert all(f"{COUNT:,}" in words for words in shown)
    assert all(len(words) < 6_000 for words in shown)
