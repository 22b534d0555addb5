"""A run once more: what differs from it, what of it cannot be read, and what is never sent again."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import msgspec
import pytest

from adapters.platforms.ai_test_harness import launching as harness
from adapters.platforms.ai_test_harness.decode import TERMS
from adapters.platforms.antithesis.decode import RunBody, run_of
from bot.analysis import analysis_of
from bot.cards import plain
from bot.command import Preset
from bot.habits import repeated
from bot.model import LaunchRequest, Run, RunStatus, Says
from bot.platform import Launches
from bot.redact import MASK
from bot.replies import launching as replies
from bot.replies import post
from bot.state import IntentState
from tests.fakes.runs import a_build, a_run, build_results, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import ANN, BO, Stage, texts
from tests.unit.commands.test_unlisted import a_stage, an_execution
from tests.unit.commands.triage_stage import a_triage_stage, last_intent

TOKEN = "xoxb-" + "1" * 12 + "-" + "a" * 24


def served(number: int, parameters: object) -> Run:
    """Return a run as the platform's answer with these parameters is read."""
    body = RunBody(run_id=run_id(number), status="completed", launcher="basic_test",
                   created_at="2026-05-14T02:00:00Z", parameters=msgspec.Raw(msgspec.json.encode(parameters)))  # fmt: skip
    run = run_of(body, connection="demo", origin="https://acme.antithesis.com")
    assert run is not None
    return run


async def rerun_of(stage: Stage, run: Run) -> str:
    """Return the text of the question for a run once more."""
    stage.service.add_run(run)
    return plain((await stage.say(f"rerun {run.ref.run_id}")).card.text)


async def test_rerun__says_what_cannot_be_read_and_never_sends_it() -> None:
    """Secrets, masks, cut texts, mail and what is no text are named, never repeated; what a launch does not take is told."""
    stage = Stage()
    given = {
        "antithesis.duration": "30.0", "antithesis.source": "main", "custom.note": f"see {TOKEN}", "custom.long": "x" * 5_000,
        "antithesis.integrations.slack.token": TOKEN, "antithesis.report.recipients": "ann@example.com", "other.thing": "1",
        "vcs.pr_id": "12", "custom.deep": {"a": 1}, "custom.none": None, "clew.request_id": "k1",
    }  # fmt: skip
    said = await rerun_of(stage, served(1, given))
    request = last_intent(stage).request_as(LaunchRequest)

    assert request.values == {"duration": "30.0", "source": "main"}
    for name in (
        "custom.note",
        "custom.long",
        "antithesis.integrations.slack.token",
        "antithesis.report.recipients",
    ):
        assert name in said
    assert "Of what it was given, Clew cannot read" in said
    assert "other.thing and custom.deep, so those are not sent." in said
    assert "Unlike that run: vcs.pr_id is not given, it was 12." in said
    assert "antithesis.duration" not in said
    for secret in (TOKEN, MASK, "ann@example.com", "k1"):
        assert secret not in said
        assert secret not in repr(request)


async def test_rerun__of_a_launch_from_here_sends_the_same() -> None:
    """What was asked for here is known whole, mail included; nothing else is claimed to be the same."""
    stage = Stage()
    await stage.launched("launch basic_test duration=30 recipients=ann@example.com custom.x=1")
    run = await stage.service.run(str(last_intent(stage).run_id))
    hidden = ("antithesis.report.recipients", "antithesis.integrations.github.token")
    stage.service.change(run, withheld=hidden, parameters={"antithesis.duration": "30", "vcs.pr_id": "1"})
    stage.service.finish(run)
    stage.clock.pass_time(3600)
    said = plain((await stage.say(f"rerun {run.ref.run_id}")).card.text)

    assert "cannot read antithesis.integrations.github.token, so that is not sent." in said
    assert "Unlike that run: vcs.pr_id is not given, it was 1." in said
    assert last_intent(stage).request_as(LaunchRequest).values["recipients"] == "ann@example.com"


async def test_rerun__of_the_same_says_so() -> None:
    """Where all is read and all is sent, nothing differs."""
    said = await rerun_of(
        Stage(), served(1, {"antithesis.duration": "30", "antithesis.images": "app:1;db:2"})
    )

    assert "No difference from that run is known." in said


async def test_rerun__leaves_out_mail_of_somebody_else() -> None:
    """Whoever asked first named their own address; it is masked, and the launch goes without it."""
    stage = Stage()
    await stage.launched("launch basic_test duration=30 recipients=ann@example.com")
    run = await stage.service.run(str(last_intent(stage).run_id))
    stage.service.finish(run)
    stage.clock.pass_time(3600)
    reply = await stage.say(f"rerun {run.ref.run_id}", by=BO)
    request = last_intent(stage).request_as(LaunchRequest)

    assert not reply.failed
    assert "antithesis.report.recipients is not given, it was a…@example.com" in plain(reply.card.text)
    assert "recipients" not in request.values


async def test_rerun__where_nothing_is_told_asks_for_what_is_needed() -> None:
    """A launch without a length is none that anybody meant."""
    stage = Stage()
    reply = await stage.say(f"rerun {stage.service.add_run(a_run(1, parameters={})).ref.run_id}")

    assert "Antithesis does not tell what run 00000000 was given, and a launch needs a duration." in texts(
        reply.card
    )
    assert "launch Payments Nightly duration=1h30m" in texts(reply.card)
    assert stage.memory.intents == {}


