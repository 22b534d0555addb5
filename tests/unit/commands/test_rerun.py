"""`rerun` and `cancel`: asked for, confirmed, sent once, and followed until the run ends."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.cards import plain
from bot.errors import Unreachable
from bot.model import LaunchOutcome, LaunchRequest, RunRef, RunStatus, Says
from bot.state import BEGINNING, Intent, IntentKind, IntentState
from bot.triage import RerunRequest, RerunScope
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalStore
from tests.fakes.runs import a_build, a_run, build_results
from tests.fakes.service import FakeRunService, Launching, a_build_server
from tests.fakes.stage import ANN, BO, READER, Stage, texts
from tests.fakes.triage import FakeTriage
from tests.unit.commands.triage_stage import a_running_build, a_triage_stage, last_intent


def decisions(stage: Stage, action: str) -> list[str]:
    """Return what the audit trail says of a verb."""
    return [entry.decision for entry in stage.memory.trail if entry.action == action]


@pytest.mark.parametrize(
    ("words", "scope", "title"),
    [
        ("rerun 1026", RerunScope.ALL, "Rerun Regression Suite 1026?"),
        ("rerun 1026 failed=yes", RerunScope.FAILED, "Rerun what failed in Regression Suite 1026?"),
        ("rerun 1026 failed", RerunScope.FAILED, "Rerun what failed in Regression Suite 1026?"),
        ("rerun 1026 flaky=yes", RerunScope.FLAKY, "Rerun what is flaky in Regression Suite 1026?"),
    ],
)
async def test_rerun__asks_then_starts_once(words: str, scope: RerunScope, title: str) -> None:
    """Nothing is sent before the yes; then one build starts, is followed, and its card lives on."""
    stage = a_triage_stage()
    asked = await stage.say(words)
    before = list(stage.service.triage.reruns)
    reply = await stage.press("Rerun")
    intent = last_intent(stage)

    assert plain(asked.card.title) == title
    assert before == []
    assert stage.service.triage.reruns == [
        RerunRequest(run_id="1026", scope=scope, launcher="Regression Suite", launcher_key="55")
    ]
    assert (intent.kind, intent.state, intent.run_id) == (IntentKind.RERUN, IntentState.ACCEPTED, "1027")
    assert (reply.live, reply.replace) == (intent.id, True)
    assert "Build Regression Suite 1027 was started as a rerun of 1026." in plain(reply.card.text)
    assert [b.label for b in reply.card.buttons] == ["Status", "Log", "Stop"]
    assert [t.ref for t in await stage.memory.tracked("demo")] == [RunRef("demo", "1027")]
    assert decisions(stage, "rerun") == ["allowed", "confirmed", "accepted"]
    assert stage.service.violations == []


async def test_rerun__the_card_lives_until_the_verdict() -> None:
    """It shows what it reruns while it goes on, and then the verdict of the new build."""
    stage = a_triage_stage()
    await stage.say("rerun 1026")
    reply = await stage.press("Rerun")
    message = stage.messages[-1]
    assert message is not None
    new = await stage.service.run("1027")
    stage.service.change(new, status=RunStatus.IN_PROGRESS, status_text="running")
    await stage.tick()
    going = stage.shown(message)
    stage.service.finish(new, build_results(1027, passing=("a", "b")))
    stage.service.change(new, says=Says.PASSED)
    await stage.tick()

    assert reply.card.context is not None
    assert "Reruns" in going
    assert "1026" in going
    assert '" passed"' in stage.shown(message)
    assert await stage.memory.live() == ()


async def test_rerun__keeps_which_preset_the_first_came_by() -> None:
    """The platform starts it again by itself, and it is by the preset all the same; a rerun of that one, too."""
    stage = a_triage_stage()
    launch = LaunchRequest(launcher="Regression Suite", key="f" * 32)
    first = Intent(id="f" * 32, connection="demo", actor=ANN.id, channel="fake:channel:C1", thread=None, request=launch,
                   subject="Regression Suite", state=IntentState.ACCEPTED, created_at=stage.clock.now(),
                   run_id="1026", preset="nightly")  # fmt: skip
    await stage.memory.draft(first)
    await stage.say("rerun 1026 failed=yes")
    await stage.press("Rerun")
    new = await stage.service.run("1027")
    stage.service.finish(new, build_results(1027, failing=("a",)))
    await stage.say("rerun 1027")

    assert [(i.kind, i.preset) for i in stage.memory.intents.values()][1:] == [
        (IntentKind.RERUN, "nightly")
    ] * 2


async def test_rerun__of_one_that_goes_on() -> None:
    """Only ended builds can be run again; it says so before anything is asked."""
    stage = a_triage_stage()
    a_running_build(stage)
    reply = await stage.say("rerun 1027")

    assert "has not ended yet" in texts(reply.card)
    assert stage.memory.intents == {}


async def test_rerun__both_parts_at_once() -> None:
    """Two parts are a question."""
    reply = await a_triage_stage().say("rerun 1026 failed=yes flaky=yes")

    assert "Give only one of them." in texts(reply.card)


async def test_rerun__a_second_person_a_moment_later_is_told() -> None:
    """The same rerun confirmed by another is warned of, and a press on a card that did not warn asks anew."""
    stage = a_triage_stage()
    await stage.say("rerun 1026")
    stale = last_intent(stage).id
    await stage.say("rerun 1026", by=BO)
    await stage.say(f"confirm {last_intent(stage).id}", by=BO, pressed=stage.messages[-1])
    reply = await stage.say(f"confirm {stale}", pressed=stage.messages[0])
    warned = await stage.say("rerun 1026")

    assert len(stage.service.triage.reruns) == 1
    assert "This button did not start anything." in texts(reply.card)
    assert "The same rerun was confirmed" in texts(warned.card)
    await stage.press("Rerun")
    assert len(stage.service.triage.reruns) == 2


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.LOST_REQUEST])
async def test_rerun__a_lost_answer_is_never_sent_twice(how: Launching) -> None:
    """Nobody can look it up, so a person decides: it is unknown at once, and stays so through every later press."""
    stage = a_triage_stage()
    stage.service.next_launch(how)
    await stage.say("rerun 1026")
    pressed = f"confirm {last_intent(stage).id}"
    reply = await stage.press("Rerun")
    for _ in range(3):
        await stage.say(pressed, pressed=stage.messages[0])
    await stage.pass_time(600)

    assert last_intent(stage).state is IntentState.UNKNOWN
    assert "Clew never sends it twice." in plain(reply.card.text)
    assert len(stage.service.triage.reruns) == 1


async def test_rerun__refused() -> None:
    """The platform's own words reach the person."""
    stage = a_triage_stage()
    stage.service.next_launch(Launching.REFUSED)
    await stage.say("rerun 1026")
    reply = await stage.press("Rerun")

    assert "It said: There is no such launcher." in texts(reply.card)
    assert (reply.failed, reply.live) == (True, None)


