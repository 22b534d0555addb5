"""Every fault of the simulated Automated Future at every route: an error with a sentence or an answer, never a crash, never a double."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ServiceError
from bot.model import LaunchRequest, Refused, RunLogQuery, Started, Unclear
from bot.publication import PublishedCheck, Upload
from tests.contract.test_automated_future import A_CHECK, REQUEST
from tests.fakes.reports_client import TeamStage, a_team
from tests.fakes.service import there

FAULTS = (
    "rate limited", "rate limited, no header", "server error", "unavailable", "forbidden", "unauthorized", "conflict",
    "unprocessable", "bad gateway", "captive portal", "not found", "redirect", "gzip bomb", "half JSON", "wrong type",
    "dropped", "stream error", "started, then dropped", "started, then HTML", "no id", "numeric id", "lower case",
    "unknown status", "kept elsewhere",
)  # fmt: skip
SAID = 12  # characters that a sentence has at least


async def _quiet(_: str) -> None:
    """Hear nothing."""


async def _read(team: TeamStage, run_id: str, result_id: str) -> list[ServiceError]:
    """Read everything that can be read, and return what went wrong."""
    platform, wrong = team.platform, list[ServiceError]()
    reads = (
        platform.reads.version,
        there(platform.lists_launchers).launchers,
        there(platform.publishes).target,
        lambda: platform.reads.run(result_id),
        lambda: platform.reads.run(run_id),
        lambda: there(platform.run_logs).run_log(RunLogQuery(run_id=result_id), _quiet),
        lambda: there(platform.files).files(result_id, None),
    )
    for read in reads:
        try:
            await read()
        except ServiceError as error:
            wrong.append(error)
    return wrong


@pytest.mark.parametrize("fault", FAULTS)
async def test_reads__end_in_a_sentence(fault: str, tmp_path: Path) -> None:
    """Whatever an answer is, reading ends in an error with a sentence, without the key, or in what could be read."""
    async with a_team(tmp_path) as team:
        run_id = await team.record()
        result_id = team.server.add_result(team.server.project_id, "t1", "Failed", test_run_id=run_id)
        team.server.add_artifact(result_id, "server.log", "x")
        team.server.misbehave(fault, method="GET", times=None)
        team.server.objects.misbehave("forbidden")

        wrong = await _read(team, run_id, result_id)

        secrets = team.server.secrets()
        team.server.forget()
    for error in wrong:
        assert len(error.problem) > SAID
        assert [s for s in secrets if s in f"{error} {error.detail}"] == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_writes__are_sent_once(fault: str, tmp_path: Path) -> None:
    """Whatever comes back, a record, a result and a file are asked for once; what is said of it is an outcome or an error."""
    async with a_team(tmp_path) as team:
        platform, publishes = team.platform, there(team.platform.publishes)
        run_id = await team.record()
        result_id = team.server.add_result(team.server.project_id, "t1", "Failed", test_run_id=run_id)
        team.server.forget()
        team.server.misbehave(fault, method="POST", times=None)

        request = LaunchRequest(launcher="p", launcher_key=team.server.project_id, key="k")
        outcomes = [
            await there(platform.launches).launch(request),
            await publishes.open_record(REQUEST),
        ]
        wrong = await _write(team, run_id, result_id)

        opened = team.server.requests("POST", ".*/run/$")
        written = team.server.requests("POST", ".*/result/$")
        team.server.forget()
    assert all(isinstance(outcome, Started | Refused | Unclear) for outcome in outcomes)
    assert 1 <= len(opened) <= len(outcomes)  # none where the platform just asked for a pause
    assert len(written) <= 1
    assert all(len(error.problem) > SAID for error in wrong)


async def _write(team: TeamStage, run_id: str, result_id: str) -> list[ServiceError]:
    publishes, wrong = there(team.platform.publishes), list[ServiceError]()

    async def attach() -> Upload:
        return await publishes.announce_file(result_id, "a.txt", 1)

    check: PublishedCheck = A_CHECK
    acts = (
        lambda: publishes.write(run_id, check),
        lambda: publishes.tell(result_id, check),
        attach,
        lambda: publishes.keep_file("art_1"),
        lambda: publishes.begin(run_id),
        lambda: there(team.platform.cancels).cancel(run_id),
    )
    for act in acts:
        try:
            await act()
        except ServiceError as error:
            wrong.append(error)
    return wrong
