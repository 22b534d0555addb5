"""The Automated Future client over a simulated team: the ledger, single results, files, and everything that is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.platforms.automated_future.kind import KIND
from bot.errors import AccessRefused, NotAvailable, NotFound, RateLimited, Rejected, ServiceError
from bot.model import (
    Availability,
    CheckStatus,
    LaunchRequest,
    Refused,
    RunLogQuery,
    RunRef,
    RunStatus,
    Secret,
    Started,
    Unclear,
)
from bot.publication import PublishedCheck, PublishedResult, PublishRequest, ledger_result
from tests.fakes.reports_client import TeamStage, a_team
from tests.fakes.service import there

A_CHECK = PublishedCheck(
    name="No lost writes",
    status=CheckStatus.FAILING,
    message="counterexample at 45.334 s",
    took=timedelta(milliseconds=1250),
    log=True,
)
REQUEST = PublishRequest(
    source=RunRef("prod", "r1"), label="Payments Nightly 1", series="Payments Nightly", metadata={"run": "r1"}
)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[TeamStage]:
    async with a_team(tmp_path) as opened:
        yield opened


async def _quiet(_: str) -> None:
    """Hear nothing."""


async def test_version__with_the_key(team: TeamStage) -> None:
    """The release is said without a key, so the key is proved beside."""
    assert await team.platform.reads.version() == "0.1.0"
    assert [seen.path for seen in team.server.requests("GET", ".*project.*")]


async def test_version__wrong_key(tmp_path: Path) -> None:
    """A key that is not accepted is no reachable platform."""
    async with a_team(tmp_path, api_key=Secret("wrong-key-123456")) as team:
        with pytest.raises(AccessRefused):
            await team.platform.reads.version()
        team.server.forget()


async def test_launchers__all_pages(team: TeamStage) -> None:
    """Every project is there once, an inactive one too, which cannot be started."""
    added = [team.server.add_project(f"p{n}") for n in range(120)]
    off = team.server.add_project("off", status="Inactive")

    rows = await there(team.platform.lists_launchers).launchers()

    assert {row.key for row in rows} == {team.server.project_id, *added, off}
    assert len(rows) == len({row.key for row in rows})
    assert [row.key for row in rows if not row.enabled] == [off]


# Launch -------------------------------------------------------------------------------------------


async def test_launch__opens_a_record(team: TeamStage) -> None:
    """A launch creates a record that is running and holds nothing; it can be looked at from then on."""
    run_id = await team.record("Nightly tests")

    run = await team.platform.reads.run(run_id)
    there_now = team.server.run(run_id)
    assert (there_now.label, there_now.status) == ("Nightly tests", "Running")
    assert (run.status, run.status_text, run.launcher) == (RunStatus.IN_PROGRESS, "Running", "Nightly tests")
    assert run.created_at == team.server.now()
    assert (await team.platform.reads.results(run)).availability is Availability.ABSENT


async def test_launch__runs_nothing(team: TeamStage) -> None:
    """So no quota counts it; the settings know that before the connection is opened."""
    assert KIND.runs_nothing is team.platform.runs_nothing is True
    assert there(team.platform.launches).minutes(LaunchRequest(launcher="Nightly tests", key="k")) is None


async def test_launch__guide_without_the_key(team: TeamStage) -> None:
    """Three lines of curl report into the record, with the key by the name of its variable alone."""
    request = LaunchRequest(launcher="p", launcher_key=team.server.project_id, key="k")

    lines = there(team.platform.guides).lines(request, "run_x1")

    assert len(lines) == 3
    assert all(line.startswith("curl ") and team.server.base_url in line for line in lines)
    assert '"test_run_id": "run_x1"' in lines[0]
    assert lines[2].endswith("/run/run_x1")
    assert team.server.api_key not in "".join(lines)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("started, then dropped", Unclear),
        ("dropped", Unclear),
        ("forbidden", Refused),
        ("unavailable", Unclear),
    ],
)
async def test_launch__is_never_sent_twice(team: TeamStage, fault: str, outcome: type) -> None:
    """Whatever becomes of the answer, a record is created with one request."""
    team.server.misbehave(fault, method="POST", path=".*/run/")
    request = LaunchRequest(launcher="p", launcher_key=team.server.project_id, key="k")

    said = await there(team.platform.launches).launch(request)

    assert isinstance(said, outcome)
    assert len(team.server.requests("POST", ".*/run/$")) == 1


async def test_ids__as_numbers(team: TeamStage) -> None:
    """An id that comes as a number is kept as text."""
    team.server.misbehave("numeric id", method="POST", path=".*/run/")
    request = LaunchRequest(launcher="p", launcher_key=team.server.project_id, key="k")

    outcome = await there(team.platform.launches).launch(request)

    assert isinstance(outcome, Started)
    assert outcome.run_id is not None
    assert outcome.run_id.isdigit()
    team.server.forget()


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    [("lower case", RunStatus.COMPLETED, "failed"), ("unknown status", RunStatus.UNKNOWN, "")],
)
async def test_result__words_in_any_case(team: TeamStage, fault: str, status: RunStatus, word: str) -> None:
    """Words are compared without regard to case; an unknown one is kept and shown, and is never an end."""
    result_id = team.server.add_result(team.server.project_id, "t1", "Failed")
    team.server.misbehave(fault, method="GET", path=".*/result/.*", times=2)

    run = await team.platform.reads.run(result_id)
    results = await team.platform.reads.results(run)

    assert run.status is status
    assert run.status_text == (word or run.status_text)
    assert run.status_text != "Failed"
    assert len(results.failing) == (status is RunStatus.COMPLETED)


async def test_launch__is_open_although_running_was_lost(team: TeamStage) -> None:
    """A record that could not be set to running is a record all the same."""
    team.server.misbehave("unavailable", method="POST", path=".*/run/run_.*")

    run_id = await team.record()

    assert (await team.platform.reads.run(run_id)).status is RunStatus.STARTING


async def test_cancel__completes(team: TeamStage) -> None:
    """There is nothing to stop: a record is completed, and has ended with what it holds."""
    run_id = await team.record()

    await there(team.platform.cancels).cancel(run_id)

    assert team.server.run(run_id).status == "Completed"
    assert (await team.platform.reads.run(run_id)).status is RunStatus.COMPLETED
    with pytest.raises(NotAvailable, match="single result"):
        await there(team.platform.cancels).cancel("res_abc")


# Reading ------------------------------------------------------------------------------------------


async def test_run__of_others_is_not_there(team: TeamStage) -> None:
    """A run that Clew did not write cannot be read, and the sentence says what can be."""
    other = team.server.add_run(team.server.project_id, label="theirs")

    with pytest.raises(NotFound, match="was not written by Clew"):
        await team.platform.reads.run(other)


async def test_result__by_itself(team: TeamStage) -> None:
    """A result is a run of one test, with the label of its run; from then on that run is known too."""
    run_id = team.server.add_run(team.server.project_id, label="their nightly")
    result_id = team.server.add_result(
        team.server.project_id, "test_login", "Failed", test_run_id=run_id, error_message="401 from /session"
    )

    run = await team.platform.reads.run(result_id)
    results = await team.platform.reads.results(run)

    assert (run.launcher, run.status, run.description) == (
        "test_login",
        RunStatus.COMPLETED,
        "A result of the test run their nightly.",
    )
    [check] = results.checks
    assert check.failing
    assert check.first is not None
    assert (check.name, check.ref, check.first.text) == ("test_login", result_id, "401 from /session")
    whole = await team.platform.reads.run(run_id)
    assert whole.launcher == "their nightly"
    assert [c.name for c in (await team.platform.reads.results(whole)).failing] == ["test_login"]


@pytest.mark.parametrize(
    ("word", "status"),
    [("Pending", RunStatus.STARTING), ("Running", RunStatus.IN_PROGRESS), ("Skipped", RunStatus.COMPLETED)],
)
async def test_result__how_it_stands(team: TeamStage, word: str, status: RunStatus) -> None:
    """A result that goes on is a run that goes on."""
    result_id = team.server.add_result(team.server.project_id, "t1", word)

    run = await team.platform.reads.run(result_id)

    assert (run.status, run.status_text) == (status, word)


async def test_results__read_anew(team: TeamStage) -> None:
    """Somebody calls a failure known in the dashboard: it does not count any more, and is said to be known to fail."""
    run_id = await _published(team)
    run = await team.platform.reads.run(run_id)
    before = await team.platform.reads.results(run)
    [failing] = before.failing
    team.server.change_result(failing.ref or "", status="KnownFail")

    after = await team.platform.reads.results(run)

    assert [c.name for c in before.failing] == ["No lost writes"]
    assert after.failing == ()
    assert [c.name for c in after.excused] == ["No lost writes"]
    assert after.note == "This platform lists no results: these are the ones that Clew wrote or was told of."


async def test_run__ends_when_all_known_results_have(team: TeamStage) -> None:
    """A record that nobody completes ends ten minutes after its last known result, as far as Clew knows."""
    run_id = await team.record()
    result_id = team.server.add_result(team.server.project_id, "t1", "Running", test_run_id=run_id)
    await team.platform.reads.run(result_id)
    assert (await team.platform.reads.run(run_id)).status is RunStatus.IN_PROGRESS

    team.server.change_result(result_id, status="Passed")
    team.server.advance(301)
    assert (await team.platform.reads.run(run_id)).status is RunStatus.IN_PROGRESS
    team.server.advance(599)
    assert (await team.platform.reads.run(run_id)).status is RunStatus.IN_PROGRESS
    team.server.advance(2)
    run = await team.platform.reads.run(run_id)

    assert (run.status, run.status_text) == (RunStatus.COMPLETED, "ended, as far as Clew knows")
    assert len(team.server.requests("GET", f".*{result_id}")) == 2


async def test_run__goes_on_while_a_result_is_open(team: TeamStage) -> None:
    """However long ago the others ended: one that is still running may fail yet."""
    run_id = await team.record()
    for name, word in (("t1", "Passed"), ("t2", "Running")):
        result_id = team.server.add_result(team.server.project_id, name, word, test_run_id=run_id)
        await team.platform.reads.run(result_id)
    team.server.advance(3_600)

    assert (await team.platform.reads.run(run_id)).status is RunStatus.IN_PROGRESS


async def test_run__open_results_are_looked_at_slowly(team: TeamStage) -> None:
    """What nobody asks for is looked at every five minutes, however often Clew polls."""
    run_id = await team.record()
    result_id = team.server.add_result(team.server.project_id, "t1", "Running", test_run_id=run_id)
    await team.platform.reads.run(result_id)
    for _ in range(10):
        await team.platform.reads.run(run_id)
        team.server.advance(60)

    assert len(team.server.requests("GET", f".*{result_id}")) == 1 + 1


async def test_results__removed_there(team: TeamStage) -> None:
    """A result that was removed in the dashboard is no longer said to fail, and the rest says that it is gone."""
    run_id = await team.record()
    kept = team.server.add_result(team.server.project_id, "t1", "Failed", test_run_id=run_id)
    await team.platform.reads.run(kept)
    gone = team.server.add_result(team.server.project_id, "t2", "Failed", test_run_id=run_id)
    await team.platform.reads.run(gone)
    team.server.misbehave("not found", method="GET", path=f".*/result/{gone}")

    results = await team.platform.reads.results(await team.platform.reads.run(run_id))

    assert [c.name for c in results.failing] == ["t1"]
    assert "1 result of them removed there since." in results.note


async def test_run__is_of_its_project(team: TeamStage) -> None:
    """A record is called by its label, else by its project's name, never by an id; and is of the project either way."""
    labelled = await team.platform.reads.run(await team.record("Nightly tests"))
    plain = await team.platform.reads.run(await team.record(""))
    await team.platform.reads.run(plain.ref.run_id)

    assert (labelled.launcher, labelled.launcher_name) == ("Nightly tests", "Web shop")
    assert (plain.launcher, plain.launcher_name, plain.test_name) == ("Web shop", None, None)
    assert all(run.is_of("Web shop") and not run.is_of("Accounts") for run in (labelled, plain))
    assert len(team.server.requests("GET", ".*/project/")) == 1