async def test_rerun__killed_at_every_step_is_never_doubled() -> None:
    """Our process dies at each call of the store, before or after it counted; a new one presses on, and one build starts at most."""
    deaths = 0
    for dies_at in range(1, 40):
        for committed in (False, True):
            stage = a_triage_stage()
            await stage.say("rerun 1026")
            words, message = f"confirm {last_intent(stage).id}", stage.messages[0]
            mortal = MortalStore(stage.memory, dies_at=dies_at, committed=committed)
            doomed = stage.restarted(store=mortal.typed)
            with suppress(Crash):
                await doomed.say(words, pressed=message)
            deaths += mortal.dead
            after = stage.restarted()
            await after.pass_time(120)
            await after.say(words, pressed=message)
            await after.pass_time(120)

            assert len(stage.service.triage.reruns) <= 1
            assert last_intent(stage).state not in {IntentState.POSTING, IntentState.CONFIRMED}
    assert deaths > 10


@pytest.mark.parametrize("taken", [False, True])
async def test_rerun__killed_while_the_platform_is_asked_is_never_doubled(taken: bool) -> None:
    """The process dies before or after the request was taken; nobody sends it again, and a person hears of it."""

    class Deadly(FakeTriage):
        async def rerun(self, request: RerunRequest) -> LaunchOutcome:
            if taken:
                await super().rerun(request)
            raise Crash

    stage = a_triage_stage()
    alive = stage.service.triage
    stage.service.triage = Deadly(service=stage.service)
    dying = stage.restarted()
    await dying.say("rerun 1026")
    words = f"confirm {last_intent(dying).id}"
    with suppress(Crash):
        await dying.say(words)
    sent = len(stage.service.triage.reruns)
    stage.service.triage = alive
    after = stage.restarted()
    await after.pass_time(300)
    reply = await after.say(words)

    assert sent == int(taken)
    assert alive.reruns == []
    assert last_intent(after).state is IntentState.UNKNOWN
    assert "It is not known whether it was started." in texts(reply.card)
    (told,) = after.memory.outbox.values()
    assert "never sends it twice" in told.delivery.payload


