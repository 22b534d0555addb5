"""What is known of a run beyond its results: what was excused at its end, and checks that are asked for by name."""

from __future__ import annotations

from dataclasses import replace

from bot.analysis import ASKED, RunAnalysis, analysis_of, explained
from bot.cards import plain
from bot.diff import reason
from bot.errors import ServiceFailed
from bot.in_full import in_full
from bot.model import Check, CheckStatus, Counts, LogLine, Run, RunStatus, Says, VerdictKind
from bot.replies import runs
from bot.state import IntentState, Outcome, StoredResults
from bot.triage import CancelRequest
from tests.contract.store.kit import an_intent
from tests.fakes.runs import EPOCH, a_build, build_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.store import MemoryStore


def _failing(name: str, excused: str | None = None) -> Check:
    return Check(name=name, status=CheckStatus.FAILING, excused=excused)


async def _with_baseline(gone: int) -> tuple[FakeRunService, MemoryStore, Run]:
    """Return two completed runs on record: in the first so many checks failed, in the second none."""
    service, store = a_build_server(), MemoryStore()
    before, run = (a_build(n) for n in (1, 2))
    kept = StoredResults(ref=before.ref, launcher=before.launcher, status=before.status, created_at=before.created_at,
                         failing=frozenset(f"t{n:02}" for n in range(gone)), passing_count=1)  # fmt: skip
    await store.save_results(kept)
    service.add_run(before)
    results = replace(build_results(run.ref.run_id), checks=(), whole=False, counts=Counts(passing=400))
    service.add_run(run, results)
    return service, store, run


async def _analysed(service: FakeRunService, store: MemoryStore, run: Run) -> RunAnalysis:
    return await analysis_of(service.platform, store, run)


async def test_analysis__asks_for_what_failed_before() -> None:
    """What failed in the run before and is not named is asked for: it passes, was skipped, or is not there."""
    service, store, run = await _with_baseline(3)
    passing = Check(name="t00", status=CheckStatus.PASSING)
    skipped = Check(name="t01", status=CheckStatus.SKIPPED)
    service.unnamed[run.ref.run_id] = (passing, skipped)
    diff = (await _analysed(service, store, run)).diff

    assert diff is not None
    assert [name for name, _ in diff.first_pass] == ["t00"]
    assert (diff.skipped, diff.not_seen, diff.not_looked_at) == (("t01",), ("t02",), ())


async def test_analysis__asks_for_few() -> None:
    """A request each: of many the first are asked for, and the others are said not to be looked at."""
    service, store, run = await _with_baseline(ASKED + 5)
    diff = (await _analysed(service, store, run)).diff

    assert diff is not None
    assert [len(call.argument) for call in service.calls if call.method == "checks"] == [ASKED]  # type: ignore[arg-type]  # names
    assert (len(diff.not_seen), len(diff.not_looked_at)) == (ASKED, 5)


async def test_analysis__without_an_answer_says_nothing_of_them() -> None:
    """What cannot be asked for is not failing, and no more is said."""
    service, store, run = await _with_baseline(2)
    service.fail("checks", ServiceFailed("broken"))
    diff = (await _analysed(service, store, run)).diff

    assert diff is not None
    assert (diff.not_failing, diff.not_seen) == (("t00", "t01"), ())


async def _between(skipped: int = 0) -> tuple[FakeRunService, MemoryStore, Run]:
    """Return the last of three runs: a, b and c fail in it and failed in the first, and the one between has other names."""
    service, store = a_build_server(), MemoryStore()
    for n, failing in ((1, "abc"), (2, "")):
        before = a_build(n)
        kept = StoredResults(ref=before.ref, launcher=before.launcher, status=before.status,
                             created_at=before.created_at, failing=frozenset(failing), passing_count=1,
                             skipped_count=skipped)  # fmt: skip
        await store.save_results(kept)
        service.add_run(before, replace(build_results(before.ref.run_id), checks=()))
    run = a_build(3)
    failed = tuple(_failing(name) for name in "abcd")
    results = replace(build_results(run.ref.run_id), checks=failed, whole=False, counts=Counts(failing=4))
    service.add_run(run, results)
    service.unnamed[a_build(2).ref.run_id] = (
        Check(name="a", status=CheckStatus.PASSING),
        Check(name="b", status=CheckStatus.SKIPPED),
    )
    return service, store, run


async def test_analysis__what_the_run_before_says_nothing_of_is_not_new() -> None:
    """What failed before it is asked for there: only what passed is new; skipped or missing, it fails again."""
    found = await _analysed(*await _between())
    diff = found.diff

    assert diff is not None
    assert (diff.newly_failing, diff.fails_again) == (("a", "d"), ("b", "c"))
    assert Outcome.NEW_FAILURES in reason(found.verdict, diff)
    assert [check.name for check in found.failing] == ["a", "b", "c", "d"]


