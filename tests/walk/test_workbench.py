"""Working on a failure in its thread, from the logs on: by buttons, the same in Slack and in Discord."""

from __future__ import annotations

import json

from bot.model import Availability, Instance, LineKind, LogQuery, Moment, Results
from tests.fakes import discord_bot, slack_bot
from tests.fakes.discord_bot import answer, said
from tests.fakes.runs import MOMENT, a_line, a_property, a_run, an_example, run_id
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve

HOSTILE = "see <https://evil.example/x|the fix> <!channel> @everyone *bold*"
TOKEN = "v2.public.CANARY"
PASSED = Moment("55", "391.5")
HERE, THERE = f"panic: {HOSTILE}", "snapshot saved to a1b2c3d4e5f6"


def a_failure() -> FakeRunService:
    """Return a platform with a run whose property fails at one moment and held at another."""
    service = FakeRunService(connection="demo")
    run = service.add_run(a_run(1))
    check = a_property(
        "Ledger balances", failing=True, examples=(an_example("condition: true", moment=PASSED),)
    )
    service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(check,)))
    verdict = a_line('FAIL Always "Ledger balances"', MOMENT.vtime, kind=LineKind.ASSERTION)
    service.set_log(run, MOMENT, a_line("applied 7", "398.1"), a_line(HERE, "398.2"), verdict)
    service.set_log(run, PASSED, a_line("applied 900", "391.1"), a_line(THERE, "391.2"))
    events = (Instance(line=a_line(f"Ledger balances {HOSTILE} {n}", f"{n}.5"), moment=Moment("7", f"{n}.5"), holds=n > 6)
              for n in range(1, 13))  # fmt: skip
    service.set_events(run, *events)
    service.set_report(run, f"https://demo.antithesis.com/report/a/b.html?auth={TOKEN}")
    return service


def looked_at(service: FakeRunService) -> list[str]:
    """Return the moments whose logs were read, in order."""
    return [call.argument.moment.vtime for call in service.calls if isinstance(call.argument, LogQuery)]


async def test_slack__compare_with_a_passing_example() -> None:
    """One press; what a line says stays text, whatever it looks like."""
    service = a_failure()
    async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
        await slack.mention(f"logs {run_id(1)}")
        await bot.answered(1)
        await slack.press(slack.world.ours()[-1], "Compare")
        await bot.answered(2)
        card = slack.world.ours()[-1]

        assert slack.world.violations == []
    assert looked_at(service) == [MOMENT.vtime, MOMENT.vtime, PASSED.vtime]
    assert HERE in card.words
    assert THERE in card.words
    assert card.words.index("only here, crash") < card.words.index("only there")
    assert not any(f'"type": "{kind}"' in json.dumps(card.blocks) for kind in ("link", "user", "broadcast"))


async def test_discord__compare_with_a_passing_example() -> None:
    """As in Slack."""
    service = a_failure()
    async with discord_bot.simulated(service=service) as world:
        card = answer(await world.say("logs", run=run_id(1)))
        await world.press(card, "Compare")
        (thread,) = world.main.threads
        compared = said(thread.history()[-1])

    assert looked_at(service) == [MOMENT.vtime, MOMENT.vtime, PASSED.vtime]
    assert "only here, crash" in compared
    assert THERE in compared


def is_handed_over(text: str) -> bool:
    """Whether the file has the failure in it, and nothing that opens a report."""
    return f"- Virtual time: `{MOMENT.vtime}`" in text and f"! {HERE}" in text and TOKEN not in text


async def test_slack__more_instances_and_hand_over() -> None:
    """From the property: a sample with a button for each moment, and all that is known as a file in the thread."""
    service = a_failure()
    async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
        said_at = await slack.mention(f"failing {run_id(1)} property=1")
        await bot.answered(1)
        failing = slack.world.ours()[-1]
        await slack.press(failing, "More instances")
        await bot.answered(2)
        sample = slack.world.ours()[-1]
        await slack.press(failing, "Hand over")
        await bot.answered(3)
        await slack.world.until(lambda: len(slack.world.files) == 2)

        assert slack.world.violations == []
    rows, handed = (file["content"].decode() for file in slack.world.files)
    assert {file["thread"] for file in slack.world.files} == {said_at.ts}
    assert "6 where it fails and 6 where it holds" in sample.words
    assert len(rows.splitlines()) == 12
    assert is_handed_over(handed)
    assert not any(f'"type": "{kind}"' in json.dumps(sample.blocks) for kind in ("link", "user", "broadcast"))


async def test_discord__more_instances_and_hand_over() -> None:
    """As in Slack; the files stand at their messages."""
    service = a_failure()
    async with discord_bot.simulated(service=service) as world:
        card = answer(await world.say("failing", run=run_id(1), property="1"))
        await world.press(card, "More instances")
        await world.press(card, "Hand over")
        (thread,) = world.main.threads
        sample, handed = thread.history()[-2:]
        text = (await handed.attachments[0].read()).decode()

    assert "6 where it fails and 6 where it holds" in said(sample)
    assert [file.filename for file in sample.attachments] == ["instances-00000000.txt"]
    assert [file.filename for file in handed.attachments] == ["handover-00000000-398.489.md"]
    assert is_handed_over(text)