async def test_rerun__without_the_call_the_launch_is_asked_for_again() -> None:
    """Where a platform only launches, the run's own launch is shown, filled in, with a key of its own."""
    stage = Stage()
    await stage.launched("launch basic_test duration=30 source=main custom.x=1")
    first = stage.service.launches[0]
    run = await stage.service.run(str(last_intent(stage).run_id))
    stage.service.finish(run)
    stage.clock.pass_time(3600)
    asked = await stage.say(f"rerun {run.ref.run_id}")
    await stage.press("Rerun")
    second = stage.service.launches[1]

    assert plain(asked.card.title) == f"Rerun basic_test {run.ref.run_id[:8]}?"
    assert (second.launcher, second.values) == (first.launcher, first.values)
    assert second.key != first.key


async def test_rerun__of_a_launch_from_elsewhere() -> None:
    """What can be read of it is filled in; Clew's own parameter and what a launch does not take is left out."""
    stage = Stage()
    shown = {"antithesis.duration": "30", "antithesis.source": "main", "clew.request_id": "x"}
    run = stage.service.add_run(a_run(1, parameters=shown))
    await stage.say(f"rerun {run.ref.run_id}")
    request = last_intent(stage).request_as(LaunchRequest)

    assert request.launcher == "Payments Nightly"
    assert dict(request.values) == {"duration": "30", "source": "main"}


async def test_rerun__part_of_a_run_where_only_the_whole_can_be() -> None:
    """It says so, and how the whole is run again."""
    stage = Stage()
    run = stage.service.add_run(a_run(1))
    reply = await stage.say(f"rerun {run.ref.run_id} failed=yes")

    assert "cannot run only the properties that failed" in texts(reply.card)


async def test_rerun__needs_the_role_also_when_confirming() -> None:
    """A reader cannot ask for it."""
    reply = await a_triage_stage().say("rerun 1026", by=READER)

    assert plain(reply.card.title) == "Not allowed"


async def test_cancel__asks_then_stops_once() -> None:
    """The run's own card follows it to its end, and it counts as stopped through Clew."""
    stage = a_triage_stage()
    run = a_running_build(stage)
    asked = await stage.say("cancel 1027")
    reply = await stage.press("Stop")
    intent = last_intent(stage)
    message = stage.messages[-1]
    assert message is not None
    await stage.tick()
    stage.service.change(run, status=RunStatus.CANCELLED, status_text="aborted", interrupted=True)
    await stage.tick()

    assert plain(asked.card.title) == "Stop Regression Suite 1027?"
    assert stage.service.cancelled == ["1027"]
    assert (intent.kind, intent.state, intent.run_id) == (IntentKind.CANCEL, IntentState.ACCEPTED, None)
    assert "Testhide was asked to stop Regression Suite 1027." in plain(reply.card.text)
    assert '" was cancelled"' in stage.shown(message)
    assert await stage.memory.live() == ()
    assert [i.actor for i in await stage.memory.sent(IntentKind.CANCEL, "demo", "1027", BEGINNING)] == [
        ANN.id
    ]
    assert await stage.memory.intent_of_run(run.ref) is None
    assert decisions(stage, "cancel") == ["allowed", "confirmed", "accepted"]


async def test_cancel__from_the_living_card_of_a_launch() -> None:
    """Its Stop button asks first; on a platform that cannot stop there is none."""
    stage, unable = Stage(), Stage(service=FakeRunService(lacks=frozenset({"cancels"})))
    await stage.launched()
    card = (await unable.launched()).card
    asked = await stage.press("Stop")

    assert plain(asked.card.title).startswith("Stop basic_test")
    assert [b.label for b in card.buttons] == ["Status"]


async def test_cancel__of_one_that_has_ended() -> None:
    """There is nothing to stop, also where it ended between the question and the yes."""
    stage = a_triage_stage()
    run = a_running_build(stage)
    ended = await stage.say("cancel 1026")
    await stage.say("cancel 1027")
    stage.service.change(run, status=RunStatus.COMPLETED)
    late = await stage.press("Stop")

    assert "has already ended" in texts(ended.card)
    assert "It said: The run has already finished." in texts(late.card)
    assert stage.service.cancelled == []


