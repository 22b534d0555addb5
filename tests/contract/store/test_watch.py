"""What the watcher remembers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.cards import Tone
from bot.model import Run, RunQuery, RunRef, RunStatus, Says, VerdictKind
from bot.ports import Store
from bot.state import BEGINNING, Coverage, Ending, LateCause, Stretch, TrackedRun
from tests.contract.store.kit import (
    CHANNEL,
    CHATS,
    NOW,
    a_delivery,
    a_message,
    a_run,
    a_step,
    later,
    results_of,
)
from tests.fakes.runs import a_build

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

    expected = TrackedRun(ref=run.ref, status=RUNNING, listed_at=run.created_at, changed_at=NOW)

    assert (expected,) == await store.tracked("demo")
    assert {run.ref.run_id: expected} == await store.known("demo", (run.ref.run_id, "never-seen"))


async def test_record__run_ends(store: Store) -> None:
    """The first sight of its end is kept while later steps see the same."""
    run = a_run(1)
    await store.record(a_step(runs=(a_run(1, status=RUNNING),)))
    await store.record(a_step(runs=(run,), now=later(60)))
    await store.record(a_step(runs=(run,), now=later(120)))

    expected = TrackedRun(
        ref=run.ref, status=RunStatus.COMPLETED, terminal_since=later(60), listed_at=run.created_at,
        changed_at=later(60),
    )  # fmt: skip

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
        listed_at=run.created_at,
        changed_at=NOW,
        settled=True,
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
        listed_at=run.created_at,
        changed_at=later(60),
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
    await store.track(Run.of_id(RunRef("demo", "r1")), NOW)

    expected = TrackedRun(
        ref=RunRef("demo", "r1"), status=RunStatus.STARTING, listed_at=NOW, listed=False, changed_at=NOW
    )
    assert (expected,) == await store.tracked("demo")
    assert _said(await store.newest("demo", RunQuery(), 5)) == [("r1", "", "starting")]


async def test_track__known_already(store: Store) -> None:
    """Following a run that ended meanwhile does not put it back."""
    run = a_run(1)
    await store.record(a_step(runs=(run,)))
    await store.track(Run.of_id(run.ref), later(5))

    assert [r.status for r in await store.tracked("demo")] == [RunStatus.COMPLETED]


async def test_recent__newest_first(store: Store) -> None:
    """Runs come newest first, as many as asked for."""
    await store.record(a_step(runs=(a_run(2), a_run(3, status=RUNNING), a_run(1))))

    expected = [
        (a_run(n).ref.run_id, a_run(n).launcher, status)
        for n, status in ((3, "in_progress"), (2, "completed"))
    ]

    assert expected == _said(await store.newest("demo", RunQuery(), 2))
    assert await store.newest("other", RunQuery(), 2) == ()


async def test_newest__of_a_status_or_a_launcher(store: Store) -> None:
    """A launcher's id counts before its name, which may change."""
    named, keyed = a_run(1, launcher="B"), a_run(2, launcher="A", launcher_key="55")
    await store.record(a_step(runs=(named, keyed, a_run(3, launcher="A", status=RUNNING))))

    async def found(**query: Any) -> list[str]:
        return [run.ref.run_id for run in await store.newest("demo", RunQuery(**query), 9)]

    assert await found(launcher="A") == [a_run(3).ref.run_id, keyed.ref.run_id]
    assert await found(launcher="renamed", launcher_key="55") == [keyed.ref.run_id]
    assert await found(status=RunStatus.COMPLETED) == [keyed.ref.run_id, named.ref.run_id]


async def test_recorded__holds_what_is_kept_of_runs(store: Store) -> None:
    """Launcher, its id, source and progress come back; runs never seen are left out."""
    run = a_run(1, launcher_key="55", status=RUNNING, done=(12, 45))
    await store.record(a_step(runs=(run,)))

    found = await store.recorded("demo", (run.ref.run_id, "never"))

    assert [(k.series, k.done) for k in found.values()] == [(run.series, (12, 45))]
    assert await store.recorded("other", (run.ref.run_id,)) == {}


async def test_recorded__a_row_of_a_list_takes_back_nothing_of_what_the_run_itself_said(store: Store) -> None:
    """The platform's word is kept with where it is from, until the run ends anew."""
    row = a_run(1, says=Says.PASSED, brief=True)
    alone = replace(row, says=Says.FAILED, brief=False)
    kept = []
    for seen in (row, alone, row, replace(row, status=RUNNING, says=None)):
        await store.record(a_step(runs=(seen,)))
        kept += [(k.says, k.brief) for k in (await store.recorded("demo", (row.ref.run_id,))).values()]

    assert kept == [(Says.PASSED, True), (Says.FAILED, False), (Says.FAILED, False), (None, True)]


