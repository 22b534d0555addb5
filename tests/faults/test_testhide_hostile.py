"""Every fault of a Testhide server at every call of its client: an error in words or a right answer, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from adapters.simulator.testhide.server import OWN_FAULTS
from bot.errors import ServiceError
from bot.model import (
    LaunchRequest,
    Refused,
    Results,
    Run,
    RunLogQuery,
    RunQuery,
    RunRef,
    RunStatus,
    Says,
    Started,
    Unclear,
)
from bot.platform import Platform
from tests.fakes.testhide_client import a_testhide

A, B = (f"tests/test_part_000.py::test_case_{n}" for n in range(2))
FOR_EVER: dict[str, Any] = {"times": None, "method": ".*"}
FAULTS = sorted(
    {*SimulatedTesthide.faults} - {"slow", "slow first byte", "stream error", "stream cut", *OWN_FAULTS}
)
"""Those that any answer can have, and that do not have to be waited for."""


@dataclass(frozen=True)
class Told:
    """A server with a build that failed, one that runs and a job to start."""

    server: SimulatedTesthide
    platform: Platform
    job: str
    failed: str
    running: str


async def _report(_sentence: str) -> None:
    return None


async def _listed(told: Told) -> list[Run]:
    assert told.platform.lists is not None
    return [run async for page in told.platform.lists.runs(RunQuery()) for run in page]


async def _results(told: Told) -> Results:
    return await told.platform.reads.results(_known(told))


def _known(told: Told) -> Run:
    return Run(ref=RunRef("demo", told.failed), status=RunStatus.COMPLETED, status_text="failed",
               says=Says.FAILED, launcher="Smoke Tests", launcher_key=told.job)  # fmt: skip


async def _log(told: Told, **query: Any) -> object:
    assert told.platform.run_logs is not None
    return await told.platform.run_logs.run_log(RunLogQuery(run_id=told.failed, **query), _report)


async def _history(told: Told) -> object:
    assert told.platform.histories is not None
    number = told.server.build(told.failed).all_results[0].number
    return await told.platform.histories.history(told.server.ids.text(number))


async def _launchers(told: Told) -> object:
    assert told.platform.lists_launchers is not None
    return await told.platform.lists_launchers.launchers()


async def _checks(told: Told) -> object:
    assert told.platform.reads_checks is not None
    return await told.platform.reads_checks.checks(_known(told), [A, B])


READS: Mapping[str, Callable[[Told], Awaitable[object]]] = {
    "version": lambda told: told.platform.reads.version(),
    "run": lambda told: told.platform.reads.run(told.failed),
    "results": _results,
    "checks": _checks,
    "runs": _listed,
    "launchers": _launchers,
    "log": _log,
    "log of a test": lambda told: _log(told, check=A),
    "log as a file": lambda told: _log(told, file=True),
    "artifact": lambda told: _log(told, artifact="logs/pipeline.log"),
    "history": _history,
}


async def _told(server: SimulatedTesthide, platform: Platform) -> Told:
    job = server.add_job("Smoke Tests", max_parallel=2)
    failed = server.add_build(job, failing=[A])
    return Told(server, platform, job, failed, server.add_build(job, status="running"))


async def _outcome(ask: Callable[[Told], Awaitable[object]], told: Told) -> object:
    try:
        return await ask(told)
    except ServiceError as error:
        return error


def _is_green(outcome: object) -> bool:
    """Whether an answer says of the failed build that it passed, or that nothing fails in it."""
    if isinstance(outcome, Run):
        return outcome.says is Says.PASSED
    return isinstance(outcome, Results) and outcome.counts is not None and not outcome.total.failing


@pytest.mark.parametrize("fault", FAULTS)
async def test_read__is_an_error_in_words_or_right(tmp_path: Path, fault: str) -> None:
    """Whatever every answer is like: nothing else is raised, nothing turns green, no key is told."""
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        server.misbehave(fault, **FOR_EVER, **({"unpacks_to": 24} if fault == "gzip bomb" else {}))
        outcomes = {name: await _outcome(ask, told) for name, ask in READS.items()}
        secrets = server.secrets()

    green = [name for name, outcome in outcomes.items() if _is_green(outcome)]
    leaks = [
        name
        for name, outcome in outcomes.items()
        if any(s in repr(outcome) + str(getattr(outcome, "detail", "")) for s in secrets)
    ]
    assert (green, leaks) == ([], [])
    assert all(str(error).strip() for error in outcomes.values() if isinstance(error, ServiceError))


FIELDS = (
    "id", "status", "job_id", "project_id", "branch", "duration_s", "total", "results", "passed", "failed", "skipped",
    "total_tests", "node_id", "duration_ms", "message", "lines", "total_lines", "history", "build_id", "name",
    "size_bytes", "type", "enabled", "quarantined_at", "version",
)  # fmt: skip


@pytest.mark.parametrize("value", [None, {"x": 1}, -1])
async def test_read__one_field_of_a_wrong_type(tmp_path: Path, value: object) -> None:
    """Field by field, in every answer: it degrades alone or is an error, and never makes a failed build green."""
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        for field in FIELDS:
            server.behave()
            server.misbehave("wrong type", **FOR_EVER, sets={field: value})
            for name, ask in READS.items():
                outcome = await _outcome(ask, told)
                assert not _is_green(outcome), (field, name, outcome)
        server.forget()


@pytest.mark.parametrize("fault", ["bad gateway", "dropped", "rate limited", "server error", "unavailable"])
@pytest.mark.parametrize("name", READS)
async def test_read__what_passes_is_asked_again(tmp_path: Path, fault: str, name: str) -> None:
    """One bad answer is not told to anybody: the read is the one that a good server gives."""
    wait = {"headers": {"Retry-After": "0"}} if fault == "rate limited" else {}
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        server.misbehave(fault, **wait)
        spoilt = await _outcome(READS[name], told)
        good = await _outcome(READS[name], told)

    assert not isinstance(good, ServiceError)
    assert _comparable(spoilt) == _comparable(good)


def _comparable(outcome: object) -> str:
    return re.sub(r"path='[^']*'|PosixPath\('[^']*'\)", "", repr(outcome))


@pytest.mark.parametrize("fault", [*FAULTS, "started, then 500"])
async def test_launch__is_sent_once_and_never_said_to_have_happened_for_sure(
    tmp_path: Path, fault: str
) -> None:
    """Refused only where nothing was started, started only where it was; all else is unclear."""
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        before = len(server.world.builds())
        if fault == "started, then 500":
            server.misbehave("server error", acts=True, path=".*/builds/start")
        else:
            server.misbehave(
                fault, path=".*/builds/start", **({"unpacks_to": 24} if fault == "gzip bomb" else {})
            )
        assert told.platform.launches is not None
        request = LaunchRequest(launcher="Smoke Tests", launcher_key=told.job, key="0123456789abcdef")
        outcome = await told.platform.launches.launch(request)
        built = len(server.world.builds()) - before
        asked = server.counts["POST /builds/start"]

    assert asked == 1
    assert isinstance(outcome, (Started, Refused, Unclear))
    assert not (isinstance(outcome, Refused) and built)
    assert not (isinstance(outcome, Started) and not built)