async def test_cancel__asked_and_not_yet_ended() -> None:
    """Status, the living card of the launch and a second question say who asked when; no button asks once more."""
    stage = Stage()
    launched = await stage.launched()
    message, run_id = stage.messages[-1], last_intent(stage).run_id
    assert message is not None
    assert run_id is not None
    run = await stage.service.run(run_id)
    stage.service.change(run, status=RunStatus.IN_PROGRESS, status_text="in_progress")
    await stage.tick()
    before, offered = stage.shown(message), await stage.say(f"status {run_id}")
    await stage.say(f"cancel {run_id}")
    asked = await stage.press("Stop")
    await stage.tick()
    status, again = await stage.say(f"status {run_id}"), await stage.say(f"cancel {run_id}")
    after = stage.shown(message)

    said = "Ann asked to stop it at 14 May 03:00 UTC, and it has not ended yet."
    assert "Stop" in [b.label for b in launched.card.buttons]
    assert "Stop" in [b.label for b in offered.card.buttons]
    assert '"Stop"' in before
    assert said not in before
    assert "It has not ended yet" in texts(asked.card)
    assert said in plain(status.card.text)
    assert said in [plain(line) for line in status.card.body]
    assert "Stop" not in [b.label for b in status.card.buttons]
    assert " asked to stop it at 14 May 03:00 UTC" in after
    assert '"Stop"' not in after
    assert said in plain(again.card.text)
    assert [b.label for b in again.card.buttons] == ["Stop", "Not now"]
    stage.service.change(run, status=RunStatus.CANCELLED, status_text="cancelled")
    assert said not in texts((await stage.say(f"status {run_id}")).card)


async def test_cancel__without_an_answer_promises_nothing() -> None:
    """The run may go on to its end: nobody says that it was stopped, nor that it was not."""
    stage = a_triage_stage()
    a_running_build(stage)
    stage.service.fail("cancel", Unreachable("no answer"))
    await stage.say("cancel 1027")
    reply = await stage.press("Stop")
    status = await stage.say("status 1027")

    assert last_intent(stage).state is IntentState.UNKNOWN
    assert "not known whether it was stopped" in texts(reply.card)
    assert "no answer came. It may go on to its end." in texts(status.card)


async def test_cancel__of_a_run_that_is_too_old_is_not_offered() -> None:
    """Neither a button nor a question: why not is said at once, and nothing is kept."""
    stage = a_triage_stage()
    a_running_build(stage)
    stage.service.unstoppable["1027"] = "Only newer ones can be."
    status, reply = await stage.say("status 1027"), await stage.say("cancel 1027")

    assert "Stop" not in [b.label for b in status.card.buttons]
    assert "1027 cannot be stopped from here. Only newer ones can be." in texts(reply.card)
    assert stage.memory.intents == {}
    assert stage.service.violations == []


async def test_cancel__refused_leads_to_the_run() -> None:
    """It may have ended meanwhile: its state is one press away."""
    stage = a_triage_stage()
    run = a_running_build(stage)
    await stage.say("cancel 1027")
    stage.service.change(run, status=RunStatus.COMPLETED)
    late = await stage.press("Stop")

    assert [b.label for b in late.card.buttons] == ["Status"]
    assert await stage.memory.live() == ()


async def test_cancel__declined() -> None:
    """Nothing is stopped, and it says so in its own words."""
    stage = a_triage_stage()
    a_running_build(stage)
    await stage.say("cancel 1027")
    reply = await stage.press("Not now")

    assert plain(reply.card.text) == "The request to stop a run was cancelled. Nothing was stopped."
    assert stage.service.cancelled == []


async def test_cancel__where_a_platform_cannot() -> None:
    """One sentence, with the connection that can."""
    unable = a_build_server(
        connection="poor", lacks=frozenset({"cancels", "moment_logs", "debugs", "reports"})
    )
    stage = Stage(service=unable, others=(a_build_server(connection="rich"),))
    unable.add_run(a_build(7, connection="poor", status=RunStatus.IN_PROGRESS))
    reply = await stage.say("cancel poor/7")

    assert "does not offer a way to stop runs" in texts(reply.card)
    assert "rich" in texts(reply.card)
