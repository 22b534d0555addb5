"""The verbs on a platform that lists no runs: what is known of it, the latest run, ids, launches and lost answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import plain
from bot.errors import ServiceFailed
from bot.model import Run, RunStatus
from bot.state import IntentState, Place, PollStep
from bot.suggest import Limits, Typing
from bot.triage import LauncherRow
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import FakeRunService, Launching, a_harness
from tests.fakes.stage import ANN, CHANNEL, Stage

RUNNING, COMPLETED = RunStatus.IN_PROGRESS, RunStatus.COMPLETED
PLANS = (
    LauncherRow(key="plan_1", name="Release", facts=(("status", "completed"), ("pass rate", "98"), ("failing", "1 of 45"))),
    LauncherRow(key="plan_2", name="Nightly", facts=(("status", "pending"),)),
)  # fmt: skip


def an_execution(number: int = 1, **changes: object) -> Run:
    """Return an execution of a plan."""
    fields = {"launcher": "Release", "launcher_key": "plan_1", "status": RUNNING, **changes}
    return replace(a_build(f"exec_{number:05d}"), **fields)  # type: ignore[arg-type]  # the test's own fields


async def a_stage(*runs: Run, others: tuple[FakeRunService, ...] = ()) -> Stage:
    """Return a stage whose platform lists none; it follows these."""
    stage = Stage(service=a_harness(rows=PLANS), others=others, known=())
    for run in runs:
        stage.clock.pass_time(60)
        stage.service.add_run(run)
        await stage.memory.track(run, stage.clock.now())
    return stage


def shown(stage: Stage) -> str:
    """Return all words of the last reply."""
    card = stage.replies[-1].card
    lines = [card.text, *card.body, card.footer]
    for item in card.items:
        lines += [(item.mark, " ", *item.title), *item.lines]
    return "\n".join(plain(line) for line in lines)


async def test_status__says_what_is_known_of_it() -> None:
    """What is followed, newest first and as it is now, then the plans as the platform tells of them."""
    stage = await a_stage(an_execution(1), an_execution(2, launcher="Nightly", launcher_key="plan_2"))
    stage.service.change(an_execution(2), done=(12, 45))
    stage.clock.pass_time(180)
    await stage.say("status")
    words = shown(stage)

    assert plain(stage.replies[-1].card.title) == "What is known of demo"
    assert words.index("exec_00002") < words.index("exec_00001")
    assert "12 of 45 tests done · known since 3 min ago" in words
    assert "test plan Release\ncompleted · pass rate 98 · failing 1 of 45" in words
    assert "AI Test Harness lists no executions." in words
    assert "becomes known once somebody uses “status EXECUTION”." in words  # its webhooks are not taken
    assert stage.service.count("runs") == 0


async def test_status__where_plans_cannot_be_read_the_rest_stands() -> None:
    """And why they are not there is said."""
    stage = await a_stage(an_execution(1))
    stage.service.fail("launchers", ServiceFailed("The platform failed (500)."), times=9)
    await stage.say("status")

    assert "The test plans cannot be read: The platform failed (500)." in shown(stage)
    assert "exec_00001" in shown(stage)


async def test_status__among_other_connections_says_how_far_the_list_goes() -> None:
    """Its own runs are those on record."""
    other = FakeRunService(connection="prod")
    stage = await a_stage(an_execution(1), others=(other,))
    await stage.say("status")

    assert "exec_00001" in shown(stage)
    assert "demo lists no executions, so only those that Clew knows of are shown." in shown(stage)


async def test_status__of_an_id_follows_it() -> None:
    """Once, and it says so; one that has ended is only shown."""
    stage = await a_stage()
    for number, status in ((1, RUNNING), (2, COMPLETED)):
        stage.service.add_run(an_execution(number, status=status))
        stage.service.set_results(build_results(f"exec_{number:05d}", passing=("Pay",)))
    said = []
    for number in (1, 1, 2):
        await stage.say(f"status exec_{number:05d}")
        said.append("Clew now follows this execution" in shown(stage))

    assert said == [True, False, False]
    assert [known.ref for known in await stage.memory.tracked("demo")] == [an_execution(1).ref]


async def test_status__follows_again_what_was_let_go() -> None:
    """That is the way back."""
    stage = await a_stage(an_execution(1))
    ref = an_execution(1).ref
    await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), unfollowed=(ref,)))
    await stage.say("find exec_00001")

    assert [known.ref for known in await stage.memory.tracked("demo")] == [ref]


async def test_latest__is_the_newest_on_record_read_anew() -> None:
    """Of all plans, of one by its name, and of one by its id."""
    stage = await a_stage(an_execution(1), an_execution(2, launcher="Nightly", launcher_key="plan_2"))
    found = []
    for words in ("status latest", "status latest Release", "status Nightly", "status plan_1"):
        await stage.say(words)
        found.append(shown(stage).count("exec_00001") > 0)

    assert found == [False, True, False, True]


async def test_latest__where_none_is_known() -> None:
    """A sentence, and no claim about the platform's runs."""
    stage = await a_stage()
    await stage.say("status latest")

    assert stage.replies[-1].failed


