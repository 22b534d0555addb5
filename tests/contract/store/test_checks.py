"""What became of single checks: the same in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.configuration.database import read_address
from adapters.store import came, checks
from adapters.store.database import Database
from adapters.store.store import SqlStore, open_store
from bot.earlier import checks_of, stored
from bot.model import Run, RunRef, RunStatus
from bot.ports import Store
from bot.state import Came, RunChecks, StoredResults
from tests.contract.store.kit import NOW, a_run, a_step
from tests.fakes.runs import EPOCH, some_results

SERIES = a_run(1).series
LAUNCHER = SERIES[0]
DAY = 24 * 60  # runs of the kit are a minute apart


def kept(run: Run, **came_of: str) -> tuple[StoredResults, RunChecks]:
    """Return a run's results; each check by name, with the letter of what came of it."""
    letters = {name.replace("_", " "): Came(letter) for name, letter in came_of.items()}
    failing = tuple(name for name, each in letters.items() if each is Came.FAILED)
    results = stored(run, some_results(run, failing=failing, passing=("other",)))
    return results, RunChecks(ref=run.ref, launcher_key=run.series[0], at=run.created_at, came=letters)


async def record(store: Store, run: Run, **came_of: str) -> None:
    """Record a run that ended, as the watcher does."""
    results, of_run = kept(run, **came_of)
    await store.record(a_step(runs=(run,), results=(results,), checks=(of_run,), results_known=(run.ref,)))


async def course(store: Store, name: str, limit: int = 10) -> list[tuple[str, Came | None]]:
    """Return the ids of the runs, newest first, and what came of a check in each."""
    return [(one.run.ref.run_id, one.came) for one in await store.check_in_runs("demo", SERIES, name, limit)]


async def test_check_in_runs__newest_first(store: Store) -> None:
    """Each run of the series that ended is there, whatever it says of the check, up to the limit."""
    for number, letter in enumerate("pfeshn", 1):
        await record(store, a_run(number), x=letter, y="p")
    await record(store, a_run(7), y="p")

    assert [letter for _, letter in await course(store, "x")] == [
        None, Came.NOTHING, Came.UNHEALTHY, Came.SKIPPED, Came.EXCUSED, Came.FAILED, Came.PASSED,
    ]  # fmt: skip
    assert [run_id for run_id, _ in await course(store, "x", limit=2)] == [
        a_run(7).ref.run_id,
        a_run(6).ref.run_id,
    ]
    assert {letter for _, letter in await course(store, "never heard of")} == {None}


async def test_check_in_runs__of_the_series_alone(store: Store) -> None:
    """Other launchers, sources and connections, ephemeral runs and those that go on are left out."""
    await record(store, a_run(1), x="f")
    others: list[dict[str, object]] = [
        {"source": "feature"}, {"launcher": "Weekly"}, {"test_name": "other"}, {"ephemeral": True},
        {"ref": RunRef("another", "r1")},
    ]  # fmt: skip
    for number, change in enumerate(others, 2):
        await record(store, replace(a_run(number), **change), x="f")  # type: ignore[arg-type]  # fields of a run
    await store.record(a_step(runs=(a_run(9, status=RunStatus.IN_PROGRESS),)))

    assert await course(store, "x") == [(a_run(1).ref.run_id, Came.FAILED)]


async def test_check_in_runs__what_is_known_of_each_run(store: Store) -> None:
    """Without results, with results that name only failures, with a broken environment, ended anew: each is told apart."""
    await store.record(a_step(runs=(a_run(1),), results_known=(a_run(1).ref,)))
    results, of_run = kept(a_run(2), x="f")
    part = replace(of_run, whole=False)
    step = a_step(runs=(a_run(2),), results=(results,), checks=(part,), results_known=(a_run(2).ref,))
    await store.record(step)
    results, of_run = kept(a_run(3), x="f", sick="h")
    ill = replace(results, unhealthy=frozenset({"sick"}))
    step = a_step(runs=(a_run(3),), results=(ill,), checks=(of_run,), results_known=(a_run(3).ref,))
    await store.record(step)
    await record(store, a_run(4), x="p")
    await store.record(a_step(runs=(a_run(4, status=RunStatus.INCOMPLETE),)))

    found = await store.check_in_runs("demo", SERIES, "x", 10)

    assert [(one.read, one.whole, one.unhealthy, one.came) for one in found] == [
        (False, False, False, None),
        (True, True, True, Came.FAILED),
        (True, False, False, Came.FAILED),
        (False, False, False, None),
    ]


async def test_check_in_runs__results_that_were_only_compared(store: Store) -> None:
    """They are kept with their checks; what was announced is not replaced by them."""
    run = a_run(1)
    await store.record(a_step(runs=(run,), results_known=(run.ref,)))
    await store.save_results(*kept(run, x="f"))
    assert await course(store, "x") == [(run.ref.run_id, Came.FAILED)]
    await record(store, run, x="p")
    await store.save_results(*kept(run, x="f"))

    assert await course(store, "x") == [(run.ref.run_id, Came.PASSED)]


