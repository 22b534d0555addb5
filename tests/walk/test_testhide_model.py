"""What Testhide's model says, as served in odd shapes: a value that cannot be is left out, a secret is never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NotAvailable, ServiceError, UnexpectedAnswer
from bot.model import Refused
from bot.platform import Platform
from bot.triage import Classification, Question, RerunRequest, RerunScope
from tests.fakes.service import there
from tests.fakes.testhide_client import a_testhide

A, B = "tests/test_auth.py::test_login", "tests/test_shop.py::test_cart"
DIAGNOSE, CHAT, HEALTH = "/api/v3/ai/diagnose", "/api/v3/ai/chat", "/api/v3/ai/tests/health"


async def _failed(server: Any, platform: Platform) -> tuple[str, str, str]:
    """Let a build fail; return its job, its id, and the id of the result."""
    job = server.add_job("Smoke Tests", tests=[A, B], flaky=[B])
    build = server.add_build(job, age=300, failing=[A])
    (check,) = (await platform.reads.results(await platform.reads.run(build))).failing
    return job, build, there(check.ref)


@pytest.mark.parametrize(
    ("sets", "confidence", "affected"),
    [
        ({"confidence": 87}, None, 1),
        ({"confidence": -0.1, "affected_tests": -3}, None, None),
        ({"confidence": "high", "affected_tests": "all"}, None, None),
        ({"confidence": 0, "affected_tests": 0, "suggested_fix": None}, 0.0, 0),
        ({"confidence": None, "suggested_fix": ["a"]}, None, 1),
    ],
)
async def test_diagnose__what_cannot_be_is_left_out(
    tmp_path: Path, sets: Mapping[str, Any], confidence: float | None, affected: int | None
) -> None:
    """The cause stands, whatever is wrong beside it."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        server.misbehave("wrong type", path=DIAGNOSE, sets=sets)
        opinion = await there(service.platform.diagnoses).diagnose(build)

    assert opinion.cause
    assert (opinion.confidence, opinion.affected) == (confidence, affected)


@pytest.mark.parametrize("cause", [None, "", 7, {"text": "x"}])
async def test_diagnose__without_a_cause_is_none(tmp_path: Path, cause: object) -> None:
    """An opinion that names nothing is not shown as one."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        server.misbehave("wrong type", path=DIAGNOSE, sets={"root_cause": cause})

        with pytest.raises(UnexpectedAnswer):
            await there(service.platform.diagnoses).diagnose(build)


async def test_diagnose__stands_where_the_budget_cannot_be_read(tmp_path: Path) -> None:
    """Tokens were spent, so what came of them is shown."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        server.misbehave("server error", path="/api/v3/ai/quota", times=9)
        opinion = await there(service.platform.diagnoses).diagnose(build)
        asked = len(server.requests("POST", DIAGNOSE))

    assert (opinion.budget, asked) == (None, 1)


async def test_ask__a_reply_of_any_shape(tmp_path: Path) -> None:
    """Secrets that the model repeats are masked, escapes are dropped, lines stay lines, sources that are none are left out."""
    said = "first\x1b[31m th_live_CANARYCANARYCANARY1\nsecond\x00 line\n" + "x" * 100_000
    sets = {"reply": said, "sources": ["build:9812", 7, None, "test:47821", {"a": 1}], "session_id": 12}
    async with a_testhide(tmp_path) as (server, service):
        server.misbehave("wrong type", path=CHAT, sets=sets)
        answer = await there(service.platform.asks).ask(Question(text="why?"))

    lines = answer.text.splitlines()
    assert "CANARY" not in answer.text
    assert not {"\x1b", "\x00"} & set(answer.text)
    assert (lines[0].startswith("first"), lines[1].startswith("second"), len(lines)) == (True, True, 3)
    assert len(answer.text) < 3_000
    assert answer.sources == ("build 9812", "test 47821")
    assert answer.conversation == "12"


async def test_ask__what_it_is_about_goes_along_in_words(tmp_path: Path) -> None:
    """The build by its id; the test by its name, since the model numbers tests otherwise than results."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        await there(service.platform.asks).ask(Question(text="why?", run_id=build, check=A))
        (request,) = server.requests("POST", CHAT)

    assert A in str(request)
    assert "test_id" not in str(request)


async def test_flaky__rates_and_health_that_cannot_be(tmp_path: Path) -> None:
    """They are left out, and the test is named all the same."""
    async with a_testhide(tmp_path) as (server, service):
        job = server.add_job("Smoke Tests", tests=[A, B], flaky=[B])
        for age in range(20):
            server.add_build(job, age=9_000.0 - age * 60, failing=[B] if age % 3 == 0 else [])
        sets = {"health_score": 170, "recommended_action": 3}
        server.misbehave("wrong type", path=HEALTH, sets=sets)
        (found,) = await there(service.platform.finds_flaky).flaky(job)

    assert (found.name, found.health, found.advice) == (B, None, "")
    assert found.rate is not None


async def test_all__without_a_licence_is_a_sentence(tmp_path: Path) -> None:
    """Nothing of it blames the key, and the server's own words are kept."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        server.set_manners(ai=False)
        platform = service.platform
        for asked in (
            there(platform.diagnoses).diagnose(build),
            there(platform.asks).ask(Question(text="why?")),
            there(platform.finds_flaky).flaky(""),
        ):
            with pytest.raises(NotAvailable, match="its licence may lack the AI features") as caught:
                await asked
            assert "licence" in caught.value.detail


async def test_rerun__nothing_flaky_is_refused_in_the_servers_words(tmp_path: Path) -> None:
    """And nothing is started."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, _ = await _failed(server, service.platform)
        outcome = await there(service.platform.reruns).rerun(
            RerunRequest(run_id=build, scope=RerunScope.FLAKY)
        )

    assert isinstance(outcome, Refused)
    assert "flaky" in outcome.reason


@pytest.mark.parametrize(
    ("refused", "taken"), [("defect", ("kind", "note")), ("classification", ("defect", "note"))]
)
async def test_classify__partly_taken(tmp_path: Path, refused: str, taken: tuple[str, ...]) -> None:
    """One part that is refused keeps no other from being sent, each once."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, ref = await _failed(server, service.platform)
        server.misbehave("forbidden", method="POST", path=f"/api/v3/tests/[^/]+/{refused}")
        wanted = Classification(run_id=build, check=A, ref=ref, kind="infra", defect_key="A-1",
                                defect_url="https://jira.example/A-1", note="x")  # fmt: skip
        kept = await there(service.platform.classifies).classify(wanted)
        sent = len(server.requests("POST", "/api/v3/tests/.*"))

    assert (kept.taken, sent) == (taken, 3)
    assert kept.refused


async def test_classify__nothing_taken_raises(tmp_path: Path) -> None:
    """So nobody is told that it was kept."""
    async with a_testhide(tmp_path) as (server, service):
        _, build, ref = await _failed(server, service.platform)
        server.misbehave("unavailable", method="POST", path="/api/v3/tests/.*", times=9)

        with pytest.raises(ServiceError):
            await there(service.platform.classifies).classify(
                Classification(run_id=build, check=A, ref=ref, kind="infra")
            )
