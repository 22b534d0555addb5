"""`flaky`: what got worse first, then the least healthy, each with the way to quarantine it."""

from __future__ import annotations

from bot.cards import plain
from bot.errors import NotAvailable
from bot.triage import FlakyCheck, LauncherRow
from tests.fakes.service import a_build_server
from tests.fakes.stage import READER, Stage, texts
from tests.unit.commands.triage_stage import failed_build

ROWS = (
    LauncherRow(key="55", name="Regression Suite"),
    LauncherRow(key="7", name="Smoke Tests"),
    LauncherRow(key="8", name="Smoke Tests"),
)
CHECKS = (
    FlakyCheck(name="healthy", health=90.0, rate=0.01),
    FlakyCheck(name="sick", health=12.0, rate=0.4, advice="rewrite it"),
    FlakyCheck(name="a little worse", emerging=True, rate=0.2, rate_before=0.1),
    FlakyCheck(name="much worse", emerging=True, rate=0.6, rate_before=0.1, health=50.0),
)


def a_stage(*checks: FlakyCheck) -> Stage:
    """Return a stage whose server names these."""
    stage = Stage(service=a_build_server(rows=ROWS))
    stage.service.triage.shaky = checks or CHECKS
    failed_build(stage)
    return stage


async def test_flaky__order_and_numbers() -> None:
    """What fails more than it did stands first, by how much more; then the worst health."""
    stage = a_stage()
    card = (await stage.say("flaky Regression Suite")).card
    lines = {plain(item.title): [plain(line) for line in item.lines] for item in card.items}

    assert [plain(item.title) for item in card.items] == [
        "1. much worse",
        "2. a little worse",
        "3. sick",
        "4. healthy",
    ]
    assert lines["1. much worse"] == ["fails in 60 % of its runs, 10 % before · health 50 of 100"]
    assert lines["3. sick"] == [
        "flaky in 40 % of its runs · health 12 of 100",
        "Testhide recommends: rewrite it",
    ]
    assert plain(card.text).startswith("4 flaky tests of Regression Suite, 2 of them getting worse: ")
    assert stage.service.triage.looked == ["55"]


async def test_flaky__quarantine_beside_each() -> None:
    """The button asks first, for the job and the test that it stands beside."""
    stage = a_stage()
    card = (await stage.say("flaky Regression Suite")).card
    button = next(b for item in card.items for b in item.buttons if b.text == "Quarantine 3")
    asked = await stage.say(button.command)

    assert plain(asked.card.title) == "Quarantine “sick” in Regression Suite?"


async def test_flaky__of_the_thread() -> None:
    """The job is the thread's build's."""
    stage = a_stage()
    await stage.say("status 1026")
    message = stage.messages[-1]
    assert message is not None
    await stage.say("flaky", thread=message.message_id)

    assert stage.service.triage.looked == ["55"]


async def test_flaky__of_all_jobs_has_no_buttons() -> None:
    """Nobody could tell at which job to quarantine."""
    stage = a_stage()
    card = (await stage.say("flaky")).card

    assert stage.service.triage.looked == [""]
    assert [item.buttons for item in card.items] == [()] * 4


async def test_flaky__two_jobs_of_one_name() -> None:
    """They are told apart."""
    stage = a_stage()
    asked = await stage.say("flaky Smoke Tests")
    await stage.say("flaky Smoke Tests (8)")

    assert "Smoke Tests (7)" in texts(asked.card)
    assert stage.service.triage.looked == ["8"]


async def test_flaky__of_a_whole_project_says_so() -> None:
    """Tests of other jobs are among them."""
    stage = a_stage()
    stage.service.triage.rated_by = "project"
    card = (await stage.say("flaky Regression Suite")).card

    assert plain(card.title) == "4 flaky tests in the project of Regression Suite"


async def test_flaky__none() -> None:
    """A sentence; nothing is claimed beyond what the platform names."""
    stage = a_stage()
    stage.service.triage.shaky = ()

    assert "Testhide names no flaky test of Regression Suite." in texts((await stage.say("flaky 55")).card)


async def test_flaky__many_end_in_a_count() -> None:
    """Ten are shown."""
    card = (await a_stage(*(FlakyCheck(name=f"t{n}", rate=0.1) for n in range(25))).say("flaky 55")).card

    assert (len(card.items), card.items_left_out) == (10, 15)


async def test_flaky__without_a_licence() -> None:
    """Its sentence reaches the person; a reader may ask."""
    stage = a_stage()
    stage.service.triage.fail("flaky", NotAvailable("Testhide does not offer this here."))

    assert "Testhide does not offer this here." in texts((await stage.say("flaky", by=READER)).card)
