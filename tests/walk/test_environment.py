"""A run whose environment had a problem, as both chats show it."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.discord_bot import answer, said, simulated
from tests.fakes.runs import a_property, a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_bot import running_bot


def a_platform() -> FakeRunService:
    """Return a platform where two tests fail in the newest run, and its images are for another machine."""
    service = FakeRunService()
    service.add_run(a_run(1), some_results(a_run(1), passing=("balance holds", "no lost write")))
    found = some_results(a_run(2), failing=("balance holds", "no lost write"))
    ill = replace(a_property("Images match", failing=True), health=True)
    service.add_run(a_run(2), replace(found, checks=(*found.checks, ill)))
    return service


def is_true(words: str) -> bool:
    """Whether a message names the problem, what may follow from it, and calls nothing new."""
    told = ("environment problem", "Images match", "balance holds", "no lost write", "not to be relied on")
    return all(part in words for part in told) and "newly" not in words


async def test_slack__says_that_the_environment_had_a_problem() -> None:
    """In the run's card and in the list of what fails."""
    async with serve() as slack, running_bot(slack, service=a_platform()) as bot:
        for number, verb in enumerate(("status", "failing"), 1):
            await slack.command(f"{verb} {run_id(2)}")
            await bot.answered(number)
        shown = [message.words for message in slack.world.ours()]

    assert slack.world.violations == []
    assert [is_true(words) for words in shown] == [True, True], shown


async def test_discord__says_that_the_environment_had_a_problem() -> None:
    """In the run's card and in the list of what fails."""
    async with simulated(service=a_platform()) as world:
        shown = [said(answer(await world.say(verb, run=run_id(2)))) for verb in ("status", "failing")]

    assert [is_true(words) for words in shown] == [True, True], shown