async def test_run__of_a_result_without_a_label(team: TeamStage) -> None:
    """A run that only one of its results names is called by its project too."""
    run_id = team.server.add_run(team.server.project_id)
    result_id = team.server.add_result(team.server.project_id, "t1", "Passed", test_run_id=run_id)
    await team.platform.reads.run(result_id)

    assert (await team.platform.reads.run(run_id)).launcher == "Web shop"


async def test_run__projects_that_cannot_be_read(team: TeamStage) -> None:
    """A list of projects that is none takes nothing from the record; a server that is away is asked again."""
    run_id = await team.record()
    team.server.misbehave("captive portal", method="GET", path=".*/project/")
    odd = await team.platform.reads.run(run_id)

    run = await team.platform.reads.run(run_id)

    assert (odd.launcher, odd.launcher_name) == ("Nightly", team.server.project_id)
    assert (run.launcher, run.launcher_name) == ("Nightly", "Web shop")


# Publishing ---------------------------------------------------------------------------------------


async def _published(team: TeamStage) -> str:
    """Write a failing and a passing check, and complete the record."""
    publishes = there(team.platform.publishes)
    outcome = await publishes.open_record(REQUEST)
    assert isinstance(outcome, Started)
    run_id = outcome.run_id or ""
    await publishes.begin(run_id)
    for check in (A_CHECK, PublishedCheck(name="x", status=CheckStatus.PASSING)):
        await _write(team, run_id, check)
    await publishes.complete(run_id)
    return run_id


