"""Files: whole log windows beside their excerpt; deleted here once they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cards import Card, Reply
from bot.command import Asked, Services, Verb
from bot.model import Run
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_line, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_api import Fault
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, MAIN


@pytest.fixture
def service(tmp_path: Path) -> FakeRunService:
    """Return a platform that writes its windows as files."""
    service = FakeRunService(spool=tmp_path)
    run = service.add_run(a_run(1))
    service.set_log(run, MOMENT, *(a_line(f"line {n}", f"{390 + n / 1000:.3f}") for n in range(400)))
    return service


def words(run: Run) -> str:
    return f"logs {run.ref.run_id} moment={MOMENT.text}"


async def test_file__of_a_long_private_answer_goes_to_the_person(bot: Bot) -> None:
    """What has no room in a message that one person sees comes to that person alone."""
    long = Card(
        title=("Long",), text=("A long answer.",), body=tuple((f"line {n} " * 40,) for n in range(90))
    )

    async def answer(asked: Asked, services: Services) -> Reply:
        del asked, services
        return Reply(card=long, private=True)

    verb = Verb(name="tell", summary="tell much", handle=answer, private=True)
    bot.handler.verbs = {**bot.handler.verbs, "tell": verb}
    await bot.slack.command("tell")
    await bot.answered(1)
    (file,) = bot.slack.world.files

    assert [m.only_for for m in bot.slack.world.of(MAIN)] == [ALICE]
    assert file["channel"] == f"D{ALICE}"
    assert "line 89" in file["content"].decode()


async def test_logs__bring_their_window_as_a_file(
    slack: FakeSlack, service: FakeRunService, tmp_path: Path
) -> None:
    """The excerpt is in the message, the whole window in its thread; nothing is left on this machine."""
    async with running_bot(slack, service=service) as bot:
        await slack.command(words(a_run(1)))
        answer = await slack.world.answer("line 399")
        await bot.answered(1)

    assert [(MAIN, answer.ts)] == [(f["channel"], f["thread"]) for f in slack.world.files]
    assert slack.world.files[0]["content"].count(b"\n") == 400
    assert left_in(tmp_path) == []


async def test_logs__asked_in_a_thread_bring_it_there(slack: FakeSlack, service: FakeRunService) -> None:
    """The file stands in the thread that was asked in."""
    async with running_bot(slack, service=service) as bot:
        said = await slack.mention(words(a_run(1)))
        await bot.answered(1)

    assert [(MAIN, said.ts)] == [(f["channel"], f["thread"]) for f in slack.world.files]


async def test_logs__in_a_channel_without_the_bot_bring_it_to_the_person(
    slack: FakeSlack, service: FakeRunService
) -> None:
    """A file cannot be shown to one person in a channel, so it comes as a direct message."""
    async with running_bot(slack, service=service) as bot:
        await slack.command(words(a_run(1)), channel="C02PRIVATE")
        await bot.answered(1)

    assert [f"D{ALICE}"] == [f["channel"] for f in slack.world.files]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("fault", [faults.error("internal_error"), faults.HTML_502, Fault(abort=True)])
async def test_logs__whose_file_cannot_be_sent_are_shown_all_the_same(
    slack: FakeSlack, service: FakeRunService, tmp_path: Path, method: str, fault: Fault
) -> None:
    """The answer does not depend on its file, and the file does not stay here."""
    slack.api.fault(method, fault, fault)
    async with running_bot(slack, service=service) as bot:
        await slack.command(words(a_run(1)))
        await slack.world.answer("line 399")
        await bot.answered(1)

    assert left_in(tmp_path) == []


async def test_upload__never_goes_to_another_host(slack: FakeSlack, service: FakeRunService) -> None:
    """An upload address that is not Slack's gets nothing."""
    elsewhere = {"ok": True, "upload_url": "http://169.254.169.254/upload", "file_id": "F1"}
    slack.api.fault("files.getUploadURLExternal", Fault(body=elsewhere))
    async with running_bot(slack, service=service) as bot:
        await slack.command(words(a_run(1)))
        await bot.answered(1)

    assert slack.world.files == []


def left_in(folder: Path) -> list[Path]:
    """Return what was not deleted."""
    return list(folder.iterdir())


async def test_logs__error_lines_are_one_press_away(slack: FakeSlack, service: FakeRunService) -> None:
    """The crash that stands far before the lines shown is found by the button under them."""
    crash = (a_line("panic: gone", "389.5"), a_line("goroutine 1 [running]:", "389.5"))
    fine = (a_line(f"line {n}", f"{390 + n / 1000:.3f}") for n in range(400))
    service.set_log(a_run(1), MOMENT, *crash, *fine)
    async with running_bot(slack, service=service) as bot:
        await slack.command(words(a_run(1)))
        shown = await slack.world.answer("line 399")
        await slack.press(shown, "Error lines")
        errors = await slack.world.answer("! panic: gone")
        await bot.answered(2)

    assert "| goroutine 1 [running]:" in str(errors.blocks)
    assert "line 399" not in str(errors.blocks)
