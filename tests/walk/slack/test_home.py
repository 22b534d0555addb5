"""The app's home: what runs, what came of runs, and what one's channels hear of."""

from __future__ import annotations

import pytest

from bot.access import Policy, Role
from bot.errors import Unreachable
from bot.model import RunStatus
from bot.state import Subscription
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, TEAM, Message


async def test_home__shows_running_runs_verdicts_and_subscriptions(bot: Bot) -> None:
    """All three parts, each with its way on, also of runs that were there before Clew was first started."""
    bot.service.add_run(a_run(4, status=RunStatus.IN_PROGRESS))
    for number, failing in enumerate((("A",), ("A", "B"), ())):
        run = bot.service.add_run(a_run(number))
        bot.service.set_results(some_results(run, failing=failing, passing=("C", "D")))
    for channel in ("C01MAIN", "C99ELSEWHERE"):
        hears = Subscription(channel=f"slack:channel:{TEAM}:{channel}", launcher="Payments Nightly")
        await bot.store.subscribe(hears, EPOCH)

    home = Message(ts="", channel="", text="", blocks=(await bot.slack.open_home())["blocks"])
    said = "".join(home.words.splitlines())

    assert "FAILED: 2 of 4 properties fail; 1 newly failing and 1 still failing · ended " in said
    assert "passed: all 2 properties pass; 2 not failing this time · ended " in said
    assert "FAILED: 1 of 3 properties fails; no earlier run of this series is known · ended " in said
    assert ": running · started " in said
    assert home.words.count(" is notified of ") == 1
    assert "None of your channels expects a run." in said
    assert "Nothing is muted in your channels." in said
    assert {"Launch a test run", "Status", "Failing"} <= set(home.labels)


async def test_home__says_which_runs_cannot_be_listed(bot: Bot) -> None:
    """A platform that does not answer is named, and the rest is shown."""
    bot.service.fail("runs", Unreachable("No connection to acme."), times=9)

    home = Message(ts="", channel="", text="", blocks=(await bot.slack.open_home())["blocks"])

    assert "The runs of demo cannot be listed: No connection to acme." in "".join(home.words.splitlines())
    assert "Nothing is running" not in home.words
    assert home.words.count("Unknown, because not all runs can be listed.") == 2
    assert "Help" in home.labels


@pytest.mark.parametrize("behind", ["running", "ended"])
async def test_home__finds_what_stands_behind_newer_runs(bot: Bot, behind: str) -> None:
    """A run that goes on for long, or the last that ended, may stand on a later page of the list."""
    bot.service.page_size = 2
    old, new = (RunStatus.IN_PROGRESS, RunStatus.COMPLETED)[:: 1 if behind == "running" else -1]
    bot.service.add_run(a_run(0, status=old))
    for number in (1, 2, 3):
        bot.service.add_run(a_run(number, status=new))

    home = Message(ts="", channel="", text="", blocks=(await bot.slack.open_home())["blocks"])
    said = "".join(home.words.splitlines())

    assert ": running · started " in said
    assert " · ended " in said
    assert "Nothing is running" not in said
    assert "No recent run has ended" not in said


async def test_home__launches_by_a_form_that_asks_where(bot: Bot) -> None:
    """The home belongs to no channel, so the form asks for one."""
    home = Message(ts="", channel="", text="", blocks=(await bot.slack.open_home())["blocks"])
    payload = bot.slack.press_payload(home, home.button("Launch a test run"))
    del payload["channel"], payload["message"]
    payload["container"] = {"type": "view", "view_id": "V1"}

    await bot.slack.gate.deliver("interactive", payload)
    view = await bot.slack.view("Launch")

    assert view["blocks"][0]["block_id"] == "clew_where"


async def test_home__buttons_answer_in_the_conversation_with_the_bot(bot: Bot) -> None:
    """Where there is no channel, the answer comes as a direct message."""
    bot.service.add_run(a_run(1))
    home = Message(ts="", channel="", text="", blocks=(await bot.slack.open_home())["blocks"])
    payload = bot.slack.press_payload(home, home.button("Recent runs"))
    del payload["channel"], payload["message"], payload["response_url"]
    payload["container"] = {"type": "view", "view_id": "V1"}

    await bot.slack.gate.deliver("interactive", payload)
    answer = await bot.slack.world.answer("Payments Nightly")

    assert answer.channel == f"D{ALICE}"


async def test_home__is_closed_to_those_who_may_not_read(slack: FakeSlack) -> None:
    """Who has no role sees why, and nothing else."""
    policy = Policy(roles={Role.ADMIN: frozenset({f"slack:user:{TEAM}:{ALICE}"})})
    async with running_bot(slack, policy=policy):
        home = await slack.open_home(user=BOB)

    assert "needs the role “read”" in str(home)
    assert "Running now" not in str(home)
