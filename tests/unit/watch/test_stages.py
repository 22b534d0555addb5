"""The living card of a run: its stages, and how long it usually takes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cards import plain
from bot.errors import Unreachable
from bot.model import Run, RunStatus
from bot.state import PollStep
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH, a_build, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.test_unlisted import a_stage, an_execution
from tests.unit.watch.test_live import EditedChat, Scene, a_scene


def facts(scene: Scene) -> dict[str, str]:
    """Return the facts of the last edit."""
    return {fact.label: plain(fact.value) for fact in scene.edited.edits[-1][1].facts}


async def launched(*earlier: Run, service: FakeRunService | None = None) -> Scene:
    """Return a scene with one launch accepted and shown, after these runs."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock), service=service or FakeRunService())
    for run in earlier:
        scene.service.add_run(run)
    await scene.launched("launch basic_test duration=30")
    await scene.tick()
    return scene


def before(number: int, took: float, **changes: object) -> Run:
    """Return a run like the launched one, of so many days before, that took so many minutes."""
    created = EPOCH - timedelta(days=number)
    started = created + timedelta(minutes=4)
    ended = started + timedelta(minutes=took)
    fields: dict[str, object] = {"launcher": "basic_test", "source": None, "test_name": None, "created_at": created,
              "started_at": started, "completed_at": ended, **changes}  # fmt: skip
    return a_run(number, **fields)  # type: ignore[arg-type]  # the caller's fields


async def test_stages__from_the_launch_to_the_verdict() -> None:
    """Each look says what is behind, what is now and what follows; a bar is shown while it tests, and none before."""
    scene = await a_scene()
    taken = scene.replies[-1].card
    await scene.tick()
    scene.clock.pass_time(60)
    scene.begin()
    await scene.pass_time(15 * 60)
    testing, half = facts(scene)["Stages"], scene.progress
    await scene.pass_time(20 * 60)
    late, full = facts(scene)["Stages"], scene.progress
    scene.service.finish(scene.run, some_results(scene.run, passing=("a",)), minutes=40)
    await scene.pass_time(5)
    ended = scene.edited.edits[-1][1]

    assert [(f.label, plain(f.value)) for f in taken.facts] == [
        ("Stages", "asked 03:00 UTC and accepted; being set up now; then testing, report and verdict")
    ]
    assert taken.progress is not None
    assert taken.progress.fraction is None
    assert testing == "asked 03:00 UTC, accepted and started 03:01 UTC; testing now; then report and verdict"
    assert half[0] == 0.5
    assert (
        late == "asked 03:00 UTC, accepted, started 03:01 UTC and tested; finishing, report now; then verdict"
    )
    assert full[0] == 1.0
    assert "passed" in plain(ended.title)
    assert not [fact for fact in ended.facts if fact.label == "Stages"]


async def test_usually__is_the_median_of_the_series() -> None:
    """Asked for once, however long the card lives."""
    runs = [before(number, took) for number, took in enumerate((40, 45, 600), 1)]
    scene = await launched(*runs, before(4, 5, source="dev"))
    listed = scene.service.count("runs")
    scene.begin()
    await scene.pass_time(15 * 60)

    assert facts(scene)["Usually"] == "starts after 4 min, then takes 45 min (median of the last 3 runs)"
    assert scene.service.count("runs") == listed


@pytest.mark.parametrize(("earlier", "said"), [(0, None), (1, "40 min"), (2, "41 min")])
async def test_usually__of_few_runs_only_the_last_is_told(earlier: int, said: str | None) -> None:
    """Two are no custom, and nothing is said of none."""
    scene = await launched(*(before(earlier - number, 40 + number) for number in range(earlier)))
    scene.begin()
    await scene.tick()

    assert facts(scene).get("Last one took") == said
    assert "Usually" not in facts(scene)


async def test_usually__what_cannot_be_read_is_not_told() -> None:
    """The card shows the rest."""
    service = FakeRunService()
    service.fail("runs", Unreachable("no answer"), times=3)
    scene = await launched(*(before(number, 40) for number in range(3)), service=service)
    scene.begin()
    await scene.tick()

    assert {"Last one took", "Usually"}.isdisjoint(facts(scene))
    assert "Stages" in facts(scene)


async def test_usually__draws_a_bar_where_no_length_is_asked_for() -> None:
    """The builds before say how long; one that takes longer has no bar, which would claim how far it is."""
    like = {"launcher": "basic_test", "launcher_key": None, "source": None}
    builds = [a_build(n, took=timedelta(minutes=20), **like) for n in range(3)]  # type: ignore[arg-type]  # fields of a build
    scene = await launched(*builds, service=a_build_server())
    scene.service.change(scene.run, requested_minutes=None, status_text="queued")
    await scene.tick()
    queued = facts(scene)["Stages"]
    scene.begin()
    scene.service.change(scene.run, node="agent-01")
    await scene.pass_time(5 * 60)
    going, fresh = facts(scene), scene.progress
    await scene.pass_time(25 * 60)

    assert queued == "asked 03:00 UTC and accepted; queued now; then testing and verdict"
    assert going["Usually"] == "takes 20 min (median of the last 3 builds)"
    assert going["Node"] == "agent-01"
    assert fresh == (0.25, "5 min of usually 20 min")
    assert scene.progress == (None, "running for 30 min, longer than usual")


async def test_usually__where_nothing_is_listed_the_record_tells() -> None:
    """By the runs that were launched here and followed to their end; of others nobody knows the beginning."""
    stage = await a_stage(*(an_execution(n, status=RunStatus.COMPLETED) for n in range(3)))
    edited = EditedChat(clock=stage.clock)
    stage = stage.restarted(chat=edited)
    for number in range(4):
        stage.service._next_id = 0xF000 + number
        await stage.launched(f"launch Release duration=3{number} source=staging")
        launched = [run for run in stage.service._runs.values() if run.launcher == "Release"][-1]
        stage.clock.pass_time(360)
        if number < 3:
            ended = stage.service.change(launched, status=RunStatus.COMPLETED)
            await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), runs=(ended,)))
    await stage.tick()
    card = edited.edits[-1][1]

    assert "takes 6 min (median of the last 3 executions)" in [plain(fact.value) for fact in card.facts]