async def test_find__a_plan_by_its_id() -> None:
    """What the platform says of it, with the ways on."""
    stage = await a_stage()
    await stage.say("find plan_2")

    assert plain(stage.replies[-1].card.title) == "Test plan Nightly plan_2"
    assert [button.text for button in stage.replies[-1].card.buttons] == ["Launch", "Latest execution"]


async def test_suggest__runs_and_plans() -> None:
    """From the record and the list of plans."""
    stage = await a_stage(an_execution(1))
    verb = stage.handler.verbs["launch"]
    run = next(p for p in stage.handler.verbs["status"].parameters if p.name == "run")
    typing = Typing(actor=ANN, place=Place(channel=CHANNEL), typed="", parameter=run, verb="status")
    runs = await stage.handler.suggest(typing, Limits())
    plans = await stage.handler.suggest(
        replace(typing, parameter=verb.parameters[0], verb="launch"), Limits()
    )

    assert [s.text for s in runs] == ["latest", "exec_00001"]
    assert {"Release", "Nightly"} <= {s.text for s in plans}


async def test_launch__keeps_plan_and_environment_for_the_run() -> None:
    """Its answers do not say them, so the card of its end knows them from here."""
    stage = await a_stage()
    reply = await stage.launched("launch Release duration=30 source=staging")
    (run_id,) = (known.ref.run_id for known in await stage.memory.tracked("demo"))
    await stage.say(f"status {run_id}")

    assert "Clew cannot look it up: AI Test Harness lists no executions. It is never sent twice." in plain(
        stage.replies[-3].card.footer
    )
    assert not reply.failed
    assert "Release" in plain(stage.replies[-1].card.title)
    assert (await stage.memory.recorded("demo", (run_id,)))[run_id].series == ("plan_1", "staging", "")


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.LOST_REQUEST, Launching.NO_ID])
async def test_launch__a_lost_answer_is_unknown_after_ninety_seconds(how: Launching) -> None:
    """At once and for good: nothing can be looked up there, nothing is sent again, and the card stays as it is."""
    stage = await a_stage()
    stage.service.next_launch(how)
    await stage.launched("launch Release duration=30")
    await stage.pass_time(85)
    early = [intent.state for intent in stage.memory.intents.values()]
    await stage.pass_time(10)
    (intent,) = stage.memory.intents.values()
    card = stage.shown(next(message for message in stage.messages[::-1] if message))
    live = await stage.memory.live()
    await stage.pass_time(timedelta(hours=1).total_seconds(), step=300)

    assert early == [IntentState.POSTING]
    assert intent.state is IntentState.UNKNOWN
    assert live == ()
    assert "This platform cannot be searched for a launch" in card
    assert len(stage.service.launches) == 1
    assert stage.service.count("find_launched") == 0


async def test_live__shows_the_record_of_a_followed_run() -> None:
    """Polling reads it once in a tick; the message costs no request of its own."""
    stage = await a_stage()
    await stage.launched("launch Release duration=30 source=staging")
    (run,) = stage.service._runs.values()
    step = PollStep(
        connection="demo", now=stage.clock.now(), runs=(replace(run, status=RUNNING, done=(12, 45)),)
    )
    await stage.memory.record(step)
    before = stage.service.count("run")
    await stage.tick()
    card = stage.shown(next(message for message in stage.messages[::-1] if message))

    assert stage.service.count("run") == before
    assert "12 of 45 tests done" in card
    assert "staging" in card


async def test_live__of_a_run_that_is_let_go_ends() -> None:
    """Its channel was told, and nothing asks for it any more."""
    stage = await a_stage()
    await stage.launched("launch Release duration=30")
    (run,) = stage.service._runs.values()
    await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), unfollowed=(run.ref,)))
    await stage.tick()

    assert await stage.memory.live() == ()


async def test_cancel__of_a_run_that_was_let_go_is_followed_to_its_end() -> None:
    """Stopping it changes it, so its end is looked for again."""
    service = a_harness(
        rows=PLANS, lacks=frozenset({"lists", "moment_logs", "debugs", "reports", "finds_launched"})
    )
    stage = Stage(service=service, known=())
    run = stage.service.add_run(an_execution(1))
    await stage.memory.track(run, stage.clock.now())
    await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), unfollowed=(run.ref,)))
    await stage.say("cancel demo/exec_00001")
    let_go = await stage.memory.tracked("demo")
    await stage.press("Stop")

    assert let_go == ()
    assert [known.ref for known in await stage.memory.tracked("demo")] == [run.ref]
