"""The report file among a build's artifacts: what it adds to a failing test, and that nothing hangs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.simulator.testhide.report_file import report_file
from bot.cards import plain
from tests.fakes import discord_bot, discord_cdn, slack_bot
from tests.fakes.clock import ManualClock
from tests.fakes.slack import serve
from tests.fakes.testhide_client import a_testhide
from tests.walk.test_testhide_talk import AUTH, REFUND, TESTS, Face, Talk, facts

ARTIFACTS, DOWNLOAD = "GET /artifacts", "GET /artifacts/{artifact_id}/download"


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    """Open everything."""
    clock = ManualClock()
    async with a_testhide(tmp_path, clock=clock) as (server, service):
        yield Talk(server, service, clock)


def a_build(talk: Talk) -> str:
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    return talk.server.add_build(job, age=7_000.0, failing={AUTH: "Expected 200, got 401", REFUND: "Timeout"})


async def test_failing__one_test_with_what_the_report_file_says(talk: Talk) -> None:
    """Two more requests, and only when one test is looked at."""
    build = a_build(talk)
    await talk.say(f"failing {build}")
    before = dict(talk.server.counts)
    card = (await talk.say(f"failing {build} 1")).card

    said = facts(card)

    assert before.get(ARTIFACTS) is None
    assert (talk.server.counts[ARTIFACTS], talk.server.counts[DOWNLOAD]) == (1, 1)
    assert said["Resolution"] == "Unresolved"
    assert len(said["Failure id"]) == 32
    assert card.excerpt is not None
    assert (card.excerpt.title, card.excerpt.lines) == (
        "From the report file",
        ("tests/test_auth.py:1: Expected 200, got 401",),
    )


async def test_failing__a_failure_that_the_test_expects(talk: Talk) -> None:
    """The platform lists it as failed; the file knows more."""
    build = a_build(talk)
    known = (
        '<testsuites><testsuite><testcase classname="test_auth" name="test_token_refresh" '
        'test_resolution="Known Issue" fail_id=""><failure/></testcase></testsuite></testsuites>'
    )
    talk.server.attach(build, "junittests.xml", known, kind="report")

    card = (await talk.say(f"failing {build} 1")).card

    assert facts(card)["Resolution"] == "Known Issue (the test expects to fail)"
    assert "Failure id" not in facts(card)
    assert card.excerpt is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html>",
        "<testsuites/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuites>&a;</testsuites>',
        "x" * 17_000_000,
    ],
    ids=["empty", "a page", "without tests", "entities", "too large"],
)
async def test_failing__without_a_file_that_can_be_read(talk: Talk, content: str) -> None:
    """The test is shown all the same, with all that the platform says of it."""
    build = a_build(talk)
    talk.server.attach(build, "junittests.xml", content, kind="report")

    card = (await talk.say(f"failing {build} 1")).card

    assert plain(card.title) == "Failing: test_token_refresh"
    assert "Resolution" not in facts(card)
    assert "State" in facts(card)


@pytest.mark.parametrize("path", ["/api/v3/artifacts", "/api/v3/artifacts/.*"])
async def test_failing__where_the_artifacts_cannot_be_read(talk: Talk, path: str) -> None:
    """Removed meanwhile, broken, or no file at all."""
    build = a_build(talk)
    for fault in ("not found", "half JSON", "server error"):
        talk.server.behave()
        talk.server.misbehave(fault, path=path, times=None)
        card = (await talk.say(f"failing {build} 1")).card

        assert plain(card.title) == "Failing: test_token_refresh"


async def test_failing__the_file_of_a_build_that_somebody_attaches(talk: Talk) -> None:
    """In each chat: as the plugins write it, read by the client without a request to the server."""
    build = a_build(talk)
    content = report_file(talk.server.build(build))
    before = len(talk.server.requests("GET"))
    async with (
        serve() as slack,
        slack_bot.running_bot(slack, service=Face(talk.service)),  # type: ignore[arg-type]  # it has what a bot uses
    ):
        await slack.mention("", files=[slack.api.shared.share("junittests.xml", content)])
        in_slack = (await slack.world.answer("in junittests.xml")).words
    async with (
        discord_cdn.serve() as cdn,
        discord_bot.simulated(service=Face(talk.service), cdn=cdn) as world,  # type: ignore[arg-type]  # it has what a bot uses
    ):
        (message,) = await world.mention("failing", files=[("junittests.xml", content)])
        in_discord = discord_bot.said(message)

    for shown in (in_slack, in_discord):
        flat = shown.replace("\\", "")
        assert "2 failing tests in junittests.xml" in flat
        assert "test_token_refresh" in flat
        assert "Expected 200, got 401" in flat
    assert len(talk.server.requests("GET")) == before