async def test_known_checks__times_whatever_the_order(store: Store) -> None:
    """Runs are read in any order and more than once; the first and last times of each check are the same."""
    for number in (3 * DAY, DAY, 5 * DAY, DAY):
        await record(store, a_run(number), x="f" if number < 4 * DAY else "p", y="p")

    x, y = await store.known_checks("demo", LAUNCHER)

    at = [EPOCH + timedelta(days=days) for days in (1, 3, 5)]
    assert (x.name, x.first_seen, x.first_failed, x.last_failed, x.last_seen) == (
        "x",
        at[0],
        at[0],
        at[1],
        at[2],
    )
    assert (y.name, y.first_seen, y.first_failed, y.last_failed, y.last_seen) == (
        "y",
        at[0],
        None,
        None,
        at[2],
    )
    assert await store.known_checks("demo", "Weekly") == await store.known_checks("other", LAUNCHER) == ()


async def test_known_checks__place_and_groups_of_the_newest_run(store: Store) -> None:
    """An earlier run that is read later takes neither back; a run that does not say keeps the place."""
    for number, place in ((3, "b.go:2"), (1, "a.go:1"), (4, "")):
        results, of_run = kept(a_run(number), x="p")
        of_run = replace(of_run, places={"x": place}, groups={"x": ("A", "B")} if number == 3 else {})
        await store.save_results(results, of_run)

    (x,) = await store.known_checks("demo", LAUNCHER)

    assert (x.place, x.groups) == ("b.go:2", ())


@pytest.mark.parametrize("name", ["x" * 500, "x" * 20_000, "nul\0 and \ud800", "' OR 1=1 --", "اختبار", ""])
async def test_known_checks__any_name(store: Store, name: str) -> None:
    """A name of any length and make is kept, and found by itself."""
    results, of_run = kept(a_run(1))
    await store.record(
        a_step(
            runs=(a_run(1),),
            results=(results,),
            checks=(replace(of_run, came={name: Came.FAILED, "x" * 499: Came.PASSED}),),
            results_known=(a_run(1).ref,),
        )
    )

    assert [letter for _, letter in await course(store, name)] == [Came.FAILED]
    assert len(await store.known_checks("demo", LAUNCHER)) == 2
    assert await store.launchers_with("demo", name) == (LAUNCHER,)


async def test_known_checks__two_names_that_are_kept_alike(store: Store) -> None:
    """What the database cannot tell apart counts as the worse of both."""
    results, of_run = kept(a_run(1))
    both = replace(of_run, came={"x\0": Came.FAILED, "x": Came.PASSED})
    await store.record(
        a_step(runs=(a_run(1),), results=(results,), checks=(both,), results_known=(a_run(1).ref,))
    )

    (x,) = await store.known_checks("demo", LAUNCHER)
    assert x.first_failed == a_run(1).created_at
    assert [letter for _, letter in await course(store, "x\0")] == [Came.FAILED]


async def test_launchers_with__the_last_one_first(store: Store) -> None:
    """Of one connection, each launcher once."""
    for days, launcher in enumerate(("A", "B", "A", "C"), 1):
        await record(store, a_run(days * DAY * 2, launcher=launcher), x="p")
    await record(store, a_run(1, ref=RunRef("another", "r1")), x="p")

    assert await store.launchers_with("demo", "x") == ("C", "A", "B")
    assert await store.launchers_with("demo", "y") == ()


async def test_save_results__at_once(store: Store) -> None:
    """Runs of one launcher that are read at the same time bring the same new checks, and each is kept once."""
    runs = [a_run(number) for number in range(1, 9)]
    await store.record(a_step(runs=tuple(runs), results_known=tuple(run.ref for run in runs)))
    names = {f"n{n}": "f" if n % 3 else "p" for n in range(40)}

    await asyncio.gather(*(store.save_results(*kept(run, **names)) for run in runs))

    assert len(await store.known_checks("demo", LAUNCHER)) == 40
    assert [letter for _, letter in await course(store, "n1")] == [Came.FAILED] * 8
    assert [letter for _, letter in await course(store, "n3")] == [Came.PASSED] * 8


