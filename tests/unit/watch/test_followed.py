"""Following runs of a platform that lists none: which are read, for how long, and what is known of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import ServiceFailed
from bot.model import Run, RunRef, RunStatus
from bot.state import CHANGES, MessageRef, TrackedRun
from bot.watch.followed import ALWAYS, AT_ONCE, STANDS_STILL, stands_still, turn
from tests.fakes.runs import EPOCH, a_build, build_results
from tests.fakes.service import FakeRunService, a_harness
from tests.fakes.watching import CHANNEL, Watching, a_subscription

DAY = timedelta(days=1).total_seconds()
RUNNING, COMPLETED = RunStatus.IN_PROGRESS, RunStatus.COMPLETED


def an_execution(number: int = 1, **changes: object) -> Run:
    """Return an execution of a plan, which goes on."""
    fields = {
        "status": RUNNING,
        "status_text": "running",
        "launcher": "Release",
        "launcher_key": "plan_1",
        **changes,
    }
    return replace(a_build(f"exec_{number:05d}"), **fields)  # type: ignore[arg-type]  # the test's own fields


async def following(*runs: Run, service: FakeRunService | None = None) -> Watching:
    """Return a watch over a platform without a list that follows these executions."""
    it = Watching(service=service or a_harness())
    await it.begin()
    for run in runs:
        it.clock.pass_time(0.001)
        await it.store.track(it.service.add_run(run), it.clock.now())
    return it


def titles(it: Watching) -> list[str]:
    """Return the titles of what was announced."""
    texts = [json.loads(row.payload)["title"] for row in it.told]
    return ["".join(s if isinstance(s, str) else str(s["text"]) for s in title) for title in texts]


async def test_tick__reads_each_open_execution_once_and_announces_its_end_with_its_plan() -> None:
    """Plan and environment are those of its launch: its answers do not say them."""
    it = await following(an_execution(1), an_execution(2))
    await it.tick()
    before = it.service.count("run")
    await it.tick()
    quiet = it.service.count("run") - before
    it.service.set_results(build_results("exec_00001", failing=("Login",), passing=("Pay",)))
    it.service.change(an_execution(1), status=COMPLETED)
    await it.tick()
    await it.tick()

    assert (quiet, it.service.count("runs")) == (2, 0)
    assert titles(it) == ["Release on main: 1 failure"]
    assert [kept.series for kept in (await it.store.recorded("demo", ("exec_00001",))).values()] == [
        ("plan_1", "main", "")
    ]


async def test_tick__compares_with_the_execution_that_was_followed_before() -> None:
    """The record is all there is: with none in it, Clew says that it has seen none."""
    it = await following(an_execution(1))
    for number, failing in ((1, ("Login",)), (2, ("Login", "Pay"))):
        if number > 1:
            it.clock.pass_time(1)
            await it.store.track(it.service.add_run(an_execution(number)), it.clock.now())
        it.service.set_results(build_results(f"exec_{number:05d}", failing=failing))
        it.service.change(an_execution(number), status=COMPLETED)
        await it.tick()

    assert titles(it)[1] == "Release on main: 1 new failure"
    assert "Clew has seen no earlier execution of this series" in it.told[0].payload


async def test_tick__many_open_executions_hide_no_earlier_one() -> None:
    """Those that go on say nothing, however many there are between this one and the one before it."""
    it = await following(*(an_execution(n) for n in range(1, 40)))
    for number, failing in ((1, ("Login",)), (39, ("Login",))):
        it.service.set_results(build_results(f"exec_{number:05d}", failing=failing))
        it.service.change(an_execution(number), status=COMPLETED)
        await it.tick()

    assert titles(it) == [
        "Release on main: 1 failure",
        "Release on main: nothing new, 1 still failing",
    ]


async def test_tick__an_execution_of_an_unknown_plan_is_compared_with_none() -> None:
    """Two that only webhooks named may be of any plan: nobody knows what is new."""
    it = await following()
    for number in (1, 2):
        it.service.add_run(an_execution(number))
        await it.store.track(Run.of_id(an_execution(number).ref), it.clock.now())
        it.service.set_results(build_results(f"exec_{number:05d}", failing=(f"Login {number}",)))
        it.service.change(an_execution(number), status=COMPLETED)
        await it.tick()

    assert titles(it) == [f"Execution exec_0000{n}: 1 failure" for n in (1, 2)]
    assert "it is not known which test plan this execution is of" in it.told[1].payload.lower()


async def test_tick__is_bounded_and_leaves_nobody_out() -> None:
    """The newest are read in every tick, each of the older ones in turn."""
    it = await following(*(an_execution(n) for n in range(AT_ONCE + 60)))
    read: list[set[object]] = []
    for _ in range(3):
        before = len(it.service.calls)
        await it.tick()
        read.append({call.argument for call in it.service.calls[before:] if call.method == "run"})

    newest = {an_execution(n).ref.run_id for n in range(AT_ONCE + 60)[-ALWAYS:]}
    assert [len(some) for some in read] == [AT_ONCE] * 3
    assert newest <= read[0] & read[1] & read[2]
    assert len(read[0] | read[1] | read[2]) == AT_ONCE + 60


@pytest.mark.parametrize("number", [0, 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_turn__every_run_has_its_turn(number: int) -> None:
    """However many there are, each is read within a bounded number of ticks, and none twice in one."""
    runs = list(range(number))
    seen: Counter[int] = Counter()
    for ticks in range(1 + number // (AT_ONCE - ALWAYS)):
        some = turn(runs, ticks)
        assert len(some) == len(set(some)) <= AT_ONCE
        seen.update(some)

    assert sorted(seen) == runs


@pytest.mark.parametrize("there", [True, False])
async def test_tick__lets_go_of_what_stands_still_and_says_so_once(there: bool) -> None:
    """After 24 hours without a change it is read no more; its channels hear that once, and how to go back."""
    it = await following(an_execution(1, done=(12, 45)))
    await it.tick()
    if not there:
        it.service.remove(an_execution(1))
    await it.tick(DAY - 120)
    early = list(it.told)
    for _ in range(3):
        await it.tick(HOUR)
    it.restart()
    calls = it.service.count("run")
    await it.tick()

    (row,) = it.told
    assert early == []
    assert titles(it) == ["No longer followed: Release exec_00001"]
    assert "status demo/exec_00001" in row.payload
    assert it.service.count("run") == calls


HOUR = 3600.0


async def test_tick__progress_is_a_change() -> None:
    """One whose tests go on getting done is followed for as long as that takes."""
    it = await following(an_execution(1, done=(0, 45)))
    for done in range(5):
        it.service.change(an_execution(1), done=(done, 45))
        await it.tick(DAY / 2)

    assert it.told == []


async def test_tick__what_cannot_be_read_is_not_let_go() -> None:
    """A platform that fails for days says nothing of its executions."""
    it = await following(an_execution(1))
    it.service.fail("run", ServiceFailed("broken"), times=99)
    for _ in range(4):
        await it.tick(DAY)

    assert it.told == []
    assert [known.ref for known in await it.store.tracked("demo")] == [an_execution(1).ref]


async def test_tick__let_go_and_asked_for_again() -> None:
    """Following it once more begins a new day, and its end is announced."""
    it = await following(an_execution(1))
    await it.tick()
    await it.tick(DAY)
    await it.store.track(Run.of_id(an_execution(1).ref), it.clock.now())
    await it.tick(DAY / 2)
    it.service.set_results(build_results("exec_00001", passing=("Pay",)))
    it.service.change(an_execution(1), status=COMPLETED)
    await it.tick()

    assert titles(it) == ["No longer followed: Release exec_00001", "Release on main passed"]


async def test_tick__who_hears_that_it_is_no_longer_followed() -> None:
    """The place of its launch, and channels that want every end or broken ones; a channel twice never."""
    it = Watching(service=a_harness())
    await it.begin(
        a_subscription("fake:channel:C2", outcomes=CHANGES),
        a_subscription("fake:channel:C3", launcher="Other"),
    )
    run = it.service.add_run(an_execution(1))
    await it.store.track(run, it.clock.now())
    await it.launched(run, shown=MessageRef(channel=CHANNEL, message_id="m9"))
    await it.tick()
    await it.tick(DAY)
    await it.tick(HOUR)

    assert sorted((row.channel, row.thread) for row in it.told) == [
        (CHANNEL, "m9"),
        ("fake:channel:C2", None),
    ]


@pytest.mark.parametrize(
    ("known", "read", "expected"),
    [
        ({}, {}, True),
        ({"progress": "1/2"}, {"done": (1, 2)}, True),
        ({"progress": "1/2"}, {"done": (2, 2)}, False),
        ({"progress": "1/2"}, {"done": None}, True),
        ({}, {"status": COMPLETED}, False),
        ({"status": COMPLETED}, {"status": COMPLETED}, False),
        ({"changed_at": EPOCH + timedelta(seconds=1)}, {}, False),
        ({"changed_at": None}, {}, False),
        ({}, None, True),
    ],
)
def test_stands_still(known: dict[str, object], read: dict[str, object] | None, expected: bool) -> None:
    """Only an unchanged run that has not ended, and only after the whole time."""
    run = replace(an_execution(1), **read) if read is not None else None  # type: ignore[arg-type]  # the test's own
    fields = {"ref": RunRef("demo", "exec_00001"), "status": RUNNING, "changed_at": EPOCH, **known}
    tracked = TrackedRun(**fields)  # type: ignore[arg-type]  # the test's own fields

    assert stands_still(tracked, run, EPOCH + STANDS_STILL) is expected