async def _write(team: TeamStage, run_id: str, check: PublishedCheck) -> str:
    """Write a check as the worker does, which also keeps it in the ledger."""
    publishes = there(team.platform.publishes)
    result_id = await publishes.write(run_id, check)
    assert result_id is not None
    if publishes.unsaid(check):
        await publishes.tell(result_id, check)
    entry = ledger_result(
        PublishedResult(position=0, check=check, result_id=result_id), RunRef("af", run_id), team.server.now()
    )
    assert entry is not None
    await team.store.write_results([entry])
    return result_id


async def test_publish__what_is_there_then(team: TeamStage) -> None:
    """Record, results, messages and times are there as they were meant, and the counts are those of the end."""
    run_id = await _published(team)

    record = team.server.run(run_id)
    first, second = team.server.results_of(run_id)
    assert (record.label, record.status, record.metadata) == (
        "Payments Nightly 1",
        "Completed",
        {"run": "r1"},
    )
    assert (first.test_name, first.status, first.error_message, first.execution_time_ms) == (
        "No lost writes",
        "Failed",
        "counterexample at 45.334 s",
        1250,
    )
    assert (second.test_name, second.status) == ("test x", "Passed")
    assert sum((record.counts or {}).values()) == 2


async def test_publish__time_is_not_taken_at_the_create(team: TeamStage) -> None:
    """Where a result's time is refused when it is written, it is written without, once, and the time is said after."""
    team.server.switch(times_at_create=False)
    run_id = await _published(team)

    first, _ = team.server.results_of(run_id)
    assert first.execution_time_ms == 1250
    assert len(team.server.results_of(run_id)) == 2
    team.server.forget()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("rate limited", RateLimited), ("forbidden", AccessRefused), ("unprocessable", Rejected)],
)
async def test_publish__result_surely_not_there(
    team: TeamStage, fault: str, error: type[ServiceError]
) -> None:
    """A refusal says that a result is not there."""
    publishes = there(team.platform.publishes)
    run_id = await team.record()
    team.server.misbehave(fault, method="POST", path=".*/result/")

    with pytest.raises(error):
        await publishes.write(run_id, A_CHECK)

    assert team.server.results_of(run_id) == []


