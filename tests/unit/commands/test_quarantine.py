"""`quarantine`: confirmed with the job and how many it has, sent once, and taken out again."""

from __future__ import annotations

import pytest

from bot.cards import plain
from bot.state import IntentKind, IntentState
from bot.triage import LauncherRow, QuarantineRequest
from tests.fakes.service import Launching, a_build_server
from tests.fakes.stage import READER, Stage, an_invocation, silent, texts
from tests.unit.commands.triage_stage import REFRESH, REFUND, a_triage_stage, last_intent


def held(stage: Stage) -> list[str]:
    """Return what is quarantined at the job."""
    return [entry.check for entry in stage.service.triage.held["55"]]


async def test_quarantine__asks_then_puts_in_once() -> None:
    """The question names the job and how many it has; the answer says that the build keeps its verdict."""
    stage = a_triage_stage()
    stage.service.triage.quarantines("55", "a", "b")
    asked = await stage.say("quarantine 1026 test=1 reason=flaky")
    before = list(stage.service.triage.changes)
    reply = await stage.press("Quarantine")
    facts = {fact.label: plain(fact.value) for fact in asked.card.facts}

    assert plain(asked.card.title) == "Quarantine “test_token_refresh” in Regression Suite?"
    assert facts["Quarantined there"].startswith("2, the oldest for ")
    assert (facts["Job"], facts["Reason"], facts["Test"]) == ("Regression Suite", "flaky", REFRESH)
    assert before == []
    assert stage.service.triage.changes == [
        QuarantineRequest(
            launcher="Regression Suite", launcher_key="55", check=REFRESH, reason="flaky", run_id="1026"
        )
    ]
    assert "do not count in builds that end from now on" in plain(reply.card.text)
    assert (last_intent(stage).kind, last_intent(stage).state) == (
        IntentKind.QUARANTINE,
        IntentState.ACCEPTED,
    )
    assert held(stage) == ["a", "b", REFRESH]
    assert stage.service.violations == []


async def test_quarantine__its_answer_takes_it_out_again() -> None:
    """The button asks first, too."""
    stage = a_triage_stage()
    await stage.say("quarantine 1026 test=1 reason=flaky")
    await stage.press("Quarantine")
    asked = await stage.press("Take it out again")
    reply = await stage.press("Take it out")

    assert plain(asked.card.title) == "Take “test_token_refresh” out of the quarantine of Regression Suite?"
    assert "no longer quarantined in Regression Suite" in plain(reply.card.text)
    assert held(stage) == []
    assert stage.service.violations == []


@pytest.mark.parametrize(
    "said", ["2", REFUND, "test_refund_twice[eur]", "TestRefund::test_refund_twice[eur]"]
)
async def test_quarantine__the_test_by_number_name_or_end(said: str) -> None:
    """Whatever tells it."""
    stage = a_triage_stage()
    await stage.say("quarantine 1026 reason=infra", values={"property": said})

    request = last_intent(stage).request_as(QuarantineRequest)
    assert request.check == REFUND


@pytest.mark.parametrize("said", ["flaky", "FLAKY", "Flaky"])
async def test_quarantine__the_reason_however_it_is_written(said: str) -> None:
    """It is sent in the platform's spelling."""
    stage = a_triage_stage()
    await stage.say(f"quarantine 1026 test=1 reason={said}")

    assert last_intent(stage).request_as(QuarantineRequest).reason == "flaky"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("quarantine 1026 test=1", "Add reason=flaky|infra|wip."),
        ("quarantine 1026 test=1 reason=boring", "it must be one of flaky, infra and wip"),
        ("quarantine 1026 reason=flaky", "It is not clear which test is meant."),
        ("quarantine 1026 test=9 reason=flaky", "9"),
        ("quarantine 1026 test=1 remove=yes", "is not quarantined in Regression Suite"),
    ],
)
async def test_quarantine__what_is_missing_or_wrong(words: str, sentence: str) -> None:
    """Said before anything is asked for."""
    stage = a_triage_stage()
    reply = await stage.say(words)

    assert sentence in texts(reply.card)
    assert stage.memory.intents == {}


async def test_quarantine__what_is_there_already() -> None:
    """Nothing is asked that would change nothing; what can be taken out is named."""
    stage = a_triage_stage()
    stage.service.triage.quarantines("55", REFRESH)
    reply = await stage.say("quarantine 1026 test=1 reason=flaky")

    other = await stage.say("quarantine 1026 test=2 remove=yes")

    assert "is already quarantined in Regression Suite" in texts(reply.card)
    assert f"Quarantined there: {REFRESH}." in texts(other.card)


async def test_quarantine__takes_out_what_does_not_fail_any_more() -> None:
    """An entry is found by its name or end although no test of that build fails so."""
    stage = a_triage_stage()
    stage.service.triage.quarantines("55", "tests/test_old.py::TestOld", "tests/test_other.py")
    await stage.say("quarantine 1026 test=TestOld remove=yes")
    await stage.press("Take it out")

    assert held(stage) == ["tests/test_other.py"]


async def test_quarantine__at_a_job_without_a_run() -> None:
    """As the list of flaky tests asks for it: the job by its key, the test by its name."""
    rows = (LauncherRow(key="55", name="Regression Suite"), LauncherRow(key="56", name="Smoke Tests"))
    stage = Stage(service=a_build_server(rows=rows))
    asked = await stage.say("quarantine", values={"launcher": "56", "property": "x::y", "reason": "wip"})
    await stage.press("Quarantine")

    assert "in Smoke Tests?" in plain(asked.card.title)
    assert [entry.check for entry in stage.service.triage.held["56"]] == ["x::y"]


async def test_quarantine__a_lost_answer_is_said_and_not_repeated() -> None:
    """A person looks, and asks again."""
    stage = a_triage_stage()
    stage.service.next_launch(Launching.LOST_REPLY)
    await stage.say("quarantine 1026 test=1 reason=flaky")
    reply = await stage.press("Quarantine")
    await stage.pass_time(300)

    assert "it is not known whether it was changed" in plain(reply.card.text)
    assert last_intent(stage).state is IntentState.UNKNOWN
    assert len(stage.service.triage.changes) <= 1


async def test_quarantine__needs_the_role() -> None:
    """It changes verdicts for all."""
    reply = await a_triage_stage().say("quarantine 1026 test=1 reason=flaky", by=READER)

    assert plain(reply.card.title) == "Not allowed"


async def test_quarantine__form_from_the_list_of_failing_tests() -> None:
    """The button beside a test opens the form with the run and the test in it, and the platform's reasons."""
    stage = a_triage_stage()
    card = (await stage.say("failing 1026")).card
    button = next(b for item in card.items for b in item.buttons if b.text == "Quarantine 2")
    assert button.command is not None
    form = await stage.handler.form(an_invocation(stage, button.command), silent)
    assert form is not None
    fields = {field.name: field for field in form.fields}

    assert button.opens_form
    assert (fields["run"].value, fields["property"].value) == ("demo/1026", REFUND)
    assert fields["reason"].choices == ("flaky", "infra", "wip")