async def test_recorded__has_the_commit_that_any_answer_named(store: Store) -> None:
    """It does not change with a run; an answer without it takes nothing away."""
    run, kept = a_run(1), []
    for seen in (run, replace(run, commit="a1b2c3d4"), replace(run, brief=True)):
        await store.record(a_step(runs=(seen,)))
        kept += [k.commit for k in (await store.recorded("demo", (run.ref.run_id,))).values()]

    assert kept == [None, "a1b2c3d4", "a1b2c3d4"]


@pytest.mark.parametrize("number", [0, 3, None])
async def test_results__keep_how_many_failed_that_are_in_no_count(store: Store, number: int | None) -> None:
    """Of none it is known that there are none; of results from before it was kept, nothing is."""
    kept = results_of(1, advisory_count=number)
    await store.save_results(kept)

    assert await store.stored_results(kept.ref) == kept


async def test_unfollowed__is_read_no_more_until_it_is_followed_again(store: Store) -> None:
    """It is kept; asking for it, or a change that somebody reads, brings it back. One that ended stays as it was."""
    run, over = (a_run(n, status=RUNNING, created_at=None, done=(1, 2)) for n in (1, 2))
    await store.record(a_step(runs=(run, replace(over, status=RunStatus.COMPLETED))))
    await store.record(a_step(unfollowed=(run.ref, over.ref)))
    gone = [known.ref for known in await store.tracked("demo")]
    kept = (await store.known("demo", (run.ref.run_id,)))[run.ref.run_id]
    await store.track(Run.of_id(run.ref), later(60))
    (back,) = (known for known in await store.tracked("demo") if known.ref == run.ref)
    await store.record(a_step(unfollowed=(run.ref,)))
    await store.record(a_step(runs=(replace(run, done=(2, 2)),), now=later(90)))
    (moved,) = (known for known in await store.tracked("demo") if known.ref == run.ref)

    assert gone == [over.ref]
    assert (kept.settled, kept.status, kept.changed_at) == (True, RUNNING, NOW)
    assert (back.settled, back.status, back.changed_at) == (False, RUNNING, later(60))
    assert (moved.progress, moved.changed_at) == ("2/2", later(90))


async def test_track__keeps_what_its_launch_said(store: Store) -> None:
    """Of a platform without a list nobody says it again; an answer without it takes nothing away."""
    launched = a_run(1, status=RUNNING, created_at=None, launcher_key="plan_1")
    await store.track(launched, NOW)
    await store.record(a_step(runs=(replace(launched, launcher="", launcher_key=None, source=None),)))

    (found,) = (await store.recorded("demo", (launched.ref.run_id,))).values()

    assert found.series == launched.series


async def test_earlier__only_those_that_completed(store: Store) -> None:
    """Runs that go on take no place then, however many there are."""
    runs = [a_run(n, created_at=None, status=RUNNING if n > 1 else RunStatus.COMPLETED) for n in (1, 2, 3)]
    await store.record(a_step(runs=tuple(runs)))

    found = await store.earlier("demo", runs[0].series, later(60), BEGINNING, 1, timed=False, ended=True)

    assert [run.ref for run in found] == [runs[0].ref]


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

    newest = await store.newest("demo", RunQuery(), 1)

    assert _said(newest) == [(a_run(1).ref.run_id, a_run(1).launcher, "completed")]


def _said(runs: Iterable[Run]) -> list[tuple[str, str, str]]:
    return [(run.ref.run_id, run.launcher, run.status.value) for run in runs]


async def test_coverage__is_what_was_said_last(store: Store) -> None:
    """It moves with the steps that say so, both ways; connections have their own."""
    assert await store.coverage("demo") is None

    await store.record(a_step(coverage=Coverage(since=BEGINNING, until=later(60))))
    await store.record(a_step(watermark=later(90)))

    assert Coverage(since=BEGINNING, until=later(60)) == await store.coverage("demo")

    await store.record(a_step(coverage=Coverage(since=later(80), until=later(90))))

    assert Coverage(since=later(80), until=later(90)) == await store.coverage("demo")
    assert await store.coverage("other") is None