async def test_remember__a_launcher_that_names_ever_new_checks(
    database: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound only what fails is kept, so that no launcher fills the database; such a run is known in part."""
    monkeypatch.setattr(checks, "MOST", 3)
    for number in range(1, 5):
        await record(database, a_run(number), **{f"p{number}": "p", f"f{number}": "f"})

    known = [check.name for check in await database.known_checks("demo", LAUNCHER)]
    assert known == ["f1", "f2", "f3", "f4", "p1"]
    assert [one.whole for one in await database.check_in_runs("demo", SERIES, "p4", 4)] == [
        False,
        False,
        False,
        True,
    ]


async def test_prune__no_check_is_taken_for_one_that_is_gone(url: str) -> None:
    """What runs said of a check that is no longer kept is said of no later one, whatever numbers the database gives."""
    now = EPOCH + timedelta(days=500)
    async with open_store(url, now=lambda: now) as store:
        await record(store, a_run(1), old="p")
        await store.prune(now)
        await record(store, a_run(500 * DAY), young="f")

        assert [letter for _, letter in await course(store, "young")] == [Came.FAILED, None]


async def test_prune__first_seen_outlives_the_results(url: str) -> None:
    """Results of two years ago are gone; since when a check was seen, and failed, is still known, with what fails since."""
    now = EPOCH + timedelta(days=800)
    async with open_store(url, now=lambda: now) as store:
        await record(store, a_run(1), x="f", gone="p")
        for number in range(40):
            await record(store, a_run(790 * DAY + number), x="f", y="p")
        pruned = await store.prune(now)

        (x, y) = await store.known_checks("demo", LAUNCHER)
        oldest = (await store.check_in_runs("demo", SERIES, "x", 100))[-1]

    assert (pruned.results, pruned.checks) == (1, 1)
    assert (x.first_seen, x.first_failed) == (a_run(1).created_at, a_run(1).created_at)
    assert y.first_failed is None
    assert (oldest.run.ref, oldest.read) == (a_run(1).ref, False)


OLD = """
    INSERT INTO runs (connection, run_id, status, launcher, source, test_name, ephemeral, created_at, listed_at, results_known,
        settled, launcher_key, listed, progress, changed_at, brief)
    VALUES ('demo', '{0}', 'completed', 'nightly', 'main', '', FALSE, '{1}', '{1}', TRUE, TRUE, '55', TRUE, '', '{1}', FALSE)
"""
OLD_RESULTS = """
    INSERT INTO results (connection, run_id, launcher, status, created_at, failing, passing_count, unknown_count, told,
        skipped_count, excused, unhealthy)
    VALUES ('demo', '{0}', 'nightly', 'completed', '{1}', '["x"]', 3, 0, TRUE, 0, '["q"]', '["sick"]')
"""


async def test_migrate__what_failed_before_is_known(url: str) -> None:
    """Of results of the version before, the failures have a history; of their other checks nothing is said."""
    database = Database(read_address(url))
    times = ["2026-05-14 03:00:00+00:00", "2026-05-15 03:00:00+00:00"]
    if database.lite:
        times = [datetime.fromisoformat(at).isoformat(timespec="microseconds") for at in times]
    async with database.writing() as connection:
        await connection.run_sync(_build_before)
        for run_id, at in zip(("r1", "r2"), times, strict=True):
            await connection.execute(text(OLD.format(run_id, at).replace(":", r"\:")))
            await connection.execute(text(OLD_RESULTS.format(run_id, at).replace(":", r"\:")))
    await database.close()

    async with open_store(url) as store:
        found = {
            name: [one.came for one in await store.check_in_runs("demo", ("55", "main", ""), name, 9)]
            for name in ("x", "q", "sick", "passed then")
        }
        known = {check.name: check for check in await store.known_checks("demo", "55")}
        whole = [one.whole for one in await store.check_in_runs("demo", ("55", "main", ""), "x", 9)]
        again = a_run(3, launcher="nightly", launcher_key="55", test_name=None)
        await record(store, again, x="p")
        after = [one.came for one in await store.check_in_runs("demo", ("55", "main", ""), "x", 9)]

    assert found == {
        "x": [Came.FAILED] * 2, "q": [Came.EXCUSED] * 2, "sick": [Came.UNHEALTHY] * 2, "passed then": [None] * 2,
    }  # fmt: skip
    assert whole == [False, False]
    assert known["x"].last_failed == known["x"].first_failed + timedelta(days=1)  # type: ignore[operator]  # it failed
    assert sorted(letter or "" for letter in after) == ["f", "f", "p"]


def _build_before(connection: object) -> None:
    from alembic import command
    from alembic.config import Config

    from adapters.store.schema import MIGRATIONS

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "0014")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(1, 2**31), st.sampled_from(Came), max_size=60), st.integers(1, 2**31))
def test_packed__comes_back(of: dict[int, Came], other: int) -> None:
    """Whatever the numbers are, each check has its letter, and no other has one."""
    blob = came.packed(of)

    assert all(came.of_check(blob, number) is letter for number, letter in of.items())
    assert came.of_check(blob, other) is of.get(other)


def test_packed__a_year_is_small() -> None:
    """1,500 checks of which some fail take less than 200 bytes, however far apart their numbers begin."""
    of = {70_000 + n: Came.FAILED if n % 211 == 0 else Came.PASSED for n in range(1_500)}

    assert len(came.packed(of)) < 200


def test_checks_of__the_worst_of_one_name() -> None:
    """Two checks of one name count as the worse one."""
    run = a_run(1)
    results = some_results(run, failing=("x",), passing=("x", "y"))
    found = checks_of(run, replace(results, checks=tuple(reversed(results.checks))))

    assert found is not None
    assert found.came == {"x": Came.FAILED, "y": Came.PASSED}
    assert found.places["x"] == "ledger.go:42"
    assert found.at == run.created_at == NOW + timedelta(minutes=1)
    assert checks_of(replace(run, launcher=""), results) is None