@pytest.mark.parametrize(
    ("fault", "results"), [("started, then dropped", 1), ("dropped", 0), ("unavailable", 0)]
)
async def test_publish__result_that_may_be_there(team: TeamStage, fault: str, results: int) -> None:
    """A lost answer says nothing; it is not asked a second time by itself."""
    run_id = await team.record()
    team.server.misbehave(fault, method="POST", path=".*/result/")

    assert await there(team.platform.publishes).write(run_id, A_CHECK) is None
    assert len(team.server.results_of(run_id)) == results


async def test_publish__file_is_seen_once_it_is_kept(team: TeamStage) -> None:
    """A file is announced, its bytes go to another origin without the key, and people see it once it is confirmed."""
    publishes = there(team.platform.publishes)
    result_id = await _write(team, await team.record(), A_CHECK)
    upload = await publishes.announce_file(result_id, "log before 45.334 s.txt", 9)
    await publishes.send_file(upload, b"balance 1")
    assert not await publishes.is_kept(result_id, upload.file_id)

    await publishes.keep_file(upload.file_id)

    assert await publishes.is_kept(result_id, upload.file_id)
    excerpt = await there(team.platform.run_logs).run_log(RunLogQuery(run_id=result_id), _quiet)
    assert [line.text for line in excerpt.lines] == ["balance 1"]
    assert team.server.objects.violations() == []