async def test_coverage__keeps_what_is_unread(store: Store) -> None:
    """The stretches come back as they were said last, in the same order, with a run recorded in the same write."""
    unread = (Stretch(later(50), later(55)), Stretch(later(10), later(20)))
    told = Coverage(since=BEGINNING, until=later(60), unread=unread)
    await store.record(a_step(runs=(a_run(1),), coverage=told))

    kept = await store.coverage("demo")
    await store.record(a_step(coverage=Coverage(since=BEGINNING, until=later(60))))

    assert kept == told
    assert kept is not None
    assert kept.whole_since == later(55)
    assert await store.coverage("demo") == Coverage(since=BEGINNING, until=later(60))


async def test_earlier__of_a_series(store: Store) -> None:
    """Completed and open runs of that launcher, source and test come, newest first, without ephemeral ones."""
    others: list[dict[str, Any]] = [
        {},
        {"status": RUNNING},
        {"ephemeral": True},
        {"status": RunStatus.INCOMPLETE},
        {"status": RunStatus.CANCELLED},
        {"launcher": "Other"},
        {"source": "other"},
        {"test_name": "other"},
        {},
    ]
    runs = tuple(a_run(number, **changes) for number, changes in enumerate(others, 1))
    await store.record(a_step(runs=runs))
    series, end = runs[0].series, later(3600)

    async def ids(before: datetime, after: datetime, limit: int = 9) -> list[str]:
        return [r.ref.run_id for r in await store.earlier("demo", series, before, after, limit)]

    assert [runs[n].ref.run_id for n in (8, 1, 0)] == await ids(end, BEGINNING)
    assert [runs[n].ref.run_id for n in (8, 1)] == await ids(end, BEGINNING, 2)
    assert [runs[1].ref.run_id] == await ids(_created(runs[8]), _created(runs[0]))
    assert await store.earlier("other", series, end, BEGINNING, 9) == ()


async def test_earlier__holds_what_is_kept_of_a_run(store: Store) -> None:
    """It is enough to read its results and to keep them."""
    run = a_run(1, source=None)
    await store.record(a_step(runs=(run,)))

    (found,) = await store.earlier("demo", run.series, later(3600), BEGINNING, 1)

    assert (run.ref, run.series, run.status, run.created_at) == (
        found.ref, found.series, found.status, found.created_at,
    )  # fmt: skip


async def test_earlier__counts_one_launched_here_for_every_series(store: Store) -> None:
    """A run that no list showed yet may belong to any series; one without a time that did show up to none."""
    ghost = RunRef("demo", "launched")
    await store.track(Run.of_id(ghost), later(30))
    await store.record(a_step(runs=(a_run(1, created_at=None),), now=later(40)))

    found = await store.earlier("demo", a_run(1).series, later(3600), BEGINNING, 9)

    assert [ghost] == [run.ref for run in found]


def _created(run: Run) -> datetime:
    assert run.created_at is not None
    return run.created_at


async def test_last_end__of_a_series(store: Store) -> None:
    """The newest run that ended counts, of that series alone, before a time."""
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

    async def last(before: datetime | None, after: datetime | None = None) -> str | None:
        found = await store.last_end("demo", series, before, after)
        return found.ref.run_id if found else None

    ids = [run.ref.run_id for run in runs]
    assert await last(None) == ids[2]
    assert await last(runs[2].created_at) == ids[1]
    assert await last(runs[1].created_at) == ids[0]
    assert await last(runs[0].created_at) is None
    assert await last(None, runs[0].created_at) == ids[2]
    assert await last(None, runs[2].created_at) is None
    assert await store.last_end("other", series, None) is None
    found = await store.last_end("demo", series, None)
    assert found is not None
    assert (found.status, found.series, found.created_at) == (cancelled, series, runs[2].created_at)


async def test_last_end__by_when_it_was_seen(store: Store) -> None:
    """A run whose creation time is not known stands where it was first seen."""
    run = a_run(1)
    unknown = a_run(2, created_at=None, status=RunStatus.INCOMPLETE)
    await store.record(a_step(runs=(run, unknown), now=later(9_999)))

    newest, first = [await store.last_end("demo", run.series, later(n)) for n in (10_000, 9_999)]

    assert newest is not None
    assert first is not None
    assert (newest.ref, newest.seen_at) == (unknown.ref, later(9_999))
    assert first.ref == run.ref


async def test_save_results__watcher_knows_nothing(store: Store) -> None:
    """Results kept for comparing never make a run look announced, or its results told."""
    run = a_run(1)
    await store.save_results(results_of(1, "p", "q"))

    assert results_of(1, "p", "q") == await store.stored_results(run.ref)
    assert await store.announced_results(run.ref) is None
    assert await store.known("demo", (run.ref.run_id,)) == {}
    assert await store.tracked("demo") == ()