async def test_analysis__nothing_is_new_that_may_have_been_left_out_between() -> None:
    """Where it cannot be asked for, what failed before is not called new."""
    service, store, run = await _between()
    service.fail("checks", ServiceFailed("broken"))
    diff = (await _analysed(service, store, run)).diff
    unasked, kept, skipped_run = await _between(skipped=1)
    platform = replace(unasked.platform, reads_checks=None)
    unnamed = (await analysis_of(platform, kept, skipped_run)).diff

    assert diff is not None
    assert unnamed is not None
    assert (diff.newly_failing, diff.fails_again) == (("d",), ("a", "b", "c"))
    assert (unnamed.newly_failing, unnamed.fails_again) == (("d",), ("a", "b", "c"))


async def test_analysis__what_was_excused_at_the_end_stands() -> None:
    """A list of excuses that changes later neither greens a run nor reddens it; what was not kept goes by the list."""
    service, store, run = await _with_baseline(0)
    kept = StoredResults(ref=run.ref, launcher=run.launcher, status=run.status, created_at=run.created_at,
                         failing=frozenset({"counts"}), excused=frozenset({"excused then"}), passing_count=1)  # fmt: skip
    await store.save_results(kept)
    now = (
        _failing("counts", "quarantined"),
        _failing("excused then"),
        _failing("unknown then", "quarantined"),
    )
    results = replace(
        build_results(run.ref.run_id),
        checks=now,
        whole=False,
        counts=Counts(failing=1, excused=2),
        excused_now=True,
    )
    service.set_results(results)
    found = await _analysed(service, store, run)

    assert found.results is not None
    assert [check.name for check in found.results.failing] == ["counts"]
    assert found.results.counts == Counts(failing=1, excused=2)
    service.set_results(replace(results, excused_now=False))
    again = await _analysed(service, store, run)
    assert [check.name for check in again.failing] == ["excused then"]


async def test_in_full__a_row_gives_way_to_the_run() -> None:
    """What a list says of a run is not what it is judged by; without an answer the row has to do."""
    service = a_build_server()
    run = service.add_run(a_build(1, says=Says.FAILED))
    row = replace(run, says=Says.PASSED, brief=True)

    assert (await in_full(service.platform, row)).says is Says.FAILED
    service.fail("run", ServiceFailed("broken"))
    assert await in_full(service.platform, row) is row
    going = replace(row, status=RunStatus.IN_PROGRESS, says=None)
    assert await in_full(service.platform, going) is going
    assert (await analysis_of(service.platform, MemoryStore(), going)).verdict.kind is VerdictKind.RUNNING


def test_is_of__with_its_key_or_without() -> None:
    """A subscription made when a name was alone still means the launcher when it is not any more, and the other way round."""
    alone = a_build(1, launcher="Smoke Tests", launcher_key="55")
    shared = replace(alone, launcher="Smoke Tests (55)")

    assert all(run.is_of(name) for run in (alone, shared) for name in ("Smoke Tests", "Smoke Tests (55)"))
    assert not any(run.is_of(name) for run in (alone, shared) for name in ("Smoke", "Smoke Tests (56)"))


async def _aborted(*, cancelled: bool) -> RunAnalysis:
    service, store = a_build_server(), MemoryStore()
    run = service.add_run(a_build(7, status=RunStatus.CANCELLED, status_text="aborted", interrupted=True))
    if cancelled:
        await store.draft(
            an_intent(
                request=CancelRequest(run_id="7"), subject="7", connection="demo", state=IntentState.ACCEPTED
            )
        )
    return await analysis_of(service.platform, store, run)


async def test_analysis__a_run_that_nobody_stopped_has_to_be_looked_at() -> None:
    """A lost machine ends a run as a stop does: unless somebody asked for that here, it counts as incomplete."""
    lost, stopped = await _aborted(cancelled=False), await _aborted(cancelled=True)

    assert Outcome.INCOMPLETE in reason(lost.verdict, lost.diff)
    assert Outcome.INCOMPLETE not in reason(stopped.verdict, stopped.diff)
    assert plain(runs.one(lost, EPOCH).title).startswith("aborted: ")
    assert plain(runs.one(stopped, EPOCH).title).startswith("cancelled: ")


async def test_analysis__shows_how_the_log_ends() -> None:
    """Of a run that failed without a failing check nothing else says why; nothing is read until somebody asks."""
    service, store = a_build_server(), MemoryStore()
    run = service.add_run(a_build(7, says=Says.FAILED), build_results(7, passing=("t1",)))
    service.set_build_log(run, *(LogLine(text=f"line {n}") for n in range(20)))
    found = await analysis_of(service.platform, store, run)

    assert service.count("run_log") == 0
    card = runs.one(await explained(found), EPOCH)

    assert card.excerpt is not None
    assert (card.excerpt.title, card.excerpt.lines) == ("End of the log", ("line 17", "line 18", "line 19"))
    service.fail("run_log", ServiceFailed("The server broke."))
    told = runs.one(await explained(found), EPOCH)
    assert told.excerpt is None
    assert "The server broke." in [plain(line) for line in told.body][-1]
