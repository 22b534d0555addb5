"""What is sent once to a Testhide server, against every fault: nothing untrue is said of what became of it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from bot.errors import ServiceError
from bot.model import LaunchRequest, Refused, Started, Unclear
from bot.platform import Platform
from bot.triage import Classification, QuarantineRequest, Question, RerunRequest, RerunScope
from tests.fakes.testhide_client import a_testhide

A, B, C = (f"tests/test_part_000.py::test_case_{n}" for n in range(3))
FAULTS = (
    "unauthorized", "forbidden", "not found", "conflict", "unprocessable", "rate limited", "rate limited, no header",
    "server error", "unavailable", "bad gateway", "captive portal", "redirect", "gzip bomb", "half JSON", "dropped",
    "started, then dropped", "started, then HTML",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A server with a build that failed, one that runs, and a job with a quarantined test."""

    server: SimulatedTesthide
    platform: Platform
    job: str
    failed: str
    running: str


async def _told(server: SimulatedTesthide, platform: Platform) -> Told:
    job = server.add_job("Smoke Tests", max_parallel=2, flaky=[A])
    server.quarantine(job, C)
    failed = server.add_build(job, failing=[A])
    return Told(server, platform, job, failed, server.add_build(job, status="running"))


async def _outcome(ask: Callable[[Told], Awaitable[object]], told: Told) -> object:
    try:
        return await ask(told)
    except ServiceError as error:
        return error


async def _launch(told: Told) -> object:
    assert told.platform.launches is not None
    request = LaunchRequest(launcher="Smoke Tests", launcher_key=told.job, key="0123456789abcdef")
    return await told.platform.launches.launch(request)


async def _rerun(told: Told, scope: RerunScope) -> object:
    assert told.platform.reruns is not None
    return await told.platform.reruns.rerun(RerunRequest(run_id=told.failed, scope=scope))


async def _quarantine(told: Told) -> object:
    assert told.platform.quarantines is not None
    request = QuarantineRequest(launcher="Smoke Tests", launcher_key=told.job, check=B, reason="infra")
    return await told.platform.quarantines.quarantine(request)


async def _take_out(told: Told) -> object:
    assert told.platform.quarantines is not None
    request = QuarantineRequest(launcher="Smoke Tests", launcher_key=told.job, check=C, remove=True)
    return await told.platform.quarantines.quarantine(request)


async def _cancel(told: Told) -> object:
    assert told.platform.cancels is not None
    await told.platform.cancels.cancel(told.running)
    return None


async def _classify(told: Told) -> object:
    assert told.platform.classifies is not None
    number = told.server.build(told.failed).all_results[0].number
    wanted = Classification(run_id=told.failed, check=A, ref=told.server.ids.text(number), kind="infra")
    return await told.platform.classifies.classify(wanted)


async def _diagnose(told: Told) -> object:
    assert told.platform.diagnoses is not None
    return await told.platform.diagnoses.diagnose(told.failed)


async def _ask(told: Told) -> object:
    assert told.platform.asks is not None
    return await told.platform.asks.ask(Question(text="Why?", run_id=told.failed))


@dataclass(frozen=True)
class Act:
    """Something that is sent once: the call, the path it goes to, and whether the server did it."""

    ask: Callable[[Told], Awaitable[object]]
    path: str
    happened: Callable[[Told], bool]


def _built(told: Told) -> bool:
    return len(told.server.world.builds()) > len((told.failed, told.running))


def _entries(told: Told) -> set[str]:
    return set(told.server.world.quarantine[int(told.job)])


ACTS: Mapping[str, Act] = {
    "launch": Act(_launch, "/builds/start", _built),
    "rerun": Act(lambda told: _rerun(told, RerunScope.FAILED), "/builds/{build_id}/restart", _built),
    "retry": Act(lambda told: _rerun(told, RerunScope.FLAKY), "/builds/{build_id}/retry-flaky", _built),
    "quarantine": Act(_quarantine, "/quarantine", lambda told: B in _entries(told)),
    "take out": Act(_take_out, "/quarantine/bulk", lambda told: C not in _entries(told)),
    "cancel": Act(
        _cancel, "/builds/{build_id}/stop", lambda told: told.server.build(told.running).status == "aborted"
    ),
    "classify": Act(_classify, "/tests/{test_id}/classification", lambda told: bool(told.server.world.said)),
    "diagnose": Act(_diagnose, "/ai/diagnose", lambda _: True),
    "ask": Act(_ask, "/ai/chat", lambda _: True),
}


@pytest.mark.parametrize("fault", [*FAULTS, "unlicensed", "done, then 500"])
@pytest.mark.parametrize("name", ACTS)
async def test_act__is_sent_once_and_nothing_untrue_is_said_of_it(
    tmp_path: Path, name: str, fault: str
) -> None:
    """Refused only where nothing was done, done only where it was; all else is unclear or an error."""
    act = ACTS[name]
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        changes: dict[str, Any] = {"path": "/api/v3" + re.sub(r"\{\w+\}", "[0-9]+", act.path), "times": None}
        changes |= {"unpacks_to": 24} if fault == "gzip bomb" else {}
        changes |= {"acts": True} if fault == "done, then 500" else {}
        server.misbehave("server error" if fault == "done, then 500" else fault, **changes)
        outcome = await _outcome(act.ask, told)
        happened = act.happened(told)
        asked = server.counts[f"POST {act.path}"]
        secrets = server.secrets()

    assert asked == 1
    assert not (isinstance(outcome, Refused) and happened)
    assert happened or isinstance(outcome, Refused | Unclear | ServiceError)
    assert not any(secret in repr(outcome) for secret in secrets)


@pytest.mark.parametrize("name", ACTS)
async def test_act__is_done_by_a_good_server(tmp_path: Path, name: str) -> None:
    """And said to be."""
    async with a_testhide(tmp_path) as (server, service):
        told = await _told(server, service.platform)
        outcome = await _outcome(ACTS[name].ask, told)
        happened = ACTS[name].happened(told)

    assert happened
    assert not isinstance(outcome, Refused | Unclear | ServiceError)


CREATES = 300


async def test_launch__many_with_lost_answers_double_none(tmp_path: Path) -> None:
    """Every tenth answer is lost, half of them after the work: a key never has two builds, and no outcome is untrue."""
    dice = random.Random(20260514)
    async with a_testhide(tmp_path) as (server, service):
        job = server.add_job("Smoke Tests")
        outcomes: dict[str, object] = {}
        for number in range(CREATES):
            if dice.random() < 0.1:
                server.misbehave(dice.choice(("dropped", "started, then dropped")), path=".*/builds/start")
            key = f"{number:016x}"
            outcomes[key] = await service.launch(
                LaunchRequest(launcher="Smoke Tests", launcher_key=job, key=key)
            )
        built = Counter(build.env["CLEW_REQUEST_ID"] for build in server.world.builds())
        asked = server.counts["POST /builds/start"]

    unclear = {key for key, outcome in outcomes.items() if isinstance(outcome, Unclear)}
    assert asked == CREATES
    assert max(built.values()) == 1
    assert {key for key, outcome in outcomes.items() if isinstance(outcome, Started)} == set(built) - unclear
    assert 0 < len(unclear & set(built)) < len(unclear)