async def test_save_results__again(store: Store) -> None:
    """Newer results replace what was kept; what was only read never replaces what was told."""
    run = a_run(1)
    await store.save_results(results_of(1, "p"))
    await store.save_results(results_of(1, "q"))
    read = await store.stored_results(run.ref)
    await store.record(a_step(runs=(run,), results=(results_of(1, "r"),), results_known=(run.ref,)))
    await store.save_results(results_of(1, "s"))

    assert results_of(1, "q") == read
    assert results_of(1, "r") == await store.stored_results(run.ref) == await store.announced_results(run.ref)


async def test_results_kept__of_a_run_that_ended_anew(store: Store) -> None:
    """What is kept of an end that is over may not be relied on, and is still what channels were told."""
    run = a_run(1)
    await store.record(a_step(runs=(run,), results=(results_of(1, "p"),), results_known=(run.ref,)))
    await store.record(a_step(runs=(a_run(1, status=RUNNING),)))
    await store.record(a_step(runs=(run,)))

    assert await store.results_kept("demo", (run.ref.run_id,)) == {}
    assert results_of(1, "p") == await store.announced_results(run.ref)


async def test_results_kept__many(store: Store) -> None:
    """Those of many runs come at once; of runs without any nothing comes, and connections do not mix."""
    for number in (1, 2):
        await store.save_results(results_of(number, f"p{number}"))
    ids = tuple(a_run(number).ref.run_id for number in range(1, 1_202))

    expected = {a_run(number).ref.run_id: results_of(number, f"p{number}") for number in (1, 2)}
    assert expected == await store.results_kept("demo", ids)
    assert await store.results_kept("other", ids) == {}


async def test_missing_results__of_the_newest_runs_of_living_series(store: Store) -> None:
    """Completed runs of which nothing is kept come, newest first, so many per series; nothing that has to be told."""
    runs = (
        *(a_run(number) for number in range(1, 6)),
        a_run(6, ephemeral=True),
        a_run(7, status=RunStatus.INCOMPLETE),
        a_run(8, source="other"),
        a_run(0, source="long ago"),
    )
    refs = tuple(run.ref for run in runs)
    await store.record(a_step(runs=runs, baseline=True, results_known=refs))
    await store.record(a_step(runs=(a_run(9),)))
    await store.save_results(results_of(4, "p"))

    found = await store.missing_results("demo", 4, _created(a_run(1)))

    assert [a_run(n).ref for n in (8, 5, 3)] == [run.ref for run in found]
    assert await store.missing_results("other", 4, BEGINNING) == ()


async def test_stored_results__none(store: Store) -> None:
    """A run without kept results has none."""
    assert await store.stored_results(RunRef("demo", "r1")) is None


async def test_record__a_list_without_times_gives_the_order(store: Store) -> None:
    """A run that was launched here stands where the list shows it; a series goes by the launcher's id."""
    first, launched, third, other = (a_build(number) for number in (9, 10, 11, 12))
    await store.track(Run.of_id(launched.ref), later(30))
    placed = [
        replace(run, seen_at=later(60) - n * timedelta(microseconds=1))
        for n, run in enumerate((third, launched, first))
    ]
    another = replace(other, launcher_key="56", seen_at=later(50))
    before = (await _tracked(store))["10"]
    await store.record(a_step(runs=(*placed, another), now=later(60)))
    await store.record(a_step(runs=tuple(replace(run, seen_at=later(120)) for run in placed), now=later(120)))
    known = await store.known("demo", ("10",))
    found = await store.earlier("demo", third.series, placed[0].seen_at or NOW, BEGINNING, 5, timed=False)

    assert (before.listed, known["10"].listed, known["10"].listed_at) == (False, True, placed[1].seen_at)
    assert [run.ref.run_id for run in found] == ["10", "9"]
    assert [(run.launcher, run.launcher_key) for run in found] == [("Regression Suite", "55")] * 2
    assert await store.earlier("demo", third.series, later(900), BEGINNING, 5) == ()


async def test_results__keep_what_did_not_count(store: Store) -> None:
    """Skipped and excused checks, the platform's word and the first listing come back as they were kept."""
    kept = replace(
        results_of(7), excused=frozenset({"q"}), skipped_count=5, says=Says.FAILED, seen_at=later(7)
    )
    await store.save_results(kept)

    assert await store.stored_results(kept.ref) == kept