async def test_publish__target(team: TeamStage, tmp_path: Path) -> None:
    """Where runs go is named, and what is wrong with it said before anything is written."""
    assert await there(team.platform.publishes).target() == f"Web shop ({team.server.project_id})"
    for project, said in ((None, "name no project"), ("project_other", "does not see the project")):
        async with a_team(tmp_path, project=project) as other:
            with pytest.raises(NotAvailable, match=said):
                await there(other.platform.publishes).target()


# Files --------------------------------------------------------------------------------------------


async def test_log__newest_of_the_failing_result(team: TeamStage) -> None:
    """Of a run the first failing result is meant, of its files the newest log; a filter and a count narrow it."""
    run_id = await team.record()
    result_id = team.server.add_result(team.server.project_id, "t1", "Failed", test_run_id=run_id)
    await team.platform.reads.run(result_id)
    team.server.add_artifact(result_id, "old.log", "old")
    team.server.advance(60)
    team.server.add_artifact(result_id, "server.log", "\n".join(f"10:31 balance {n}" for n in range(100)))
    team.server.add_artifact(result_id, "picture.png", "x", kind="Image")
    logs = there(team.platform.run_logs)

    excerpt = await logs.run_log(RunLogQuery(run_id=run_id, lines=2, grep="9"), _quiet)
    pattern = await logs.run_log(RunLogQuery(run_id=run_id, lines=2, grep="/BALANCE [0-4]$/i"), _quiet)
    named = await logs.run_log(RunLogQuery(run_id=result_id, artifact="old", file=True), _quiet)

    assert ([line.text for line in pattern.lines], pattern.matched) == (
        ["10:31 balance 3", "10:31 balance 4"],
        5,
    )
    assert [line.text for line in excerpt.lines] == ["10:31 balance 98", "10:31 balance 99"]
    assert (excerpt.matched, excerpt.total) == (19, 100)
    assert excerpt.kept_until == team.server.now() + timedelta(days=30)
    assert named.path is not None
    assert await asyncio.to_thread(Path(named.path).read_text) == "old"


async def test_log__nothing_to_show(team: TeamStage) -> None:
    """What is not there is a sentence that says what there is."""
    run_id = await team.record()
    result_id = team.server.add_result(team.server.project_id, "t1", "Passed", test_run_id=run_id)
    await team.platform.reads.run(result_id)
    team.server.add_artifact(result_id, "picture.png", "x", kind="Image")
    logs = there(team.platform.run_logs)

    for query, said in (
        (RunLogQuery(run_id=run_id), "No failing result"),
        (RunLogQuery(run_id=result_id), "has no log. It has “picture.png”."),
        (RunLogQuery(run_id=result_id, artifact="x.txt"), "no file called “x.txt”"),
    ):
        with pytest.raises(NotAvailable, match=said):
            await logs.run_log(query, _quiet)


async def test_log__link_that_expired(team: TeamStage) -> None:
    """A link that the object store refuses is said to be gone, and says nothing of the key."""
    result_id = team.server.add_result(team.server.project_id, "t1", "Failed")
    team.server.add_artifact(result_id, "server.log", "x")
    team.server.objects.misbehave("forbidden")

    with pytest.raises(NotAvailable, match="can no longer be fetched"):
        await there(team.platform.run_logs).run_log(RunLogQuery(run_id=result_id), _quiet)
