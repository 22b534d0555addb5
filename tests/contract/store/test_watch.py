"""What the watcher remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model import RunRef, RunStatus
from bot.ports import Store
from bot.state import TrackedRun
from tests.contract.store.kit import NOW, a_delivery, a_run, a_step, later, results_of

RUNNING = RunStatus.IN_PROGRESS


async def _tracked(store: Store) -> dict[str, TrackedRun]:
    return {run.ref.run_id: run for run in await store.tracked("demo")}


async def test_watermark__before_the_first_poll(store: Store) -> None:
    """There is none before anything was recorded."""
    assert await store.watermark("demo") is None


async def test_watermark__moves_forward_only(store: Store) -> None:
    """A step that knows less does not move it back; connections have their own."""
    await store.record(a_step(watermark=later(60)))
    await store.record(a_step(watermark=later(30)))
    await store.record(a_step())
    await store.record(a_step(connection="other", watermark=later(1)))

    assert later(60) == await store.watermark("demo")
    assert later(1) == await store.watermark("other")

    await store.record(a_step(watermark=later(90)))

    assert later(90) == await store.watermark("demo")


async def test_record__new_run(store: Store) -> None:
    """A run that goes on is followed; nothing is known of its end."""
    run = a_run(1, status=RUNNING)
    await store.record(a_step(runs=(run,)))

    expected = TrackedRun(ref=run.ref, status=RUNNING)

    assert (expected,) == await store.tracked("demo")
    assert {run.ref.run_id: expected} == await store.known("demo", (run.ref.run_id, "never-seen"))


async def test_record__run_ends(store: Store) -> None:
    """The first sight of its end is kept while later steps see the same."""
    run = a_run(1)
    await store.record(a_step(runs=(a_run(1, status=RUNNING),)))
    await store.record(a_step(runs=(run,), now=later(60)))
    await store.record(a_step(runs=(run,), now=later(120)))

    expected = TrackedRun(ref=run.ref, status=RunStatus.COMPLETED, terminal_since=later(60))

    assert (expected,) == await store.tracked("demo")


async def test_record__many_at_once(store: Store) -> None:
    """The first look records many ended runs in one step, and none of them is looked at again."""
    ended = tuple(a_run(number) for number in range(1, 4))
    refs = tuple(run.ref for run in ended)

    await store.record(a_step(runs=ended, baseline=True, results_known=refs))

    assert await store.tracked(ended[0].ref.connection) == ()


async def test_record__results_known(store: Store) -> None:
    """A finished run whose results are known is not followed any more, and still remembered."""
    run = a_run(1)
    await store.record(
        a_step(runs=(run,), results_known=(run.ref,), announced=((run.ref, RunStatus.COMPLETED),))
    )

    expected = TrackedRun(
        ref=run.ref,
        status=RunStatus.COMPLETED,
        announced=RunStatus.COMPLETED,
        results_known=True,
        terminal_since=NOW,
    )

    assert await store.tracked("demo") == ()
    assert {run.ref.run_id: expected} == await store.known("demo", (run.ref.run_id,))


@pytest.mark.parametrize("status", [RunStatus.IN_PROGRESS, RunStatus.INCOMPLETE, RunStatus.UNKNOWN])
async def test_record__status_changes_after_the_end(store: Store, status: RunStatus) -> None:
    """Results belong to a status: a run that changes is followed again; what was announced stays."""
    run = a_run(1)
    told = ((run.ref, RunStatus.COMPLETED),)
    await store.record(a_step(runs=(run,), results_known=(run.ref,), announced=told))
    await store.record(a_step(runs=(a_run(1, status=status),), now=later(60)))

    expected = TrackedRun(
        ref=run.ref,
        status=status,
        announced=RunStatus.COMPLETED,
        terminal_since=later(60) if status.terminal else None,
    )

    assert (expected,) == await store.tracked("demo")


async def test_record__baseline(store: Store) -> None:
    """Runs that had ended before the first look count as told; those that go on are followed."""
    ended, running = a_run(1), a_run(2, status=RUNNING)
    await store.record(a_step(runs=(ended, running), baseline=True))

    known = await store.known("demo", (ended.ref.run_id,))

    assert [running.ref.run_id] == list(await _tracked(store))
    assert RunStatus.COMPLETED is known[ended.ref.run_id].announced


async def test_record__baseline_run_ends_later(store: Store) -> None:
    """A run that went on at the first look is followed to its end, and nothing was told of it."""
    await store.record(a_step(runs=(a_run(1, status=RUNNING),), baseline=True))
    await store.record(a_step(runs=(a_run(1),), now=later(60)))

    (run,) = await store.tracked("demo")

    assert (run.status, run.announced) == (RunStatus.COMPLETED, None)


async def test_record__counts_new_deliveries(store: Store) -> None:
    """Only deliveries whose keys are absent are made and counted."""
    await store.enqueue(a_delivery("a"), NOW)

    new = await store.record(a_step(deliveries=(a_delivery("a"), a_delivery("b"), a_delivery("b"))))

    assert new == 1
    assert (await store.depth()).waiting == 2


async def test_record__of_runs_never_seen(store: Store) -> None:
    """Marks for runs that nobody recorded change nothing."""
    ghost = RunRef("demo", "ghost")
    await store.record(a_step(results_known=(ghost,), announced=((ghost, RunStatus.COMPLETED),)))

    assert await store.known("demo", ("ghost",)) == {}


async def test_known__many(store: Store) -> None:
    """Thousands of ids may be asked for at once; connections do not mix."""
    runs = tuple(a_run(n) for n in range(1, 1202))
    await store.record(a_step(runs=runs))

    ids = tuple(run.ref.run_id for run in runs)

    assert set(ids) == set(await store.known("demo", ids))
    assert await store.known("other", ids[:3]) == {}


async def test_track__before_it_is_listed(store: Store) -> None:
    """A run launched here is followed at once, and offered as recent."""
    await store.track(RunRef("demo", "r1"), NOW)

    assert (TrackedRun(ref=RunRef("demo", "r1"), status=RunStatus.STARTING),) == await store.tracked("demo")
    assert await store.recent("demo", 5) == (("r1", "", "starting"),)


async def test_track__known_already(store: Store) -> None:
    """Following a run that ended meanwhile does not put it back."""
    run = a_run(1)
    await store.record(a_step(runs=(run,)))
    await store.track(run.ref, later(5))

    assert [r.status for r in await store.tracked("demo")] == [RunStatus.COMPLETED]


async def test_recent__newest_first(store: Store) -> None:
    """Runs come newest first, as many as asked for."""
    await store.record(a_step(runs=(a_run(2), a_run(3, status=RUNNING), a_run(1))))

    expected = [(a_run(3).ref.run_id, "in_progress"), (a_run(2).ref.run_id, "completed")]

    assert expected == [(run_id, status) for run_id, _, status in await store.recent("demo", 2)]
    assert await store.recent("other", 2) == ()


async def test_launchers__most_recent_first(store: Store) -> None:
    """Each launcher comes once, that of the newest run first."""
    runs = (a_run(1, launcher="B"), a_run(2, launcher="A"), a_run(3, launcher="B"), a_run(4, launcher=""))
    await store.record(a_step(runs=runs))

    assert await store.launchers("demo") == ("B", "A")
    assert await store.launchers("other") == ()


async def test_record__thin_answer(store: Store) -> None:
    """What a later answer leaves out stays as it was."""
    await store.record(a_step(runs=(a_run(1),)))
    await store.record(a_step(runs=(a_run(1, launcher="", created_at=None), a_run(0))))

    newest = (await store.recent("demo", 1))[0]

    assert (a_run(1).ref.run_id, a_run(1).launcher, "completed") == newest


async def test_history__of_a_series(store: Store) -> None:
    """Only completed, non-ephemeral runs of that launcher, source and test come, newest first."""
    series = a_run(1).series
    others: list[dict[str, Any]] = [
        {},
        {},
        {"ephemeral": True},
        {"status": RunStatus.INCOMPLETE},
        {"launcher": "Other"},
        {"source": "other"},
        {"test_name": "other"},
    ]
    for number, changes in enumerate(others, 1):
        run = a_run(number, **changes)
        kept = results_of(number, f"p{number}", launcher=run.launcher, status=run.status)
        await store.record(a_step(runs=(run,), results=(kept,), results_known=(run.ref,)))
    await store.record(a_step(runs=(a_run(8),)))

    assert (results_of(2, "p2"), results_of(1, "p1")) == await store.history("demo", series, None, 5)
    assert (results_of(2, "p2"),) == await store.history("demo", series, None, 1)
    assert (results_of(1, "p1"),) == await store.history("demo", series, a_run(2).created_at, 5)
    assert await store.history("other", series, None, 5) == ()


async def test_last_end__of_a_series(store: Store) -> None:
    """The newest run that completed or did not get through counts, of that series alone, before a time."""
    incomplete, cancelled = RunStatus.INCOMPLETE, RunStatus.CANCELLED
    runs = (
        a_run(1),
        a_run(2, status=incomplete),
        a_run(3, status=cancelled),
        a_run(4, status=RUNNING),
        a_run(5, status=RunStatus.COMPLETED, ephemeral=True),
        a_run(6, source="other"),
        a_run(7, launcher="Other"),
        a_run(8, test_name="other"),
    )
    series = runs[0].series
    await store.record(a_step(runs=runs))

    assert incomplete is await store.last_end("demo", series, None)
    assert incomplete is await store.last_end("demo", series, runs[2].created_at)
    assert RunStatus.COMPLETED is await store.last_end("demo", series, runs[1].created_at)
    assert await store.last_end("demo", series, runs[0].created_at) is None
    assert await store.last_end("other", series, None) is None


async def test_last_end__by_when_it_was_seen(store: Store) -> None:
    """A run whose creation time is not known stands where it was first seen."""
    run = a_run(1)
    unknown = a_run(2, created_at=None, status=RunStatus.INCOMPLETE)
    await store.record(a_step(runs=(run, unknown), now=later(9_999)))

    assert RunStatus.INCOMPLETE is await store.last_end("demo", run.series, later(10_000))
    assert RunStatus.COMPLETED is await store.last_end("demo", run.series, later(9_999))


async def test_history__unknown_age(store: Store) -> None:
    """A run whose age is not known comes last, and never as one before a time."""
    run = a_run(1, created_at=None)
    undated = results_of(1, created_at=None)
    await store.save_results(run, undated)
    await store.save_results(a_run(2), results_of(2))

    assert (results_of(2), undated) == await store.history("demo", run.series, None, 5)
    assert await store.history("demo", run.series, datetime(2000, 1, 1, tzinfo=UTC), 5) == ()


async def test_save_results__watcher_knows_nothing(store: Store) -> None:
    """Results kept for comparing never make a run look announced."""
    run = a_run(1)
    await store.save_results(run, results_of(1, "p", "q"))

    assert results_of(1, "p", "q") == await store.stored_results(run.ref)
    assert await store.known("demo", (run.ref.run_id,)) == {}
    assert await store.tracked("demo") == ()


async def test_save_results__again(store: Store) -> None:
    """Newer results replace what was kept."""
    await store.save_results(a_run(1), results_of(1, "p"))
    await store.record(a_step(results=(results_of(1, "q"),)))

    assert results_of(1, "q") == await store.stored_results(a_run(1).ref)


async def test_stored_results__none(store: Store) -> None:
    """A run without kept results has none."""
    assert await store.stored_results(RunRef("demo", "r1")) is None