async def test_late_causes__of_what_is_held_or_stands_in_a_summary(store: Store) -> None:
    """What is held is changed in place; of what a summary tells its key is known, once that is there."""
    keys = ("a", "b")
    held = tuple(a_delivery(key, held_until=later(60)) for key in keys)
    late = tuple(LateCause(key=key, run=a_run(n).ref, since=NOW) for n, key in enumerate(keys))
    await store.record(a_step(deliveries=held, late_causes=late))
    rows = await store.held(CHANNEL)
    there = await store.late_causes("demo")
    ending = Ending(run=a_run(1).ref, verdict=VerdictKind.INCOMPLETE, tone=Tone.BAD, outcome=" broke")

    assert [(each.channel, each.message, each.summary) for each in there] == [(CHANNEL, None, None)] * 2
    assert await store.tell_late_cause("a", payload="why", ending=ending)
    (first, _) = await store.held(CHANNEL)
    assert (first.delivery.payload, first.delivery.ending) == ("why", ending)
    assert [each.key for each in await store.late_causes("demo")] == ["b"]

    assert await store.fold(a_delivery("digest:1"), [row.delivery for row in rows], NOW)
    assert await store.late_causes("demo") == ()
    assert not await store.tell_late_cause("b", payload="why", ending=ending)
    delivery = await store.claim(CHATS, NOW)
    assert delivery is not None
    await store.mark_sent(delivery, a_message(delivery), NOW)
    (told,) = await store.late_causes("demo")
    assert (told.key, told.message, told.summary) == ("b", None, "digest:1")


async def test_late_causes__of_what_was_posted(store: Store) -> None:
    """An announcement waits for its edit from when it is there until that is done, whatever is recorded again."""
    late = LateCause(key="a", run=a_run(1).ref, since=NOW, before=RunStatus.CANCELLED)
    other = LateCause(key="b", run=RunRef("other", "1"), since=NOW)
    step = a_step(deliveries=(a_delivery("a"), a_delivery("b")), late_causes=(late, other))
    await store.record(step)
    assert await store.late_causes("demo") == ()

    messages = []
    for number in range(2):
        delivery = await store.claim(CHATS, NOW)
        assert delivery is not None
        messages.append(a_message(delivery, f"m{number}"))
        await store.mark_sent(delivery, messages[-1], NOW)
    await store.record(step)

    assert await store.late_causes("demo") == (
        replace(late, channel=messages[0].channel, message=messages[0]),
    )
    (found,) = await store.late_causes("other")
    assert (found.key, found.before) == ("b", None)

    for late in await store.late_causes("demo"):
        await store.end_late_cause(late)
        await store.end_late_cause(late)
    assert await store.late_causes("demo") == ()
    assert await store.late_causes("other") == (found,)


async def test_announcements__that_are_there(store: Store) -> None:
    """Those recorded since a time, with what they correct; what a summary tells of instead is left out."""
    for seconds, key, after in ((0, "old", None), (60, "a", None), (61, "b", "a"), (62, "c", None)):
        await store.record(a_step(now=later(seconds), deliveries=(a_delivery(key, after=after),)))
    covered = [row for row in await store.waiting(a_delivery().channel) if row.key == "c"]
    assert await store.fold(a_delivery("summary"), covered, later(63))

    found = await store.announcements(("old", "a", "b", "c", "never"), later(60))

    assert found == {"a": None, "b": "a"}


async def test_edit_announcements__asked_for_again(store: Store) -> None:
    """An edit that is asked for while one is made is made after it; what waits for a cause goes on waiting for that."""
    run = a_run(1)
    cause = LateCause(key="a", run=run.ref, since=NOW)
    await store.record(
        a_step(
            deliveries=(a_delivery("a"), a_delivery("b", channel="slack:channel:T01:C02")),
            late_causes=(cause,),
        )
    )
    for _ in range(2):
        claimed = await store.claim(CHATS, later(1))
        assert claimed is not None
        await store.mark_sent(claimed, a_message(claimed), later(2))
    edits = tuple(LateCause(key=key, run=run.ref, since=later(5), marked=True) for key in "ab")
    await store.edit_announcements(edits)
    read = await store.late_causes("demo")
    assert [(late.key, late.since, late.marked) for late in read] == [
        ("a", later(5), False),
        ("b", later(5), True),
    ]
    await store.edit_announcements((replace(edits[1], since=later(9)),))

    for late in read:
        await store.end_late_cause(late)

    assert [(late.key, late.since) for late in await store.late_causes("demo")] == [("b", later(9))]