def test_rerun__says_what_a_platform_never_tells() -> None:
    """Its record knows the environment, not how many tests ran at once."""
    run = replace(an_execution(1), status=RunStatus.COMPLETED, source="staging")
    request = LaunchRequest(launcher="Release", key="k", values={"environment": "prod"})
    found = repeated(cast("Launches", harness), request, run, None)
    lines = replies.repeated(found, TERMS, alone=True)

    assert [plain(line) for line in lines] == [
        "AI Test Harness does not tell of an execution which parallelism it was given.",
        "Unlike that execution: environment is prod, it was staging.",
    ]


async def test_rerun__of_an_unknown_launcher_says_so() -> None:
    """A record that does not tell of what it is cannot be launched once more."""
    stage = await a_stage()
    run = stage.service.add_run(replace(an_execution(1), status=RunStatus.COMPLETED))
    reply = await stage.say(f"rerun {run.ref.run_id}")

    assert "does not tell which test plan execution exec_00001 is of" in texts(reply.card)


@pytest.mark.parametrize("people", [frozenset[str](), frozenset({ANN.id})])
async def test_rerun__is_by_the_preset_of_the_run(people: frozenset[str]) -> None:
    """Its rules hold for the repetition as well, by whoever asks."""
    nightly = Preset(
        name="nightly", launcher="basic_test", values={"duration": "30"}, people=people, free=frozenset()
    )
    stage = Stage(presets={"nightly": nightly})
    await stage.launched("launch nightly")
    run = await stage.service.run(str(last_intent(stage).run_id))
    stage.service.finish(run)
    stage.clock.pass_time(3600)
    reply = await stage.say(f"rerun {run.ref.run_id}", by=BO)
    again = await stage.say(f"again {next(iter(stage.memory.intents))}", by=BO)

    for each in (reply, again):
        assert ("is not for you" in texts(each.card)) is bool(people)
    changed = stage.restarted(
        presets={"nightly": replace(nightly, values={"duration": "60"}, people=frozenset())}
    )
    assert "sets duration= to “60”" in texts((await changed.say(f"rerun {run.ref.run_id}")).card)
    gone = stage.restarted(presets={})
    assert "no longer in the settings" in texts((await gone.say(f"rerun {run.ref.run_id}")).card)


async def test_rerun__by_the_platforms_own_call_holds_to_the_preset_too() -> None:
    """What is not launched anew here is started again all the same."""
    stage = a_triage_stage()
    stage.presets = {
        "nightly": Preset(name="nightly", launcher="Regression Suite", people=frozenset({ANN.id}))
    }
    stage = stage.restarted()
    await stage.say("rerun 1026")
    first = last_intent(stage)
    stage.memory.intents[first.id] = replace(
        first, state=IntentState.ACCEPTED, run_id="1026", preset="nightly"
    )
    refused = await stage.say("rerun 1026", by=BO)
    taken = await stage.say("rerun 1026")

    assert "is not for you" in texts(refused.card)
    assert not taken.failed


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.INCOMPLETE, RunStatus.CANCELLED])
@pytest.mark.parametrize("failing", [(), ("a",)])
async def test_launch_again__is_offered_for_every_ended_run(
    status: RunStatus, failing: tuple[str, ...]
) -> None:
    """By its state, by what fails in it and by its post; the press asks first, as a launch does."""
    stage = Stage()
    run = stage.service.add_run(a_run(1, status=status, parameters={"antithesis.duration": "30"}))
    stage.service.set_results(some_results(run, failing=failing, passing=("b",)))
    found = await analysis_of(stage.services.platforms["demo"], stage.memory, run)
    told = [await stage.say(f"{verb} {run.ref.run_id}") for verb in ("failing", "status")]
    cards = [post.card(found, stage.clock.now()), *(reply.card for reply in told)]
    asked = await stage.press("Launch again")

    assert [[b.label for b in card.buttons].count("Launch again") for card in cards] == [1, 1, 1]
    assert [button.label for button in asked.card.buttons] == ["Rerun", "Cancel"]
    assert stage.service.launches == []


@pytest.mark.parametrize(
    ("service", "run"),
    [
        (FakeRunService(), a_run(1, launcher="debugging")),
        (FakeRunService(), a_run(1, launcher="")),
        (FakeRunService(lacks=frozenset({"launches"})), a_run(1)),
        (FakeRunService(), a_run(1, status=RunStatus.IN_PROGRESS)),
    ],
)
async def test_launch_again__is_not_offered_where_it_cannot_be(service: FakeRunService, run: Run) -> None:
    """Debugging sessions, runs of nobody knows what, platforms that launch nothing, and what goes on."""
    stage = Stage(service=service)
    service.add_run(run)
    reply = await stage.say(f"status {run.ref.run_id}")

    assert {"Launch again", "Rerun"}.isdisjoint(b.label for b in reply.card.buttons)


async def test_rerun__is_offered_for_a_passed_run_by_the_platforms_own_call() -> None:
    """Once, whether it passed or failed."""
    stage = a_triage_stage()
    stage.service.add_run(passed := a_build(1030, says=Says.PASSED), build_results(1030, passing=("a",)))
    labels = [
        [b.label for b in (await stage.say(f"status {n}")).card.buttons] for n in (1026, passed.ref.run_id)
    ]

    assert [[label for label in each if label.startswith("Rerun")] for each in labels] == [
        ["Rerun failed"],
        ["Rerun"],
    ]
