"""Charts: bars of text at once, then the picture; the answer never depends on it."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.slack.sender import Sender
from bot.cards import Card, Chart
from bot.model import Run
from bot.ports import Delivered, Post
from bot.state import MessageRef
from tests.fakes import slack_api as faults
from tests.fakes.runs import a_run, some_results
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_api import Fault
from tests.fakes.slack_bot import Bot, QuickClock, bare_sender
from tests.fakes.slack_world import ALICE, MAIN, TEAM, Message

BARS = "▁▅█▅"
SENTENCE = "Failing properties in the last 4 runs of Payments Nightly on main, test payments, oldest first: 0, 1, 2, 1."
UPDATE = "chat.update"
NOTE = Card(title=("Working",), text=("Working on it.",))
CHART = Card(
    title=("Three runs",),
    text=("Three runs.",),
    chart=Chart(title="Failing", values=(0, 1, 2), labels=("a", "b", "c"), text="Failing: 0, 1, 2."),
)
REFUSED = faults.error("invalid_blocks")


@pytest.fixture
async def run(bot: Bot) -> Run:
    """Return a run whose three earlier runs are known."""
    for number, names in enumerate([(), ("x",), ("x", "y")], 1):
        before = a_run(number)
        bot.service.add_run(before, some_results(before, failing=names, passing=("z",)))
    run = bot.service.add_run(a_run(4))
    bot.service.set_results(some_results(run, failing=("y",), passing=("x",)))
    return run


async def test_chart__becomes_a_picture(slack: FakeSlack, bot: Bot, run: Run) -> None:
    """The bars give way to the uploaded picture, with its words; the rest of the message stays as it was."""
    await slack.command(f"status {run.ref.run_id}")
    answer = await drawn(slack)
    picture = next(block for block in answer.blocks if block["type"] == "image")
    first = answer.history[0]["blocks"]

    assert [slack.world.files[0]["id"]] == [picture["slack_file"]["id"]]
    assert slack.world.files[0]["content"].startswith(faults.PNG)
    assert slack.world.files[0]["channel"] is None
    assert picture["alt_text"] == SENTENCE
    assert picture["title"]["text"] == "Failing properties, last 4 runs, oldest first: 0, 1, 2, 1"
    assert BARS in str(first)
    assert [b for b in first if b.get("block_id") != "chart"] == [
        b for b in answer.blocks if b is not picture
    ]


async def test_chart__waits_for_slack_to_have_looked_at_its_file(
    slack: FakeSlack, bot: Bot, run: Run
) -> None:
    """A file that Slack is not done with is refused in a message; some seconds later it is taken."""
    slack.api.fault(UPDATE, REFUSED, REFUSED)

    await slack.command(f"status {run.ref.run_id}")
    await drawn(slack)

    assert len(slack.world.called(UPDATE)) == 3
    assert len(slack.world.files) == 1


async def test_chart__whose_picture_slack_never_takes_stays_text(
    slack: FakeSlack, bot: Bot, run: Run
) -> None:
    """After a few tries the bars of text are the answer."""
    slack.api.fault(UPDATE, *[REFUSED] * 20)

    answer = await answered(slack, bot, run)

    assert BARS in str(answer.blocks)
    assert answer.edits == 0
    assert len(slack.world.called(UPDATE)) == 4


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("fault", [faults.error("missing_scope"), faults.HTML_502, Fault(abort=True)])
async def test_chart__without_upload_stays_text(
    slack: FakeSlack, bot: Bot, run: Run, method: str, fault: Fault
) -> None:
    """A permission that is missing, or a failure, costs the picture alone; nothing else stops."""
    slack.api.fault(method, fault)

    answer = await answered(slack, bot, run)
    await slack.command("status")
    await bot.answered(2)

    assert BARS in str(answer.blocks)
    assert "0, 1, 2, 1" in str(answer.blocks)
    assert slack.world.called(UPDATE) == []
    assert len(slack.world.of(MAIN)) == 2


async def test_chart__in_place_of_a_note_becomes_a_picture_too(slack: FakeSlack) -> None:
    """An answer that takes the place of what stood there before gets its picture as well."""
    clock = QuickClock()
    async with bare_sender(slack, clock) as sender:
        note = await posted(sender, NOTE)

        await sender.edit(note, CHART)
        answer = await drawn(slack)

    assert "Working" in str(answer.history[0])
    assert "▁▅█" in str(answer.history[1])


async def test_chart__that_was_edited_away_does_not_come_back(slack: FakeSlack) -> None:
    """A picture that is ready only after its message says something else is not shown."""
    gate = asyncio.Event()
    slack.api.fault("files.completeUploadExternal", Fault(gate=gate))
    async with bare_sender(slack, QuickClock()) as sender:
        message = await posted(sender, CHART)
        await slack.world.until(lambda: slack.world.called("files.completeUploadExternal"))

        await sender.edit(message, NOTE)
        gate.set()
        await sender.uploads.drain(20)

    assert "Working" in slack.world.of(MAIN)[0].text
    assert len(slack.world.files) == 1
    assert len(slack.world.called(UPDATE)) == 1


async def test_chart__for_one_person_is_text(slack: FakeSlack, run: Run, bot: Bot) -> None:
    """What only one person sees cannot be edited, so no picture is made for it."""
    await slack.command(f"status {run.ref.run_id}", channel="C02PRIVATE")
    ephemeral = await slack.world.ephemeral(ALICE)
    await bot.answered(1)

    assert BARS in str(ephemeral.blocks)
    assert slack.world.files == []


async def posted(sender: Sender, card: Card) -> MessageRef:
    """Post a card in the channel."""
    channel = f"slack:{TEAM}:{MAIN}"
    outcome = await sender.post(Post(channel=channel, payload=sender.render(card), key="k1"))
    assert isinstance(outcome, Delivered)
    return MessageRef(channel=channel, message_id=outcome.message_id)


async def drawn(slack: FakeSlack) -> Message:
    """Wait for a message with a picture."""

    def found() -> Message | None:
        return next((m for m in slack.world.ours() if any(b["type"] == "image" for b in m.blocks)), None)

    message: Message = await slack.world.until(found)
    return message


async def answered(slack: FakeSlack, bot: Bot, run: Run) -> Message:
    """Ask, and wait until nothing more comes of it."""
    await slack.command(f"status {run.ref.run_id}")
    await bot.answered(1)
    await bot.chat.chat.uploads.drain(20)
    return await slack.world.answer("FAILED")
